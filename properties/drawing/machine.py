"""A state machine that builds plans: a rule appends steps to a draft, no broker is near."""

import sys
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from deliverycheck.plans import Step, Subject
from properties.drawing.strategies import node_faults
from properties.drawing.vocabulary import Vocabulary


def builder_for(vocabulary: Vocabulary) -> type[RuleBasedStateMachine]:
    """What all machines over the vocabulary have in common; the rules are a system's own."""
    share = vocabulary.node_fault_share

    class PlanBuilder(RuleBasedStateMachine):
        def __init__(self, subject: Subject, hand_over: Callable[[tuple[Step, ...]], None]):
            super().__init__()
            self.draft = vocabulary.draft(subject)
            self.hand_over = hand_over
            self.node_may_fail = False

        @initialize(chance=st.integers(min_value=1, max_value=share))
        def decide_whether_the_node_may_fail(self, chance):
            self.node_may_fail = chance == share

        @precondition(lambda self: self.node_may_fail)
        @rule(steps=node_faults(vocabulary))
        def disturb_node(self, steps):
            self.offer(steps)

        def offer(self, steps):
            for step in steps:
                self.draft.offer(step)

        def teardown(self):
            if sys.exc_info()[0] is None:  # An aborted run (StopTest) is no plan.
                self.hand_over(self.draft.plan().steps)

    return PlanBuilder
