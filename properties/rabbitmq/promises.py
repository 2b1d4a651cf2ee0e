"""What the documentation promises of settings, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from deliverycheck.plans import (
    CommitPolicy,
    ErrorMeans,
    Overflow,
    Queue,
    QueueKind,
    ReliesOn,
    Subject,
    TopicReady,
)
from deliverycheck.plans.rabbitmq_state import PLAIN
from deliverycheck.plans.replies import REPLY_TO, is_direct
from properties.rabbitmq.claims.settings import (
    CONFIRMS,
    OFTEN,
    QUORUM_QUEUES,
    SAFETY,
    TIMED,
    UNDONE,
)

_QUEUES = "RabbitMQ 4.3, Queues"
_LIMITS = "RabbitMQ 4.3, Queue Length Limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What settings must be, and what to say where they are not."""

    holds: Callable[[Subject], bool]
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitPromise:
    """A guarantee, and the settings that promise it."""

    guarantee: str
    text: str
    source: str
    conditions: tuple[Condition, ...] = ()

    def missing(self, subject: Subject) -> tuple[str, ...]:
        """What keeps the subject from being promised it, each in a few words."""
        return tuple(one.otherwise for one in self.conditions if not one.holds(subject))


def _queues(subject: Subject) -> tuple[Queue, ...]:
    return (subject.topology or PLAIN).queues


def _keeps(subject: Subject, queue: Queue) -> bool:
    if queue.name in (subject.topology or PLAIN).limited_later:
        return False
    limits = (queue.expires_ms, queue.delivery_limit)
    drops = queue.length_max is not None and queue.overflow is Overflow.DROP_HEAD
    return limits == (None, None) and not drops


def _dead_are_kept(subject: Subject) -> bool:
    """Whether what a queue gives up goes to a declared queue that keeps it."""
    by_name = {queue.name: queue for queue in _queues(subject)}
    return all(
        _keeps(subject, queue)
        or (
            queue.dead_letter_exchange == ""
            and (target := by_name.get(queue.dead_letter_key or "")) is not None
            and _keeps(subject, target)
            and target.length_max is None
        )
        for queue in by_name.values()
    )


def _commits(*policies: CommitPolicy) -> Condition:
    return Condition(
        holds=lambda subject: subject.consumer is None or subject.consumer.commit in policies,
        otherwise="the ack comes at another moment than "
        + " or ".join(policy.value for policy in policies),
    )


_WAITS = Condition(
    holds=lambda subject: (
        subject.relies_on is ReliesOn.CONFIRM
        and (
            subject.producer.get("confirms", "none") != "none"
            or bool(subject.producer.get("transactional"))
        )
    ),
    otherwise="nobody waits for the broker's confirm",
)
_UNKNOWN = Condition(
    holds=lambda subject: subject.error_means is ErrorMeans.UNKNOWN,
    otherwise="the application takes an error for absence",
)
_CONFIRMED = Condition(
    holds=lambda subject: subject.relies_on is ReliesOn.CONFIRM,
    otherwise="the application relies on the call",
)
_PERSISTENT = Condition(
    holds=lambda subject: (
        bool(subject.producer.get("persistent"))
        or all(queue.kind is not QueueKind.CLASSIC for queue in _queues(subject))
    ),
    otherwise="messages are transient, in a classic queue",
)
_DURABLE = Condition(
    holds=lambda subject: all(
        queue.durable
        and not (queue.exclusive or queue.auto_delete)
        and queue.queue_expires_ms is None
        for queue in _queues(subject)
    ),
    otherwise="a queue is not there for good",
)
_MANDATORY = Condition(
    holds=lambda subject: bool(subject.producer.get("mandatory")),
    otherwise="unroutable messages do not come back",
)
_SETTLED = Condition(
    holds=lambda subject: subject.topic_ready is TopicReady.ANSWERED,
    otherwise="a queue that was just declared is no safe place (docs/findings)",
)
_KEPT = Condition(
    holds=lambda subject: all(_keeps(subject, queue) for queue in _queues(subject)),
    otherwise="a limit of a queue may drop messages",
)
_DEAD_KEPT = Condition(
    holds=_dead_are_kept, otherwise="what a queue gives up does not go to a queue that keeps it"
)
_CLASSIC = Condition(
    holds=lambda subject: all(queue.kind is QueueKind.CLASSIC for queue in _queues(subject)),
    otherwise="only classic queues have a place for what comes again",
)
_ONE_AT_A_TIME = Condition(
    holds=lambda subject: (
        subject.consumer is not None
        and subject.consumer.settings.get("prefetch") == 1
        and all(queue.single_active and queue.priorities_max is None for queue in _queues(subject))
    ),
    otherwise="several messages are worked on at a time",
)

