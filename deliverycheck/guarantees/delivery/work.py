"""What consumer groups had to work off, and what they did."""

from bisect import bisect_right
from collections import Counter, defaultdict
from functools import cached_property
from itertools import chain
from operator import attrgetter

from deliverycheck.guarantees.copies import Place, copies, place_of, rank, standing
from deliverycheck.guarantees.delivery.dropped import dropped_for
from deliverycheck.guarantees.delivery.members import group_of
from deliverycheck.guarantees.delivery.queued import is_queue, queued_for
from deliverycheck.guarantees.log.dropping import is_replaced
from deliverycheck.guarantees.log.sources import compacted
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.history import (
    Action,
    Delivery,
    Effect,
    History,
    Operation,
    Outcome,
    Reading,
    indexed,
)


def work_of(history: History, group: str) -> list[tuple[int, Delivery]]:
    """Every copy in the log that stands in a source of the group, in the order of places.

    Of a queue what was left in it, and then what surely came to it; of a log at last what it
    dropped while the group was there. Each with the operation that tells of it.
    """
    sources = frozenset(history.header.groups[group])
    found: dict[Place, tuple[int, Delivery]] = {}
    read = ((reading.op, reading.delivery) for reading in copies(history))
    for op, delivery in chain(read, queued_for(history, group), dropped_for(history, group)):
        if delivery.source in sources and not may_go(history, delivery):
            found.setdefault(piece_of(history, delivery), (op, delivery))
    return list(found.values())


def may_go(history: History, delivery: Delivery) -> bool:
    """Whether a compacted log may drop it before the group comes to it, replaced or a tombstone."""
    if delivery.source not in compacted(history):
        return False
    ours = rank(history).get((delivery.message, delivery.attempt))
    return ours is None or is_replaced(history, ours[1])


def piece_of(history: History, delivery: Delivery) -> Place:
    """What makes two deliveries the same piece of work.

    On a queue the position is a tag that each process counts for itself: there it is the message.
    """
    if is_queue(history, delivery.source):
        return (delivery.source, None, delivery.message)
    return place_of(delivery)


@indexed
def _effects_by_group(history: History) -> dict[str, list[Effect]]:
    found: dict[str, list[Effect]] = defaultdict(list)
    for effect in sorted(history.effects, key=attrgetter("op")):
        if effect.outcome is not Outcome.FAIL:
            found[effect.group].append(effect)
    return dict(found)


class Effects:
    """The effects of one group by the piece of work that they belong to."""

    def __init__(self, history: History, group: str) -> None:
        self._history = history
        self._by_place: dict[Place, list[Effect]] = defaultdict(list)
        self._by_message: dict[tuple[str, str], list[Effect]] = defaultdict(list)
        for effect in _effects_by_group(history).get(group, ()):
            self._by_place[piece_of(history, effect.delivery)].append(effect)
            if effect.delivery.position is None or effect.delivery.partition is None:
                where = (effect.delivery.source, effect.delivery.message)
                self._by_message[where].append(effect)

    def of(self, delivery: Delivery) -> list[Effect]:
        """What was, or may have been, done with this delivery."""
        placed = self._by_place.get(piece_of(self._history, delivery), [])
        told = self._by_message.get((delivery.source, delivery.message), [])
        return placed + [effect for effect in told if _is_vague_of(effect.delivery, delivery)]

    def done(self) -> list[list[Effect]]:
        """The effects that surely happened, by piece of work and message, in the order of places.

        Two messages at one position are two: the log lost the first of them. What is not ours and
        has no place of its own cannot be told from another such thing.
        """
        sure: dict[tuple[Place, str], list[Effect]] = defaultdict(list)
        for piece, effects in self._by_place.items():
            for effect in effects:
                if effect.outcome is Outcome.OK and piece[2] != "":
                    sure[piece, effect.delivery.message].append(effect)
        return sorted(sure.values(), key=_first_place)


class ExpectedCopies:
    """How many copies a piece of work may stand for: one, if its position in a log is known.

    Otherwise it stands for all copies of its message in its source, as many as
    were found there or as often as the application sent it.
    """

    def __init__(self, history: History) -> None:
        self._history = history

    @cached_property
    def _found(self) -> Counter[tuple[str, str]]:
        return Counter((c.delivery.source, c.delivery.message) for c in copies(self._history))

    @cached_property
    def _sent(self) -> Counter[str]:
        return Counter(publication.message for publication in self._history.publications)

    def known(self, delivery: Delivery) -> bool:
        """Whether all are known: a log without positions may hold more until it was read."""
        placed = delivery.position is not None or is_queue(self._history, delivery.source)
        return placed or why_not_scanned(self._history) is None

    def of(self, delivery: Delivery) -> int:
        if delivery.position is not None and not is_queue(self._history, delivery.source):
            return 1
        found = self._found[delivery.source, delivery.message]
        return max(1, found, self._sent[delivery.message])


class Handed:
    """Which processes of a group were handed a piece of work, and who committed past it."""

    def __init__(self, history: History, group: str) -> None:
        self._history = history
        self._group = group
        self._receipts: dict[Place, list[Reading]] = defaultdict(list)
        for reading in sorted(history.receipts, key=attrgetter("op")):
            if self._is_member(history.by_op[reading.op]):
                self._receipts[piece_of(history, reading.delivery)].append(reading)
        self._commits: dict[tuple[str, int | None], list[tuple[int, Operation]]] = {}
        for operation in sorted(history.select(Action.COMMIT), key=attrgetter("op")):
            if operation.outcome is Outcome.OK and self._is_member(operation):
                self._add_commit(operation)

    def to(self, delivery: Delivery) -> list[Reading]:
        """Every handing of this piece of work to a process of the group."""
        return self._receipts.get(piece_of(self._history, delivery), [])

    def committed_past(self, delivery: Delivery) -> Operation | None:
        """The first commit, by its number, that covers this piece of work."""
        commits = self._commits.get((delivery.source, delivery.partition), [])
        if delivery.position is None:
            return None
        found = bisect_right(commits, delivery.position, key=lambda commit: commit[0])
        return commits[found][1] if found < len(commits) else None

    def _add_commit(self, operation: Operation) -> None:
        """Keep commits that reach further than all before: their positions rise."""
        for covered in operation.covers:
            commits = self._commits.setdefault((covered.source, covered.partition), [])
            if not commits or covered.position > commits[-1][0]:
                commits.append((covered.position, operation))

    def _is_member(self, operation: Operation) -> bool:
        return group_of(self._history, operation) in {None, self._group}


def _is_vague_of(told: Delivery, delivery: Delivery) -> bool:
    """Whether an effect that does not say all of its place may be of this delivery."""
    if told.position is None:
        return True
    return delivery.partition is not None and told.position == delivery.position


def _first_place(effects: list[Effect]) -> tuple[tuple[str, int, int], str]:
    return (standing(effects[0].delivery), effects[0].delivery.message)
