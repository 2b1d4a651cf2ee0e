"""What is told of a loss: where the message was to stand, and what the application relied on."""

import pytest

from deliverycheck.guarantees import GUARANTEES
from deliverycheck.history import (
    FORMAT,
    VERSION,
    Action,
    Header,
    History,
    Operation,
    Outcome,
    Phase,
    PhaseMark,
)
from selftests.story import Story, at

A, B, C, D = (f"p1#1-{number}" for number in range(1, 5))
MS = 1_000_000


def losses(story):
    verdict = GUARANTEES["at_least_once_in_log"].check(story.done().history())
    return verdict.anomalies


def published(relies_on="confirm", *, end="ok", returns=True, **fields):
    """One message that nobody finds: called at 1 ms, returned at 2 ms, ended at 3 ms."""
    story = Story(relies_on=relies_on)
    op = story.publish(A)
    if returns:
        story.returned(op)
    getattr(story, end)(op, **fields)
    story.scanned()
    return story


@pytest.mark.parametrize(
    ("story", "told"),
    [
        (published(), {"relied": "confirmed", "relied_ns": 3 * MS}),
        (published("call_returned"), {"relied": "handed over", "relied_ns": 2 * MS}),
        (
            published("call_returned", returns=False),
            {"relied": "confirmed", "relied_ns": 2 * MS},
        ),
        (
            published("call_returned", end="info", error="TimedOut"),
            {"relied": "handed over", "relied_ns": 2 * MS, "error": "TimedOut"},
        ),
        (
            published(end="info", confirmed=True),
            {"relied": "confirmed", "relied_ns": 3 * MS, "proves_nothing": 1},
        ),
    ],
    ids=[
        "a-confirm",
        "a-call-that-returned",
        "a-confirm-of-a-call-that-did-not-return",
        "a-call-that-returned-and-an-error-later",
        "a-confirm-that-proves-nothing",
    ],
)
def test_loss_is_told_with_what_the_application_took_for_done(story, told):
    (anomaly,) = losses(story)
    assert anomaly.facts == {"kind": "tail", "found": 0, **told}
    assert (anomaly.message, anomaly.witnesses) == (A, (0,))
    assert (anomaly.source, anomaly.position) == ("t", None)


def test_loss_is_told_with_what_became_of_its_place_and_how_much_was_found():
    story = Story()
    for position, message in enumerate((A, B, C, D)):
        story.published(message, position)
    story.published("p1#1-5", 3, target="u")
    story.scanned(at("p9#1-1", 0), at("", 1), at(D, 3), at("p1#1-5", 3, source="u"))
    told = [
        {name: anomaly.facts.get(name) for name in ("kind", "holds", "read_to", "found")}
        for anomaly in losses(story)
    ]
    assert told == [
        {"kind": "overwritten", "holds": "p9#1-1", "read_to": None, "found": 3},
        {"kind": "overwritten", "holds": "that is not ours", "read_to": None, "found": 3},
        {"kind": "hole", "holds": None, "read_to": 3, "found": 3},
    ]


def test_place_that_was_read_twice_is_told_with_the_first_that_was_read_there():
    story = Story()
    story.published(A, 0)
    story.scanned(at(B, 0))
    story.scanned(at(C, 0), process="scan#2")
    (anomaly,) = losses(story)
    assert anomaly.facts["holds"] == B


def test_loss_behind_all_that_was_read_is_told_with_its_place():
    story = Story()
    story.published(A, 7)
    story.scanned()
    (anomaly,) = losses(story)
    assert (anomaly.facts["kind"], anomaly.facts["tail_place"]) == ("tail", 7)
    assert (anomaly.source, anomaly.partition, anomaly.position) == ("t", 0, 7)


# A fresh reader finds what was there when it began.


@pytest.mark.parametrize(
    ("returned_ns", "completed_ns", "is_lost"),
    [
        (None, 2, True),
        (None, 3, False),
        (None, 4, False),
        (2, 4, False),
        (2, None, True),
        (3, None, False),
    ],
)
def test_message_is_owed_to_a_scan_that_began_after_it_was_surely_there(
    returned_ns, completed_ns, is_lost
):
    publish = Operation(
        op=0,
        process="p1#1",
        action=Action.PUBLISH,
        outcome=Outcome.INFO if completed_ns is None else Outcome.OK,
        message=A,
        target="t",
        invoked_ns=1,
        returned_ns=returned_ns,
        completed_ns=completed_ns,
    )
    scan = Operation(
        op=1,
        process="scan#1",
        action=Action.RECEIVE,
        outcome=Outcome.OK,
        invoked_ns=3,
        completed_ns=5,
    )
    header = Header(format=FORMAT, version=VERSION, execution="x1", relies_on="call_returned")
    done = PhaseMark(phase=Phase.DONE, ns=6, scanned=True)
    history = History(header=header, operations=(publish, scan), phases=(done,))
    verdict = GUARANTEES["at_least_once_in_log"].check(history)
    assert bool(verdict.anomalies) == is_lost
    assert verdict.examined == is_lost


def test_the_first_fresh_reader_is_who_began_even_if_it_never_ended():
    story = Story()
    story.invoke("scan#1", "receive")
    story.published(A)
    story.scanned()
    assert losses(story) == ()
