"""Knots of a directed graph, and the shortest cycle through a node of one."""

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto

import msgspec

from deliverycheck.history import Reading


class Kind(Enum):
    """Why one transaction comes before another.

    Of real time each transaction that is done leads to a mark, each mark to the next, and the
    last mark before a transaction began to that: so there are as many edges as transactions.
    """

    WRITES = auto()
    READS = auto()
    SESSION = auto()
    DONE = auto()
    PASSED = auto()


class Edge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`start` comes before `to`; `readings` show it."""

    start: int
    to: int
    kind: Kind
    readings: tuple[Reading, ...] = ()

    @property
    def cost(self) -> int:
        """Marks of time make a cycle no longer."""
        return 0 if self.kind is Kind.PASSED else 1


Graph = list[list[Edge]]
"""By node the edges that leave it."""


def knots(graph: Graph) -> list[list[int]]:
    """The strongly connected components of more than one node, each in the order of its nodes."""
    walk = _Walk(graph)
    for node in range(len(graph)):
        walk.begin(node)
    return sorted(walk.knots)


def shortest_cycle(graph: Graph, start: int, knot: frozenset[int]) -> list[Edge]:
    """The edges of a shortest way from `start` back to it, inside its knot."""
    back = len(graph)  # The start, once it is reached again.
    best, came = {start: 0}, dict[int, Edge]()
    queue = deque([start])
    while (node := queue.popleft()) != back:
        for edge in graph[node]:
            to = back if edge.to == start else edge.to
            cost = best[node] + edge.cost
            if edge.to in knot and (to not in best or cost < best[to]):
                best[to], came[to] = cost, edge
                (queue.append if edge.cost else queue.appendleft)(to)
    cycle = [came[back]]
    while cycle[-1].start != start:
        cycle.append(came[cycle[-1].start])
    return cycle[::-1]


class _Walk:
    """Tarjan's search, without recursion: a history may hold long chains."""

    def __init__(self, graph: Graph) -> None:
        self.knots: list[list[int]] = []
        self._graph = graph
        self._number: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._open: dict[int, None] = {}
        self._path: list[tuple[int, Iterator[Edge]]] = []

    def begin(self, node: int) -> None:
        """Walk everything that can be reached from this node and was not walked yet."""
        if node not in self._number:
            self._enter(node)
        while self._path:
            here, edges = self._path[-1]
            edge = next(edges, None)
            if edge is None:
                self._leave(here)
            elif edge.to not in self._number:
                self._enter(edge.to)
            elif edge.to in self._open:
                self._low[here] = min(self._low[here], self._number[edge.to])

    def _enter(self, node: int) -> None:
        self._number[node] = self._low[node] = len(self._number)
        self._open[node] = None
        self._path.append((node, iter(self._graph[node])))

    def _leave(self, node: int) -> None:
        self._path.pop()
        if self._path:
            before = self._path[-1][0]
            self._low[before] = min(self._low[before], self._low[node])
        if self._low[node] != self._number[node]:
            return
        knot = [self._open.popitem()[0]]
        while knot[-1] != node:
            knot.append(self._open.popitem()[0])
        if len(knot) > 1:
            self.knots.append(sorted(knot))
