"""A state machine that builds plans: a rule appends steps to a draft, no broker is near."""

import sys
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from deliverycheck.plans import Step, Subject
from deliverycheck.plans.rabbitmq import RabbitDraft
from properties.rabbitmq.strategies import node_faults, steps_of
from properties.rabbitmq.vocabulary import KINDS, NODE_FAULT_SHARE


class _Builder(RuleBasedStateMachine):
    """What all rules have in common; the rules themselves are one for each kind of step."""

    def __init__(self, subject: Subject, hand_over: Callable[[tuple[Step, ...]], None]):
        super().__init__()
        self.draft = RabbitDraft(subject)
        self.hand_over = hand_over
        self.node_may_fail = False

    @initialize(chance=st.integers(min_value=1, max_value=NODE_FAULT_SHARE))
    def decide_whether_the_node_may_fail(self, chance):
        self.node_may_fail = chance == NODE_FAULT_SHARE

    @precondition(lambda self: self.node_may_fail)
    @rule(steps=node_faults())
    def disturb_node(self, steps):
        self.offer(steps)

    def offer(self, steps):
        for step in steps:
            self.draft.offer(step)

    def teardown(self):
        if sys.exc_info()[0] is None:  # An aborted run (StopTest) is no plan.
            self.hand_over(self.draft.plan().steps)


def _rule_of(kind: str):
    def apply(self, steps):
        self.offer(steps)

    apply.__name__ = apply.__qualname__ = kind
    return precondition(lambda self: kind in self.draft.kinds())(rule(steps=steps_of(kind))(apply))


RabbitPlanBuilder = type("RabbitPlanBuilder", (_Builder,), {kind: _rule_of(kind) for kind in KINDS})
"""Rules are what publishers, consumers and the world do; Hypothesis's swarm leaves some out."""
