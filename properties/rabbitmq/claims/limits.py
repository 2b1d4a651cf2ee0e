"""What we claim of limits: what a queue gives up, and who is told."""

from deliverycheck.plans import (
    Claim,
    CommitPolicy,
    Pace,
    Queue,
    QueueKind,
    Stance,
    Subject,
    Topology,
)
from properties.rabbitmq.claims.settings import (
    DEAD_LETTERS,
    OFTEN,
    TIMED,
    UNDONE,
    consuming,
    publishing,
)
from properties.rabbitmq.topologies import (
    AT_LEAST_ONCE,
    CLASSIC,
    DEAD,
    FULL_SOON,
    QUORUM,
    one_queue,
    with_dead_letters,
)

LENGTH_MAX, EXPIRES_MS, DELIVERY_LIMIT = 3, 60, 2

_LENGTH = "RabbitMQ 4.3, Queue Length Limit"
_TTL = "RabbitMQ 4.3, Time-To-Live and Expiration"
_POISON = "RabbitMQ 4.3, Quorum Queues, Poison Message Handling"


def after(topology: Topology) -> Subject:
    return consuming(CommitPolicy.AFTER_EFFECT, topology)


LIMITED_WITH_DEAD = after(with_dead_letters(length_max=LENGTH_MAX))
EXPIRING_WITH_DEAD = after(with_dead_letters(expires_ms=EXPIRES_MS))
POISON_WITH_DEAD = after(with_dead_letters(QueueKind.QUORUM, delivery_limit=DELIVERY_LIMIT))
REFUSING = publishing(one_queue(length_max=LENGTH_MAX, overflow=AT_LEAST_ONCE["overflow"]))
UNBOUND = Topology(
    queues=(
        Queue(name="q1", kind=QueueKind.QUORUM, dead_letter_exchange="", dead_letter_key="gone"),
        Queue(name=DEAD),
    )
)

LIMITS: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-length-dead-letters",
        system="rabbitmq",
        setting="classic queue of 3 messages at most, dead letters kept",
        subject=LIMITED_WITH_DEAD,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("length_reached",),
        unless=UNDONE,
        promise="what is dropped from the head goes to the dead letter exchange",
        source=_LENGTH,
        pair="rabbitmq-length",
    ),
    Claim(
        id="rabbitmq-length",
        system="rabbitmq",
        setting="classic queue of 3 messages at most, drop-head",
        subject=after(one_queue(length_max=LENGTH_MAX)),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("length_reached",),
        promise="the oldest messages are dropped to make room",
        source=_LENGTH,
        pair="rabbitmq-length-dead-letters",
    ),
    Claim(
        id="rabbitmq-length-refuses",
        system="rabbitmq",
        setting="classic queue of 3 messages at most, reject-publish, confirms",
        subject=REFUSING,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("publish_refused",),
        unless=TIMED,
        promise="publishes to a full queue are refused, and the publisher is told",
        source=_LENGTH,
        pair="rabbitmq-length",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-expiry-dead-letters",
        system="rabbitmq",
        setting="classic queue, 60 ms to wait, dead letters kept",
        subject=EXPIRING_WITH_DEAD,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("expired",),
        unless=UNDONE,
        promise="what expires goes to the dead letter exchange",
        source=_TTL,
        pair="rabbitmq-expiry",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-expiry",
        system="rabbitmq",
        setting="classic queue, 60 ms to wait",
        subject=after(one_queue(expires_ms=EXPIRES_MS)),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("expired",),
        promise="what waited for longer is dropped",
        source=_TTL,
        pair="rabbitmq-expiry-dead-letters",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-expires-in-time",
        system="rabbitmq",
        setting="classic queue, 60 ms to wait, one message at a time",
        subject=consuming(
            CommitPolicy.AFTER_EFFECT, with_dead_letters(expires_ms=EXPIRES_MS), {"take": "get"}
        ),
        guarantee="expiry",
        stance=Stance.HOLDS,
        hazards=("expired",),
        unless=UNDONE,
        promise="an expired message is not delivered, and none expires early",
        source=_TTL,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-length-limit",
        system="rabbitmq",
        setting="classic queue of 3 messages at most, one message at a time",
        subject=consuming(
            CommitPolicy.AFTER_EFFECT, with_dead_letters(length_max=LENGTH_MAX), {"take": "get"}
        ),
        guarantee="length_limit",
        stance=Stance.HOLDS,
        hazards=("length_reached",),
        unless=UNDONE,
        promise="a queue holds no more ready messages, and drops the oldest",
        source=_LENGTH,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-delivery-limit-dead-letters",
        system="rabbitmq",
        setting="quorum queue, delivery limit of 2, dead letters kept",
        subject=POISON_WITH_DEAD,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("delivery_limit_reached",),
        unless=UNDONE,
        promise="what failed too often goes to the dead letter exchange",
        source=_POISON,
        pair="rabbitmq-delivery-limit",
    ),
    Claim(
        id="rabbitmq-delivery-limit",
        system="rabbitmq",
        setting="quorum queue, delivery limit of 2",
        subject=after(one_queue(QueueKind.QUORUM, delivery_limit=DELIVERY_LIMIT)),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("delivery_limit_reached",),
        promise="what failed too often is dropped",
        source=_POISON,
        pair="rabbitmq-delivery-limit-dead-letters",
    ),
    Claim(
        id="rabbitmq-default-delivery-limit",
        system="rabbitmq",
        setting="quorum queue without a limit of its own",
        subject=after(QUORUM),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=OFTEN,
        promise="the default delivery limit is 20; what failed more often is dropped",
        source=_POISON,
        pair="rabbitmq-no-delivery-limit",
        pace=Pace.LONG,
    ),
    Claim(
        id="rabbitmq-no-delivery-limit",
        system="rabbitmq",
        setting="classic queue, which has no delivery limit",
        subject=after(CLASSIC),
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=OFTEN,
        unless=(*UNDONE, *TIMED),
        promise="only quorum queues count failed deliveries",
        source=_POISON,
        pair="rabbitmq-default-delivery-limit",
        pace=Pace.LONG,
    ),
    Claim(
        id="rabbitmq-dead-letters-at-least-once",
        system="rabbitmq",
        setting="quorum queue, at-least-once dead letters to a full queue",
        subject=after(with_dead_letters(QueueKind.QUORUM, dead=FULL_SOON, **AT_LEAST_ONCE)),
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("dead_letters_refused",),
        promise="a dead letter stays in its queue until its place confirmed it",
        source=f"{DEAD_LETTERS}, Safety: at-least-once",
        pair="rabbitmq-dead-letters-at-most-once",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-dead-letters-at-most-once",
        system="rabbitmq",
        setting="quorum queue, at-most-once dead letters to a full queue",
        subject=after(with_dead_letters(QueueKind.QUORUM, dead=FULL_SOON)),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("dead_letters_refused",),
        promise="dead letters are published without confirms: they may be lost on their way",
        source=f"{DEAD_LETTERS}, Safety",
        pair="rabbitmq-dead-letters-at-least-once",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-dead-letters-unbound",
        system="rabbitmq",
        setting="quorum queue, at-most-once dead letters to no queue",
        subject=after(UNBOUND),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("dead_letters_refused",),
        promise="what the dead letter exchange has no queue for is dropped",
        source=f"{DEAD_LETTERS}, Safety",
        pair="rabbitmq-dead-letters-at-least-once",
        pace=Pace.MEDIUM,
    ),
)
