"""Kafka: claims as data, and how plans for them are drawn."""

from properties.kafka.claims import CLAIMS
from properties.kafka.pool import make_pool, make_pool_of
from properties.kafka.promises import promised
from properties.kafka.subjects import draw_subjects
from properties.kafka.unless import unless_of

__all__ = ["CLAIMS", "draw_subjects", "make_pool", "make_pool_of", "promised", "unless_of"]
