"""The pool of a campaign: step lists from the machine, from the strategy, and drawn uniformly.

As Kafka's: of six step lists Hypothesis draws two, the others are drawn uniformly.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from random import Random

from hypothesis import given, seed
from hypothesis.stateful import run_state_machine_as_test
from msgspec import structs

from deliverycheck.plans import CommitPolicy, Consumer, Step, Subject, TopicReady
from deliverycheck.plans.rabbitmq import RabbitDraft
from properties.kafka.pool import drawing
from properties.rabbitmq.machine import RabbitPlanBuilder
from properties.rabbitmq.strategies import step_lists
from properties.rabbitmq.topologies import CLASSIC, EVERY_EXCHANGE
from properties.rabbitmq.vocabulary import (
    KINDS,
    NODE_FAULT,
    NODE_FAULT_SHARE,
    STEPS_MAX,
    STEPS_MIN,
    weighted,
)

QUEUES = Subject(
    producer={"confirms": "pipelined"},
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT),
    topic_ready=TopicReady.CREATED,
    topology=CLASSIC,
)
"""A subject to which every kind of step is applicable that needs no exchange."""

ROUTING = structs.replace(QUEUES, topology=EVERY_EXCHANGE)
TRANSACTIONAL = structs.replace(QUEUES, producer={"transactional": True})

ROUTING_SHARE, TRANSACTIONAL_SHARE = 5, 8
"""One list in so many is about routing, or has the ends of transactions. They stand behind all
others: of a subject without exchanges or transactions they say nothing that those do not."""

StepList = tuple[Step, ...]


def make_pool(pool_seed: int, count: int) -> tuple[StepList, ...]:
    """About `count` step lists, the same for the same seed and code."""
    routing, transactional = count // ROUTING_SHARE, count // TRANSACTIONAL_SHARE
    plain = _mixed(QUEUES, pool_seed, count - routing - transactional)
    return (
        *plain,
        *_mixed(ROUTING, pool_seed, routing),
        *_mixed(TRANSACTIONAL, pool_seed, transactional),
    )


def make_pool_of(subjects: Sequence[Subject], pool_seed: int, each: int) -> tuple[StepList, ...]:
    """About `each` step lists for each of the subjects, which take turns in their order."""
    seeds = Random(pool_seed)  # noqa: S311  # As in `_uniform`.
    drawn = [_mixed(subject, seeds.getrandbits(32), each) for subject in subjects]
    return tuple(chain.from_iterable(zip(*drawn, strict=False)))


def _mixed(subject: Subject, pool_seed: int, count: int) -> Iterator[StepList]:
    sixth = -(-count // 6)
    uniform = iter(_uniform(subject, pool_seed, max(0, count - 2 * sixth)))
    by_hypothesis = zip(
        _from_machine(subject, pool_seed, sixth),
        _from_strategy(subject, pool_seed, sixth),
        strict=False,
    )
    mixed = [(*pair, *islice(uniform, 4)) for pair in by_hypothesis]
    return chain(chain.from_iterable(mixed), uniform)


def _from_machine(subject: Subject, pool_seed: int, count: int) -> list[StepList]:
    drawn: list[StepList] = []

    @seed(pool_seed)
    def factory() -> RabbitPlanBuilder:
        return RabbitPlanBuilder(subject, drawn.append)

    if count:
        run_state_machine_as_test(factory, settings=drawing(count))
    return drawn


def _from_strategy(subject: Subject, pool_seed: int, count: int) -> list[StepList]:
    drawn: list[StepList] = []

    @seed(pool_seed)
    @drawing(max(1, count))
    @given(step_lists(subject))
    def draw(steps: StepList) -> None:
        drawn.append(steps)

    draw()
    return drawn


def _uniform(subject: Subject, pool_seed: int, count: int) -> list[StepList]:
    chance = Random(pool_seed)  # noqa: S311  # The seed is the header's; nothing secret hangs on it.
    return [_uniform_steps(subject, chance) for _ in range(count)]


def _uniform_steps(subject: Subject, chance: Random) -> StepList:
    draft = RabbitDraft(subject)
    size = chance.randint(STEPS_MIN, STEPS_MAX)
    node_fails_at = chance.randint(1, size * NODE_FAULT_SHARE)
    for place in range(size):
        kind = KINDS[chance.choice(weighted(draft.kinds()))]
        for drawn in (kind, NODE_FAULT) if place == node_fails_at else (kind,):
            values = {name: chance.choice(among) for name, among in drawn.arguments.items()}
            for step in drawn.makes(**values):
                draft.offer(step)
    return draft.plan().steps
