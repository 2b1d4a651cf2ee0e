"""What must happen in time after the last heal: slow definitions, and the boundary of each one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import GUARANTEES, Validity, check
from deliverycheck.history import Phase, PhaseMark, ProcessEvent, Source
from selftests.story import Story

SMALL = settings(max_examples=300, deadline=None, database=None)
MS = 1_000_000
WITHIN = 10
LIVENESS = ("resolved_in_time", "usable_in_time")


def verdict_of(story, guarantee):
    return check(story.history(), [guarantee])[0]


def story_of(**header):
    return Story(**{"within_ms": WITHIN} | header)


def call(story, process, action, start, end, **fields):
    """A call with these times in ms; without an end it stays open."""
    how = fields.pop("how", "ok")
    story.ms = start - 1
    op = story.invoke(process, action, **fields)
    if end is not None:
        story.ms = end - 1
        getattr(story, how)(op)
    return op


def send(story, number, start, end, **fields):
    process = fields.pop("process", f"p{number}#1")
    given = {"message": f"{process}-{number}", "target": "t"} | fields
    return call(story, process, "publish", start, end, **given)


def broken(story, start, end, lane="link p1"):
    story.ms = start - 2
    story.injected("black_hole", lane)
    story.ms = end - 2
    story.healed("black_hole", lane)


def at_ms(story, ms, tell):
    story.ms = ms - 1
    tell()


def done(story, ms):
    story.ms = ms - 1
    return story.done()


TIMES = st.integers(1, 45)
LASTS = st.none() | st.integers(0, 25)
HOW = st.sampled_from(["ok", "fail", "info"])
CALLS = st.lists(st.tuples(TIMES, LASTS, HOW, st.sampled_from(["t", "u"])), max_size=4)


def told(calls):
    story = story_of()
    broken(story, 5, 15)
    for number, (start, lasts, how, target) in enumerate(calls, start=1):
        end = None if lasts is None else start + lasts
        send(story, number, start, end, how=how, target=target)
    return done(story, 50)


@SMALL
@given(calls=CALLS)
def test_calls_are_resolved_exactly_when_none_is_open_longer_than_promised(calls):
    late = pending = 0
    for start, lasts, _, _ in calls:
        due = max(15, start) + WITHIN
        end = 50 if lasts is None else start + lasts
        late += end > due
        pending += lasts is None and end <= due
    verdict = verdict_of(told(calls), "resolved_in_time")
    assert verdict.count == late
    if not late:
        assert (verdict.validity is Validity.UNKNOWN) == (pending > 0 or verdict.examined == 0)
    in_quiet = sum(lasts is not None and start + lasts >= 15 for start, lasts, _, _ in calls)
    never = sum(lasts is None and max(15, start) + WITHIN < 50 for start, lasts, _, _ in calls)
    assert verdict.examined == in_quiet + never


@SMALL
@given(calls=CALLS)
def test_targets_are_unusable_exactly_when_nothing_succeeds_in_time_and_something_shows_it(calls):
    unusable = []
    for target in ("t", "u"):
        mine = [(s, None if n is None else s + n, how) for s, n, how, to in calls if to == target]
        worked = any(end is not None and how == "ok" and end <= 15 for _, end, how in mine)
        after = [
            (start, end, how)
            for start, end, how in mine
            if not (how == "ok" and end is not None and end <= 15)
            and (start >= 15 or (how == "ok" and end is not None))
        ]
        due = max(15, min((start for start, _, _ in after), default=0)) + WITHIN
        works = any(how == "ok" and end is not None and end <= due for _, end, how in after)
        shown = any(
            max(15, start) + WITHIN < (50 if end is None else end)
            or (end is not None and how != "ok" and end > due)
            for start, end, how in after
        )
        if worked and after and not works and shown:
            unusable.append(target)
    verdict = verdict_of(told(calls), "usable_in_time")
    assert [anomaly.source for anomaly in verdict.anomalies] == unusable


# The last heal, and the end.


def test_the_last_heal_counts():
    story = story_of()
    broken(story, 2, 10)
    broken(story, 12, 40, lane="link p2")
    send(story, 1, 5, 45)
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.VALID


@pytest.mark.parametrize("state", ["ready", "resumed"])
def test_return_of_a_node_is_a_heal(state):
    story = story_of()
    at_ms(story, 3, lambda: story.node("b1", "paused"))
    send(story, 1, 5, 45)
    at_ms(story, 40, lambda: story.node("b1", state))
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.VALID


def test_node_that_comes_back_and_goes_again_is_gone():
    story = story_of()
    at_ms(story, 3, lambda: story.node("b1", "ready"))
    at_ms(story, 9, lambda: story.node("b1", "killed"))
    send(story, 1, 10, None)
    verdict = verdict_of(done(story, 60), "resolved_in_time")
    assert verdict.reason == "node b1 was killed and did not come back"


@pytest.mark.parametrize(
    ("stop", "go_on"), [("paused", "resumed"), ("held", "released")], ids=["paused", "held"]
)
def test_process_that_goes_on_is_a_heal(stop, go_on):
    story = story_of()
    at_ms(story, 3, lambda: story.process("c1#1", stop))
    send(story, 1, 5, 45)
    at_ms(story, 40, lambda: story.process("c1#1", go_on))
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.VALID


@pytest.mark.parametrize("what", ["killed", "died"])
def test_process_that_was_replaced_is_over_when_it_ended(what):
    story = story_of()
    at_ms(story, 30, lambda: story.process("c1#1", what))
    send(story, 1, 5, 41)
    send(story, 1, 42, 43, process="c1#2")
    verdict = verdict_of(done(story, 60), "resolved_in_time")
    assert verdict.anomalies[0].facts["due_ns"] == 40 * MS


@pytest.mark.parametrize("what", ["killed", "died", "paused", "held"])
@pytest.mark.parametrize("guarantee", LIVENESS)
def test_nothing_is_judged_when_a_process_is_gone_for_which_nobody_came(what, guarantee):
    story = story_of()
    send(story, 1, 2, 3, process="c1#1")
    broken(story, 5, 15)
    at_ms(story, 16, lambda: story.process("c1#1", what))
    send(story, 2, 17, None)
    verdict = verdict_of(done(story, 60), guarantee)
    word = what if what == "died" else f"was {what}"
    assert verdict.reason == f"c1#1 {word} and nobody came in its place"


def test_successor_must_come_after_the_end():
    story = story_of()
    send(story, 1, 2, 3, process="c1#2")
    at_ms(story, 16, lambda: story.process("c1#1", "killed"))
    send(story, 2, 17, None)
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.UNKNOWN


def test_successor_is_heard_of_by_its_start_alone():
    story = story_of()
    at_ms(story, 16, lambda: story.process("c1#1", "killed"))
    at_ms(story, 20, lambda: story.process("c1#2", "started"))
    send(story, 2, 17, None)
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.INVALID


def test_process_that_is_killed_while_it_stands_still_is_gone_and_one_that_is_closed_is_not():
    story = story_of()
    at_ms(story, 4, lambda: story.process("c1#1", "paused"))
    at_ms(story, 5, lambda: story.process("c1#1", "resumed"))
    at_ms(story, 6, lambda: story.process("c1#1", "closed"))
    send(story, 2, 17, 19)
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.VALID
    at_ms(story, 7, lambda: story.process("c1#1", "killed"))
    assert verdict_of(story, "resolved_in_time").validity is Validity.UNKNOWN


def test_process_that_the_tail_ends_is_neither_gone_nor_a_heal():
    story = story_of()
    broken(story, 5, 15)
    send(story, 1, 16, 27)
    at_ms(story, 28, lambda: story.process("c1#1", "killed", evidence={"by": "tail"}))
    verdict = verdict_of(done(story, 60), "resolved_in_time")
    assert verdict.anomalies[0].facts["since_ns"] == 15 * MS


def test_fault_on_a_process_is_told_by_its_events_and_one_without_any_lasts():
    story = story_of()
    story.injected("kill", "c1")
    send(story, 1, 5, 6)
    assert verdict_of(done(story, 60), "resolved_in_time").reason == (
        "fault kill on c1 was never healed"
    )
    at_ms(story, 4, lambda: story.process("c1#1", "started"))
    assert verdict_of(story, "resolved_in_time").validity is Validity.UNKNOWN
    at_ms(story, 4, lambda: story.process("c2#1", "killed"))
    at_ms(story, 5, lambda: story.process("c2#2", "started"))
    assert "never healed" in verdict_of(story, "resolved_in_time").reason
    at_ms(story, 4, lambda: story.process("c1#1", "killed"))
    at_ms(story, 5, lambda: story.process("c1#2", "started"))
    assert verdict_of(story, "resolved_in_time").validity is Validity.VALID


def test_fault_that_names_an_incarnation_is_told_by_the_events_of_that_one():
    story = story_of()
    story.injected("kill", "c1#1")
    at_ms(story, 4, lambda: story.process("c1#1", "killed"))
    at_ms(story, 5, lambda: story.process("c1#2", "started"))
    send(story, 1, 6, 7)
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.VALID


def test_fault_on_a_link_is_not_told_by_the_end_of_a_process_of_that_name():
    story = story_of()
    story.injected("black_hole", "link c1")
    story.events.append(ProcessEvent(process="link c1#1", what="killed", ns=4 * MS))
    story.events.append(ProcessEvent(process="link c1#2", what="started", ns=5 * MS))
    send(story, 1, 6, 7)
    assert verdict_of(done(story, 60), "resolved_in_time").reason == (
        "fault black_hole on link c1 was never healed"
    )


def test_first_fault_that_lasts_is_named():
    story = story_of()
    story.injected("stall", "link p2")
    story.injected("black_hole", "link p1")
    assert "stall" in verdict_of(done(story, 60), "resolved_in_time").reason


@pytest.mark.parametrize("phase", [Phase.SETTLE, Phase.DRAIN, Phase.SCAN])
def test_tail_begins_the_quiet_of_an_undisturbed_history(phase):
    story = story_of()
    send(story, 1, 5, None)
    story.events.append(PhaseMark(phase=Phase.WORKLOAD, ns=1 * MS))
    story.events.append(PhaseMark(phase=phase, ns=30 * MS))
    story.events.append(PhaseMark(phase=Phase.SCAN, ns=35 * MS))
    verdict = verdict_of(done(story, 60), "resolved_in_time")
    assert verdict.anomalies[0].facts["since_ns"] == 30 * MS


def test_disturbed_history_does_not_wait_for_the_tail():
    story = story_of()
    broken(story, 5, 15)
    send(story, 1, 5, None)
    story.events.append(PhaseMark(phase=Phase.SETTLE, ns=30 * MS))
    verdict = verdict_of(done(story, 40), "resolved_in_time")
    assert verdict.anomalies[0].facts["since_ns"] == 15 * MS


@pytest.mark.parametrize("guarantee", LIVENESS)
def test_history_whose_end_was_torn_is_unknown(guarantee):
    story = story_of()
    send(story, 1, 2, 3)
    broken(story, 5, 15)
    send(story, 2, 17, None)
    data = b"".join(done(story, 60).lines())
    from deliverycheck.history import history_of  # noqa: PLC0415

    whole = GUARANTEES[guarantee].check(history_of(data))
    torn = GUARANTEES[guarantee].check(history_of(data + b'{"type":"pha'))
    assert (whole.validity, torn.validity) == (Validity.INVALID, Validity.UNKNOWN)


# Whose calls are examined.


@pytest.mark.parametrize("action", ["receive", "effect", "assign", "revoke", "lost"])
def test_what_the_application_takes_its_time_for_is_not_examined(action):
    story = story_of()
    broken(story, 5, 15)
    call(story, "c1#1", action, 16, None)
    assert verdict_of(done(story, 60), "resolved_in_time").examined == 0


@pytest.mark.parametrize("action", ["commit", "flush", "open", "close", "request", "subscribe"])
def test_every_other_call_is(action):
    story = story_of()
    broken(story, 5, 15)
    call(story, "c1#1", action, 16, None)
    assert verdict_of(done(story, 60), "resolved_in_time").count == 1


def test_late_call_of_a_process_that_was_closed_after_it_was_due_is_not_excused():
    story = story_of()
    broken(story, 5, 15)
    send(story, 1, 16, 40)
    send(story, 2, 16, 40)
    at_ms(story, 26, lambda: story.process("p1#1", "closed"))
    at_ms(story, 27, lambda: story.process("p2#1", "closed"))
    at_ms(story, 29, lambda: story.process("p1#1", "closed"))
    verdict = verdict_of(done(story, 60), "resolved_in_time")
    assert [anomaly.witnesses for anomaly in verdict.anomalies] == [(1,)]


def test_close_excuses_what_was_open_and_not_itself():
    story = story_of()
    broken(story, 5, 15)
    send(story, 1, 16, None)
    call(story, "p1#1", "close", 26, None)
    send(story, 2, 16, None)
    call(story, "p2#1", "close", 27, 28)
    verdict = verdict_of(done(story, 60), "resolved_in_time")
    assert [anomaly.witnesses for anomaly in verdict.anomalies] == [(1,), (2,)]


def test_close_of_a_process_that_was_ended_in_time_is_excused():
    story = story_of()
    broken(story, 5, 15)
    call(story, "p1#1", "close", 16, None)
    at_ms(story, 26, lambda: story.process("p1#1", "closed"))
    send(story, 2, 16, 17)
    assert verdict_of(done(story, 60), "resolved_in_time").validity is Validity.VALID


def test_unresolved_call_is_told_with_its_target_and_its_times():
    story = story_of()
    broken(story, 5, 15)
    send(story, 1, 16, 40, partition=2)
    (anomaly,) = verdict_of(done(story, 60), "resolved_in_time").anomalies
    assert (anomaly.message, anomaly.source, anomaly.partition) == ("p1#1-1", "t", 2)
    assert anomaly.facts == {
        "kind": "late",
        "process": "p1#1",
        "action": "publish",
        "invoked_ns": 16 * MS,
        "since_ns": 15 * MS,
        "due_ns": 26 * MS,
        "completed_ns": 40 * MS,
    }


def test_words_of_an_action_are_parted():
    story = story_of()
    broken(story, 5, 15)
    call(story, "p1#1", "begin_transaction", 16, None)
    (anomaly,) = verdict_of(done(story, 60), "resolved_in_time").anomalies
    assert anomaly.facts["action"] == "begin transaction"


# What a target is.


@pytest.mark.parametrize("action", ["publish", "request", "reply"])
def test_whatever_is_sent_shows_what_a_target_can_do(action):
    story = story_of()
    call(story, "p1#1", action, 1, 2, target="t")
    broken(story, 5, 15)
    call(story, "p1#1", action, 16, None, target="t")
    assert verdict_of(done(story, 60), "usable_in_time").count == 1


def test_what_is_received_shows_nothing():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    call(story, "c1#1", "receive", 16, 17, target="t")
    send(story, 2, 16, None)
    call(story, "c1#1", "receive", 1, 2, target="u")
    send(story, 3, 16, None, target="u")
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert [anomaly.source for anomaly in verdict.anomalies] == ["t"]


def test_send_without_a_target_is_not_examined():
    story = story_of()
    send(story, 1, 1, 2, target=None)
    broken(story, 5, 15)
    send(story, 2, 16, None, target=None)
    assert verdict_of(done(story, 60), "usable_in_time").examined == 0


def test_partition_that_was_chosen_is_a_target_of_its_own():
    story = story_of()
    send(story, 1, 1, 2, partition=0)
    send(story, 2, 1, 2)
    broken(story, 5, 15)
    send(story, 3, 16, None, partition=0)
    send(story, 4, 16, 17)
    send(story, 5, 16, None, partition=1)
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert [(one.source, one.partition, one.facts["target"]) for one in verdict.anomalies] == [
        ("t", 0, "t/0")
    ]
    assert verdict.examined == 2


@pytest.mark.parametrize(("overflow", "count"), [("reject_publish", 0), ("drop_head", 1)])
def test_queue_that_refuses_what_it_has_no_room_for_is_not_examined(overflow, count):
    queue = Source(kind="queue", length_max=1, overflow=overflow)
    story = story_of(sources={"t": queue})
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    send(story, 2, 27, 38, how="fail")
    assert verdict_of(done(story, 60), "usable_in_time").count == count


def test_one_unusable_target_convicts_beside_one_that_was_tried_too_little():
    story = story_of()
    send(story, 1, 1, 2)
    send(story, 2, 1, 2, target="u")
    broken(story, 5, 15)
    send(story, 3, 16, 17, how="fail")
    send(story, 4, 16, None, target="u")
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert (verdict.validity, verdict.examined) == (Validity.INVALID, 1)


def test_target_that_works_and_one_that_was_tried_too_little_are_unknown_with_its_name():
    story = story_of()
    send(story, 1, 1, 2)
    send(story, 2, 1, 2, target="u", partition=3)
    broken(story, 5, 15)
    send(story, 3, 16, 17)
    send(story, 4, 16, 17, how="fail", target="u", partition=3)
    verdict = verdict_of(done(story, 60), "usable_in_time")
    assert verdict.reason == "too little was sent to u/3 after the last heal to tell"
    assert verdict.examined == 1


def test_hollow_confirm_that_never_came_in_time_is_no_proof_either():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    call(story, "p2#1", "publish", 16, None, target="t")
    op = story.publish("p3#1-1")
    story.info(op, confirmed=True)
    assert verdict_of(done(story, 60), "usable_in_time").validity is Validity.UNKNOWN


def test_five_proofs_are_shown_at_most():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    for number in range(2, 9):
        send(story, number, 16, None)
    (anomaly,) = verdict_of(done(story, 60), "usable_in_time").anomalies
    assert anomaly.witnesses == (1, 2, 3, 4, 5)
    assert anomaly.facts["tried"] == 7


def test_proof_is_not_what_a_closed_process_left_open():
    story = story_of()
    send(story, 1, 1, 2)
    broken(story, 5, 15)
    send(story, 2, 16, None)
    at_ms(story, 20, lambda: story.process("p2#1", "closed"))
    assert verdict_of(done(story, 60), "usable_in_time").validity is Validity.UNKNOWN
