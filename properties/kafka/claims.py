"""What we claim of Kafka, as data: each holding setting beside a sibling that must break."""

from deliverycheck.plans import (
    Claim,
    CommitPolicy,
    Consumer,
    Isolation,
    Pace,
    ReliesOn,
    Setting,
    Stance,
    Subject,
    TopicReady,
)

ONE_MESSAGE_A_BATCH: dict[str, Setting] = {"batch.num.messages": 1, "linger.ms": 0}
"""Several publishes are several batches: some are in flight together, and one can be lost."""

IDEMPOTENT: dict[str, Setting] = {
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 5,
    **ONE_MESSAGE_A_BATCH,
}
PLAIN: dict[str, Setting] = {"acks": "all", "enable.idempotence": False, **ONE_MESSAGE_A_BATCH}
NETWORK = ("lost_reply", "lost_request", "refuse")
IN_HAND = ("consumer_killed_in_hand",)

FIRST_WRITE = ("first_write_broker_killed",)
"""librdkafka then confirms what is not in the log: `kafka-first-write`."""

HANDLING_MS = 80
"""Longer than the commit interval below: a crash in the middle of an effect finds it committed."""

AUTO_COMMIT: dict[str, Setting] = {"enable.auto.commit": True, "auto.commit.interval.ms": 50}


def _consuming(
    commit: CommitPolicy, settings: dict[str, Setting] | None = None, handling_ms: int = 0
) -> Subject:
    return Subject(
        producer={"acks": "all"},
        consumer=Consumer(commit=commit, settings=settings or {}, handling_ms=handling_ms),
    )


LATE = ("stall", "delay", "broker_paused")
"""A request that arrives late may end a transaction that it was not meant for: KAFKA-17754."""


def _transactional(
    settings: dict[str, Setting] | None = None, relies_on: Isolation | None = None
) -> Subject:
    """A producer that sends in transactions, and a group that works off what it is handed."""
    return Subject(
        producer={"transactional.id": "tx", **ONE_MESSAGE_A_BATCH},
        consumer=Consumer(
            commit=CommitPolicy.AFTER_EFFECT,
            settings=settings or {},
            relies_on_isolation=relies_on,
        ),
    )


