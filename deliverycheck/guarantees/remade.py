"""Topics that were deleted and made again: one name, two logs, which get two names here."""

from collections.abc import Mapping
from math import inf

from msgspec import structs

from deliverycheck.history import (
    Action,
    Delivery,
    DeliveryRun,
    History,
    Operation,
    Outcome,
    Position,
    Source,
    indexed,
    is_scanner,
)

_Copy = tuple[str, int, str, int | None, int | None]
"""Message, attempt, source, partition and position."""
_Place = tuple[str, str, int | None, int]
"""Process, source, partition and position."""


_GONE = " (deleted)"


def before(topic: str) -> str:
    """The name that the log has here which was deleted with its topic."""
    return topic + _GONE


def topic_of(log: str) -> str:
    """The name that the topic of a log had when it was used."""
    return log.removesuffix(_GONE)


@indexed
def why_not_told_apart(history: History) -> str | None:
    """Why two logs of one name cannot be told apart; ``None`` if they can, or if there are none."""
    seen: set[str] = set()
    for deletion in _deletions(history):
        topic = str(deletion.target)
        if topic in seen:
            return f"{topic} was deleted twice: which of its logs a message stood in is not known"
        seen.add(topic)
        if _is_read_meanwhile(history, deletion):
            return f"{topic} was read while it was deleted: which of its logs was read is not known"
    bulk = bool(seen) and any(
        one.target in seen and (one.count > 1 or one.runs) for one in history.select(Action.PUBLISH)
    )
    return "a topic was deleted to which messages were sent in bulk" if bulk else None


def told_apart(history: History) -> History:
    """The same history, in which what belongs to a deleted log bears the name of that log.

    A message that was sent once the deletion was over is the present log's, and so is what fresh
    readers found afterwards. Everything else may have gone with the deleted one, which keeps
    nothing. What a member was handed belongs where its message does, what it commits to where
    that was handed to it.
    """
    if not _deletions(history) or why_not_told_apart(history) is not None:
        return history  # Not as an index of its own: it would outlive its last user.
    return _apart(history)


@indexed
def _apart(history: History) -> History:
    teller = _Teller(history)
    kept = {before(topic): Source(retention_ms=0) for topic in teller.deletions}
    return History(
        header=structs.replace(history.header, sources={**history.header.sources, **kept}),
        operations=tuple(teller.renamed(one) for one in history.operations),
        faults=history.faults,
        nodes=history.nodes,
        processes=history.processes,
        phases=history.phases,
        cut=history.cut,
    )


@indexed
def _deletions(history: History) -> tuple[Operation, ...]:
    """Of topics, that took effect or may have."""
    sources = history.header.sources
    return tuple(
        one
        for one in history.select(Action.DELETE)
        if one.outcome is not Outcome.FAIL
        and (one.target not in sources or sources[one.target].kind == "log")
    )


def _over_ns(operation: Operation) -> float:
    known = operation.outcome is not Outcome.INFO and operation.completed_ns is not None
    return float(operation.completed_ns or 0) if known else inf


def _is_read_meanwhile(history: History, deletion: Operation) -> bool:
    return any(
        is_scanner(one.process)
        and one.invoked_ns < _over_ns(deletion)
        and _over_ns(one) > deletion.invoked_ns
        for one in history.select(Action.RECEIVE)
    )


class _Teller:
    """Says of each thing that has a topic's name which of its logs it is of."""

    def __init__(self, history: History) -> None:
        self.deletions: Mapping[str, Operation] = {
            str(one.target): one for one in _deletions(history)
        }
        self._found = {_copy(one.delivery) for one in history.log if self._is_late(one.ns)}
        self._standing = {copy[:3] for copy in self._found}
        self._late = {
            (one.message, one.attempt, one.target)
            for one in history.publications
            if one.target in self.deletions and self._is_sent_after(one.target, one.invoked_ns)
        }
        self._handed: dict[_Place, str] = {}

    def _is_late(self, ns: int) -> bool:
        """Whether all deletions were over; before that a fresh reader found the deleted logs."""
        return all(ns >= _over_ns(one) for one in self.deletions.values())

    def _is_sent_after(self, topic: str, ns: int) -> bool:
        return ns >= _over_ns(self.deletions[topic])

    def renamed(self, operation: Operation) -> Operation:
        """The operation with the names of logs in the place of those of topics."""
        if operation.action is Action.PUBLISH:
            return structs.replace(operation, target=self._of_publish(operation))
        ns = operation.invoked_ns
        deliveries = tuple(
            structs.replace(one, source=self._of_delivery(one, ns)) for one in operation.deliveries
        )
        if operation.action is Action.RECEIVE:
            for told, named in zip(operation.deliveries, deliveries, strict=True):
                if told.position is not None:
                    place = (operation.process, told.source, told.partition, told.position)
                    self._handed[place] = named.source
        return structs.replace(
            operation,
            deliveries=deliveries,
            delivery_runs=tuple(self._of_run(one, ns) for one in operation.delivery_runs),
            covers=tuple(self._of_cover(one, operation) for one in operation.covers),
        )

    def _of_publish(self, operation: Operation) -> str | None:
        topic = operation.target
        if topic is None or topic not in self.deletions:
            return topic
        sent = (operation.message or "", operation.attempt, topic)
        return topic if sent in self._late or sent in self._standing else before(topic)

    def _of_delivery(self, delivery: Delivery, ns: int) -> str:
        topic = delivery.source
        if topic not in self.deletions:
            return topic
        sent = (delivery.message, delivery.attempt, topic)
        is_present = sent in self._late or (
            _copy(delivery) in self._found
            and (delivery.message != "" or self._is_sent_after(topic, ns))
        )
        return topic if is_present else before(topic)

    def _of_run(self, run: DeliveryRun, ns: int) -> DeliveryRun:
        """Its messages stand side by side in one log."""
        first = Delivery(
            message=f"{run.process}-{run.first_sequence}",
            source=run.source,
            partition=run.partition,
            position=run.first_position,
        )
        return structs.replace(run, source=self._of_delivery(first, ns))

    def _of_cover(self, cover: Position, operation: Operation) -> Position:
        """Of the log from which the last one before it was handed over, else by the clock."""
        topic = cover.source
        if topic not in self.deletions or operation.action in _OF_PARTITIONS:
            return cover
        last = (operation.process, topic, cover.partition, cover.position - 1)
        by_clock = topic if self._is_sent_after(topic, operation.invoked_ns) else before(topic)
        return structs.replace(cover, source=self._handed.get(last, by_clock))


_OF_PARTITIONS = frozenset({Action.ASSIGN, Action.REVOKE, Action.LOST})
"""They are about partitions, which the group has whatever log is behind them."""


def _copy(delivery: Delivery) -> _Copy:
    return (
        delivery.message,
        delivery.attempt,
        delivery.source,
        delivery.partition,
        delivery.position,
    )
