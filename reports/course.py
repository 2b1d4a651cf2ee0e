"""How a campaign went: executions over its time, their length, when a broker was disturbed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from reports.exercised import Judged

STRETCHES = 24
"""Equal parts of the campaign's time: of a night 20 minutes each."""

EXECUTIONS_MIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One part of the campaign's time.

    Attributes:
        median_s, longest_s: of the executions that ended in it.
        disturbed: executions in which a whole broker was killed or stopped.
    """

    begun_s: float
    over_s: float
    executions: int
    inconclusive: int
    median_s: float
    longest_s: float
    disturbed: int

    @property
    def per_minute(self) -> float:
        """Executions that ended in a minute of it."""
        return 60 * self.executions / (self.over_s - self.begun_s)


def course_of(judged: Sequence[Judged]) -> tuple[Stretch, ...]:
    """The parts in their order; none of so few executions that each can be looked at."""
    if len(judged) < EXECUTIONS_MIN:
        return ()
    return tuple(_stretches(judged))


def _stretches(judged: Sequence[Judged]) -> Iterator[Stretch]:
    end_s = max(one.after_s for one in judged) or 1.0
    parts: list[list[Judged]] = [[] for _ in range(STRETCHES)]
    for one in judged:
        parts[min(STRETCHES - 1, int(max(0.0, one.after_s) / end_s * STRETCHES))].append(one)
    for number, part in enumerate(parts):
        lasting = [one.seconds for one in part]
        yield Stretch(
            begun_s=end_s * number / STRETCHES,
            over_s=end_s * (number + 1) / STRETCHES,
            executions=len(part),
            inconclusive=sum(one.inconclusive is not None for one in part),
            median_s=median(lasting) if lasting else 0.0,
            longest_s=max(lasting, default=0.0),
            disturbed=sum(one.disturbs_a_node for one in part),
        )
