"""The earliest end among what began after a moment, of anybody but one."""

from bisect import bisect_right
from collections.abc import Iterable

import msgspec


class Stretch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An operation of a process, from its call to its answer."""

    process: str
    op: int
    invoked_ns: int
    completed_ns: int

    @property
    def ending(self) -> tuple[int, int]:
        """What sorts by the answer; the operation's number decides a tie."""
        return (self.completed_ns, self.op)


class EarliestEnds:
    """Answers in logarithmic time; of each end of the list the two best of two processes."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        rows = sorted(stretches, key=lambda one: (one.invoked_ns, one.op))
        self._invoked = [one.invoked_ns for one in rows]
        best: tuple[Stretch, ...] = ()
        self._best: list[tuple[Stretch, ...]] = [best]
        for stretch in reversed(rows):
            best = _best_two(stretch, best)
            self._best.append(best)
        self._best.reverse()

    def after(self, ns: int, *, not_by: str) -> Stretch | None:
        """Of those called later than `ns` by another process, the one answered first."""
        candidates = self._best[bisect_right(self._invoked, ns)]
        return next((one for one in candidates if one.process != not_by), None)


def _best_two(new: Stretch, best: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    ranked = sorted((new, *best), key=lambda one: one.ending)
    other = next((one for one in ranked if one.process != ranked[0].process), None)
    return (ranked[0],) if other is None else (ranked[0], other)
