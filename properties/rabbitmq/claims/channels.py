"""What we claim of clients that are channels of one connection: each lives and ends for itself."""

from msgspec.structs import replace

from deliverycheck.plans import Claim, Connection, Pace, Stance
from properties.rabbitmq.claims.queue import SAFE_CLASSIC
from properties.rabbitmq.claims.settings import AFTER, CONFIRMS, IN_HAND, NETWORK, SAFETY, UNDONE

_CHANNELS = "RabbitMQ 4.3, Channels"
_BESIDE = ("channel_closed_beside", "channel_broken_beside")

PUBLISHING = replace(SAFE_CLASSIC, connection=Connection.SHARED)
WORKING = replace(AFTER, connection=Connection.SHARED)

CHANNELS: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-channels-confirms",
        system="rabbitmq",
        setting="classic queue, confirms, publishers as channels of one connection",
        subject=PUBLISHING,
        guarantee="at_least_once_in_queue",
        stance=Stance.HOLDS,
        hazards=("none", *_BESIDE, *NETWORK),
        promise="confirms are those of a channel; what it had confirmed stays whatever ends it",
        source=f"{_CHANNELS}, Channel Lifecycle; {CONFIRMS}",
        pair="rabbitmq-fire-and-forget",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-channels-ack-after-effect",
        system="rabbitmq",
        setting="classic queue, ack after the effect, all clients as channels of one connection",
        subject=WORKING,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=("none", *_BESIDE, *IN_HAND),
        promise="what was not acked comes back when its channel or the connection ends",
        source=f"{SAFETY}, Acknowledgements and Confirms",
        pair="rabbitmq-automatic-ack",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-channels-disjoint",
        system="rabbitmq",
        setting="classic queue, two consumers as channels of one connection",
        subject=WORKING,
        guarantee="disjoint_consumers",
        stance=Stance.HOLDS,
        hazards=("two_consumers", *_BESIDE),
        unless=UNDONE,
        promise="the end of a channel gives back what that channel held, and nothing of another",
        source=f"{_CHANNELS}, Channel Lifecycle",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-channels-fifo",
        system="rabbitmq",
        setting="classic queue, all clients as channels of one connection",
        subject=WORKING,
        guarantee="fifo_per_publisher",
        stance=Stance.HOLDS,
        hazards=("none", "requeued", *_BESIDE),
        promise="messages of one channel to one queue are delivered in the order of publishing",
        source="RabbitMQ 4.3, Queues, Message Ordering",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-channels-prefetch",
        system="rabbitmq",
        setting="classic queue, prefetch of 3, consumers as channels of one connection",
        subject=WORKING,
        guarantee="prefetch_bound",
        stance=Stance.HOLDS,
        hazards=("two_consumers", *_BESIDE),
        promise="each new consumer on a channel has the bound for itself",
        source="RabbitMQ 4.3, Consumer Prefetch",
        pace=Pace.MEDIUM,
    ),
)
