"""What we claim of share groups: a record is one member's, until it is settled or its lock is over.

confluent-kafka calls its consumer of share groups a preview; Kafka calls them finished from 4.2 on.
"""

from deliverycheck.plans import (
    Claim,
    CommitPolicy,
    Consumer,
    GroupKind,
    Pace,
    Setting,
    Stance,
    Subject,
)
from properties.kafka.claims.settings import IN_HAND, RECORDS_GONE

_KIP = "KIP-932"
_BROKEN = ("broker_killed", "first_write_broker_killed")

LOCK_PASSED_MS = 1300
"""A lock of a second is over by then."""

TWICE: dict[str, Setting] = {"share.delivery.count.limit": 2}
"""The least that Kafka takes."""

OFTEN: dict[str, Setting] = {"share.delivery.count.limit": 10}
"""The most that Kafka takes."""


def sharing(
    commit: CommitPolicy,
    group_settings: dict[str, Setting] | None = None,
    handling_ms: int = 0,
) -> Subject:
    """A share group that works off what a sound producer writes."""
    return Subject(
        producer={"acks": "all"},
        consumer=Consumer(
            commit=commit,
            kind=GroupKind.SHARE,
            group_settings=group_settings or {},
            handling_ms=handling_ms,
        ),
    )


_AFTER = sharing(CommitPolicy.AFTER_EFFECT, OFTEN)
_BEFORE = sharing(CommitPolicy.BEFORE_EFFECT, OFTEN)

SHARES: tuple[Claim, ...] = (
    Claim(
        id="kafka-share-accepted",
        system="kafka",
        setting="share group, accept after the effect",
        subject=_AFTER,
        guarantee="settlement",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND, "given_back"),
        unless=_BROKEN,
        promise="what is acknowledged is not delivered to the group again",
        source=_KIP,
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-share-one-holder",
        system="kafka",
        setting="share group, accept after the effect, which takes longer than the lock",
        subject=sharing(CommitPolicy.AFTER_EFFECT, OFTEN, LOCK_PASSED_MS),
        guarantee="record_lock",
        stance=Stance.HOLDS,
        hazards=("lock_expired", "given_back"),
        unless=_BROKEN,
        promise="a record that a member has acquired is not available to others until its lock "
        "runs out",
        source=_KIP,
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-share-redelivered",
        system="kafka",
        setting="share group, accept after the effect",
        subject=_AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", *IN_HAND, "given_back"),
        unless=("given_back_at_limit", *_BROKEN, *RECORDS_GONE),
        promise="a record whose holder is gone, or gave it back, is available to others again",
        source=_KIP,
        pair="kafka-share-given-back-too-often",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-share-given-back-too-often",
        system="kafka",
        setting="share group, share.delivery.count.limit=2",
        subject=sharing(CommitPolicy.AFTER_EFFECT, TWICE),
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("given_back_at_limit",),
        promise="a record that was delivered as often as the limit says, and is given back, is "
        "archived: no member is handed it again",
        source=_KIP,
        pair="kafka-share-redelivered",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-share-accept-before-effect",
        system="kafka",
        setting="share group, accept before the effect",
        subject=_BEFORE,
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed"),
        unless=("lock_expired", *_BROKEN),
        promise="what is acknowledged is not delivered to the group again",
        source=_KIP,
        pair="kafka-share-late-accept",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-share-late-accept",
        system="kafka",
        setting="share group, accept before the effect, but after the lock",
        subject=_BEFORE,
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("lock_expired",),
        promise="an accept is confirmed although its lock is over, if another member has settled "
        "the record",
        source="docs/findings/late-accept-is-confirmed.md",
        pair="kafka-share-accept-before-effect",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-share-slow-handler",
        system="kafka",
        setting="share group, accept after the effect, which takes longer than the lock",
        subject=sharing(CommitPolicy.AFTER_EFFECT, OFTEN, LOCK_PASSED_MS),
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("lock_expired",),
        promise="a record is available to others when its lock has run out",
        source=_KIP,
        pair="kafka-share-accept-before-effect",
        pace=Pace.LONG,
    ),
)
