"""What we claim of transactions, and of those who read them."""

from deliverycheck.plans import (
    AfterLateEnd,
    Claim,
    CommitPolicy,
    Consumer,
    Isolation,
    Member,
    Pace,
    Setting,
    Stance,
    Subject,
)
from properties.kafka.claims.settings import (
    FIRST_WRITE,
    IN_HAND,
    NETWORK,
    ONE_MESSAGE_A_BATCH,
    RECORDS_GONE,
)

LATE = ("stall", "delay", "broker_paused")
"""A request that arrives late may end a transaction that it was not meant for: KAFKA-17754."""

BRIEF: dict[str, Setting] = {"transaction.timeout.ms": 1000, "message.timeout.ms": 1000}
"""Who stands still in a transaction for a second comes back when the coordinator has ended it."""


def _transactional(
    settings: dict[str, Setting] | None = None,
    relies_on: Isolation | None = None,
    *,
    sending: dict[str, Setting] | None = None,
    after_late_end: AfterLateEnd = AfterLateEnd.KEEP,
) -> Subject:
    """A producer that sends in transactions, and a group that works off what it is handed."""
    return Subject(
        producer={"transactional.id": "tx", **ONE_MESSAGE_A_BATCH, **(sending or {})},
        after_late_end=after_late_end,
        consumer=Consumer(
            commit=CommitPolicy.AFTER_EFFECT,
            settings=settings or {},
            relies_on_isolation=relies_on,
        ),
    )


_FENCING = "Kafka 4.3, producer configs, transactional.id; KIP-98"
_SEND_OFFSETS = "Kafka 4.3, producer javadoc, sendOffsetsToTransaction"

PATIENT: dict[str, Setting] = {"transaction.timeout.ms": 10_000, "message.timeout.ms": 10_000}
"""A member that stood still for its session comes back to a transaction that is still open."""


def _transformer(
    commit: CommitPolicy,
    member: Member = Member.PRESENT,
    *,
    writing: dict[str, Setting] = PATIENT,
    read: Isolation = Isolation.READ_COMMITTED,
    after_late_end: AfterLateEnd = AfterLateEnd.KEEP,
) -> Subject:
    """Members that write a message for each that they are handed."""
    output: dict[str, Setting] = {"transactional.id": "out", **writing}
    return Subject(
        producer={"acks": "all"},
        after_late_end=after_late_end,
        consumer=Consumer(commit=commit, output=output, member=member, output_isolation=read),
    )


def _transforming(  # noqa: PLR0913  # What claims of one kind differ in, by name.
    name: str,
    setting: str,
    subject: Subject,
    *,
    hazards: tuple[str, ...],
    pair: str,
    pace: Pace,
    unless: tuple[str, ...] = (*LATE, *FIRST_WRITE),
) -> Claim:
    """Exactly once, from topic to topic."""
    return Claim(
        id=name,
        system="kafka",
        setting=setting,
        subject=subject,
        guarantee="exactly_once_in_effect",
        stance=Stance.HOLDS,
        hazards=hazards,
        unless=(*unless, *RECORDS_GONE),
        promise="position and output are committed together, so each message has one output",
        source=_SEND_OFFSETS,
        pair=pair,
        pace=pace,
    )


_COMMITTED = _transactional()
_UNCOMMITTED = _transactional(
    {"isolation.level": "read_uncommitted"}, relies_on=Isolation.READ_COMMITTED
)

