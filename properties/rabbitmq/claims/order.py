"""What we claim of order: first in, first out, and what undoes it."""

from deliverycheck.plans import Claim, CommitPolicy, Pace, Stance
from properties.rabbitmq.claims.settings import AFTER, AFTER_QUORUM, KILLED, consuming
from properties.rabbitmq.topologies import one_queue

_ORDER = "RabbitMQ 4.3, Queues, Message Ordering"
_REQUEUE = "RabbitMQ 4.3, Consumer Acknowledgements, Negative Acknowledgement and Requeuing"
_SINGLE_ACTIVE = "RabbitMQ 4.3, Consumers, Single Active Consumer"

SINGLE_ACTIVE = consuming(CommitPolicy.AFTER_EFFECT, one_queue(single_active=True), {"prefetch": 1})
ONE_AT_A_TIME = consuming(CommitPolicy.AFTER_EFFECT, settings={"prefetch": 1})
PRIORITIES = consuming(CommitPolicy.AFTER_EFFECT, one_queue(priorities_max=9), {"take": "get"})

ORDER: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-fifo-classic",
        system="rabbitmq",
        setting="classic queue",
        subject=AFTER,
        guarantee="fifo_per_publisher",
        stance=Stance.HOLDS,
        hazards=("none", "requeued", "consumer_killed", *KILLED),
        promise="messages of one channel to one queue are delivered in the order of publishing",
        source=_ORDER,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-fifo-quorum",
        system="rabbitmq",
        setting="quorum queue",
        subject=AFTER_QUORUM,
        guarantee="fifo_per_publisher",
        stance=Stance.HOLDS,
        hazards=("none", "requeued", "consumer_killed"),
        promise="messages of one channel to one queue are delivered in the order of publishing",
        source=_ORDER,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-effects-single-active",
        system="rabbitmq",
        setting="classic queue, single active consumer, prefetch of 1",
        subject=SINGLE_ACTIVE,
        guarantee="effects_in_order",
        stance=Stance.HOLDS,
        hazards=("none", "requeued", "consumer_killed", "consumer_killed_in_hand"),
        unless=("handed_over",),
        promise="one consumer at a time is served, in order",
        source=_SINGLE_ACTIVE,
        pair="rabbitmq-effects-single-active-closed",
    ),
    Claim(
        id="rabbitmq-effects-single-active-closed",
        system="rabbitmq",
        setting="classic queue, single active consumer, the active one closed in order",
        subject=SINGLE_ACTIVE,
        guarantee="effects_in_order",
        stance=Stance.BREAKS,
        hazards=("handed_over",),
        promise="who takes over from a consumer that closes is handed a later message first",
        # docs/findings/close-hands-over-out-of-order.md
        source=f"{_SINGLE_ACTIVE}: says nothing of messages in hand; pika 1.4.4, Channel.close",
        pair="rabbitmq-effects-single-active",
    ),
    Claim(
        id="rabbitmq-effects-two-consumers",
        system="rabbitmq",
        setting="classic queue, two consumers, prefetch of 1",
        subject=ONE_AT_A_TIME,
        guarantee="effects_in_order",
        stance=Stance.BREAKS,
        hazards=("two_consumers",),
        promise="with several consumers and requeues messages are not processed in order",
        source=_ORDER,
        pair="rabbitmq-effects-single-active",
    ),
    Claim(
        id="rabbitmq-effects-priorities",
        system="rabbitmq",
        setting="classic queue with priorities, one message at a time",
        subject=PRIORITIES,
        guarantee="effects_in_order",
        stance=Stance.BREAKS,
        hazards=("none", "consumer_killed", "requeued"),
        promise="messages of higher priority are delivered first",
        source="RabbitMQ 4.3, Priority Queue Support",
        pair="rabbitmq-effects-single-active",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-priorities",
        system="rabbitmq",
        setting="classic queue with priorities, one message at a time",
        subject=PRIORITIES,
        guarantee="priority_order",
        stance=Stance.HOLDS,
        hazards=("none", "consumer_killed", "requeued"),
        promise="messages of higher priority are delivered first",
        source="RabbitMQ 4.3, Priority Queue Support",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-requeue",
        system="rabbitmq",
        setting="classic queue, prefetch of 3",
        subject=AFTER,
        guarantee="requeue_position",
        stance=Stance.HOLDS,
        hazards=("requeued",),
        promise="a requeued message is put in its original position, if possible",
        source=_REQUEUE,
        pace=Pace.MEDIUM,
    ),
)
