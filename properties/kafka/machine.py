"""A state machine that builds plans: a rule appends a step to a draft, no broker is near."""

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

    @rule(steps=steps_of("publish"))
    def publish(self, steps):
        self._offer(steps)

    @precondition(lambda self: "work" in self.draft.kinds())
    @rule(steps=steps_of("work"))
    def work(self, steps):
        self._offer(steps)

    @precondition(lambda self: "settle" in self.draft.kinds())
    @rule(steps=steps_of("settle"))
    def give_back_or_up(self, steps):
        self._offer(steps)

    @precondition(lambda self: "inject" in self.draft.kinds())
    @rule(steps=steps_of("inject"))
    def disturb_link(self, steps):
        self._offer(steps)

    @precondition(lambda self: "heal" in self.draft.kinds())
    @rule(steps=steps_of("heal"))
    def heal_link(self, steps):
        self._offer(steps)

    @precondition(lambda self: "kill_worker" in self.draft.kinds())
    @rule(steps=steps_of("kill_worker"))
    def kill_worker(self, steps):
        self._offer(steps)

    @precondition(lambda self: "create_topic" in self.draft.kinds())
    @rule(steps=steps_of("create_topic"))
    def create_topic(self, steps):
        self._offer(steps)

    @precondition(lambda self: "add_partitions" in self.draft.kinds())
    @rule(steps=steps_of("add_partitions"))
    def add_partitions(self, steps):
        self._offer(steps)

    @precondition(lambda self: "compact" in self.draft.kinds())
    @rule(steps=steps_of("compact"))
    def compact(self, steps):
        self._offer(steps)

    @precondition(lambda self: "delete_records" in self.draft.kinds())
    @rule(steps=steps_of("delete_records"))
    def delete_records(self, steps):
        self._offer(steps)

    @precondition(lambda self: "flush" in self.draft.kinds())
    @rule(steps=steps_of("flush"))
    def flush(self, steps):
        self._offer(steps)

    @precondition(lambda self: "outlast" in self.draft.kinds())
    @rule(steps=steps_of("outlast"))
    def stand_still_in_a_transaction(self, steps):
        self._offer(steps)

    @precondition(lambda self: "end_late" in self.draft.kinds())
    @rule(steps=steps_of("end_late"))
    def end_a_transaction_late(self, steps):
        self._offer(steps)

    @precondition(lambda self: "purge" in self.draft.kinds())
    @rule(steps=steps_of("purge"))
    def forget_messages(self, steps):
        self._offer(steps)

    @precondition(lambda self: "alternate" in self.draft.kinds())
    @rule(steps=steps_of("alternate"))
    def two_applications_write(self, steps):
        self._offer(steps)

    @precondition(lambda self: "end_transaction" in self.draft.kinds())
    @rule(steps=steps_of("end_transaction"))
    def end_transaction(self, steps):
        self._offer(steps)

    @precondition(lambda self: "replace" in self.draft.kinds())
    @rule(steps=steps_of("replace"))
    def replace_instance(self, steps):
        self._offer(steps)

    @precondition(lambda self: "outwait" in self.draft.kinds())
    @rule(steps=steps_of("outwait"))
    def give_a_message_up(self, steps):
        self._offer(steps)

    @precondition(lambda self: "hold" in self.draft.kinds())
    @rule(steps=steps_of("hold"))
    def let_time_pass(self, steps):
        self._offer(steps)

    @precondition(lambda self: "close" in self.draft.kinds())
    @rule(steps=steps_of("close"))
    def close_consumer(self, steps):
        self._offer(steps)

    @precondition(lambda self: "pause_worker" in self.draft.kinds())
    @rule(steps=steps_of("pause_worker"))
    def pause_worker(self, steps):
        self._offer(steps)

    @precondition(lambda self: "pause_member" in self.draft.kinds())
    @rule(steps=steps_of("pause_member"))
    def pause_member(self, steps):
        self._offer(steps)

    @precondition(lambda self: self.node_may_fail)
    @rule(steps=node_faults())
    def disturb_node(self, steps):
        self._offer(steps)

    def _offer(self, steps):
        for step in steps:
            self.draft.offer(step)

    def teardown(self):
        if sys.exc_info()[0] is None:  # An aborted run (StopTest) is no plan.
            self.hand_over(self.draft.plan().steps)
