"""What we claim of routing: the broker sends messages where the model says."""

from deliverycheck.plans import Claim, Pace, Stance
from properties.rabbitmq.claims.settings import NETWORK, publishing
from properties.rabbitmq.topologies import EVERY_EXCHANGE

ROUTING: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-routing",
        system="rabbitmq",
        setting="direct, topic, fanout and headers exchanges, bound to each other",
        subject=publishing(EVERY_EXCHANGE),
        guarantee="routed_as_bound",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK, "unroutable"),
        promise="a message comes once to each queue that its bindings lead to",
        source="RabbitMQ 4.3, Exchanges; AMQP 0-9-1, 3.1.3",
        pace=Pace.BRIEF,
    ),
)
