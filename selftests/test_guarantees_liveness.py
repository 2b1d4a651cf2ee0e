"""What must happen in time after the last heal: slow definitions, and the boundary of each one."""

import pytest
from hypothesis import given

from deliverycheck.guarantees import GUARANTEES, Validity
from deliverycheck.history import FORMAT, VERSION, Header, History, Phase, PhaseMark, ProcessEvent
from selftests.story import MUST_SAY
from selftests.timed_story import (
    CALLS,
    MS,
    SMALL,
    WITHIN,
    at_ms,
    broken,
    call,
    done,
    send,
    story_of,
    told,
    verdict_of,
)

LIVENESS = ("resolved_in_time", "usable_in_time")


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


@pytest.mark.parametrize("guarantee", LIVENESS)
def test_history_without_a_closing_mark_is_unknown_though_nobody_says_that_it_was_cut(guarantee):
    header = Header(format=FORMAT, version=VERSION, execution="x1", within_ms=WITHIN)
    verdict = GUARANTEES[guarantee].check(History(header=header))
    assert verdict.reason == (
        "the history was cut before its end: a heal or an answer may have come later"
    )


# Whose calls are examined.


@pytest.mark.parametrize("action", ["receive", "effect", "assign", "revoke", "lost"])
def test_what_the_application_takes_its_time_for_is_not_examined(action):
    story = story_of()
    broken(story, 5, 15)
    call(story, "c1#1", action, 16, None, **MUST_SAY.get(action, {}))
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
