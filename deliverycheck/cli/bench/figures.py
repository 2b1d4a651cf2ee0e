"""What was measured, beside what is to be reached."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from deliverycheck.cli.bench.load import Moment

LOAD_MAX = 2.0
"""Times and rates count up to this 1-minute load; above it they say more of the machine."""

Holds = bool | Literal["not judged"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a figure is to reach.

    Attributes:
        at_least, at_most: one of them, or neither for a figure that is only told.
        relative: both sides met the same load, so that any load will do.
    """

    unit: str
    at_least: float | None = None
    at_most: float | None = None
    relative: bool = False

    @property
    def words(self) -> str | None:
        """As it stands in `bench.json`."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return None if self.at_most is None else f"<= {self.at_most:g}"

    def is_met(self, value: float) -> bool:
        """Whether the value reaches it."""
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    def best(self, samples: list["Sample"]) -> "Sample":
        """The best sample, in this goal's sense."""
        smaller_is_better = self.at_most is not None or self.unit in {"s", "ms"}
        return (min if smaller_is_better else max)(samples, key=lambda one: one.value)


_A_MINUTE = "executions/min"

GOALS: dict[str, Goal] = {
    "kafka_executions_per_min": Goal(unit=_A_MINUTE, at_least=600),
    "kafka_executions_sequential_per_min": Goal(unit=_A_MINUTE),
    "kafka_group_executions_per_min": Goal(unit=_A_MINUTE, at_least=200),
    "kafka_group_executions_sequential_per_min": Goal(unit=_A_MINUTE),
    "kafka_transaction_executions_per_min": Goal(unit=_A_MINUTE, at_least=120),
    "kafka_network_executions_per_min": Goal(unit=_A_MINUTE, at_least=150),
    "kafka_network_executions_sequential_per_min": Goal(unit=_A_MINUTE),
    "kafka_crash_executions_per_min": Goal(unit=_A_MINUTE, at_least=150),
    "kafka_crash_executions_sequential_per_min": Goal(unit=_A_MINUTE),
    "kafka_broker_kill_executions_per_min": Goal(unit=_A_MINUTE, at_least=15),
    "rabbitmq_executions_per_min": Goal(unit=_A_MINUTE, at_least=240),
    "rabbitmq_broker_kill_executions_per_min": Goal(unit=_A_MINUTE, at_least=15),
    "worker_publish_ratio": Goal(unit="of a bare loop", at_least=0.5, relative=True),
    "worker_receive_ratio": Goal(unit="of a bare loop", at_least=0.5, relative=True),
    "rabbitmq_worker_ratio": Goal(unit="of a bare loop", at_least=0.9, relative=True),
    "kafka_ready_s": Goal(unit="s", at_most=1.0),
    "kafka_restart_s": Goal(unit="s", at_most=1.7),
    "check_ms_per_1e3": Goal(unit="ms", at_most=2.0),
    "check_all_ms_per_1e3": Goal(unit="ms"),
    "check_times_bare_parse": Goal(unit="times a bare parse", at_most=3.0, relative=True),
    "check_records_per_s": Goal(unit="records/s", at_least=2e6),
    "check_peak_gb": Goal(unit="GB", at_most=1.0, relative=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the repetitions.

    Attributes:
        trouble: what went wrong in it; a rate over failed executions is none.
    """

    value: float
    moment: Moment
    trouble: str | None = None


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `bench.json`.

    Attributes:
        holds: whether the goal is reached; ``not judged`` where others loaded the machine,
            ``None`` without a goal.
        load: the 1-minute load when the best repetition ended, our own share included.
        others: cores that other programs kept busy meanwhile.
        samples: all repetitions, in their order.
    """

    value: float
    unit: str
    goal: str | None
    holds: Holds
    load: float
    others: float
    samples: tuple[float, ...]
    trouble: str | None = None


def figure_of(goal: Goal, samples: list[Sample]) -> Figure:
    """The best of the samples, judged."""
    best = goal.best(samples)
    troubles = [one.trouble for one in samples if one.trouble is not None]
    return Figure(
        value=_rounded(best.value),
        unit=goal.unit,
        goal=goal.words,
        holds=_holds(goal, best, troubled=bool(troubles)),
        load=round(best.moment.load, 2),
        others=round(best.moment.others, 2),
        samples=tuple(_rounded(one.value) for one in samples),
        trouble=troubles[0] if troubles else None,
    )


def _holds(goal: Goal, best: Sample, *, troubled: bool) -> Holds:
    if goal.words is None:
        return None
    if not goal.relative and best.moment.is_loaded(LOAD_MAX):
        return "not judged"
    return goal.is_met(best.value) and not troubled


def _rounded(value: float) -> float:
    """Three digits that mean something."""
    return float(f"{value:.3g}")
