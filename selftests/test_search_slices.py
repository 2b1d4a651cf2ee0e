"""Slices of a plan: the steps that an anomaly is about, with what disturbed them."""

import pytest

from deliverycheck.guarantees import Anomaly
from deliverycheck.history import (
    Action,
    Header,
    History,
    Operation,
    Outcome,
    Phase,
    PhaseMark,
    ProcessEvent,
)
from deliverycheck.plans import CreateTopic, Flush, Hold, Kill, Publish, Work
from deliverycheck.search import slices

STEPS = (
    Publish(),
    Hold(ms=60),
    Flush(),
    Publish(count=2),
    Work(),
    Kill(lane="p1"),
    Publish(),
    Hold(ms=300),
)


def history(*ops_by_step):
    """Of each step its operations, one after the other; one more in the tail."""
    events = [
        ProcessEvent(what="step", process="driver", ns=1000 * number, evidence={"number": number})
        for number in range(1, len(STEPS) + 1)
    ]
    operations = [
        Operation(
            op=op,
            process="p1#1",
            action=Action.PUBLISH,
            outcome=Outcome.OK,
            invoked_ns=1000 * number + op,
        )
        for number, ops in enumerate(ops_by_step, start=1)
        for op in ops
    ]
    return History(
        header=Header(format="deliverycheck-history", version=1, execution="x"),
        operations=tuple(operations),
        processes=tuple(events),
        phases=(PhaseMark(phase=Phase.SETTLE, ns=1000 * (len(STEPS) + 1)),),
    )


WHOLE = history([1], [], [], [2, 3], [4], [], [5], [])


@pytest.mark.parametrize(
    ("witnesses", "smallest"),
    [
        ((3,), (STEPS[3], STEPS[5])),
        ((5,), (STEPS[6], STEPS[7])),
        ((1, 3), (STEPS[0], STEPS[1], STEPS[3])),
    ],
)
def test_smallest_slice_is_what_witnesses_and_the_disturbance_behind_it(witnesses, smallest):
    found = list(slices(STEPS, Anomaly(name="lost", witnesses=witnesses), WHOLE))
    assert found[0] == smallest


def test_slices_grow_by_disturbances_and_never_hold_the_work_of_others():
    found = list(slices(STEPS, Anomaly(name="lost", witnesses=(3,)), WHOLE))
    assert found == [
        (STEPS[3], STEPS[5]),
        (STEPS[2], STEPS[3], STEPS[5]),
        (STEPS[1], STEPS[2], STEPS[3], STEPS[5], STEPS[7]),
    ]


def test_what_only_the_tail_saw_slices_nothing():
    assert not list(slices(STEPS, Anomaly(name="lost", witnesses=(99,)), WHOLE))
    assert not list(slices(STEPS, Anomaly(name="lost"), WHOLE))


def test_slice_keeps_what_made_the_place_that_a_witness_published_to():
    made, other = CreateTopic(topic="t2"), CreateTopic(topic="t3")
    steps = (made, Publish(topic="t2"), other, Publish(topic="t3"))
    found = list(slices(steps, Anomaly(name="lost", witnesses=(7,)), history([], [6], [], [7])))
    assert found[0] == (other, steps[3])
