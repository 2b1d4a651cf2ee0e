"""What we claim of how, when, and what a consumer commits."""

from msgspec import structs

from deliverycheck.plans import (
    Claim,
    CommitMode,
    Covers,
    OnRevoke,
    Pace,
    Stance,
    Subject,
)
from properties.kafka.claims.settings import AFTER, BEFORE, IN_HAND, OUT_OF_ORDER, RECORDS_GONE

_SEMANTICS = "Kafka 4.3, design, message delivery semantics"
_ASYNC = "Kafka 4.3, consumer javadoc, commitAsync"
_STORED = "librdkafka 2.16, CONFIGURATION.md, enable.auto.offset.store; rd_kafka_commit"
_LISTENER = "Kafka 4.3, ConsumerRebalanceListener javadoc, onPartitionsRevoked"
_NEXT = "Kafka 4.3, consumer javadoc, Manual Offset Control"
_PAIR_OF_ONCE = "kafka-commit-before-effect-at-most-once"

BATCH = 5
"""Some messages are in hand at once, and a plan writes as many."""


def _with(subject: Subject, **ways: object) -> Subject:
    return structs.replace(subject, consumer=structs.replace(subject.consumer, **ways))  # type: ignore[type-var]  # It has one.


_ASYNC_AFTER = _with(AFTER, commit_mode=CommitMode.ASYNCHRONOUS)
_LATE = _with(AFTER, commit_every=4)

COMMITTING: tuple[Claim, ...] = (
    Claim(
        id="kafka-async-commit",
        system="kafka",
        setting="commit after the effect, asynchronous",
        subject=_ASYNC_AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND),
        unless=RECORDS_GONE,
        promise="position saved after processing: at least once",
        source=_SEMANTICS,
        pair="kafka-commit-before-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-async-commits-forward",
        system="kafka",
        setting="commit after the effect, asynchronous",
        subject=_ASYNC_AFTER,
        guarantee="commits_move_forward",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved", "consumer_killed"),
        promise="commits are sent in the order of the calls",
        source=_ASYNC,
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-async-commit-before-effect",
        system="kafka",
        setting="commit before the effect, asynchronous",
        subject=_with(BEFORE, commit_mode=CommitMode.ASYNCHRONOUS),
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="the call does not wait, and what becomes of the commit is told later, or never",
        source=_ASYNC,
        pair=_PAIR_OF_ONCE,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-commit-own-offset",
        system="kafka",
        setting="commit before the effect, of the message's own offset",
        subject=_with(BEFORE, covers=Covers.OWN),
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("partitions_moved", "consumer_killed"),
        promise="the committed offset is that of the next message that the application will read",
        source=_NEXT,
        pair=_PAIR_OF_ONCE,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-batch-commit-each",
        system="kafka",
        setting="consume(5), each offset committed after its effect",
        subject=_with(AFTER, batch=BATCH),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND),
        unless=RECORDS_GONE,
        promise="position saved after processing: at least once",
        source=_SEMANTICS,
        pair="kafka-batch-commit-handed",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-batch-commit-handed",
        system="kafka",
        setting="consume(5), commit() without offsets after each effect",
        subject=_with(AFTER, batch=BATCH, covers=Covers.HANDED),
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="commit() without offsets commits past the last message that was handed over",
        source=_STORED,
        pair="kafka-batch-commit-each",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-batch-no-gaps",
        system="kafka",
        setting="consume(5)",
        subject=_with(AFTER, batch=BATCH),
        guarantee="gapless_reading",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved"),
        promise="the position rises with each message that is handed out, and by one message",
        source="Kafka 4.3, consumer javadoc, Offsets and Consumer Position",
        pair="kafka-latest-records-deleted",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-revoke-with-commit",
        system="kafka",
        setting="commit after four effects, and when partitions are revoked",
        subject=_with(_LATE, on_revoke=OnRevoke.COMMIT),
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("revoked_uncommitted",),
        unless=OUT_OF_ORDER,
        promise="offsets committed in onPartitionsRevoked are where the next owner begins",
        source=_LISTENER,
        pair="kafka-revoke-without-commit",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-revoke-without-commit",
        system="kafka",
        setting="commit after four effects, and not when partitions are revoked",
        subject=_LATE,
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("revoked_uncommitted",),
        promise="who does not commit in onPartitionsRevoked leaves the rest to be done again",
        source=_LISTENER,
        pair="kafka-revoke-with-commit",
        pace=Pace.MEDIUM,
    ),
)
