"""A state machine that builds plans: a rule for each kind of step, no broker is near."""

from hypothesis.stateful import precondition, rule

from properties.drawing import builder_for
from properties.rabbitmq.strategies import steps_of
from properties.rabbitmq.vocabulary import KINDS, VOCABULARY


def _rule_of(kind: str):
    def apply(self, steps):
        self.offer(steps)

    apply.__name__ = apply.__qualname__ = kind
    return precondition(lambda self: kind in self.draft.kinds())(rule(steps=steps_of(kind))(apply))


RabbitPlanBuilder = type(
    "RabbitPlanBuilder", (builder_for(VOCABULARY),), {kind: _rule_of(kind) for kind in KINDS}
)
"""Rules are what publishers, consumers and the world do; Hypothesis's swarm leaves some out."""
