"""Hazards of readers that go back, to what is there or gone, or want nothing for a time."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import in_order_of_call
from deliverycheck.guarantees.delivery.dropped import deletions
from deliverycheck.guarantees.delivery.pauses import Pause, pauses
from deliverycheck.guarantees.delivery.stretches import Stretch, stretches
from deliverycheck.guarantees.hazard import (
    WITNESSES_MAX,
    Evidence,
    FaultColumn,
    Hazard,
    Needed,
)
from deliverycheck.guarantees.sentences import place
from deliverycheck.history import (
    History,
    Operation,
    Outcome,
    Publication,
    Reading,
    Whence,
)


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


def partitions_paused(history: History) -> tuple[Evidence, ...]:
    """Pauses during which a process asked for more, with messages there that it was not handed."""
    found = []
    for pause in pauses(history):
        there = _unread(history, pause) if pause.receives else []
        if there:
            found.append(
                Evidence(
                    kind="paused",
                    ns=pause.pause.invoked_ns,
                    facts={
                        "process": pause.pause.process,
                        "place": place(*pause.place),
                        "paused_ns": pause.pause.invoked_ns,
                        "count": len(pause.receives),
                        "messages": len(there),
                        "message": there[0].message,
                    },
                    witnesses=(pause.pause.op, *(one.op for one in there))[:WITNESSES_MAX],
                )
            )
    return tuple(found)


def _unread(history: History, pause: Pause) -> list[Publication]:
    """What had been confirmed in the partition when the process last asked, and it had not got."""
    asked_ns = pause.receives[-1].invoked_ns
    had = {
        one.delivery.message
        for one in history.receipts
        if one.process == pause.pause.process and one.ns <= asked_ns
    }
    return [
        one
        for one in in_order_of_call(history)
        if (one.target, one.partition) == pause.place
        and one.completed_ns is not None
        and one.completed_ns < asked_ns
        and one.outcome is Outcome.OK
        and one.message not in had
    ]


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

_PAUSED = {
    "paused": (
        "{process} paused {place} at {paused_ns:s} and asked for more {count:count time}, with "
        "{messages:count message} there, {message} first."
    )
}

HAZARDS_OF_REPLAY: tuple[Hazard, ...] = (
    Hazard(
        name="partitions_paused",
        title="a reader asked for more with a partition paused that had more",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences=_PAUSED,
        find=partitions_paused,
    ),
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
"""Of seeks and pauses."""
