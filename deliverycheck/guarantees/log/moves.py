"""When a process may have been moved to another position than behind its last delivery."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from math import inf
from operator import attrgetter

import msgspec

from deliverycheck.guarantees.remade import topic_of
from deliverycheck.history import Action, Delivery, History, Operation, Outcome, indexed

_MOVING = (
    Action.SUBSCRIBE,
    Action.UNSUBSCRIBE,
    Action.ASSIGN,
    Action.REVOKE,
    Action.LOST,
    Action.SEEK,
    Action.NACK,
    Action.REJECT,
)
_Scope = tuple[str, str | None, int | None]
"""Process, topic and partition; without them all topics, or all partitions of the topic.

A process is moved in topics: what it is told of one is about the log that was deleted, too."""


class _Moments(msgspec.Struct, frozen=True, kw_only=True):
    """The spans of all moves of one scope: their starts, and how far those until then reach."""

    starts_ns: list[int]
    reach_ns: list[float]

    def meet(self, begin_ns: int, end_ns: float) -> bool:
        before = bisect_right(self.starts_ns, end_ns)
        return before > 0 and self.reach_ns[before - 1] >= begin_ns


class MovesOfOne(msgspec.Struct, frozen=True, kw_only=True):
    """All that may have moved one process away from one partition.

    A member of a group that tells of no assignment at all may have had one at any time.
    """

    are_told: bool
    moments: list[_Moments]

    def between(self, before: Operation, after: Operation) -> bool:
        """Whether one of them may lie between deliveries of two receives, or of one.

        A move during one of the receives counts: its place among the deliveries is not known.
        So does an overlap of the two.
        """
        if before is not after and not self.are_told:
            return True
        if before is not after and after.invoked_ns < end_ns(before):
            return True
        until_ns = end_ns(after)
        return any(each.meet(before.invoked_ns, until_ns) for each in self.moments)


class Moves:
    """All moves of a history."""

    def __init__(self, history: History) -> None:
        spans: dict[_Scope, list[tuple[int, float]]] = defaultdict(list)
        named: set[_Scope] = set()
        around: set[_Scope] = set()
        for operation in sorted(_moving(history), key=attrgetter("op")):
            span = (operation.invoked_ns, end_ns(operation))
            for scope in _scopes(operation):
                reaching = _reaching(*scope)
                new = scope not in around and named.isdisjoint(reaching)
                if not new or operation.action is not Action.ASSIGN:
                    spans[scope].append(span)  # A first assignment takes nobody away.
                if operation.action is not Action.SUBSCRIBE:
                    named.add(scope)
                    around.update(reaching)
        self._assigned = {one.process for one in history.select(Action.ASSIGN)}
        self._subscribed = {one.process for one in history.select(Action.SUBSCRIBE)}
        self._moments = {scope: _moments(sorted(many)) for scope, many in spans.items()}

    def of(self, receive: Operation, delivery: Delivery) -> MovesOfOne:
        """What may have moved the process of this receive away from the partition."""
        reaching = _reaching(receive.process, topic_of(delivery.source), delivery.partition)
        return MovesOfOne(
            are_told=self._tells_of_moves(receive),
            moments=[self._moments[scope] for scope in reaching if scope in self._moments],
        )

    def _tells_of_moves(self, receive: Operation) -> bool:
        """Who reads for itself is moved by nobody else."""
        alone = receive.group is None and receive.process not in self._subscribed
        return alone or receive.process in self._assigned


@indexed
def moves(history: History) -> Moves:
    """Every operation that may have moved a reader."""
    return Moves(history)


def is_moving(operation: Operation) -> bool:
    """Whether it may move its process: so does a receive that did not end well.

    Nobody knows what that took, or put back.
    """
    failed = operation.action is Action.RECEIVE and operation.outcome is not Outcome.OK
    return failed or operation.action in _MOVING


def is_about(operation: Operation, source: str, partition: int | None) -> bool:
    """Whether a move is one of that partition: it names it, or none at all."""
    if not operation.covers or operation.action is Action.SUBSCRIBE:
        return True
    place = (topic_of(source), partition)
    return any((topic_of(one.source), one.partition) == place for one in operation.covers)


def _moving(history: History) -> Iterator[Operation]:
    for action in (*_MOVING, Action.RECEIVE):
        yield from filter(is_moving, history.select(action))


def _scopes(operation: Operation) -> Iterator[_Scope]:
    if not operation.covers or operation.action is Action.SUBSCRIBE:
        yield (operation.process, None, None)
        return
    for covered in operation.covers:
        yield (operation.process, topic_of(covered.source), covered.partition)


def _reaching(process: str, source: str | None, partition: int | None) -> tuple[_Scope, ...]:
    """The scopes that a partition lies in."""
    return ((process, None, None), (process, source, None), (process, source, partition))


def _moments(spans: list[tuple[int, float]]) -> _Moments:
    ends_ns = (end_ns for _, end_ns in spans)
    return _Moments(
        starts_ns=[start_ns for start_ns, _ in spans], reach_ns=list(accumulate(ends_ns, max))
    )


def end_ns(operation: Operation) -> float:
    """When it was over; never, of one that has no answer."""
    return inf if operation.completed_ns is None else operation.completed_ns
