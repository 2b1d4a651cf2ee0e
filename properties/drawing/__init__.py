"""How plans of any system are drawn from its vocabulary: by strategies, by machines, into pools."""

from properties.drawing.machine import builder_for
from properties.drawing.pool import Pools, StepList, drawing
from properties.drawing.strategies import node_faults, plans, step_lists, steps_of
from properties.drawing.subjects import MOSTLY_NOT, drawer_of
from properties.drawing.vocabulary import STEPS_MAX, Kind, Vocabulary, one, one_of

__all__ = [
    "MOSTLY_NOT",
    "STEPS_MAX",
    "Kind",
    "Pools",
    "StepList",
    "Vocabulary",
    "builder_for",
    "drawer_of",
    "drawing",
    "node_faults",
    "one",
    "one_of",
    "plans",
    "step_lists",
    "steps_of",
]
