"""Which errors of confluent-kafka prove that a call did not take effect: the closed list."""

from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.history import Outcome


class Call(StrEnum):
    """Where the library reported the error."""

    PRODUCE = "produce"  # Raised by produce().
    DELIVERY_REPORT = "delivery_report"
    FLUSH = "flush"
    COMMIT = "commit"  # Raised by commit(), or told to on_commit.
    STORE_OFFSET = "store_offset"
    SEEK = "seek"
    PAUSE = "pause"
    TRANSACTION = "transaction"  # Raised by any call of the transactional API.


class Attempts(StrEnum):
    """How often the library may have sent the same batch by itself.

    A report does not say how often: `rd_kafka_message_status()` is not exposed by
    confluent-kafka. So only the setting ``retries`` can tell. With 0 of them a batch
    is sent again only after an answer, or a failure to send, that rules out an append
    (librdkafka src/rdkafka_request.c rd_kafka_handle_Produce_error, `incr_retry`).
    """

    ONE = "one"
    MANY = "many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definite:
    """An error that proves: no effect, now or later.

    Attributes:
        attempts: ``one`` where the proof holds only without retries, because the
            attempt before may have been appended and its answer lost.
        source: file and function, or section, that proves it.
    """

    call: Call
    error: str
    attempts: Attempts
    source: str


def _raised(error: str, source: str) -> Definite:
    return Definite(call=Call.PRODUCE, error=error, attempts=Attempts.MANY, source=source)


def _rejected(error: str, source: str) -> Definite:
    return Definite(call=Call.DELIVERY_REPORT, error=error, attempts=Attempts.ONE, source=source)


# Closed list. Everything else is INFO, including errors that sound final, such as
# _MSG_TIMED_OUT or NOT_ENOUGH_REPLICAS_AFTER_APPEND: a wrong INFO weakens a check,
# a wrong FAIL accuses the broker.
DEFINITE: tuple[Definite, ...] = (
    _raised(
        "_QUEUE_FULL",
        "librdkafka src/rdkafka_msg.c rd_kafka_msg_new0: rd_kafka_curr_msgs_add refuses before "
        "the message is made; confluent-kafka raises it as BufferError",
    ),
    _raised(
        "MSG_SIZE_TOO_LARGE",
        "librdkafka src/rdkafka_msg.c rd_kafka_msg_new0: larger than message.max.bytes, refused "
        "before the message is made",
    ),
    _raised(
        "_UNKNOWN_PARTITION",
        "librdkafka src/rdkafka_msg.c rd_kafka_produceva: the partitioner fails, the message is "
        "destroyed, 'Failed to enqueue message'",
    ),
    _raised(
        "_UNKNOWN_TOPIC",
        "librdkafka src/rdkafka_msg.c rd_kafka_produceva: the partitioner fails, the message is "
        "destroyed, 'Failed to enqueue message'",
    ),
    _raised(
        "_FATAL",
        "librdkafka src/rdkafka_msg.c rd_kafka_check_produce: refused before the message is made",
    ),
    _raised(
        "_STATE",
        "librdkafka src/rdkafka_msg.c rd_kafka_check_produce: a transactional producer outside a "
        "transaction is refused before the message is made",
    ),
    _rejected(
        "NOT_ENOUGH_REPLICAS",
        "Kafka core/src/main/scala/kafka/cluster/Partition.scala appendRecordsToLeader: thrown "
        "before appendAsLeader",
    ),
    _rejected(
        "MSG_SIZE_TOO_LARGE",
        "Kafka storage/.../internals/log/UnifiedLog.java append: RecordTooLargeException is "
        "thrown by the validation before the append",
    ),
    _rejected(
        "INVALID_TIMESTAMP",
        "Kafka storage/.../internals/log/LogValidator.java validateTimestamp: the batch is refused "
        "by the validation before the append",
    ),
    _rejected(
        "_INVALID_DIFFERENT_RECORD",
        "librdkafka src/rdkafka_request.c rd_kafka_handle_Produce: the batch was refused for "
        "another of its records, which Kafka validates before it appends any",
    ),
    _rejected(
        "TOPIC_AUTHORIZATION_FAILED",
        "Kafka core/src/main/scala/kafka/server/KafkaApis.scala handleProduceRequest: "
        "unauthorized topics are answered and not handed to the replica manager",
    ),
    Definite(
        call=Call.STORE_OFFSET,
        error="_STATE",
        attempts=Attempts.MANY,
        source="librdkafka src/rdkafka_offset.h rd_kafka_offset_store0: a partition that is not "
        "assigned keeps the position it had",
    ),
    Definite(
        call=Call.SEEK,
        error="_STATE",
        attempts=Attempts.MANY,
        source="librdkafka src/rdkafka_partition.c rd_kafka_toppar_seek: a partition that is not "
        "being fetched answers so before its position is set",
    ),
)


def outcome_of(call: Call, error: str | None, attempts: Attempts = Attempts.MANY) -> Outcome:
    """What an error of `call` proves; unknown errors are INFO, no error is OK."""
    if error is None:
        return Outcome.OK
    for entry in DEFINITE:
        proven = entry.attempts is Attempts.MANY or attempts is Attempts.ONE
        if entry.call is call and entry.error == error and proven:
            return Outcome.FAIL
    return Outcome.INFO


def outcome_of_report(error: str | None, *, acks: str, attempts: Attempts) -> Outcome:
    """What a delivery report proves. With ``acks=0`` a success proves nothing: no answer exists."""
    if error is None and acks == "0":
        return Outcome.INFO
    return outcome_of(Call.DELIVERY_REPORT, error, attempts)
