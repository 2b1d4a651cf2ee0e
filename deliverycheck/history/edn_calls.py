"""Operations as the calls that Jepsen knows: send, poll, txn, assign, subscribe."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from deliverycheck.history.edn_names import Names, id_of, keys_of_source
from deliverycheck.history.edn_text import Keyword
from deliverycheck.history.history import History, Publication, Reading
from deliverycheck.history.operation import Action, Operation, Outcome

_MOVES = frozenset(
    {
        *(Action.ASSIGN, Action.SUBSCRIBE, Action.UNSUBSCRIBE),
        *(Action.SEEK, Action.REVOKE, Action.LOST),
    }
)
_TOLD_MOVES = frozenset({Action.ASSIGN, Action.SUBSCRIBE})
_ENDS = frozenset({Action.COMMIT_TRANSACTION, Action.ABORT_TRANSACTION})
_SEND, _POLL = Keyword("send"), Keyword("poll")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call, from its invocation to its completion.

    Attributes:
        op: the number of our operation; of a transaction, of its first.
        f: what Jepsen calls it; ``None`` if it has no word for it.
        asked: its value when it was invoked; `got` when it was completed.
        moves: nothing that the process reads from here on follows on what it read before.
    """

    op: int
    process: str
    f: str | None
    start_ns: int
    end_ns: int
    outcome: str
    asked: object
    got: object
    error: str | None = None
    moves: bool = False


def calls_of(history: History, names: Names) -> Iterator[Call]:
    """Every call that Jepsen knows; what it does not know is left out."""
    end_ns = _end_ns(history)
    publications: dict[int, list[Publication]] = defaultdict(list)
    for publication in history.publications:
        publications[publication.op].append(publication)
    readings: dict[int, list[Reading]] = defaultdict(list)
    for reading in (*history.log, *history.receipts):
        readings[reading.op].append(reading)
    transactions: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for operation in history.operations:
        if operation.action is Action.PUBLISH and operation.transaction is None:
            yield from _sends(operation, publications[operation.op], names, end_ns)
        elif operation.action is Action.PUBLISH or operation.action in _ENDS:
            transactions[operation.process, operation.transaction or ""].append(operation)
        elif operation.action is Action.RECEIVE:
            yield _poll(operation, readings[operation.op], names, end_ns)
        elif operation.action in _MOVES:
            yield _move(operation, names, end_ns)
    for operations in transactions.values():
        if sent := [each for one in operations for each in publications[one.op]]:
            yield _transaction(operations, sent, names, end_ns)


def _end_ns(history: History) -> int:
    """When the last thing happened; what is open then stays open."""
    ends = [max(each.invoked_ns, each.completed_ns or 0) for each in history.operations]
    return max([*ends, *(mark.ns for mark in history.phases)], default=0) + 1


def _call(operation: Operation, f: str | None, end_ns: int, asked: object, got: object) -> Call:
    completed_ns = end_ns if operation.completed_ns is None else operation.completed_ns
    return Call(
        op=operation.op,
        process=operation.process,
        f=f,
        start_ns=operation.invoked_ns,
        end_ns=max(completed_ns, operation.invoked_ns + 1),
        outcome=operation.outcome.value,
        asked=asked,
        got=got,
        error=operation.error,
    )


def _sends(
    operation: Operation, publications: list[Publication], names: Names, end_ns: int
) -> Iterator[Call]:
    """One call for each message: a bulk publish is no transaction."""
    for publication in publications:
        asked, got = [_asked(publication, names)], [_got(publication, names)]
        yield _call(operation, "send", end_ns, asked, got)


def _asked(publication: Publication, names: Names) -> list[object]:
    key = names.keys[names.place_of(publication)]
    return [_SEND, key, names.values[publication.message]]


def _got(publication: Publication, names: Names) -> list[object]:
    """As it was asked for, with the position if it is known."""
    send, key, value = _asked(publication, names)
    known = publication.outcome is Outcome.OK or publication.position is not None
    return [send, key, [publication.position, value] if known else value]


def _poll(operation: Operation, readings: list[Reading], names: Names, end_ns: int) -> Call:
    """What it was handed, by key; what has no position cannot be told."""
    by_key: dict[int, list[list[object]]] = defaultdict(list)
    for reading in readings:
        delivery = reading.delivery
        if delivery.position is not None:
            key = names.keys[delivery.source, delivery.partition]
            by_key[key].append([delivery.position, names.values[id_of(delivery)]])
    handed = operation.outcome is Outcome.OK or by_key
    return _call(operation, "poll", end_ns, [[_POLL]], [[_POLL, by_key] if handed else [_POLL]])


def _move(operation: Operation, names: Names, end_ns: int) -> Call:
    """An assignment or a subscription; Jepsen has no word for other moves."""
    places = [names.keys[to.source, to.partition] for to in operation.covers]
    keys = places or keys_of_source(names, operation.target)
    told = operation.action.value if operation.action in _TOLD_MOVES else None
    call = _call(operation, told, end_ns, keys, keys)
    return msgspec.structs.replace(call, moves=True)


def _transaction(
    operations: list[Operation], sent: list[Publication], names: Names, end_ns: int
) -> Call:
    """All sends of a transaction in one call; what provably was not sent is left out."""
    first = min(operations, key=lambda one: (one.invoked_ns, one.op))
    outcome = _outcome(operations)
    open_ = outcome is Outcome.INFO
    ends = [one.completed_ns or one.invoked_ns for one in operations]
    sent = [each for each in sent if each.outcome is not Outcome.FAIL]
    call = _call(
        first,
        "txn",
        end_ns,
        [_asked(each, names) for each in sent],
        [_got(each, names) for each in sent],
    )
    return msgspec.structs.replace(
        call,
        end_ns=max(end_ns if open_ else max(ends), first.invoked_ns + 1),
        outcome=outcome.value,
    )


def _outcome(operations: Iterable[Operation]) -> Outcome:
    """Committed, provably not, or nobody knows."""
    ends = [one for one in operations if one.action in _ENDS]
    commits = [one.outcome for one in ends if one.action is Action.COMMIT_TRANSACTION]
    aborts = [one.outcome for one in ends if one.action is Action.ABORT_TRANSACTION]
    if Outcome.OK in commits:
        return Outcome.OK
    refused = all(outcome is Outcome.FAIL for outcome in commits)
    return Outcome.FAIL if refused and (commits or Outcome.OK in aborts) else Outcome.INFO
