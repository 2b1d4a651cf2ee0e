"""Hazards of readers that go back: to what they were handed, or to what is gone by then."""

from collections.abc import Iterator

from deliverycheck.guarantees.delivery.dropped import deletions
from deliverycheck.guarantees.delivery.stretches import Stretch, stretches
from deliverycheck.guarantees.hazard import (
    WITNESSES_MAX,
    Evidence,
    FaultColumn,
    Hazard,
    Needed,
)
from deliverycheck.guarantees.sentences import place
from deliverycheck.history import History, Operation, Reading, Whence


def replayed(history: History) -> tuple[Evidence, ...]:
    """Seeks by an application's wish that brought what the process had been handed before."""
    return tuple(
        Evidence(
            kind="replayed",
            ns=stretch.seek.invoked_ns,
            facts={**_seek(stretch), "messages": len(again), "message": again[0].delivery.message},
            witnesses=(stretch.seek.op, *dict.fromkeys(one.op for one in again))[:WITNESSES_MAX],
        )
        for stretch in stretches(history)
        if stretch.seek.whence is not None and (again := list(_again(history, stretch)))
    )


def sought_deleted(history: History) -> tuple[Evidence, ...]:
    """Seeks to positions that somebody had deleted."""
    return tuple(
        Evidence(
            kind="deleted",
            ns=stretch.seek.invoked_ns,
            facts={
                **_seek(stretch),
                "position": stretch.to.position,
                "deleted_ns": deletion.invoked_ns,
            },
            witnesses=(deletion.op, stretch.seek.op),
        )
        for stretch in stretches(history)
        if stretch.seek.whence is Whence.POSITION
        and (deletion := _deletion(history, stretch)) is not None
    )


def _seek(stretch: Stretch) -> dict[str, str | int]:
    return {
        "process": stretch.seek.process,
        "place": place(*stretch.place),
        "sought_ns": stretch.seek.invoked_ns,
    }


def _again(history: History, stretch: Stretch) -> Iterator[Reading]:
    """What the process was handed in the stretch and before it."""
    before = {
        (one.delivery.source, one.delivery.partition, one.delivery.position)
        for one in history.receipts
        if one.process == stretch.seek.process and one.ns <= stretch.seek.invoked_ns
    }
    for one in stretch.handed:
        delivery = one.delivery
        if (delivery.source, delivery.partition, delivery.position) in before:
            yield one


def _deletion(history: History, stretch: Stretch) -> Operation | None:
    """The first that was over by then and does not leave the position."""
    to = stretch.to
    for one in deletions(history):
        over = one.completed_ns is not None and one.completed_ns <= stretch.seek.invoked_ns
        for left in one.covers:
            here = (left.source, left.partition) == stretch.place
            if over and here and to.position < left.position:
                return one
    return None


_REPLAYED = {
    "replayed": (
        "{process} chose another position in {place} at {sought_ns:s}, and was handed "
        "{messages:count message} again, {message} first."
    )
}
_DELETED = {
    "deleted": (
        "{process} went to position {position} of {place} at {sought_ns:s}, which had been deleted "
        "at {deleted_ns:s}."
    )
}

HAZARDS_OF_REPLAY: tuple[Hazard, ...] = (
    Hazard(
        name="replayed",
        title="a reader went back to what it had been handed",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences=_REPLAYED,
        find=replayed,
    ),
    Hazard(
        name="sought_deleted",
        title="a reader went to a position that had been deleted",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_DELETED,
        find=sought_deleted,
    ),
)
"""Of seeks."""
