"""The pool of a campaign: step lists from the machine, from the strategy and uniformly, a third each.

The machine's swarm leaves kinds of steps out, which finds what other steps
would mend; the strategy and the uniform draw reach what needs many kinds.
"""

from itertools import chain
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from deliverycheck.plans import CommitPolicy, Consumer, Step, Subject, TopicReady
from deliverycheck.plans.kafka import KafkaDraft
from properties.kafka.machine import DeliveryPlanBuilder
from properties.kafka.strategies import step_lists
from properties.kafka.vocabulary import (
    KINDS,
    NODE_FAULT_SHARE,
    NODE_FAULTS,
    STEPS_MAX,
    STEPS_MIN,
    weighted,
)

EVERYTHING = Subject(
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT), topic_ready=TopicReady.CREATED
)
"""Plans are drawn for a subject to which every kind of step is applicable, and cut to the claim's later."""

StepList = tuple[Step, ...]


def drawing(count: int) -> settings:
    """Settings under which Hypothesis only draws; explicit, because `CI=1` loads a profile of its own."""
    return settings(
        max_examples=count,
        stateful_step_count=STEPS_MAX,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        derandomize=False,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def make_pool(pool_seed: int, count: int) -> tuple[StepList, ...]:
    """About `count` step lists, the same for the same seed and code."""
    third = -(-count // 3)
    sources = (
        _from_machine(pool_seed, third),
        _from_strategy(pool_seed, third),
        _uniform(pool_seed, third),
    )
    return tuple(chain.from_iterable(zip(*sources, strict=False)))


def _from_machine(pool_seed: int, count: int) -> list[StepList]:
    drawn: list[StepList] = []

    @seed(pool_seed)
    def factory() -> DeliveryPlanBuilder:
        return DeliveryPlanBuilder(EVERYTHING, drawn.append)

    run_state_machine_as_test(factory, settings=drawing(count))
    return drawn


def _from_strategy(pool_seed: int, count: int) -> list[StepList]:
    drawn: list[StepList] = []

    @seed(pool_seed)
    @drawing(count)
    @given(step_lists(EVERYTHING))
    def draw(steps: StepList) -> None:
        drawn.append(steps)

    draw()
    return drawn


def _uniform(pool_seed: int, count: int) -> list[StepList]:
    chance = Random(pool_seed)  # noqa: S311  # The seed is the header's; nothing secret hangs on it.
    return [_uniform_steps(chance) for _ in range(count)]


def _uniform_steps(chance: Random) -> StepList:
    draft = KafkaDraft(EVERYTHING)
    size = chance.randint(STEPS_MIN, STEPS_MAX)
    node_fails_at = chance.randint(1, size * NODE_FAULT_SHARE)
    for place in range(size):
        if place == node_fails_at:
            draft.offer(chance.choice(NODE_FAULTS))
        kind = KINDS[chance.choice(weighted(draft.kinds()))]
        make = chance.choice(kind.makes)
        draft.offer(make(**{name: chance.choice(values) for name, values in kind.arguments.items()}))
    return draft.plan().steps
