"""What we claim of transactions, and of those who read them."""

from deliverycheck.plans import (
    Claim,
    CommitPolicy,
    Consumer,
    Isolation,
    Pace,
    Setting,
    Stance,
    Subject,
)
from properties.kafka.claims.settings import FIRST_WRITE, NETWORK, ONE_MESSAGE_A_BATCH

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


_COMMITTED = _transactional()
_UNCOMMITTED = _transactional(
    {"isolation.level": "read_uncommitted"}, relies_on=Isolation.READ_COMMITTED
)

TRANSACTIONS: tuple[Claim, ...] = (
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
