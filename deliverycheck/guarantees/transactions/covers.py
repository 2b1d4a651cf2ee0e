"""What moves the position of a consumer group: alone, or with a transaction."""

from bisect import bisect_left, bisect_right
from collections import defaultdict

import msgspec

from deliverycheck.guarantees.transactions.transactions import (
    NEVER_NS,
    State,
    Transaction,
    transactions_of,
)
from deliverycheck.guarantees.transactions.views import views_of
from deliverycheck.history import Action, History, Operation, Outcome

_Place = tuple[str | None, str, int | None]
"""Group, if it is told, source and partition."""

_MOVING = (Action.COMMIT, Action.STORE_OFFSET)


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """One position that a group commits.

    Attributes:
        transaction: the id of the one that it moves with; empty if it moves alone.
        deciding: the calls that decided that one.
        earliest_ns: it had no effect before.
        sure_ns: it surely had effect by then; never, where its outcome is unknown.
        latest_ns: it has no effect later.
        void: it provably never has any.
    """

    operation: Operation
    position: int
    transaction: str
    deciding: tuple[int, ...]
    earliest_ns: int
    sure_ns: int
    latest_ns: int
    void: bool


class _Top(msgspec.Struct, frozen=True, kw_only=True):
    """From `earliest_ns` on the group may stand here, and no further; surely from `sure_ns` on."""

    earliest_ns: int
    position: int
    sure_ns: int


class Covers:
    """All covers of one partition by one group."""

    def __init__(self, covers: list[Cover]) -> None:
        self._living = sorted(
            (cover for cover in covers if not cover.void), key=lambda cover: cover.earliest_ns
        )
        self._void = sorted(
            (cover for cover in covers if cover.void), key=lambda cover: cover.position
        )
        self._tops = _tops(self._living)
        self._rising = _rising(self._living)

    def due(self, joined_ns: int, read_ns: int) -> Cover | None:
        """The furthest that a transaction surely moved the group before a member joined.

        None if something may have set the group back since, before the member read.
        """
        found = bisect_left(self._rising, joined_ns, key=lambda cover: cover.sure_ns)
        if not found:
            return None
        furthest = self._rising[found - 1]
        undone = any(
            cover.position < furthest.position
            and cover.latest_ns >= furthest.earliest_ns
            and cover.earliest_ns <= read_ns
            for cover in self._living
        )
        return None if undone else furthest

    def base(self, joined_ns: int, read_ns: int) -> int | None:
        """The furthest that the group can stand at when a member reads.

        None if it did not surely stand there when the member joined.
        """
        found = bisect_right(self._tops, read_ns, key=lambda top: top.earliest_ns)
        top = self._tops[found - 1] if found else None
        return top.position if top is not None and top.sure_ns < joined_ns else None

    def void_up_to(self, position: int) -> Cover | None:
        """The furthest cover without effect that reaches no further than this."""
        found = bisect_right(self._void, position, key=lambda cover: cover.position)
        return self._void[found - 1] if found else None


def covers_of(history: History) -> dict[_Place, Covers]:
    """By group and partition what may have moved it; a transaction moves it once."""
    found: dict[_Place, dict[object, Cover]] = defaultdict(dict)
    for operation in sorted(history.operations, key=lambda operation: operation.op):
        if operation.action not in _MOVING or operation.outcome is Outcome.FAIL:
            continue
        for covered in operation.covers:
            place = (operation.group, covered.source, covered.partition)
            key = operation.transaction or operation.op
            found[place][key] = _cover(history, operation, covered.position)
    return {place: Covers(list(covers.values())) for place, covers in found.items()}


def _tops(by_earliest: list[Cover]) -> list[_Top]:
    """How far the covers reach that may have had effect, by the moment."""
    tops: list[_Top] = []
    for cover in by_earliest:
        position, sure_ns = cover.position, cover.sure_ns
        if tops and tops[-1].position > position:
            continue
        if tops and tops[-1].position == position:
            sure_ns = min(sure_ns, tops[-1].sure_ns)
        tops.append(_Top(earliest_ns=cover.earliest_ns, position=position, sure_ns=sure_ns))
    return tops


def _rising(covers: list[Cover]) -> list[Cover]:
    """Covers of transactions that reach further than all that were sure before them."""
    moved = [cover for cover in covers if cover.transaction]
    rising: list[Cover] = []
    for cover in sorted(moved, key=lambda cover: cover.sure_ns):
        if not rising or cover.position > rising[-1].position:
            rising.append(cover)
    return rising


def _cover(history: History, operation: Operation, position: int) -> Cover:
    transaction = transactions_of(history).of_call(operation.op)
    earliest_ns, sure_ns, latest_ns = _times(history, operation, transaction)
    return Cover(
        operation=operation,
        position=position,
        transaction=transaction.id if transaction else "",
        deciding=tuple(call.op for call in transaction.deciding) if transaction else (),
        earliest_ns=earliest_ns,
        sure_ns=sure_ns,
        latest_ns=latest_ns,
        void=transaction is not None and transaction.state is State.ABORTED,
    )


def _times(
    history: History, operation: Operation, transaction: Transaction | None
) -> tuple[int, int, int]:
    """The first moment of an effect, one by which it surely was, and the last."""
    if operation.outcome is not Outcome.OK or operation.action is not Action.COMMIT:
        return operation.invoked_ns, NEVER_NS, NEVER_NS  # What is stored is committed some time.
    if transaction is None:
        ended_ns = _ended_ns(operation)
        return operation.invoked_ns, ended_ns, ended_ns
    asked_ns = transaction.commit_asked_ns or operation.invoked_ns
    if transaction.ending is not None:
        ended_ns = _ended_ns(transaction.ending)
        return asked_ns, ended_ns, ended_ns
    seen = views_of(history).first_sight(transaction)
    return asked_ns, NEVER_NS if seen is None else seen.ns, NEVER_NS


def _ended_ns(operation: Operation) -> int:
    return operation.completed_ns or operation.invoked_ns
