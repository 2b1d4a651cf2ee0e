"""Which transactions come before which: the edges of their graph."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from deliverycheck.guarantees.log.sources import not_logs
from deliverycheck.guarantees.transactions.graph import Edge, Graph, Kind
from deliverycheck.guarantees.transactions.isolation import committed_readings
from deliverycheck.guarantees.transactions.transactions import (
    NEVER_NS,
    State,
    Transaction,
    transactions_of,
)
from deliverycheck.guarantees.transactions.views import views_of
from deliverycheck.history import History, Reading, indexed


@indexed
def effective(history: History) -> list[Transaction]:
    """The transactions that took effect, in the order of their first calls.

    Their commit ended ``ok``, or its end is unknown and a reader of committed messages was
    handed a part of it.
    """
    return sorted(
        (
            each
            for each in transactions_of(history).by_id.values()
            if each.state is State.COMMITTED
            or (
                each.state is State.UNKNOWN and each.commits and views_of(history).first_sight(each)
            )
        ),
        key=lambda each: each.first.op,
    )


def graph_of(history: History, transactions: list[Transaction]) -> Graph:
    """The graph of these transactions: a node for each, then one for each mark of time."""
    numbers = {each.id: number for number, each in enumerate(transactions)}
    graph: Graph = [[] for _ in (*transactions, *transactions)]
    for edges in (
        _by_writes(history, numbers),
        _by_reads(history, numbers, transactions),
        _by_session(transactions),
        _by_time(history, transactions),
    ):
        for edge in edges:
            graph[edge.start].append(edge)
    return graph


def _by_writes(history: History, numbers: dict[str, int]) -> Iterator[Edge]:
    """Neighbours in a partition of a log, by the positions that were read."""
    index, queues = transactions_of(history), not_logs(history)
    standing: dict[tuple[str, int | None], dict[tuple[int, int], Reading]] = defaultdict(dict)
    for reading in sorted((*history.log, *history.receipts), key=lambda reading: reading.op):
        delivery, transaction = reading.delivery, index.of(reading.delivery)
        if transaction is None or delivery.position is None or delivery.source in queues:
            continue
        if transaction.id in numbers:
            found = standing[delivery.source, delivery.partition]
            found.setdefault((delivery.position, numbers[transaction.id]), reading)
    for found in standing.values():
        for (place, start), (next_place, to) in pairwise(sorted(found)):
            if place < next_place and start != to:
                readings = (found[place, start], found[next_place, to])
                yield Edge(start=start, to=to, kind=Kind.WRITES, readings=readings)


def _by_reads(
    history: History, numbers: dict[str, int], transactions: list[Transaction]
) -> Iterator[Edge]:
    """What a transaction was handed by the time that its own commit was asked for."""
    index = transactions_of(history)
    readers = {
        receive.op: number
        for number, transaction in enumerate(transactions)
        for receive in transaction.receives
    }
    for reading in committed_readings(history):
        writer, to = index.of(reading.delivery), readers.get(reading.op)
        if writer is None or to is None or writer.id not in numbers:
            continue
        start, asked_ns = numbers[writer.id], transactions[to].commit_asked_ns
        if start != to and asked_ns is not None and reading.ns <= asked_ns:
            yield Edge(start=start, to=to, kind=Kind.READS, readings=(reading,))


def _by_session(transactions: list[Transaction]) -> Iterator[Edge]:
    """Neighbours among the transactions of one process."""
    last: dict[str, int] = {}
    for number, transaction in enumerate(transactions):
        if transaction.process in last:
            yield Edge(start=last[transaction.process], to=number, kind=Kind.SESSION)
        last[transaction.process] = number


def _by_time(history: History, transactions: list[Transaction]) -> Iterator[Edge]:
    """Each to the mark of the moment it was done, each mark to the next and to who began then."""
    count = len(transactions)
    done = sorted((_done_ns(history, each), number) for number, each in enumerate(transactions))
    for at, (_, number) in enumerate(done):
        yield Edge(start=number, to=count + at, kind=Kind.DONE)
    for at, later in pairwise(range(count, 2 * count)):
        yield Edge(start=at, to=later, kind=Kind.PASSED)
    for number, transaction in enumerate(transactions):
        at = bisect_left(done, transaction.first.invoked_ns, key=lambda one: one[0])
        if at:
            yield Edge(start=count + at - 1, to=number, kind=Kind.PASSED)


def _done_ns(history: History, transaction: Transaction) -> int:
    """When it surely had taken effect."""
    seen, ending = views_of(history).first_sight(transaction), transaction.ending
    ended_ns = None if ending is None else ending.completed_ns
    return min(NEVER_NS if ended_ns is None else ended_ns, NEVER_NS if seen is None else seen.ns)
