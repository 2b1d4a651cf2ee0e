"""Who was served before somebody that was ready, and goes first: the core of all orders here."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from deliverycheck.guarantees.queues.handing import SentHanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A handing with its claim to be served.

    Attributes:
        rank: the higher goes first; equal ranks have no order.
        since_ns: of who waits, when it surely stood ready; of who is served, the moment
            before which the queue surely had not yet chosen it.
    """

    rank: tuple[int, ...]
    since_ns: float
    handing: SentHanding


def overtakings(waiting: Iterable[Turn], served: Iterable[Turn]) -> Iterator[tuple[Turn, Turn]]:
    """For each turn served out of order: it, and one that was ready, goes first and came later.

    One handing is before another if it was complete before the queue can have sent the other, or
    if one process was handed them so and their tags agree.
    """
    todo, asked = sorted(waiting, key=_rank), sorted(served, key=_rank, reverse=True)
    if _is_surely_in_order(todo, asked):
        return
    later = _Later(todo)
    for turn in asked:
        while todo and todo[-1].rank > turn.rank:
            later.put(todo.pop())
        if overtaken := later.than(turn):
            yield turn, overtaken


def _is_surely_in_order(waiting: list[Turn], served: list[Turn]) -> bool:
    """What nearly all rows are, seen at a fraction of the price: in order of time, and of place."""
    by_time = [(turn.handing.taken_after_ns, False, turn.rank) for turn in waiting]
    by_time += [(turn.handing.handed_ns, True, turn.rank) for turn in served]
    by_place = [(turn.handing.place, False, turn.rank) for turn in waiting]
    by_place += [(turn.handing.place, True, turn.rank) for turn in served]
    return _ranks_fall(sorted(by_time)) and _ranks_fall(sorted(by_place))


def _ranks_fall(row: Sequence[tuple[object, bool, tuple[int, ...]]]) -> bool:
    """No turn that waits goes before one that was served earlier in the row."""
    lowest: tuple[int, ...] | None = None
    for _, is_served, rank in row:
        if is_served:
            lowest = rank if lowest is None else min(lowest, rank)
        elif lowest is not None and rank > lowest:
            return False
    return True


class _Later:
    """Of the turns put in, those that came latest: in time, and of each process."""

    def __init__(self, turns: list[Turn]) -> None:
        by_process: dict[str, list[Turn]] = defaultdict(list)
        for turn in turns:
            by_process[turn.handing.process].append(turn)
        self._timed = _Greatest(turns)
        self._told = {process: _Greatest(each) for process, each in by_process.items()}

    def put(self, turn: Turn) -> None:
        handing = turn.handing
        self._timed.put(turn, (handing.taken_after_ns, *handing.place))
        if handing.tag is not None:
            self._told[handing.process].put(turn, handing.place)

    def than(self, turn: Turn) -> Turn | None:
        """One that was ready before the queue chose this one, and surely was sent after it."""
        handing = turn.handing
        timed = self._timed.before(turn.since_ns)
        if timed and timed.handing.taken_after_ns > handing.handed_ns:
            return timed
        told = self._told.get(handing.process)
        other = told and told.before(turn.since_ns)
        return other if other and _is_told_before(handing, other.handing) else None


def _is_told_before(one: SentHanding, other: SentHanding) -> bool:
    """Whether one process was handed these in this order, and their tags agree."""
    if one.tag is None or other.tag is None:
        return False
    return one.tag < other.tag and one.place < other.place


class _Greatest:
    """The turn of the greatest value among those ready before a moment (a binary indexed tree)."""

    def __init__(self, turns: list[Turn]) -> None:
        self._moments = sorted({turn.since_ns for turn in turns})
        self._best: list[tuple[tuple[int, ...], Turn] | None] = [None] * (len(self._moments) + 1)

    def put(self, turn: Turn, value: tuple[int, ...]) -> None:
        at = bisect_right(self._moments, turn.since_ns)
        while at < len(self._best):
            best = self._best[at]
            if best is None or best[0] < value:
                self._best[at] = (value, turn)
            at += at & -at

    def before(self, moment: float) -> Turn | None:
        at = bisect_left(self._moments, moment)
        found: tuple[tuple[int, ...], Turn] | None = None
        while at > 0:
            best = self._best[at]
            if best is not None and (found is None or found[0] < best[0]):
                found = best
            at -= at & -at
        return found[1] if found else None


def _rank(turn: Turn) -> tuple[tuple[int, ...], tuple[int, int]]:
    return (turn.rank, turn.handing.place)
