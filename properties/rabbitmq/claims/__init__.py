"""What we claim of RabbitMQ, as data: each holding setting beside a sibling that must break."""

from deliverycheck.plans import Claim
from properties.rabbitmq.claims.channels import CHANNELS
from properties.rabbitmq.claims.effect import EFFECT
from properties.rabbitmq.claims.heartbeats import HEARTBEATS
from properties.rabbitmq.claims.limits import LIMITS
from properties.rabbitmq.claims.order import ORDER
from properties.rabbitmq.claims.policies import POLICIES
from properties.rabbitmq.claims.queue import QUEUE
from properties.rabbitmq.claims.requests import REQUESTING
from properties.rabbitmq.claims.routing import ROUTING
from properties.rabbitmq.claims.streams import STREAMS
from properties.rabbitmq.claims.transactions import TRANSACTIONS
from properties.rabbitmq.claims.ways import WAYS

CLAIMS: tuple[Claim, ...] = (
    *QUEUE,
    *EFFECT,
    *ORDER,
    *CHANNELS,
    *HEARTBEATS,
    *LIMITS,
    *POLICIES,
    *WAYS,
    *ROUTING,
    *TRANSACTIONS,
    *REQUESTING,
    *STREAMS,
)

__all__ = ["CLAIMS"]