_ASKS = Condition(
    holds=lambda subject: bool(subject.producer.get(REPLY_TO)), otherwise="nobody asks for replies"
)
_BY_QUEUE = Condition(
    holds=lambda subject: not is_direct(str(subject.producer.get(REPLY_TO, ""))),
    otherwise="replies go to a channel, and no queue keeps them",
)

_SAFE = (_WAITS, _UNKNOWN, _PERSISTENT, _DURABLE, _MANDATORY, _SETTLED)

PROMISES: tuple[RabbitPromise, ...] = (
    RabbitPromise(
        guarantee="at_least_once_in_queue",
        text="what was confirmed is on disk, or with a majority",
        source=f"{CONFIRMS}, When Will Published Messages Be Confirmed by the Broker?",
        conditions=_SAFE,
    ),
    RabbitPromise(
        guarantee="at_least_once_in_effect",
        text="confirms, and acks after the work: at least once",
        source=f"{SAFETY}, Acknowledgements and Confirms",
        conditions=(*_SAFE, _KEPT, _commits(CommitPolicy.AFTER_EFFECT)),
    ),
    RabbitPromise(
        guarantee="at_most_once_in_effect",
        text="automatic acks, or acks before the work: at most once",
        source=f"{CONFIRMS}, Delivery Acknowledgements",
        conditions=(_CONFIRMED, _commits(CommitPolicy.AUTO, CommitPolicy.BEFORE_EFFECT)),
    ),
    RabbitPromise(
        guarantee="confirms_resolved",
        text="each message is confirmed or refused once",
        source=f"{CONFIRMS}, Publisher Confirms",
        conditions=(_WAITS,),
    ),
    RabbitPromise(
        guarantee="settlement",
        text="what is not flagged as redelivered was not delivered before",
        source=f"{SAFETY}, Data Safety on the Consumer Side",
    ),
    RabbitPromise(
        guarantee="prefetch_bound",
        text="no more than the prefetch is unacked",
        source="RabbitMQ 4.3, Consumer Prefetch",
    ),
    RabbitPromise(
        guarantee="disjoint_consumers",
        text="each message of a queue goes to one of its consumers",
        source=f"{_QUEUES}, Consumers",
    ),
    RabbitPromise(
        guarantee="fifo_per_publisher",
        text="messages of one channel to one queue come in the order of publishing",
        source=f"{_QUEUES}, Message Ordering",
    ),
    RabbitPromise(
        guarantee="effects_in_order",
        text="a single active consumer that holds one message works in order",
        source="RabbitMQ 4.3, Consumers, Single Active Consumer",
        conditions=(_ONE_AT_A_TIME, _KEPT),
    ),
    RabbitPromise(
        guarantee="requeue_position",
        text="a requeued message is put in its original position, if possible",
        source="RabbitMQ 4.3, Consumer Acknowledgements, Negative Acknowledgement and Requeuing",
        conditions=(_CLASSIC,),
    ),
    RabbitPromise(
        guarantee="priority_order",
        text="messages of higher priority are delivered first",
        source="RabbitMQ 4.3, Priority Queue Support",
    ),
    RabbitPromise(
        guarantee="expiry",
        text="an expired message is not delivered, and none expires early",
        source="RabbitMQ 4.3, Time-To-Live and Expiration",
        conditions=(*_SAFE,),
    ),
    RabbitPromise(
        guarantee="length_limit",
        text="a queue holds no more ready messages, and drops the oldest",
        source=_LIMITS,
        conditions=(_CLASSIC,),
    ),
    RabbitPromise(
        guarantee="accounted_for",
        text="what a queue gives up goes to the dead letter exchange",
        source=f"{_LIMITS}; RabbitMQ 4.3, Dead Letter Exchanges",
        conditions=(*_SAFE, _DEAD_KEPT, _commits(CommitPolicy.AFTER_EFFECT)),
    ),
    RabbitPromise(
        guarantee="dead_lettering",
        text="what is refused without requeue goes to the dead letter exchange",
        source="RabbitMQ 4.3, Dead Letter Exchanges",
        conditions=(*_SAFE, _DEAD_KEPT),
    ),
    RabbitPromise(
        guarantee="routed_as_bound",
        text="a message comes once to each queue that its bindings lead to",
        source="RabbitMQ 4.3, Exchanges; AMQP 0-9-1, 3.1.3",
        conditions=_SAFE,
    ),
    RabbitPromise(
        guarantee="matching_replies",
        text="a reply bears the correlation id of its request, unchanged",
        source="RabbitMQ, Tutorial 6 (RPC), Correlation Id",
        conditions=(_ASKS,),
    ),
    RabbitPromise(
        guarantee="requests_answered",
        text="long-lived queues are for replies that survive the requester's disconnects",
        source="RabbitMQ 4.3, Direct Reply-To, Motivation",
        conditions=(*_SAFE, _KEPT, _ASKS, _BY_QUEUE, _commits(CommitPolicy.AFTER_EFFECT)),
    ),
    RabbitPromise(
        guarantee="routed_confirms",
        text="an unroutable mandatory message comes back before it is confirmed",
        source=f"{QUORUM_QUEUES}; {CONFIRMS}",
        conditions=_SAFE,
    ),
)
"""Who asks for a guarantee that is not here is told that nothing documents it for any settings."""


