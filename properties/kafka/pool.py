"""The pool of a campaign against Kafka."""

from collections.abc import Sequence

from msgspec import structs

from deliverycheck.plans import (
    TRANSACTIONAL_ID,
    CommitMode,
    CommitPolicy,
    Consumer,
    GroupKind,
    Seeks,
    Subject,
    TopicReady,
)
from deliverycheck.plans.kafka_applicable import PATIENCE, REFRESH
from deliverycheck.plans.kafka_topic import CHANGES, CLEANUP, RETENTION_MS
from properties.drawing import Pools, StepList
from properties.kafka.machine import DeliveryPlanBuilder
from properties.kafka.vocabulary import VOCABULARY

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

SEEKING = structs.replace(
    TRANSACTIONAL,
    consumer=Consumer(
        commit=CommitPolicy.AFTER_EFFECT,
        commit_mode=CommitMode.ASYNCHRONOUS,
        settings={REFRESH: 100},
        seeks=Seeks.AT_WILL,
    ),
)
"""As with transactions, and a group that reads again what it chooses, and waits for no commit."""

SEEKING_SHARE = 10
"""One list in so many has seeks; they stand behind all of those."""

COMPACTED = structs.replace(EVERYTHING, topic={CLEANUP: "compact,delete"})
"""The same on compacted topics."""

COMPACTED_SHARE = 15
"""One list in so many: on other topics nothing is cleaned."""

TIMED = structs.replace(EVERYTHING, topic={RETENTION_MS: 1500})
"""The same on topics that keep for a moment."""

TIMED_SHARE = 20
"""One list in so many, behind those: on other topics they wait for nothing."""

CHANGING = structs.replace(EVERYTHING, topic={name: values[-1] for name, values in CHANGES.items()})
"""The same on topics of which settings are changed while they are in use."""

CHANGING_SHARE = 20
"""One list in so many: on other topics no such setting is changed."""

_POOLS = Pools(vocabulary=VOCABULARY, builder=DeliveryPlanBuilder)


def make_pool(pool_seed: int, count: int) -> tuple[StepList, ...]:
    """About `count` step lists, the same for the same seed and code."""
    transactional, sharing = count // TRANSACTIONAL_SHARE, count // SHARING_SHARE
    compacted, timed = count // COMPACTED_SHARE, count // TIMED_SHARE
    seeking, changing = count // SEEKING_SHARE, count // CHANGING_SHARE
    others = transactional + sharing + compacted + timed + seeking + changing
    plain = _POOLS.mixed(EVERYTHING, pool_seed, count - others)
    return (
        *plain,
        *_POOLS.mixed(TRANSACTIONAL, pool_seed, transactional),
        *_POOLS.mixed(SHARING, pool_seed, sharing),
        *_POOLS.mixed(COMPACTED, pool_seed, compacted),
        *_POOLS.mixed(TIMED, pool_seed, timed),
        *_POOLS.mixed(SEEKING, pool_seed, seeking),
        *_POOLS.mixed(CHANGING, pool_seed, changing),
    )


def make_pool_of(subjects: Sequence[Subject], pool_seed: int, each: int) -> tuple[StepList, ...]:
    """About `each` step lists for each of the subjects, which take turns in their order."""
    return _POOLS.in_turns(subjects, pool_seed, each)
