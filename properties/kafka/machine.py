"""A state machine that builds plans: a rule appends a step to a draft, no broker is near."""

from hypothesis.stateful import precondition, rule

from properties.drawing import builder_for
from properties.kafka.strategies import steps_of
from properties.kafka.vocabulary import VOCABULARY


class DeliveryPlanBuilder(builder_for(VOCABULARY)):
    """Rules are what producers, consumers and the world do; Hypothesis's swarm leaves some out."""

    @rule(steps=steps_of("publish"))
    def publish(self, steps):
        self.offer(steps)

    @precondition(lambda self: "work" in self.draft.kinds())
    @rule(steps=steps_of("work"))
    def work(self, steps):
        self.offer(steps)

    @precondition(lambda self: "settle" in self.draft.kinds())
    @rule(steps=steps_of("settle"))
    def give_back_or_up(self, steps):
        self.offer(steps)

    @precondition(lambda self: "inject" in self.draft.kinds())
    @rule(steps=steps_of("inject"))
    def disturb_link(self, steps):
        self.offer(steps)

    @precondition(lambda self: "heal" in self.draft.kinds())
    @rule(steps=steps_of("heal"))
    def heal_link(self, steps):
        self.offer(steps)

    @precondition(lambda self: "kill_worker" in self.draft.kinds())
    @rule(steps=steps_of("kill_worker"))
    def kill_worker(self, steps):
        self.offer(steps)

    @precondition(lambda self: "create_topic" in self.draft.kinds())
    @rule(steps=steps_of("create_topic"))
    def create_topic(self, steps):
        self.offer(steps)

    @precondition(lambda self: "add_partitions" in self.draft.kinds())
    @rule(steps=steps_of("add_partitions"))
    def add_partitions(self, steps):
        self.offer(steps)

    @precondition(lambda self: "change_config" in self.draft.kinds())
    @rule(steps=steps_of("change_config"))
    def change_config(self, steps):
        self.offer(steps)

    @precondition(lambda self: "compact" in self.draft.kinds())
    @rule(steps=steps_of("compact"))
    def compact(self, steps):
        self.offer(steps)

    @precondition(lambda self: "delete_records" in self.draft.kinds())
    @rule(steps=steps_of("delete_records"))
    def delete_records(self, steps):
        self.offer(steps)

    @precondition(lambda self: "remake_topic" in self.draft.kinds())
    @rule(steps=steps_of("remake_topic"))
    def make_a_topic_again(self, steps):
        self.offer(steps)

    @precondition(lambda self: "hand_over" in self.draft.kinds())
    @rule(steps=steps_of("hand_over"))
    def hand_partitions_over(self, steps):
        self.offer(steps)

    @precondition(lambda self: "work_cut_off" in self.draft.kinds())
    @rule(steps=steps_of("work_cut_off"))
    def work_cut_off(self, steps):
        self.offer(steps)

    @precondition(lambda self: "silence" in self.draft.kinds())
    @rule(steps=steps_of("silence"))
    def pause_partitions(self, steps):
        self.offer(steps)

    @precondition(lambda self: "leave" in self.draft.kinds())
    @rule(steps=steps_of("leave"))
    def unsubscribe(self, steps):
        self.offer(steps)

    @precondition(lambda self: "seek" in self.draft.kinds())
    @rule(steps=steps_of("seek"))
    def read_again(self, steps):
        self.offer(steps)

    @precondition(lambda self: "seek_deleted" in self.draft.kinds())
    @rule(steps=steps_of("seek_deleted"))
    def go_back_to_what_is_gone(self, steps):
        self.offer(steps)

    @precondition(lambda self: "expire" in self.draft.kinds())
    @rule(steps=steps_of("expire"))
    def let_what_is_there_expire(self, steps):
        self.offer(steps)

    @precondition(lambda self: "flush" in self.draft.kinds())
    @rule(steps=steps_of("flush"))
    def flush(self, steps):
        self.offer(steps)

    @precondition(lambda self: "outlast" in self.draft.kinds())
    @rule(steps=steps_of("outlast"))
    def stand_still_in_a_transaction(self, steps):
        self.offer(steps)

    @precondition(lambda self: "end_late" in self.draft.kinds())
    @rule(steps=steps_of("end_late"))
    def end_a_transaction_late(self, steps):
        self.offer(steps)

    @precondition(lambda self: "purge" in self.draft.kinds())
    @rule(steps=steps_of("purge"))
    def forget_messages(self, steps):
        self.offer(steps)

    @precondition(lambda self: "alternate" in self.draft.kinds())
    @rule(steps=steps_of("alternate"))
    def two_applications_write(self, steps):
        self.offer(steps)

    @precondition(lambda self: "end_transaction" in self.draft.kinds())
    @rule(steps=steps_of("end_transaction"))
    def end_transaction(self, steps):
        self.offer(steps)

    @precondition(lambda self: "replace" in self.draft.kinds())
    @rule(steps=steps_of("replace"))
    def replace_instance(self, steps):
        self.offer(steps)

    @precondition(lambda self: "outwait" in self.draft.kinds())
    @rule(steps=steps_of("outwait"))
    def give_a_message_up(self, steps):
        self.offer(steps)

    @precondition(lambda self: "hold" in self.draft.kinds())
    @rule(steps=steps_of("hold"))
    def let_time_pass(self, steps):
        self.offer(steps)

    @precondition(lambda self: "close" in self.draft.kinds())
    @rule(steps=steps_of("close"))
    def close_consumer(self, steps):
        self.offer(steps)

    @precondition(lambda self: "pause_worker" in self.draft.kinds())
    @rule(steps=steps_of("pause_worker"))
    def pause_worker(self, steps):
        self.offer(steps)

    @precondition(lambda self: "pause_member" in self.draft.kinds())
    @rule(steps=steps_of("pause_member"))
    def pause_member(self, steps):
        self.offer(steps)
