"""What we claim of members that are not told when they have read a partition to its end."""

from msgspec import structs

from deliverycheck.plans import Claim, Pace, Stance
from deliverycheck.plans.kafka_applicable import END_EVENTS
from properties.kafka.claims.committing import BATCH
from properties.kafka.claims.settings import AFTER, RECORDS_GONE

_SOURCE = "librdkafka 2.16, CONFIGURATION.md, enable.partition.eof"
_PROMISE = "an event when the end of a partition is reached, and no other difference"

_UNTOLD = structs.replace(
    AFTER,
    consumer=structs.replace(AFTER.consumer, settings={END_EVENTS: False}),  # type: ignore[type-var]  # It has one.
)
_UNTOLD_BATCH = structs.replace(
    _UNTOLD,
    consumer=structs.replace(_UNTOLD.consumer, batch=BATCH),  # type: ignore[type-var]  # It has one.
)

ENDS: tuple[Claim, ...] = (
    Claim(
        id="kafka-no-end-events-at-least-once",
        system="kafka",
        setting="enable.partition.eof=false, commit after the effect",
        subject=_UNTOLD,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved"),
        unless=RECORDS_GONE,
        promise=_PROMISE,
        source=_SOURCE,
        pair="kafka-commit-before-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-no-end-events-batch",
        system="kafka",
        setting="enable.partition.eof=false, consume(5), each offset committed after its effect",
        subject=_UNTOLD_BATCH,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved"),
        unless=RECORDS_GONE,
        promise=_PROMISE,
        source=_SOURCE,
        pair="kafka-batch-commit-handed",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-no-end-events-no-gaps",
        system="kafka",
        setting="enable.partition.eof=false, consume(5)",
        subject=_UNTOLD_BATCH,
        guarantee="gapless_reading",
        stance=Stance.HOLDS,
        hazards=("none", "partitions_moved"),
        promise=_PROMISE,
        source=_SOURCE,
        pair="kafka-latest-records-deleted",
        pace=Pace.LONG,
    ),
)
