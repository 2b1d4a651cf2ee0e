"""What we claim of readers of logs that drop what they hold."""

from deliverycheck.plans import Claim, CommitPolicy, Pace, Setting, Stance
from properties.kafka.claims.settings import AFTER, RECORDS_GONE, consuming

_RESET = "Kafka 4.3, consumer configs, auto.offset.reset"
_DELETE = "Kafka 4.3, admin javadoc, deleteRecords"

PATIENT: dict[str, Setting] = {"session.timeout.ms": 3000}
"""A member whose connection was cut for a moment is still one: it reads on from where it was."""

READING: tuple[Claim, ...] = (
    Claim(
        id="kafka-read-records-deleted",
        system="kafka",
        setting="commit after the effect, earliest, records deleted that were worked off",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("read_records_deleted",),
        unless=RECORDS_GONE,
        promise="records below the given offset are deleted, and no others",
        source=_DELETE,
        pair="kafka-records-deleted",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-records-deleted",
        system="kafka",
        setting="commit after the effect, earliest, records deleted past the position",
        subject=AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("records_deleted",),
        promise="records below the given offset are deleted, whoever has read them or not",
        source=_DELETE,
        pair="kafka-read-records-deleted",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-no-gaps-records-deleted",
        system="kafka",
        setting="commit after the effect, earliest, records deleted past the position",
        subject=consuming(CommitPolicy.AFTER_EFFECT, PATIENT),
        guarantee="gapless_reading",
        stance=Stance.HOLDS,
        hazards=("records_deleted",),
        promise="out of range: earliest goes on at the first record that is there",
        source=_RESET,
        pair="kafka-latest-records-deleted",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-latest-records-deleted",
        system="kafka",
        setting="commit after the effect, latest, records deleted past the position",
        subject=consuming(CommitPolicy.AFTER_EFFECT, {**PATIENT, "auto.offset.reset": "latest"}),
        guarantee="gapless_reading",
        stance=Stance.BREAKS,
        hazards=("records_deleted",),
        promise="out of range: latest goes on behind all that is there by then",
        source=_RESET,
        pair="kafka-no-gaps-records-deleted",
        pace=Pace.MEDIUM,
    ),
)
