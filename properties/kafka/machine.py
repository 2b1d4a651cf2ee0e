"""A state machine that builds plans. It never touches a broker: a rule appends a step to a draft."""

import sys
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from deliverycheck.plans import Step, Subject
from deliverycheck.plans.kafka import KafkaDraft
from properties.kafka.strategies import node_faults, steps_of
from properties.kafka.vocabulary import NODE_FAULT_SHARE

class DeliveryPlanBuilder(RuleBasedStateMachine):
    """Rules are what producers, consumers and the world do; Hypothesis's swarm leaves some out."""

    def __init__(self, subject: Subject, hand_over: Callable[[tuple[Step, ...]], None]):
        super().__init__()
        self.draft = KafkaDraft(subject)
        self.hand_over = hand_over
        self.node_may_fail = False

    @initialize(chance=st.integers(min_value=1, max_value=NODE_FAULT_SHARE))
    def decide_whether_the_node_may_fail(self, chance):
        self.node_may_fail = chance == NODE_FAULT_SHARE

    @rule(step=steps_of("publish"))
    def publish(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "work" in self.draft.kinds())
    @rule(step=steps_of("work"))
    def work(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "inject" in self.draft.kinds())
    @rule(step=steps_of("inject"))
    def disturb_link(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "heal" in self.draft.kinds())
    @rule(step=steps_of("heal"))
    def heal_link(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "kill_worker" in self.draft.kinds())
    @rule(step=steps_of("kill_worker"))
    def kill_worker(self, step):
        self.draft.offer(step)

    @rule(step=steps_of("create_topic"), then=steps_of("publish"))
    def create_topic(self, step, then):
        self.draft.offer(step)
        self.draft.offer(then)

    @precondition(lambda self: "flush" in self.draft.kinds())
    @rule(step=steps_of("flush"))
    def flush(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "hold" in self.draft.kinds())
    @rule(step=steps_of("hold"))
    def let_time_pass(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "close" in self.draft.kinds())
    @rule(step=steps_of("close"))
    def close_consumer(self, step):
        self.draft.offer(step)

    @precondition(lambda self: "pause_worker" in self.draft.kinds())
    @rule(step=steps_of("pause_worker"))
    def pause_worker(self, step):
        self.draft.offer(step)

    @precondition(lambda self: self.node_may_fail)
    @rule(step=node_faults())
    def disturb_node(self, step):
        self.draft.offer(step)

    def teardown(self):
        if sys.exc_info()[0] is None:  # An aborted run (StopTest) is no plan.
            self.hand_over(self.draft.plan().steps)
