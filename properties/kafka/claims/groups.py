"""What we claim of consumer groups: who owns what, who is handed what, what is committed."""

from msgspec import structs

from deliverycheck.plans import (
    Claim,
    CommitPolicy,
    Consumer,
    Pace,
    Setting,
    Stance,
    Subscribes,
)
from properties.kafka.claims.settings import AFTER, BEFORE, IN_HAND, RECORDS_GONE, consuming

COOPERATIVE: dict[str, Setting] = {"partition.assignment.strategy": "cooperative-sticky"}
CONSUMER_PROTOCOL: dict[str, Setting] = {"group.protocol": "consumer"}
STATIC: dict[str, Setting] = {"group.instance.id": "member-{lane}"}

GROUP_KINDS: dict[str, tuple[str, dict[str, Setting], str]] = {
    "eager": ("classic group, eager", {}, "Kafka 4.3, consumer javadoc, Consumer Groups"),
    "cooperative": ("classic group, cooperative-sticky", COOPERATIVE, "KIP-429"),
    "consumer-protocol": ("group.protocol=consumer", CONSUMER_PROTOCOL, "KIP-848"),
    "static": ("static members", STATIC, "KIP-345"),
}
"""Kinds of groups, each with its words, its settings and where its promises stand."""

_SUBSCRIPTIONS = "Kafka 4.3, consumer javadoc, unsubscribe(); Offsets and Consumer Position"
_UNSUBSCRIBE = "who takes over from a member that unsubscribed begins where the group committed"

SLOW: dict[str, Setting] = {"max.poll.interval.ms": 600}
SLOW_MS = 1300
"""librdkafka looks every 500 ms whether the interval is over: by then it surely was seen."""


def _each_kind(
    name: str, guarantee: str, hazards: tuple[str, ...], promise: str
) -> tuple[Claim, ...]:
    """The same claim of every kind of group; all but the first are left to nights.

    That members unsubscribe was measured for the first alone.
    """
    return tuple(
        Claim(
            id=f"kafka-{name}-{kind}",
            system="kafka",
            setting=f"{words}, commit after the effect",
            subject=consuming(CommitPolicy.AFTER_EFFECT, settings),
            guarantee=guarantee,
            stance=Stance.HOLDS,
            hazards=(*hazards, "unsubscribed") if kind == "eager" else hazards,
            promise=promise,
            source=source,
            pace=Pace.MEDIUM if kind == "eager" else Pace.LONG,
        )
        for kind, (words, settings, source) in GROUP_KINDS.items()
    )


GROUPS: tuple[Claim, ...] = (
    *_each_kind(
        "one-owner",
        "single_owner",
        ("partitions_moved", "consumer_killed"),
        "each partition is assigned to exactly one consumer in the group",
    ),
    *_each_kind(
        "failover",
        "single_delivery_in_group",
        ("partitions_moved", "consumer_killed", "member_paused"),
        "who takes over begins where the group committed, and nothing comes again without reason",
    ),
    *_each_kind(
        "commits-forward",
        "commits_move_forward",
        ("partitions_moved", "consumer_killed", "member_paused"),
        "a commit of a member that is not of the present generation is refused",
    ),
    Claim(
        id="kafka-pattern-at-least-once",
        system="kafka",
        setting="subscribed by pattern, commit after the effect",
        subject=structs.replace(
            AFTER,
            consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, subscribes=Subscribes.BY_PATTERN),
        ),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved", "consumer_killed"),
        unless=RECORDS_GONE,
        promise="all topics that match the pattern are subscribed to",
        source="Kafka 4.3, consumer javadoc, subscribe(Pattern)",
        pair="kafka-commit-before-effect",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-unsubscribed-loses-nothing",
        system="kafka",
        setting="commit after the effect, unsubscribe() and subscribe() again",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("unsubscribed",),
        unless=RECORDS_GONE,
        promise=_UNSUBSCRIBE,
        source=_SUBSCRIPTIONS,
        pair="kafka-commit-before-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-unsubscribed-repeats-nothing",
        system="kafka",
        setting="commit before the effect, unsubscribe() and subscribe() again",
        subject=BEFORE,
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("unsubscribed",),
        promise=_UNSUBSCRIBE,
        source=_SUBSCRIPTIONS,
        pair="kafka-commit-after-effect-at-most-once",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-two-groups-at-least-once",
        system="kafka",
        setting="two groups, commit after the effect",
        subject=consuming(CommitPolicy.AFTER_EFFECT, groups=2),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", *IN_HAND),
        unless=RECORDS_GONE,
        promise="each record is delivered to one consumer within each subscribing group",
        source="Kafka 4.3, introduction and design, The Consumer",
        pair="kafka-commit-before-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-two-groups-at-most-once",
        system="kafka",
        setting="two groups, commit before the effect",
        subject=consuming(CommitPolicy.BEFORE_EFFECT, groups=2),
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", *IN_HAND),
        promise="each record is delivered to one consumer within each subscribing group",
        source="Kafka 4.3, introduction and design, The Consumer",
        pair="kafka-commit-after-effect-at-most-once",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-commit-follows-effect",
        system="kafka",
        setting="commit after the effect",
        subject=AFTER,
        guarantee="commit_follows_effect",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved", *IN_HAND, "member_paused"),
        promise="position saved after processing: at least once",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-precedes-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-commit-precedes-effect",
        system="kafka",
        setting="commit before the effect",
        subject=BEFORE,
        guarantee="commit_follows_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="position saved before processing: at most once",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-follows-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-member-paused",
        system="kafka",
        setting="commit after the effect",
        subject=AFTER,
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("member_paused",),
        promise="a member that stands still for its session is out, and does not know it",
        source="Kafka 4.3, consumer configs, session.timeout.ms",
        pair="kafka-commit-before-effect-at-most-once",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-slow-handler",
        system="kafka",
        setting="commit after the effect, which takes longer than max.poll.interval.ms",
        subject=consuming(CommitPolicy.AFTER_EFFECT, SLOW, SLOW_MS),
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("lost_unfinished",),
        promise="who does not poll within max.poll.interval.ms is out, and its partitions go on",
        source="Kafka 4.3, consumer configs, max.poll.interval.ms",
        pair="kafka-commit-before-effect-at-most-once",
        pace=Pace.LONG,
    ),
)
