"""Kafka: claims as data, and how plans for them are drawn."""

from properties.kafka.claims import CLAIMS
from properties.kafka.pool import make_pool
from properties.kafka.promises import promised

__all__ = ["CLAIMS", "make_pool", "promised"]