_ACKS_ALL = Subject(producer={"acks": "all"})
_IDEMPOTENT = Subject(producer=IDEMPOTENT)
_PLAIN = Subject(producer=PLAIN)
_AFTER = _consuming(CommitPolicy.AFTER_EFFECT)
_BEFORE = _consuming(CommitPolicy.BEFORE_EFFECT)
_COMMITTED = _transactional()
_UNCOMMITTED = _transactional(
    {"isolation.level": "read_uncommitted"}, relies_on=Isolation.READ_COMMITTED
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="kafka-acks-all",
        system="kafka",
        setting="acks=all, flushed",
        subject=_ACKS_ALL,
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=(
            "none",
            "lost_reply",
            "lost_request",
            "black_hole",
            "producer_killed",
            "broker_killed",
        ),
        promise="acks=all: the leader waits for all in-sync replicas; "
        "a confirmed record is not lost",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-acks-0",
    ),
    Claim(
        id="kafka-acks-0",
        system="kafka",
        setting="acks=0",
        subject=Subject(producer={"acks": 0}),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=("black_hole",),
        promise="acks=0 promises nothing: the client does not wait for the broker",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-acks-all",
    ),
    Claim(
        id="kafka-fire-and-forget",
        system="kafka",
        setting="the call relied on, not flushed",
        subject=Subject(
            producer={"acks": "all", "linger.ms": 50}, relies_on=ReliesOn.CALL_RETURNED
        ),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=("producer_killed_unflushed",),
        promise="produce() only puts the message into a queue of the process; "
        "the delivery report confirms it",
        source="librdkafka 2.16, INTRODUCTION.md, Asynchronous Producer API",
        pair="kafka-acks-all",
    ),
    Claim(
        id="kafka-idempotent-exactly-once",
        system="kafka",
        setting="idempotent, 5 in flight",
        subject=_IDEMPOTENT,
        guarantee="exactly_once_in_log",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK, "broker_killed", "broker_paused"),
        unless=FIRST_WRITE,
        promise="an idempotent producer writes exactly one copy of each message",
        source="Kafka 4.3, producer configs, enable.idempotence",
        pair="kafka-plain-exactly-once",
    ),
    Claim(
        id="kafka-plain-exactly-once",
        system="kafka",
        setting="not idempotent",
        subject=_PLAIN,
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("lost_reply",),
        promise="without idempotence a retry may write a second copy",
        source="Kafka 4.3, producer configs, enable.idempotence",
        pair="kafka-idempotent-exactly-once",
    ),
    Claim(
        id="kafka-idempotent-order",
        system="kafka",
        setting="idempotent, 5 in flight",
        subject=_IDEMPOTENT,
        guarantee="per_partition_order",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK, "broker_killed", "broker_paused"),
        unless=FIRST_WRITE,
        promise="idempotence preserves the order for up to 5 requests in flight",
        source="Kafka 4.3, producer configs, max.in.flight.requests.per.connection",
        pair="kafka-plain-order",
    ),
    Claim(
        id="kafka-plain-order",
        system="kafka",
        setting="not idempotent, many in flight",
        subject=_PLAIN,
        guarantee="per_partition_order",
        stance=Stance.BREAKS,
        hazards=("lost_reply",),
        promise="retries without idempotence and with more than one request in flight may reorder",
        source="Kafka 4.3, producer configs, retries",
        pair="kafka-idempotent-order",
    ),
    Claim(
        id="kafka-new-topic-one-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, topic just created",
        subject=Subject(
            producer={**IDEMPOTENT, "max.in.flight.requests.per.connection": 1},
            topic_ready=TopicReady.CREATED,
        ),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("topic_just_created",),
        promise="a confirmed record is in the log",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-new-topic",
    ),
    Claim(
        id="kafka-new-topic-answered",
        system="kafka",
        setting="idempotent, 5 in flight, new topic that answers",
        subject=_IDEMPOTENT,
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=("topic_answered",),
        unless=FIRST_WRITE,
        promise="a confirmed record is in the log",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-new-topic",
    ),
    Claim(
        id="kafka-new-topic",
        system="kafka",
        setting="idempotent, 5 in flight, topic just created",
        subject=Subject(producer=IDEMPOTENT, topic_ready=TopicReady.CREATED),
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=("topic_just_created",),
        promise="nobody documents this loss: the client reports the messages as delivered",
        source="docs/findings/new-topic-loses-confirmed-messages.md",
        pair="kafka-new-topic-one-in-flight",
    ),
    Claim(
        id="kafka-first-write-one-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, no confirm from the partition yet",
        subject=Subject(producer={**IDEMPOTENT, "max.in.flight.requests.per.connection": 1}),
        guarantee="at_least_once_in_log",
        stance=Stance.HOLDS,
        hazards=FIRST_WRITE,
        promise="a confirmed record is in the log",
        source="Kafka 4.3, producer configs, acks",
        pair="kafka-first-write",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-first-write",
        system="kafka",
        setting="idempotent, 5 in flight, no confirm from the partition yet",
        subject=_IDEMPOTENT,
        guarantee="at_least_once_in_log",
        stance=Stance.BREAKS,
        hazards=FIRST_WRITE,
        promise="nobody documents this loss: the client reports the messages as delivered",
        source="docs/findings/new-topic-loses-confirmed-messages.md",
        pair="kafka-first-write-one-in-flight",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-commit-after-effect",
        system="kafka",
        setting="commit after the effect",
        subject=_AFTER,
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
        subject=_consuming(CommitPolicy.STORE_AFTER_EFFECT, AUTO_COMMIT, HANDLING_MS),
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
        subject=_consuming(CommitPolicy.AUTO, AUTO_COMMIT, HANDLING_MS),
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
        subject=_BEFORE,
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
        subject=_BEFORE,
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", *IN_HAND),
        promise="position saved before processing: at most once",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-after-effect-at-most-once",
    ),
    Claim(
        id="kafka-commit-after-effect-at-most-once",
        system="kafka",
        setting="commit after the effect",
        subject=_AFTER,
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="position saved after processing: at least once, so an effect may come twice",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-commit-before-effect-at-most-once",
    ),
    Claim(
        id="kafka-read-committed",
        system="kafka",
        setting="transactions, reader of committed messages",
        subject=_COMMITTED,
        guarantee="read_committed",
        stance=Stance.HOLDS,
        hazards=("none", "transaction_aborted", "producer_killed", *NETWORK),
        unless=LATE,
        promise="read_committed: poll() returns only those transactional messages which have "
        "been committed",
        source="Kafka 4.3, consumer configs, isolation.level",
        pair="kafka-read-uncommitted",
    ),
    Claim(
        id="kafka-read-uncommitted",
        system="kafka",
        setting="transactions, isolation.level=read_uncommitted",
        subject=_UNCOMMITTED,
        guarantee="read_committed",
        stance=Stance.BREAKS,
        hazards=("transaction_aborted",),
        promise="read_uncommitted: poll() returns all messages, even transactional messages "
        "which have been aborted",
        source="Kafka 4.3, consumer configs, isolation.level",
        pair="kafka-read-committed",
    ),
    Claim(
        id="kafka-atomic-transactions",
        system="kafka",
        setting="transactions, reader of committed messages",
        subject=_COMMITTED,
        guarantee="atomic_transactions",
        stance=Stance.HOLDS,
        hazards=("none", "transaction_aborted", "producer_killed", *NETWORK),
        unless=(*LATE, *FIRST_WRITE),
        promise="messages of a transaction are all written or none is",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-torn-transactions",
    ),
    Claim(
        id="kafka-atomic-transactions-broker-killed",
        system="kafka",
        setting="transactions, reader of committed messages, broker killed",
        subject=_COMMITTED,
        guarantee="atomic_transactions",
        stance=Stance.HOLDS,
        hazards=("broker_killed",),
        unless=(*LATE, *FIRST_WRITE),
        promise="messages of a transaction are all written or none is",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-torn-transactions",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-torn-transactions",
        system="kafka",
        setting="transactions, isolation.level=read_uncommitted",
        subject=_UNCOMMITTED,
        guarantee="atomic_transactions",
        stance=Stance.BREAKS,
        hazards=("transaction_aborted",),
        promise="read_uncommitted: poll() returns all messages, even transactional messages "
        "which have been aborted",
        source="Kafka 4.3, consumer configs, isolation.level",
        pair="kafka-atomic-transactions",
    ),
)
