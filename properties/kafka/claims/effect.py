"""What we claim of consumers and what they do: each message worked off, once or at least once."""

from deliverycheck.plans import Claim, CommitPolicy, Setting, Stance
from properties.kafka.claims.settings import AFTER, BEFORE, IN_HAND, consuming

HANDLING_MS = 80
"""Longer than the commit interval below: a crash in the middle of an effect finds it committed."""

AUTO_COMMIT: dict[str, Setting] = {"enable.auto.commit": True, "auto.commit.interval.ms": 50}

EFFECT: tuple[Claim, ...] = (
    Claim(
        id="kafka-commit-after-effect",
        system="kafka",
        setting="commit after the effect",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND),
        promise="position saved after processing: at least once",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-before-effect",
    ),
    Claim(
        id="kafka-store-after-effect",
        system="kafka",
        setting="auto-commit, offset stored after the effect",
        subject=consuming(CommitPolicy.STORE_AFTER_EFFECT, AUTO_COMMIT, HANDLING_MS),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND),
        promise="only stored offsets are committed, and they are stored after the effect",
        source="librdkafka 2.16, CONFIGURATION.md, enable.auto.offset.store",
        pair="kafka-auto-commit",
    ),
    Claim(
        id="kafka-auto-commit",
        system="kafka",
        setting="auto-commit, librdkafka's default store",
        subject=consuming(CommitPolicy.AUTO, AUTO_COMMIT, HANDLING_MS),
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="the offset is stored when the message is handed over, "
        "before any work is done on it",
        source="librdkafka 2.16, CONFIGURATION.md, enable.auto.offset.store",
        pair="kafka-store-after-effect",
    ),
    Claim(
        id="kafka-commit-before-effect",
        system="kafka",
        setting="commit before the effect",
        subject=BEFORE,
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="position saved before processing: at most once",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-after-effect",
    ),
    Claim(
        id="kafka-commit-before-effect-at-most-once",
        system="kafka",
        setting="commit before the effect, synchronous",
        subject=BEFORE,
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND, "member_paused"),
        promise="position saved before processing: at most once",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-after-effect-at-most-once",
    ),
    Claim(
        id="kafka-commit-after-effect-at-most-once",
        system="kafka",
        setting="commit after the effect",
        subject=AFTER,
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="position saved after processing: at least once, so an effect may come twice",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-before-effect-at-most-once",
    ),
)
