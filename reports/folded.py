"""Places on a time axis to scale, in which stretches without any call are folded.

Of an execution of a minute the calls may fill a second. Each stretch in which nothing was under
way keeps a small width of its own, so the rest has the room; it is marked, and a reader can have
all of it to scale.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FOLDS_MAX = 200
"""The longest of them; a picture with more folds than that is to scale in between."""

WIDTH = 100_000
"""Units from the left end of an axis to its right end."""

_FOLD_SHARE = 0.004
"""Of the width, for each fold: 4 of 1000 points of a screen."""

_FOLDED_FROM = 0.02
"""Of the whole time: what is shorter is no wait that anybody would want to be spared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedAxis:
    """Moments and their places, in between to scale; the first is 0, the last `WIDTH`."""

    knots: tuple[tuple[int, int], ...]

    def place(self, ns: int) -> int:
        """Where a moment stands; what lies outside stands at the nearest end."""
        index = bisect_right(self.knots, (ns, WIDTH + 1))
        if index == 0:
            return 0
        if index == len(self.knots):
            return WIDTH
        (before_ns, before), (after_ns, after) = self.knots[index - 1], self.knots[index]
        return before + (after - before) * (ns - before_ns) // max(1, after_ns - before_ns)


def folded_axis(spans: Iterable[tuple[int, int | None]], end_ns: int) -> FoldedAxis:
    """The axis of calls in the order of their beginning, up to the end of everything."""
    end_ns = max(1, end_ns)
    waits = [wait for wait in _waits(spans, end_ns) if wait[1] - wait[0] > _FOLDED_FROM * end_ns]
    longest = sorted(waits, key=lambda wait: wait[0] - wait[1])[:FOLDS_MAX]
    fold = _FOLD_SHARE * WIDTH
    spent_ns = sum(end - start for start, end in longest)
    per_ns = (WIDTH - fold * len(longest)) / max(1, end_ns - spent_ns)
    knots, at_ns, at = [(0, 0)], 0, 0.0
    for start, end in sorted(longest):
        at += (start - at_ns) * per_ns
        knots += [(start, round(at)), (end, round(at + fold))]
        at_ns, at = end, at + fold
    return FoldedAxis(knots=(*knots, (end_ns, WIDTH)))


def _waits(spans: Iterable[tuple[int, int | None]], end_ns: int) -> Iterator[tuple[int, int]]:
    """Stretches in which nothing begins and no call with a known end is under way."""
    busy_until = 0
    for start, end in spans:
        if start > busy_until:
            yield (busy_until, start)
        busy_until = max(busy_until, start, end or 0)
    if end_ns > busy_until:
        yield (busy_until, end_ns)
