"""Settings and situations that several claims of RabbitMQ share."""

from deliverycheck.plans import CommitPolicy, Consumer, Setting, Subject, Topology
from properties.rabbitmq.topologies import CLASSIC, QUORUM

CONFIRMED: dict[str, Setting] = {
    "confirms": "pipelined",
    "persistent": True,
    "mandatory": True,
}
"""The publisher that the documentation of data safety describes."""

TRANSACTIONAL: dict[str, Setting] = {"transactional": True, "persistent": True, "mandatory": True}

NETWORK = ("lost_reply", "lost_request", "refuse")
UNDONE = ("node_killed",)
"""What a broker was told by an ack, or a reject, it may have forgotten after a SIGKILL: of 60 acks
proven by a round trip in a quorum queue of 4.3.6 one was undone (docs/worker-protocol.md). So it
may forget at-most-once dead letters, which are published without confirms."""

TIMED = ("message_timed",)
"""A message with a time to wait of its own is dropped after it, where no place is for the dead."""

OFTEN = ("handed_out_often",)
"""From 4.0 on a quorum queue that was told no delivery limit has one of 20."""

IN_HAND = ("consumer_killed_in_hand",)
KILLED = ("broker_killed", "broker_killed_holding")

SAFETY = "RabbitMQ 4.3, Reliability Guide"
CONFIRMS = "RabbitMQ 4.3, Consumer Acknowledgements and Publisher Confirms"
QUORUM_QUEUES = "RabbitMQ 4.3, Quorum Queues"
DEAD_LETTERS = "RabbitMQ 4.3, Dead Letter Exchanges"

PREFETCH = 3


def publishing(topology: Topology, settings: dict[str, Setting] | None = None) -> Subject:
    """Publishers alone: what they sent is read at the end."""
    return Subject(producer=settings or CONFIRMED, topology=topology)


def consuming(
    commit: CommitPolicy,
    topology: Topology = CLASSIC,
    settings: dict[str, Setting] | None = None,
    groups: int = 1,
    handling_ms: int = 0,
) -> Subject:
    """Consumers that work off what a sound publisher sends."""
    automatic = commit is CommitPolicy.AUTO
    own: dict[str, Setting] = {} if automatic else {"prefetch": PREFETCH}
    return Subject(
        producer=CONFIRMED,
        consumer=Consumer(
            commit=commit,
            settings=own if settings is None else settings,
            groups=groups,
            handling_ms=handling_ms,
        ),
        topology=topology,
    )


AFTER = consuming(CommitPolicy.AFTER_EFFECT)
AFTER_QUORUM = consuming(CommitPolicy.AFTER_EFFECT, QUORUM)
BEFORE = consuming(CommitPolicy.BEFORE_EFFECT)
AUTOMATIC = consuming(CommitPolicy.AUTO)
