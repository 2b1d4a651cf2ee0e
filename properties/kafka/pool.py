"""The pool of a campaign: step lists from the machine, from the strategy, and drawn uniformly.

The machine's swarm leaves kinds of steps out, which finds what other steps
would mend. A third of what Hypothesis draws are repeats and each takes 5 to 9 ms,
so of six step lists it draws two; uniform ones take 0.1 ms and do not repeat.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec import structs

from deliverycheck.plans import (
    TRANSACTIONAL_ID,
    CommitPolicy,
    Consumer,
    GroupKind,
    Step,
    Subject,
    TopicReady,
)
from deliverycheck.plans.kafka import PATIENCE, REFRESH, KafkaDraft
from deliverycheck.plans.kafka_topic import CLEANUP
from properties.kafka.machine import DeliveryPlanBuilder
from properties.kafka.strategies import step_lists
from properties.kafka.vocabulary import (
    KINDS,
    NODE_FAULT,
    NODE_FAULT_SHARE,
    STEPS_MAX,
    STEPS_MIN,
    weighted,
)

EVERYTHING = Subject(
    producer={PATIENCE: 6000},
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={REFRESH: 100}),
    topic_ready=TopicReady.CREATED,
    second_producer={},
)
"""A subject to which every kind of step is applicable; plans are cut to the claim's later."""

TRANSACTIONAL = structs.replace(
    EVERYTHING, producer={TRANSACTIONAL_ID: "pool", PATIENCE: 6000}, second_producer=None
)
"""The same with a producer that sends in transactions."""

SHARING = structs.replace(
    EVERYTHING, consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, kind=GroupKind.SHARE)
)
"""The same with a share group."""

SHARING_SHARE = 10
"""One list in so many has records that are given back, or up; they stand behind all others too."""

TRANSACTIONAL_SHARE = 5
"""One list in so many has the ends of transactions. They stand behind all others: of a producer
without transactions they say nothing that those do not."""

COMPACTED = structs.replace(EVERYTHING, topic={CLEANUP: "compact,delete"})
"""The same on compacted topics."""

COMPACTED_SHARE = 15
"""One list in so many, the last of all: on other topics nothing is cleaned."""

StepList = tuple[Step, ...]


def drawing(count: int) -> settings:
    """Settings under which Hypothesis only draws; explicit: `CI=1` loads a profile of its own."""
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
    transactional, sharing = count // TRANSACTIONAL_SHARE, count // SHARING_SHARE
    compacted = count // COMPACTED_SHARE
    plain = _mixed(EVERYTHING, pool_seed, count - transactional - sharing - compacted)
    return (
        *plain,
        *_mixed(TRANSACTIONAL, pool_seed, transactional),
        *_mixed(SHARING, pool_seed, sharing),
        *_mixed(COMPACTED, pool_seed, compacted),
    )


def make_pool_of(subjects: Sequence[Subject], pool_seed: int, each: int) -> tuple[StepList, ...]:
    """About `each` step lists for each of the subjects, which take turns in their order."""
    seeds = Random(pool_seed)  # noqa: S311  # As in `_uniform`.
    drawn = [_mixed(subject, seeds.getrandbits(32), each) for subject in subjects]
    return tuple(chain.from_iterable(zip(*drawn, strict=False)))


def _mixed(subject: Subject, pool_seed: int, count: int) -> Iterator[StepList]:
    if not count:
        return iter(())
    sixth = -(-count // 6)
    uniform = iter(_uniform(subject, pool_seed, count - 2 * sixth))
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
    def factory() -> DeliveryPlanBuilder:
        return DeliveryPlanBuilder(subject, drawn.append)

    run_state_machine_as_test(factory, settings=drawing(count))
    return drawn


def _from_strategy(subject: Subject, pool_seed: int, count: int) -> list[StepList]:
    drawn: list[StepList] = []

    @seed(pool_seed)
    @drawing(count)
    @given(step_lists(subject))
    def draw(steps: StepList) -> None:
        drawn.append(steps)

    draw()
    return drawn


def _uniform(subject: Subject, pool_seed: int, count: int) -> list[StepList]:
    chance = Random(pool_seed)  # noqa: S311  # The seed is the header's; nothing secret hangs on it.
    return [_uniform_steps(subject, chance) for _ in range(count)]


def _uniform_steps(subject: Subject, chance: Random) -> StepList:
    draft = KafkaDraft(subject)
    size = chance.randint(STEPS_MIN, STEPS_MAX)
    node_fails_at = chance.randint(1, size * NODE_FAULT_SHARE)
    for place in range(size):
        kind = KINDS[chance.choice(weighted(draft.kinds()))]
        for drawn in (kind, NODE_FAULT) if place == node_fails_at else (kind,):
            values = {name: chance.choice(among) for name, among in drawn.arguments.items()}
            for step in drawn.makes(**values):
                draft.offer(step)
    return draft.plan().steps
