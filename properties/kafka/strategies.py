"""Plans for Kafka as Hypothesis strategies."""

from functools import partial

from properties import drawing
from properties.kafka.vocabulary import VOCABULARY

plans = partial(drawing.plans, VOCABULARY)
"""Of a subject, and perhaps `min_size` and `max_size`: plans that put it to the test."""

steps_of = partial(drawing.steps_of, VOCABULARY)
"""Of the name of a kind: its steps."""
