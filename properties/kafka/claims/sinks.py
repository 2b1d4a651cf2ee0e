"""What we claim of members that write to a database."""

from deliverycheck.plans import Claim, CommitPolicy, Consumer, Pace, Sink, Stance, Subject
from properties.kafka.claims.settings import IN_HAND, RECORDS_GONE

_OUTSIDE = "Kafka 4.3, design, message delivery semantics: the position is stored with the output"


def _sinking(commit: CommitPolicy) -> Subject:
    """Members that write a row for each message that they are handed."""
    return Subject(producer={"acks": "all"}, consumer=Consumer(commit=commit, sink=Sink.SQLITE))


SINKS: tuple[Claim, ...] = (
    Claim(
        id="kafka-sink",
        system="kafka",
        setting="rows of a database, position in the transaction of the row",
        subject=_sinking(CommitPolicy.IN_TRANSACTION),
        guarantee="exactly_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND, "partitions_moved", "member_paused"),
        unless=RECORDS_GONE,
        promise="where the consumer stores its position with its output, both are there or none",
        source=_OUTSIDE,
        pair="kafka-sink-position-apart",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-sink-position-apart",
        system="kafka",
        setting="rows of a database, position committed after the row",
        subject=_sinking(CommitPolicy.AFTER_EFFECT),
        guarantee="exactly_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="a position that is not stored with the output may be behind it",
        source=_OUTSIDE,
        pair="kafka-sink",
        pace=Pace.MEDIUM,
    ),
)
