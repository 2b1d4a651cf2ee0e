"""RabbitMQ: claims as data, and how plans for them are drawn."""

from properties.rabbitmq.claims import CLAIMS
from properties.rabbitmq.pool import make_pool, make_pool_of
from properties.rabbitmq.promises import promised, unless_of
from properties.rabbitmq.subjects import draw_subjects

__all__ = ["CLAIMS", "draw_subjects", "make_pool", "make_pool_of", "promised", "unless_of"]