_OF_SETTLEMENTS = frozenset(
    {
        "at_most_once_in_effect",
        "settlement",
        "dead_lettering",
        "disjoint_consumers",
        "effects_in_order",
        "requeue_position",
        "routed_as_bound",
        "accounted_for",
        "expiry",
        "length_limit",
    }
)
"""What hangs on settlements, flags or dead letters: a killed broker may forget the last of them."""


def promised(subject: Subject, guarantee: str) -> tuple[RabbitPromise | None, tuple[str, ...]]:
    """The promise that the subject's settings have, or what keeps them from the nearest."""
    offers = [(each.missing(subject), each) for each in PROMISES if each.guarantee == guarantee]
    if not offers:
        return None, ()
    missing, nearest = min(offers, key=lambda offer: len(offer[0]))
    return (None, missing) if missing else (nearest, ())


def unless_of(subject: Subject, guarantee: str) -> tuple[str, ...]:
    """Situations in which an execution says nothing of the promise that the subject has."""
    young = subject.topic_ready is TopicReady.CREATED
    undone = UNDONE if guarantee in _OF_SETTLEMENTS else ()
    limited = any(
        queue.kind is QueueKind.QUORUM and queue.delivery_limit is None
        for queue in _queues(subject)
    )
    just_declared = ("queue_just_declared",) if young else ()
    # docs/findings/close-hands-over-out-of-order.md
    heir = ("handed_over",) if guarantee == "effects_in_order" else ()
    # What expires of its own is dropped where there is no place for the dead.
    dropped = any(queue.dead_letter_exchange is None for queue in _queues(subject))
    timed = TIMED if guarantee == "accounted_for" and dropped else ()
    return (*undone, *just_declared, *timed, *(OFTEN if limited else ()), *heir)
