"""What must happen in time: each verdict as a whole, at the last moment and one before it."""

import pytest

from deliverycheck.guarantees import Anomaly
from deliverycheck.history import Phase, PhaseMark
from selftests.timed_story import MS, at_ms, broken, call, done, healed, send, story_of
from selftests.verdicts import both_ways, convicted, unknown, valid

RESOLVED, USABLE = "resolved_in_time", "usable_in_time"


def resolved(story):
    return both_ways(story, RESOLVED)


# Answers.

TOO_EARLY = "the history ends before the promised time does, with 1 still open"


def unresolved(op, process, **facts):
    given = {"kind": "never", "process": process, "action": "publish", "since_ns": 15 * MS}
    return Anomaly(
        name="unresolved",
        message=f"{process}-{process[1]}",
        witnesses=(op,),
        source="t",
        facts=given | facts,
    )


def test_late_calls_are_told_in_the_order_of_their_operations_beside_one_still_open():
    story = healed()
    send(story, 2, 3, None)
    send(story, 1, 17, 28)
    send(story, 3, 45, None)
    send(story, 4, 45, 46)
    send(story, 5, 1, 14)
    assert resolved(done(story, 50)) == convicted(
        RESOLVED,
        3,
        unresolved(0, "p2#1", invoked_ns=3 * MS, due_ns=25 * MS),
        unresolved(
            1, "p1#1", kind="late", invoked_ns=17 * MS, due_ns=27 * MS, completed_ns=28 * MS
        ),
    )


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (
            25,
            unknown(
                RESOLVED, "the history ends before the promised time does, with 1 still open", 1
            ),
        ),
        (26, convicted(RESOLVED, 2, unresolved(0, "p1#1", invoked_ns=3 * MS, due_ns=25 * MS))),
    ],
)
def test_open_call_is_late_when_the_history_outlasts_its_time(end, verdict):
    story = healed()
    send(story, 1, 3, None)
    send(story, 2, 16, 17)
    assert resolved(done(story, end)) == verdict


@pytest.mark.parametrize(("end", "examined"), [(14, 0), (15, 1), (25, 1)])
def test_call_is_examined_that_was_answered_in_the_quiet(end, examined):
    story = healed()
    send(story, 1, 3, end)
    assert resolved(done(story, 60)).examined == examined


def test_call_that_was_answered_when_it_was_due_is_examined_though_its_process_ended_by_then():
    story = healed()
    send(story, 1, 3, 25)
    at_ms(story, 24, lambda: story.process("p1#1", "closed"))
    assert resolved(done(story, 60)) == valid(RESOLVED, 1)


@pytest.mark.parametrize(("ended", "count"), [(24, 0), (25, 0), (26, 1)])
@pytest.mark.parametrize("what", ["closed", "killed", "died"])
def test_call_is_excused_by_the_end_of_its_process_until_it_is_due(ended, count, what):
    story = healed(9)
    send(story, 1, 15, None)
    at_ms(story, ended, lambda: story.process("p1#1", what, evidence={"by": "tail"}))
    send(story, 2, 16, 17)
    assert resolved(done(story, 60)).count == count


@pytest.mark.parametrize(("told", "count"), [(24, 0), (25, 0), (26, 1)])
def test_call_is_excused_by_a_close_that_began_until_it_is_due(told, count):
    story = healed(9)
    send(story, 1, 15, None)
    call(story, "p1#1", "close", told, told + 1)
    assert resolved(done(story, 60)).count == count


def test_earliest_end_of_a_process_excuses_it():
    story = healed(9)
    send(story, 1, 15, None)
    at_ms(story, 20, lambda: story.process("p1#1", "closed"))
    at_ms(story, 40, lambda: story.process("p1#1", "closed"))
    send(story, 2, 16, 17)
    assert resolved(done(story, 60)) == valid(RESOLVED, 1)


def test_readers_of_the_harness_are_owed_nothing():
    story = healed()
    call(story, "scan#1", "open", 16, None)
    assert resolved(done(story, 60)) == unknown(
        RESOLVED, "nothing to examine: no call was open, or made, after the last heal"
    )


# The quiet.


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        (story_of(within_ms=None).done(), "nothing to examine: the header promises no time"),
        (
            healed(),
            "the history was cut before its end: a heal or an answer may have come later",
        ),
        (
            story_of().done(),
            "nothing to examine: no heal, and no beginning of the tail, is recorded",
        ),
    ],
    ids=["nothing-promised", "cut", "nothing-disturbed"],
)
@pytest.mark.parametrize("guarantee", [RESOLVED, USABLE])
def test_history_without_a_quiet_is_unknown(guarantee, story, reason):
    assert both_ways(story, guarantee) == unknown(guarantee, reason)


def since(story):
    """When the quiet began, in ms, as a call says that was never answered."""
    send(story, 9, 1, None)
    (anomaly,) = resolved(done(story, 90)).anomalies
    return anomaly.facts["since_ns"] / MS


def test_quiet_begins_when_the_last_of_all_disturbances_is_over():
    story = story_of()
    broken(story, 2, 40)
    at_ms(story, 30, lambda: story.node("b1", "ready"))
    at_ms(story, 20, lambda: story.process("c1#1", "killed"))
    at_ms(story, 21, lambda: story.process("c1#2", "started"))
    assert since(story) == 40
    story = story_of()
    broken(story, 2, 30)
    at_ms(story, 40, lambda: story.node("b1", "resumed"))
    at_ms(story, 20, lambda: story.process("c1#1", "died"))
    at_ms(story, 21, lambda: story.process("c1#2", "started"))
    assert since(story) == 40
    story = story_of()
    broken(story, 2, 20)
    at_ms(story, 30, lambda: story.node("b1", "ready"))
    at_ms(story, 40, lambda: story.process("c1#1", "died"))
    at_ms(story, 41, lambda: story.process("c1#2", "started"))
    assert since(story) == 40


