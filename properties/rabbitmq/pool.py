"""The pool of a campaign against RabbitMQ."""

from collections.abc import Sequence

from msgspec import structs

from deliverycheck.plans import (
    CommitPolicy,
    CommitTransaction,
    Connection,
    Consumer,
    CrashLoop,
    Hold,
    Kill,
    Queue,
    QueueKind,
    Send,
    Subject,
    TopicReady,
    Topology,
    Wait,
)
from deliverycheck.plans.heartbeats import HEARTBEAT
from deliverycheck.plans.rabbitmq_reach import OFTEN
from deliverycheck.plans.rabbitmq_state import NODE
from properties.drawing import Pools, StepList
from properties.rabbitmq.machine import RabbitPlanBuilder
from properties.rabbitmq.topologies import (
    EVERY_EXCHANGE,
    REQUESTS,
    with_places_by_policy,
)
from properties.rabbitmq.vocabulary import VOCABULARY

QUEUES = Subject(
    producer={"confirms": "pipelined"},
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT),
    topic_ready=TopicReady.CREATED,
    topology=Topology(queues=(Queue(name="q1"), Queue(name="q9", kind=QueueKind.QUORUM))),
)
"""A subject to which every kind of step is applicable that needs no exchange.

It has a queue of each kind that plans declare.
"""

ROUTING = structs.replace(QUEUES, topology=EVERY_EXCHANGE)
REQUESTING = structs.replace(
    QUEUES, producer={"confirms": "pipelined", "reply_to": "replies"}, topology=REQUESTS
)
LIMITED_LATER = structs.replace(QUEUES, topology=with_places_by_policy())
SHARING = structs.replace(QUEUES, connection=Connection.SHARED)
BEATING = structs.replace(
    QUEUES,
    producer={"confirms": "pipelined", HEARTBEAT: 1},
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={HEARTBEAT: 1}),
)
TRANSACTIONAL = structs.replace(QUEUES, producer={"transactional": True})

ROUTING_SHARE, TRANSACTIONAL_SHARE, REQUESTING_SHARE, LIMITED_SHARE = 5, 8, 8, 10
BEATING_SHARE, SHARING_SHARE = 10, 10
"""One list in so many is about routing, has the ends of transactions, asks for replies, limits
queues in use, misses heartbeats, or has channels that break beside others. They stand behind all
others: of a subject without these they say nothing more."""

LONG_CRASH_LOOP: StepList = (Send(wait=Wait.CONFIRMED), CrashLoop(cycles=OFTEN + 1))
"""Passes the limit that a broker has by itself; drawn ones are too short for it, since each crash
takes some 0.15 s."""

LARGE_COMMITS: tuple[StepList, ...] = tuple(
    (
        Send(count=120, bytes=20_000),
        CommitTransaction(wait=Wait.SENT),
        Hold(ms=ms),
        Kill(lane=NODE),
    )
    for ms in (1, 4, 16)
)
"""A commit that keeps the broker busy for a while; drawn ones are over in a millisecond."""

_POOLS = Pools(vocabulary=VOCABULARY, builder=RabbitPlanBuilder)


def make_pool(pool_seed: int, count: int) -> tuple[StepList, ...]:
    """About `count` step lists, the same for the same seed and code."""
    routing, transactional = count // ROUTING_SHARE, count // TRANSACTIONAL_SHARE
    requesting, limited = count // REQUESTING_SHARE, count // LIMITED_SHARE
    beating, sharing = count // BEATING_SHARE, count // SHARING_SHARE
    special = routing + transactional + requesting + limited + beating + sharing
    plain = _POOLS.mixed(QUEUES, pool_seed, count - special)
    return (
        *plain,
        *_POOLS.mixed(REQUESTING, pool_seed, requesting),
        *_POOLS.mixed(ROUTING, pool_seed, routing),
        *_POOLS.mixed(LIMITED_LATER, pool_seed, limited),
        *_POOLS.mixed(TRANSACTIONAL, pool_seed, transactional),
        *_POOLS.mixed(BEATING, pool_seed, beating),
        *_POOLS.mixed(SHARING, pool_seed, sharing),
        LONG_CRASH_LOOP,
        *LARGE_COMMITS,
    )


def make_pool_of(subjects: Sequence[Subject], pool_seed: int, each: int) -> tuple[StepList, ...]:
    """About `each` step lists for each of the subjects, which take turns in their order."""
    return _POOLS.in_turns(subjects, pool_seed, each)
