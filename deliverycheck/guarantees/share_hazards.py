"""Hazards of share groups: locks that run out, records that are given back."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import place_of
from deliverycheck.guarantees.delivery.record_lock import SETTLING
from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed
from deliverycheck.guarantees.sentences import place as told_place
from deliverycheck.history import Action, History, Operation, Outcome, Reading

_NS_PER_MS = 1_000_000


def lock_expired(history: History) -> tuple[Evidence, ...]:
    """Records that a member worked on or settled when its lock had run out.

    It runs from the acquisition, which is before the answer. That its process says how long a
    lock is good is an event ``sharing`` of the history.
    """
    locks = _told(history, "lock_ms")
    return tuple(
        _evidence("expired", reading, operation, lock_ms=locks[reading.process])
        for reading, operation in _worked_on(history, (Action.EFFECT, *SETTLING))
        if reading.process in locks
        and operation.invoked_ns - reading.ns >= locks[reading.process] * _NS_PER_MS
    )


def given_back(history: History) -> tuple[Evidence, ...]:
    """Records that a member released."""
    return tuple(
        _evidence("released", reading, operation, count=reading.delivery.deliveries or 1)
        for reading, operation in _worked_on(history, (Action.NACK,))
        if operation.outcome is Outcome.OK
    )


def given_back_at_limit(history: History) -> tuple[Evidence, ...]:
    """Records that a member released when they had been delivered as often as they may be."""
    limits = _told(history, "limit")
    return tuple(
        _evidence("at_limit", reading, operation, count=reading.delivery.deliveries or 1)
        for reading, operation in _worked_on(history, (Action.NACK,))
        if operation.outcome is Outcome.OK
        and reading.process in limits
        and (reading.delivery.deliveries or 0) >= limits[reading.process]
    )


def _told(history: History, what: str) -> dict[str, int]:
    return {
        event.process: int(str(event.evidence[what]))
        for event in history.processes
        if event.what == "sharing" and what in event.evidence
    }


def _worked_on(
    history: History, actions: tuple[Action, ...]
) -> Iterator[tuple[Reading, Operation]]:
    """What each process had been handed, with each call of it that is about that record."""
    handed: dict[tuple[str, object], list[Reading]] = {}
    for reading in history.receipts:
        handed.setdefault((reading.process, place_of(reading.delivery)), []).append(reading)
    for operation in sorted(history.operations, key=lambda one: one.op):
        if operation.action in actions:
            for place in _places(operation):
                row = handed.get((operation.process, place), [])
                before = [one for one in row if one.ns <= operation.invoked_ns]
                if before:
                    yield before[-1], operation


def _places(operation: Operation) -> list[object]:
    effected: list[object] = [place_of(one) for one in operation.deliveries]
    return effected + [(one.source, one.partition, one.position) for one in operation.covers]


def _evidence(kind: str, reading: Reading, operation: Operation, **facts: int) -> Evidence:
    delivery = reading.delivery
    return Evidence(
        kind=kind,
        ns=operation.invoked_ns,
        facts={
            "process": operation.process,
            "place": told_place(delivery.source, delivery.partition),
            "message": delivery.message,
            "handed_ns": reading.ns,
            "asked_ns": operation.invoked_ns,
            **facts,
        },
        witnesses=(reading.op, operation.op),
    )


_EXPIRED = {
    "expired": (
        "{process} was handed {message} of {place} at {handed_ns:s} and went on with it at "
        "{asked_ns:s}, when its lock of {lock_ms} ms had run out."
    )
}
_GIVEN_BACK = {
    "released": (
        "{process} gave {message} of {place} back at {asked_ns:s}, which was delivery number "
        "{count}."
    ),
    "at_limit": (
        "{process} gave {message} of {place} back at {asked_ns:s}, which was delivery number "
        "{count}: the last one that it may have."
    ),
}

HAZARDS_OF_SHARES: tuple[Hazard, ...] = (
    Hazard(
        name="lock_expired",
        title="a member of a share group went on with a record when its lock had run out",
        fault_column=FaultColumn.REBALANCE,
        needs=Needed.NOTHING,
        sentences=_EXPIRED,
        find=lock_expired,
    ),
    Hazard(
        name="given_back",
        title="a member of a share group gave a record back",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences=_GIVEN_BACK,
        find=given_back,
    ),
    Hazard(
        name="given_back_at_limit",
        title="a record was given back when it had been delivered as often as it may be",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences=_GIVEN_BACK,
        find=given_back_at_limit,
    ),
)
"""Of share groups."""
