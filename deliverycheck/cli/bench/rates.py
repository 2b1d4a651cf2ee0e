"""Executions a minute: plan to verdict, as a campaign makes them, many at once and one by one."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from threading import Event

from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter
from deliverycheck.cli.bench.plans import mix
from deliverycheck.plans import Plan
from deliverycheck.search import Judge, Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How one class is measured.

    Attributes:
        at_once: executions side by side; as many as serve.
        rounds: repetitions of the whole mix.
        plans: how many of the mix a round takes, from its start, evenly over its subjects.
    """

    figure: str
    mix: str
    at_once: int
    rounds: int = 5
    plans: int | None = None


RATES = (
    Rate(figure="kafka_executions_sequential_per_min", mix="none", at_once=1, plans=10, rounds=3),
    Rate(
        figure="kafka_group_executions_sequential_per_min",
        mix="group",
        at_once=1,
        plans=6,
        rounds=1,
    ),
    Rate(
        figure="kafka_network_executions_sequential_per_min",
        mix="network",
        at_once=1,
        plans=6,
        rounds=1,
    ),
    Rate(
        figure="kafka_crash_executions_sequential_per_min",
        mix="crash",
        at_once=1,
        plans=6,
        rounds=1,
    ),
    Rate(figure="kafka_broker_kill_executions_per_min", mix="broker_kill", at_once=1),
    Rate(figure="kafka_network_executions_per_min", mix="network", at_once=12),
    Rate(figure="kafka_crash_executions_per_min", mix="crash", at_once=12),
    Rate(figure="kafka_group_executions_per_min", mix="group", at_once=12),
    Rate(figure="kafka_transaction_executions_per_min", mix="transactions", at_once=12),
    Rate(figure="kafka_executions_per_min", mix="none", at_once=6),
)

QUEUE_RATES = (
    Rate(
        figure="rabbitmq_broker_kill_executions_per_min",
        mix="queue_broker_kill",
        at_once=1,
        rounds=3,
    ),
    Rate(figure="rabbitmq_executions_per_min", mix="queue_none", at_once=8),
)


def measure(rate: Rate, judge: Judge, stop: Event) -> list[Sample]:
    """A sample for each round; fewer if stopped."""
    plans = _share(mix(rate.mix), rate.plans)
    rounds = takewhile(lambda _: not stop.is_set(), range(rate.rounds))
    return [_round(rate, plans, judge) for _ in rounds]


def _share(plans: Sequence[Plan], count: int | None) -> Sequence[Plan]:
    """So many, from every part of the mix; the longest first, so that none is waited for alone."""
    chosen = plans if count is None else plans[:: max(1, len(plans) // count)][:count]
    return sorted(chosen, key=lambda plan: -len(plan.steps))


def _round(rate: Rate, plans: Sequence[Plan], judge: Judge) -> Sample:
    meter, began_s = Meter(), time.monotonic()

    def once(plan: Plan) -> Judgement:
        judgement = judge.execute(plan)
        judgement.execution.folder.remove()
        return judgement

    with ThreadPoolExecutor(rate.at_once, thread_name_prefix="bench") as threads:
        judgements = list(threads.map(once, plans))
    passed_s = time.monotonic() - began_s
    return Sample(
        value=60 * len(plans) / passed_s, moment=meter.read(), trouble=_trouble(judgements)
    )


def _trouble(judgements: Sequence[Judgement]) -> str | None:
    """Executions that failed cost another time than those that are meant."""
    reasons = Counter(one.inconclusive for one in judgements if one.inconclusive is not None)
    if not reasons:
        return None
    return f"{reasons.total()} inconclusive, such as: {reasons.most_common(1)[0][0]}"
