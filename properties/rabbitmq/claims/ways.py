"""What we claim of messages that go on from queue to queue: delayed, tried again, in a circle."""

from deliverycheck.plans import Claim, CommitPolicy, Pace, Queue, Stance
from properties.rabbitmq.claims.limits import EXPIRES_MS, LENGTH_MAX, after
from properties.rabbitmq.claims.settings import DEAD_LETTERS, PREFETCH, TIMED, UNDONE, consuming
from properties.rabbitmq.topologies import DEAD, DEAD_TOO, way

WORK = "work"
"""What is worked off after a delay."""

_TTL = "RabbitMQ 4.3, Time-To-Live and Expiration"
_CYCLES = f"{DEAD_LETTERS}, Routing Dead-Lettered Messages"

DELAYED = consuming(
    CommitPolicy.AFTER_EFFECT,
    way(Queue(name="q1", expires_ms=EXPIRES_MS), Queue(name=WORK)),
    {"prefetch": PREFETCH, "queue": WORK},
)
CHAINED = after(
    way(
        Queue(name="q1", length_max=LENGTH_MAX),
        Queue(name=DEAD, expires_ms=EXPIRES_MS),
        Queue(name=DEAD_TOO),
    )
)
_WAITING = Queue(name="waiting", expires_ms=EXPIRES_MS)
TRIED_AGAIN = after(way(Queue(name="q1"), _WAITING, then="q1"))
EXPIRING_IN_A_CIRCLE = after(way(Queue(name="q1", expires_ms=EXPIRES_MS), _WAITING, then="q1"))

WAYS: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-delayed",
        system="rabbitmq",
        setting="classic queue, 60 ms to wait, then on to the queue that is worked off",
        subject=DELAYED,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("dead_lettered",),
        unless=UNDONE,
        promise="what expires goes to the dead letter exchange",
        source=_TTL,
        pair="rabbitmq-expiry",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-delayed-in-time",
        system="rabbitmq",
        setting="classic queue, 60 ms to wait, then on to the queue that is worked off",
        subject=DELAYED,
        guarantee="expiry",
        stance=Stance.HOLDS,
        hazards=("dead_lettered",),
        unless=UNDONE,
        promise="no message expires before its time",
        source=_TTL,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-dead-letter-chain",
        system="rabbitmq",
        setting="classic queue of 3 messages at most, dead letters that expire and go on",
        subject=CHAINED,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("dead_lettered",),
        unless=UNDONE,
        promise="what dies again goes to the dead letter exchange of the queue in which it does",
        source=DEAD_LETTERS,
        pair="rabbitmq-length",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-retry-loop",
        system="rabbitmq",
        setting="classic queue, what is refused waits 60 ms and comes again",
        subject=TRIED_AGAIN,
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("rejected",),
        unless=(*UNDONE, *TIMED),
        promise="a message may go round in a circle of queues if it was rejected on the way",
        source=_CYCLES,
        pair="rabbitmq-expiry-loop",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-expiry-loop",
        system="rabbitmq",
        setting="classic queue, what expires waits 60 ms and should come again",
        subject=EXPIRING_IN_A_CIRCLE,
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("expired",),
        promise="a message that reaches a queue again without a rejection on the way is dropped",
        source=_CYCLES,
        pair="rabbitmq-retry-loop",
        pace=Pace.MEDIUM,
    ),
)