def test_fault_that_its_process_tells_of_is_over_when_it_was_set():
    story = story_of()
    at_ms(story, 10, lambda: story.process("c1#1", "killed"))
    at_ms(story, 11, lambda: story.process("c1#2", "started"))
    story.ms = 29
    story.injected("kill", "c1")
    assert since(story) == 30


@pytest.mark.parametrize(("stop", "go_on"), [("paused", "resumed"), ("held", "released")])
def test_fault_that_stopped_a_process_is_over_when_that_goes_on(stop, go_on):
    story = story_of()
    story.ms = 3
    story.injected("stall", "c1")
    at_ms(story, 5, lambda: story.process("c1#1", stop))
    at_ms(story, 30, lambda: story.process("c1#1", go_on))
    assert since(story) == 30


@pytest.mark.parametrize("what", ["started", "closed", "paused", "held"])
def test_what_neither_ends_a_process_nor_lets_it_go_on_is_no_heal(what):
    story = healed(9)
    at_ms(story, 30, lambda: story.process("c1#1", what))
    at_ms(story, 8, lambda: story.process("c1#1", "started"))
    if what in {"paused", "held"}:
        at_ms(story, 31, lambda: story.process("c1#2", "started"))
    assert since(story) == 9


def test_beginning_of_the_tail_is_its_first_mark():
    story = story_of()
    for phase, ms in ((Phase.SCAN, 35), (Phase.DRAIN, 30), (Phase.WORKLOAD, 2)):
        story.events.append(PhaseMark(phase=phase, ns=ms * MS))
    assert since(story) == 30


# What lasts.


def why(story):
    send(story, 1, 50, 51)
    return resolved(done(story, 90)).reason


def test_lasting_fault_that_was_set_first_is_named_wherever_it_stands():
    story = story_of()
    story.ms = 9
    story.injected("stall", "link p2")
    story.ms = 4
    story.injected("black_hole", "link p1")
    assert why(story) == "fault black_hole on link p1 was never healed"


def test_lasting_fault_is_named_beside_one_that_was_healed():
    story = story_of()
    broken(story, 3, 8)
    story.injected("stall", "link p2")
    assert why(story) == "fault stall on link p2 was never healed"


def test_last_state_of_a_node_by_time_counts_wherever_it_stands():
    story = story_of()
    at_ms(story, 9, lambda: story.node("b1", "killed"))
    at_ms(story, 12, lambda: story.node("b2", "killed"))
    at_ms(story, 3, lambda: story.node("b1", "ready"))
    assert why(story) == "node b1 was killed and did not come back"
    story = story_of()
    at_ms(story, 9, lambda: story.node("b1", "ready"))
    at_ms(story, 3, lambda: story.node("b1", "killed"))
    assert why(story) is None


def test_first_process_by_name_that_is_gone_is_named():
    story = story_of()
    at_ms(story, 3, lambda: story.process("c2#1", "killed"))
    at_ms(story, 4, lambda: story.process("c1#1", "held"))
    assert why(story) == "c1#1 was held and nobody came in its place"


def test_last_event_of_a_process_by_time_counts_wherever_it_stands():
    story = story_of()
    at_ms(story, 9, lambda: story.process("c1#1", "resumed"))
    at_ms(story, 3, lambda: story.process("c1#1", "paused"))
    assert why(story) is None


@pytest.mark.parametrize("goes_on", ["resumed", "released", "closed"])
def test_process_that_went_on_and_was_not_stopped_again_is_not_gone(goes_on):
    story = story_of()
    at_ms(story, 3, lambda: story.process("c1#1", "paused"))
    at_ms(story, 4, lambda: story.process("c1#1", goes_on))
    at_ms(story, 5, lambda: story.process("c2#1", "held"))
    at_ms(story, 6, lambda: story.process("c2#1", "released"))
    assert why(story) is None


def test_process_that_began_when_the_other_ended_did_not_come_in_its_place():
    story = story_of()
    at_ms(story, 3, lambda: story.process("c1#1", "killed"))
    at_ms(story, 3, lambda: story.process("c1#2", "started"))
    assert why(story) == "c1#1 was killed and nobody came in its place"


def test_process_came_when_it_is_first_heard_of():
    """That it went on after the other had ended makes it no successor."""
    story = story_of()
    at_ms(story, 2, lambda: story.process("c1#2", "started"))
    call(story, "c1#2", "open", 12, 13)
    at_ms(story, 8, lambda: story.process("c1#1", "killed"))
    assert why(story) == "c1#1 was killed and nobody came in its place"


def test_process_of_another_lane_comes_in_nobodys_place():
    story = story_of()
    at_ms(story, 3, lambda: story.process("c1#1", "killed"))
    at_ms(story, 4, lambda: story.process("c2#2", "started"))
    assert why(story) == "c1#1 was killed and nobody came in its place"


def test_latest_of_many_incarnations_is_the_successor():
    story = story_of()
    call(story, "c1#3", "open", 9, 10)
    call(story, "c1#1", "open", 1, 2)
    call(story, "c1#2", "open", 3, 4)
    at_ms(story, 8, lambda: story.process("c1#2", "killed"))
    assert why(story) is None
