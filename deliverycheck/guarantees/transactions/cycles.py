"""Transactions fit one order: what they read of one another, and what they write."""

from collections.abc import Iterator

from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.sentences import place, seconds
from deliverycheck.guarantees.transactions.dependencies import effective, graph_of
from deliverycheck.guarantees.transactions.graph import Edge, Graph, Kind, knots, shortest_cycle
from deliverycheck.guarantees.transactions.isolation import forbids, levels
from deliverycheck.guarantees.transactions.transactions import (
    NO_TRANSACTIONS,
    Transaction,
    transactions_of,
    why_not_ended,
)
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History

_STARTS_MAX = 20
"""From so many transactions of a knot the shortest way round is looked for: a witness is enough."""

_DATA = frozenset({Kind.READS, Kind.WRITES})
_NAMES = {
    frozenset({Kind.READS}): "read_cycle",
    frozenset({Kind.WRITES}): "write_cycle",
    frozenset({Kind.READS, Kind.WRITES}): "mixed_cycle",
}


def read_order(history: History) -> Verdict:
    """What transactions read of one another fits an order with real time and processes.

    Sound: only transactions that took effect count, and of what they read only what they were
    handed before their commit was asked for, by receives that ask for committed messages. Each
    such edge, of a read, a process or time, leads from who took effect earlier to who did later.

    Complete for histories told to their end. Writes of concurrent transactions may interleave:
    their order is no business of this guarantee.
    """
    name = "read_order"
    if not transactions_of(history).by_id:
        return unknown(name, NO_TRANSACTIONS)
    transactions = effective(history)
    graph = _only(graph_of(history, transactions), without=Kind.WRITES)
    read = sum(edge.kind is Kind.READS for edges in graph for edge in edges)
    if not read:
        return unknown(name, "nothing to examine: no transaction read what another one wrote")
    found = [_anomaly(history, each, transactions) for each in _cycles("read_cycle", graph)]
    reason = why_not_ended(history)
    if reason and not found:
        return unknown(name, reason)
    return judge(name, found, examined=read)


def serializable_transactions(history: History) -> Verdict:
    """What transactions read and write fits an order with real time and processes.

    Sound: only transactions are judged whose process asks for ``strict_serializable``; logs
    rarely promise that, and whoever interleaves transactions does not.
    Of writes the order is that of the positions that were read.

    Complete for scanned histories, but for what a transaction did not read and should have.
    """
    name = "serializable_transactions"
    if not transactions_of(history).by_id:
        return unknown(name, NO_TRANSACTIONS)
    transactions = [
        each
        for each in effective(history)
        if forbids(levels(history).get(each.first.op), "write_cycle")
    ]
    graph = graph_of(history, transactions)
    depending = sum(edge.kind in _DATA for edges in graph for edge in edges)
    if not depending:
        return unknown(
            name,
            "nothing to examine: no two transactions that ask for strict_serializable depend on "
            "each other",
        )
    found = _of_any_name(history, graph, transactions)
    reason = why_not_scanned(history)
    if reason and not found:
        return unknown(name, reason)
    return judge(name, found, examined=depending)


def _of_any_name(history: History, graph: Graph, transactions: list[Transaction]) -> list[Anomaly]:
    """Cycles of reads, cycles of writes, and those of both between others than these."""
    pure = [
        *_cycles("write_cycle", _only(graph, without=Kind.READS)),
        *_cycles("read_cycle", _only(graph, without=Kind.WRITES)),
    ]
    told = {edge.start for cycle in pure for edge in _of_transactions(cycle)}
    mixed = [
        cycle
        for cycle in _cycles("mixed_cycle", graph)
        if not {edge.start for edge in _of_transactions(cycle)} <= told
    ]
    return [_anomaly(history, cycle, transactions) for cycle in (*pure, *mixed)]


def _of_transactions(cycle: list[Edge]) -> list[Edge]:
    """The edges that leave a transaction, and no mark of time."""
    return [edge for edge in cycle if edge.kind is not Kind.PASSED]


def _only(graph: Graph, *, without: Kind) -> Graph:
    return [[edge for edge in edges if edge.kind is not without] for edges in graph]


def _cycles(name: str, graph: Graph) -> list[list[Edge]]:
    """A shortest cycle of this name for each knot that has one."""
    return [cycle for knot in knots(graph) for cycle in _shortest(name, graph, knot)]


def _shortest(name: str, graph: Graph, knot: list[int]) -> list[list[Edge]]:
    """The shortest cycle of this name; none if each that was found has another."""
    inside = frozenset(knot)
    cycles = [shortest_cycle(graph, start, inside) for start in knot[:_STARTS_MAX]]
    named = [cycle for cycle in cycles if _NAMES.get(_data(cycle)) == name]
    return sorted(named, key=lambda cycle: len(_of_transactions(cycle)))[:1]


def _data(cycle: list[Edge]) -> frozenset[Kind]:
    return frozenset(edge.kind for edge in cycle) & _DATA


def _anomaly(history: History, cycle: list[Edge], transactions: list[Transaction]) -> Anomaly:
    edges = _of_transactions(cycle)
    members = [transactions[edge.start] for edge in edges]
    steps = [
        (edge, transactions[edge.start], members[at % len(members)])
        for at, edge in enumerate(edges, 1)
    ]
    shown = next(edge.readings[-1] for edge in edges if edge.readings).delivery
    ops = (op for step in steps for op in _shown_by(history, *step))
    return Anomaly(
        name=_NAMES[_data(cycle)],
        message=shown.message or None,
        witnesses=tuple(dict.fromkeys(ops)),
        source=shown.source,
        partition=shown.partition,
        position=shown.position,
        facts={
            "kind": "cycle",
            "transactions": [member.id for member in members],
            "steps": [_step(*step) for step in steps],
        },
    )


def _shown_by(
    history: History, edge: Edge, earlier: Transaction, later: Transaction
) -> Iterator[int]:
    """The operations that show the edge."""
    index = transactions_of(history)
    for reading in edge.readings:
        yield from (origin.op for origin in index.origins(reading.delivery))
        yield reading.op
    if not edge.readings:
        yield earlier.deciding[0].op
        yield later.first.op


def _step(edge: Edge, earlier: Transaction, later: Transaction) -> str:
    """The edge in words."""
    if edge.kind is Kind.DONE:
        began = seconds(later.first.invoked_ns)
        return f"{later.id} began at {began} when {earlier.id} had taken effect"
    if edge.kind is Kind.SESSION:
        return f"{later.process} began {later.id} after {earlier.id}"
    if edge.kind is Kind.READS:
        return f"{later.id} was handed {edge.readings[0].delivery.message} of {earlier.id}"
    first, second = (reading.delivery for reading in edge.readings)
    where = place(first.source, first.partition)
    positions = f"positions {first.position} and {second.position}"
    return f"{earlier.id} stands before {later.id} in {where} ({positions})"
