"""What we claim of topics that are deleted and made again while they are in use."""

from deliverycheck.plans import Claim, CommitPolicy, Pace, Setting, Stance, Subject
from properties.kafka.claims.groups import CONSUMER_PROTOCOL
from properties.kafka.claims.settings import (
    FIRST_WRITE,
    IDEMPOTENT,
    WRITTEN_WHILE_DELETED,
    consuming,
)

STEADY: dict[str, Setting] = {"session.timeout.ms": 6000}
"""A member that is not served for a moment is still one, and asks for what comes next."""

_ONE_IN_FLIGHT = Subject(producer={**IDEMPOTENT, "max.in.flight.requests.per.connection": 1})

REMADE: tuple[Claim, ...] = (
    Claim(
        id="kafka-remade-log",
        system="kafka",
        setting="idempotent, 5 in flight, topic deleted and made again",
        subject=Subject(producer=IDEMPOTENT),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("topic_remade",),
        unless=(*FIRST_WRITE, *WRITTEN_WHILE_DELETED),
        promise="a confirmed record is in the log; one of a deleted topic went with it",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-remade-written",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-remade-one-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, topic deleted and made again while written to",
        subject=_ONE_IN_FLIGHT,
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=WRITTEN_WHILE_DELETED,
        promise="a confirmed record is in the log; one of a deleted topic went with it",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-remade-written",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-remade-written",
        system="kafka",
        setting="idempotent, 5 in flight, topic deleted and made again while written to",
        subject=Subject(producer=IDEMPOTENT),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=WRITTEN_WHILE_DELETED,
        promise="nobody documents this loss: the client reports the messages as delivered",
        source="docs/findings/new-topic-loses-confirmed-messages.md",
        pair="kafka-remade-one-in-flight",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-remade-consumer-protocol",
        system="kafka",
        setting="group.protocol=consumer, earliest, topic deleted and made again under a member",
        subject=consuming(CommitPolicy.AFTER_EFFECT, CONSUMER_PROTOCOL),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("remade_under_member",),
        unless=("records_deleted", "committed_to_remade"),
        promise="assignments name topics by id: those of another id are others",
        source="KIP-848, Assignment; KIP-516, Topic Identifiers",
        pair="kafka-remade-classic",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-remade-in-hand",
        system="kafka",
        setting="group.protocol=consumer, topic deleted and made again with a message in hand",
        subject=consuming(CommitPolicy.AFTER_EFFECT, CONSUMER_PROTOCOL),
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("committed_to_remade",),
        unless=("records_deleted",),
        promise="a commit names its topic by name, and reaches the one that bears it now",
        source="docs/findings/commit-reaches-the-topic-made-again.md",
        pair="kafka-remade-consumer-protocol",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-remade-classic",
        system="kafka",
        setting="classic group, earliest, topic deleted and made again under a member",
        subject=consuming(CommitPolicy.AFTER_EFFECT, STEADY),
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("remade_under_member",),
        promise="assignments name topics by name, and a member keeps the position that it had",
        source="Kafka 4.3, consumer protocol, ConsumerProtocolAssignment: topic and partitions",
        pair="kafka-remade-consumer-protocol",
        pace=Pace.LONG,
    ),
)
