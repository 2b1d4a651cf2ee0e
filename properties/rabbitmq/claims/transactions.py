"""What we claim of transactions: nothing is seen before the commit, everything after it."""

from msgspec.structs import replace

from deliverycheck.plans import Claim, CommitPolicy, Pace, Stance
from deliverycheck.plans.subject import Consumer, Subject
from properties.rabbitmq.claims.settings import KILLED, PREFETCH, TRANSACTIONAL, UNDONE
from properties.rabbitmq.topologies import CLASSIC

_SEMANTICS = "RabbitMQ 4.3, AMQP 0-9-1 Semantics, tx"

TRANSACTING = Subject(
    producer=TRANSACTIONAL,
    consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"prefetch": PREFETCH}),
    topology=CLASSIC,
)

TRANSACTIONS: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-transactions-unseen",
        system="rabbitmq",
        setting="classic queue, transactions, persistent",
        subject=TRANSACTING,
        guarantee="read_committed",
        stance=Stance.HOLDS,
        hazards=("none", "producer_killed", "lost_request", "refuse"),
        promise="what is published in a transaction is routed when it is committed",
        source=_SEMANTICS,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-transactions-kept",
        system="rabbitmq",
        setting="classic queue, transactions, persistent",
        subject=TRANSACTING,
        guarantee="at_least_once_in_queue",
        stance=Stance.HOLDS,
        hazards=("none", "producer_killed", *KILLED),
        promise="commit-ok says that the broker took responsibility for the messages",
        source=_SEMANTICS,
        pair="rabbitmq-fire-and-forget",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-transactions-torn",
        system="rabbitmq",
        setting="classic queue, transactions, persistent, the broker killed while it commits",
        subject=replace(TRANSACTING, consumer=None),
        guarantee="atomic_transactions",
        stance=Stance.BREAKS,
        hazards=("broker_killed_committing",),
        promise="no atomicity, even with one queue: a fault in a commit may leave a part of it",
        source=_SEMANTICS,
        pair="rabbitmq-transactions-whole",
        pace=Pace.LONG,
    ),
    Claim(
        id="rabbitmq-transactions-whole",
        system="rabbitmq",
        setting="classic queue, transactions, persistent, the broker not killed",
        subject=replace(TRANSACTING, consumer=None),
        guarantee="atomic_transactions",
        stance=Stance.HOLDS,
        hazards=("none", "producer_killed", "lost_request"),
        unless=("broker_killed_committing", *UNDONE),
        promise="what is published in a transaction is routed when it is committed",
        source=_SEMANTICS,
        pair="rabbitmq-transactions-torn",
        pace=Pace.MEDIUM,
    ),
)