TRANSACTIONS: tuple[Claim, ...] = (
    Claim(
        id="kafka-fencing",
        system="kafka",
        setting="two instances of one transactional id",
        subject=_transactional(),
        guarantee="fencing",
        stance=Stance.HOLDS,
        hazards=("instance_fenced",),
        promise="who takes a transactional id over fences all older instances of it",
        source=_FENCING,
        pace=Pace.MEDIUM,
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
        id="kafka-transaction-timed-out",
        system="kafka",
        setting="transactions, transaction.timeout.ms 1 s, reader of committed messages",
        subject=_transactional(sending=BRIEF),
        guarantee="atomic_transactions",
        stance=Stance.HOLDS,
        hazards=("transaction_timed_out",),
        unless=(*LATE, *FIRST_WRITE),
        promise="the coordinator aborts a transaction that is open for transaction.timeout.ms, "
        "and refuses its end",
        source="Kafka 4.3, producer configs, transaction.timeout.ms",
        pair="kafka-torn-transactions",
        pace=Pace.MEDIUM,
    ),
    *(
        Claim(
            id=f"kafka-{name}-discard",
            system="kafka",
            setting="transactions, reader of committed messages, a producer that was late is "
            "discarded",
            subject=_transactional(after_late_end=AfterLateEnd.DISCARD),
            guarantee=guarantee,
            stance=Stance.HOLDS,
            hazards=("end_late", "stall", "delay"),
            unless=FIRST_WRITE,
            promise="who takes the transactional id over ends what was open, and a request of "
            "before is refused by its epoch",
            source="Kafka 4.3, producer configs, transactional.id; KIP-98",
            pair=pair,
            pace=pace,
        )
        for name, guarantee, pair, pace in (
            ("atomic", "atomic_transactions", "kafka-torn-transactions", Pace.MEDIUM),
            ("read-committed", "read_committed", "kafka-read-uncommitted", Pace.LONG),
        )
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
    _transforming(
        "kafka-transform",
        "topic to topic, position in the transaction",
        _transformer(CommitPolicy.IN_TRANSACTION),
        hazards=("none", "consumer_killed", *IN_HAND, "partitions_moved", "member_paused"),
        pair="kafka-transform-offsets-apart",
        pace=Pace.BRIEF,
    ),
    _transforming(
        "kafka-transform-faults",
        "topic to topic, position in the transaction, broken links and broker",
        _transformer(CommitPolicy.IN_TRANSACTION),
        hazards=(*NETWORK, "broker_killed"),
        pair="kafka-transform-offsets-apart",
        pace=Pace.LONG,
    ),
    _transforming(
        "kafka-transform-timed-out",
        "topic to topic, position in the transaction, transaction.timeout.ms 1 s",
        _transformer(CommitPolicy.IN_TRANSACTION, writing=BRIEF),
        hazards=("transaction_timed_out", "member_paused"),
        pair="kafka-transform-offsets-apart",
        pace=Pace.LONG,
    ),
    _transforming(
        "kafka-transform-discard",
        "topic to topic, position in the transaction, a client that was late is discarded",
        _transformer(CommitPolicy.IN_TRANSACTION, after_late_end=AfterLateEnd.DISCARD),
        hazards=("end_late", "stall", "delay"),
        pair="kafka-transform-offsets-apart",
        pace=Pace.LONG,
        unless=FIRST_WRITE,
    ),
    Claim(
        id="kafka-transform-read-uncommitted",
        system="kafka",
        setting="topic to topic, position in the transaction, outputs read uncommitted",
        subject=_transformer(CommitPolicy.IN_TRANSACTION, read=Isolation.READ_UNCOMMITTED),
        guarantee="exactly_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="exactly once is what readers of committed messages see",
        source="Kafka 4.3, design, message delivery semantics",
        pair="kafka-transform",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-transform-offsets-apart",
        system="kafka",
        setting="topic to topic, position committed after the transaction",
        subject=_transformer(CommitPolicy.AFTER_EFFECT),
        guarantee="exactly_once_in_effect",
        stance=Stance.BREAKS,
        hazards=IN_HAND,
        promise="only what is committed in the transaction takes effect with it",
        source=_SEND_OFFSETS,
        pair="kafka-transform",
    ),
    Claim(
        id="kafka-transform-in-nobodys-name",
        system="kafka",
        setting="topic to topic, position in the transaction, of a member that never joined",
        subject=_transformer(CommitPolicy.IN_TRANSACTION, Member.NOBODY),
        guarantee="exactly_once_in_effect",
        stance=Stance.BREAKS,
        hazards=("member_paused",),
        promise="the group refuses positions of a member that is out only if it is told whose "
        "they are",
        source="KIP-447",
        pair="kafka-transform",
        pace=Pace.MEDIUM,
    ),
)
