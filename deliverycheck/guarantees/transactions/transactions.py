"""The transactions of a history: what belongs to each, and what became of it."""

import sys
from collections import defaultdict
from enum import Enum, auto

import msgspec

from deliverycheck.guarantees.copies import in_order_of_call, publications_by_message
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    Operation,
    Outcome,
    Publication,
    indexed,
)

NEVER_NS = sys.maxsize
"""The moment of what does not come."""

NO_TRANSACTIONS = "nothing to examine: no operation belongs to a transaction"
_ENDING = frozenset({Action.COMMIT_TRANSACTION, Action.ABORT_TRANSACTION})


class State(Enum):
    """What became of a transaction: committed, provably never committed, or not known."""

    COMMITTED = auto()
    ABORTED = auto()
    UNKNOWN = auto()


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """All that belongs to one transaction, in the order of the calls.

    Attributes:
        process: who made its first call.
        ending: the commit or abort that decided it; ``None`` where none surely did.
        commits: every attempt to commit it, whatever came out.
        offsets: the commits of consumed positions that are to take effect with it.
        receives: what its process was handed for it: since the transaction before it ended,
            and until somebody asked for its own end.
        first: the first of its calls; it was not there before.
    """

    id: str
    process: str
    state: State
    ending: Operation | None
    commits: tuple[Operation, ...]
    offsets: tuple[Operation, ...]
    receives: tuple[Operation, ...]
    publications: tuple[Publication, ...]
    first: Operation

    @property
    def commit_asked_ns(self) -> int | None:
        """Before this moment it cannot have been committed; ``None`` if nobody asked for it."""
        return min((commit.invoked_ns for commit in self.commits), default=None)

    @property
    def deciding(self) -> tuple[Operation, ...]:
        """The call that decided it, else the last that may have; none if nobody asked."""
        return self.commits[-1:] if self.ending is None else (self.ending,)


class Transactions:
    """The transactions of a history by their ids, and those of its messages."""

    def __init__(self, history: History) -> None:
        self._sent = publications_by_message(history)
        self._is_cut = history.cut
        calls, receives = _calls_and_receives(history)
        self._of_op = {each.op: id_ for id_, found in calls.items() for each in found}
        publications: dict[str, list[Publication]] = defaultdict(list)
        for publication in in_order_of_call(history):
            if publication.op in self._of_op:
                publications[self._of_op[publication.op]].append(publication)
        ended = why_not_ended(history) is None
        self.by_id = {
            id_: _transaction(id_, calls[id_], receives[id_], publications[id_], ended=ended)
            for id_ in calls
        }

    def origins(self, delivery: Delivery) -> list[Publication]:
        """The publications that this may be a copy of.

        Of a message that was sent more than once its place tells which attempt it is, or its
        body does. A history that was cut may lack an attempt: there only the place does.
        """
        sent = self._sent.get(delivery.message, [])
        if exact := [each for each in sent if _stands_at(each, delivery)]:
            return exact
        if delivery.attempt != 1:
            return [each for each in sent if each.attempt == delivery.attempt]
        return [] if self._is_cut else sent

    def of_call(self, op: int) -> Transaction | None:
        """The transaction that a call belongs to."""
        id_ = self._of_op.get(op)
        return None if id_ is None else self.by_id[id_]

    def id_of(self, publication: Publication) -> str | None:
        """The transaction that it was published in."""
        return self._of_op.get(publication.op)

    def of(self, delivery: Delivery) -> Transaction | None:
        """The transaction that a delivery surely is of, if there is one."""
        found = {self._of_op.get(origin.op) for origin in self.origins(delivery)}
        only = found.pop() if len(found) == 1 else None
        return None if only is None else self.by_id[only]


@indexed
def transactions_of(history: History) -> Transactions:
    """The transactions of this history, looked up once."""
    return Transactions(history)


def why_not_ended(history: History) -> str | None:
    """Why there may be more to come than the history tells; ``None`` if there is not."""
    if history.cut:
        return "the history does not go on to its end: what is missing may have come later"
    return None


class _Current:
    """Where one process stands: its open transaction, and what it received for the next end."""

    def __init__(self) -> None:
        self.open: str | None = None
        self.received: list[Operation] = []


def _calls_and_receives(
    history: History,
) -> tuple[dict[str, list[Operation]], dict[str, list[Operation]]]:
    """By transaction the calls that name it or end it, and what was received for it."""
    calls: dict[str, list[Operation]] = defaultdict(list)
    receives: dict[str, list[Operation]] = defaultdict(list)
    if all(operation.transaction is None for operation in history.operations):
        return calls, receives  # Most histories have none.
    current: dict[str, _Current] = defaultdict(_Current)
    for operation in sorted(history.operations, key=lambda operation: operation.op):
        process, named = current[operation.process], operation.transaction
        if operation.action is Action.RECEIVE:
            (process.received if named is None else receives[named]).append(operation)
            continue
        if operation.action is Action.BEGIN_TRANSACTION:
            process.open = named
        if operation.action in _ENDING:
            named = named or process.open
        if named is None:
            continue
        calls[named].append(operation)
        if operation.action in _ENDING:
            receives[named] += process.received
            process.received = []
    return calls, receives


def _transaction(
    id_: str,
    calls: list[Operation],
    receives: list[Operation],
    publications: list[Publication],
    *,
    ended: bool,
) -> Transaction:
    by_action: dict[Action, list[Operation]] = defaultdict(list)
    for call in calls:
        by_action[call.action].append(call)
    state = _state(by_action, ended=ended)
    ok = [each for each in calls if each.action in _ENDING and each.outcome is Outcome.OK]
    return Transaction(
        id=id_,
        process=calls[0].process,
        state=state,
        ending=ok[0] if ok and state is not State.UNKNOWN else None,
        commits=tuple(by_action[Action.COMMIT_TRANSACTION]),
        offsets=tuple(by_action[Action.COMMIT]),
        receives=tuple(receives),
        publications=tuple(publications),
        first=calls[0],
    )


def _state(by_action: dict[Action, list[Operation]], *, ended: bool) -> State:
    """What is known of it; a commit and an abort that both ended ``ok`` say nothing."""
    commits = by_action[Action.COMMIT_TRANSACTION]
    committed = any(each.outcome is Outcome.OK for each in commits)
    aborted = any(each.outcome is Outcome.OK for each in by_action[Action.ABORT_TRANSACTION])
    if committed or aborted:
        if committed and aborted:
            return State.UNKNOWN
        return State.COMMITTED if committed else State.ABORTED
    told = bool(by_action[Action.BEGIN_TRANSACTION] or commits)
    refused = told and all(each.outcome is Outcome.FAIL for each in commits)
    return State.ABORTED if ended and refused else State.UNKNOWN


def _stands_at(publication: Publication, delivery: Delivery) -> bool:
    return (
        publication.position is not None
        and publication.position == delivery.position
        and publication.partition == delivery.partition
        and publication.target == delivery.source
    )
