"""A queue that does one thing wrong: each flaw is a step, with its name and what it breaks."""

from typing import ClassVar

from selftests.worlds.queue_world import PREFETCH, Consumer, QueueWorld, Waiting
from selftests.worlds.world import Flaw

LANE = "f1#1"


class FlawedQueue(QueueWorld):
    """Each flaw needs nothing that came before it; its own producer publishes for it."""

    flaws: ClassVar = {
        "hands_out_after_an_ack": Flaw("redelivered_after_ack", {"settlement"}),
        "flags_no_redelivery": Flaw(
            "unflagged_redelivery", {"settlement"}, {"routed_as_bound": "duplicate"}
        ),
        "hands_out_too_many": Flaw("over_prefetch", {"prefetch_bound"}),
        "confirms_twice": Flaw("confirmed_twice", {"confirms_resolved"}),
        "loses_a_rejected": Flaw("lost", {"dead_lettering", "accounted_for"}),
        "gives_a_wrong_reason": Flaw("wrong_reason", {"dead_lettering"}),
        "buries_in_another_order": Flaw("reordered", {"dead_lettering"}),
        "turns_round": Flaw("reordered", {"fifo_per_publisher"}),
        "hands_one_to_both": Flaw(
            "shared_delivery", {"disjoint_consumers"}, {"routed_as_bound": "duplicate"}
        ),
        "answers_never": Flaw("unconfirmed", {"confirms_resolved"}),
        "returns_what_it_took": Flaw("returned_and_routed", {"routed_confirms"}),
        "confirms_what_goes_nowhere": Flaw("lost", {"routed_confirms"}),
        "requeues_behind_a_later_one": Flaw("requeued_out_of_place", {"requeue_position"}),
    }

    def _calm(self):
        """Everything that came before is worked off."""
        for consumer in self.consumers.values():
            self._finish(consumer)

    def _finish(self, consumer):
        while True:
            for tag in list(consumer.unsettled):
                if tag not in consumer.effected:
                    self._work(consumer, tag)
                self._settle(consumer, tag, "ack")
            if not self._receive(consumer, PREFETCH):
                return

    def _call(self, target="q"):
        self.sequences[LANE] += 1
        message = f"{LANE}-{self.sequences[LANE]}"
        return message, self.story.publish(message, target=target)

    def _published(self, **fields):
        message, op = self._call()
        self.story.ok(op, **fields)
        self.published += 1
        self.ready.append(Waiting(message, self.published))
        return self.ready[-1]

    def _handed(self, number):
        """A consumer that has one unsettled message, and the queue is empty."""
        self._calm()
        self._published()
        consumer = self._pick(number)
        self._receive(consumer, 1)
        (tag,) = consumer.unsettled
        return consumer, tag

    def hands_out_after_an_ack(self, number, *_):
        consumer, tag = self._handed(number)
        self._work(consumer, tag)
        waiting = self._settle(consumer, tag, "ack")
        self.crash_consumer(number + 1, 0, 0)
        self.ready.append(waiting)
        other = self._pick(number + 1)
        self._receive(other, 1)
        other.unsettled.clear()
        self.crash_consumer(number + 1, 0, 0)

    def flags_no_redelivery(self, number, *_):
        consumer, tag = self._handed(number)
        waiting = self._settle(consumer, tag, "nack", requeue=True)
        waiting.deliveries = 0
        self._requeue(waiting)
        self._receive(consumer, 1)

    def hands_out_too_many(self, number, *_):
        self._calm()
        for _ in range(PREFETCH + 1):
            self._published()
        self._hand(self._pick(number), *self.ready)
        self.ready = []

    def _hand(self, consumer, *row, **fields):
        """The consumer is handed these, whatever it holds and whoever else has them."""
        op = self.story.invoke(consumer.process, "receive", group="w", **fields)
        found = []
        for waiting in row:
            consumer.tag += 1
            consumer.unsettled[consumer.tag] = waiting
            found.append(self._delivery(waiting, consumer.tag))
            waiting.deliveries += 1
        self.story.ok(op, deliveries=tuple(found))

    def confirms_twice(self, *_):
        self._published()
        publish = max(event.op for event in self.events if getattr(event, "op", None) is not None)
        self.story.process(LANE, "confirmed_again", op=publish)

    def loses_a_rejected(self, number, *_):
        consumer, tag = self._handed(number)
        self._settle(consumer, tag, "reject", requeue=False)
        self.not_kept |= {"at_least_once_in_effect", "exactly_once_in_effect"}

    def gives_a_wrong_reason(self, number, *_):
        self._handed(number)
        self.reject(number, 0, 0)
        self.dead[-1].reason = "expired"

    def buries_in_another_order(self, number, *_):
        self._calm()
        self._published(), self._published()
        consumer = self._pick(number)
        self._receive(consumer, 2)
        self.reject(number, 0, 0), self.reject(number, 0, 0)
        self.dead[-2:] = self.dead[:-3:-1]

    def turns_round(self, number, *_):
        self._calm()
        early, late = self._published(), self._published()
        self.ready = [late, early]
        self._receive(self._pick(number), 2)

    def hands_one_to_both(self, number, *_):
        consumer, tag = self._handed(number)
        waiting, other = consumer.unsettled[tag], self._pick(number + 1)
        waiting.deliveries = 0
        self._hand(other, waiting)
        for each, its_tag in ((consumer, tag), (other, other.tag)):
            each.effected.add(its_tag)
            self._settle(each, its_tag, "ack")
        self.story.effect(consumer.process, self._delivery(waiting, tag), group="w")

    def answers_never(self, *_):
        self._call()

    def returns_what_it_took(self, *_):
        self._published(returned_unroutable=True)

    def confirms_what_goes_nowhere(self, *_):
        _, op = self._call("nowhere")
        self.story.ok(op)

    def requeues_behind_a_later_one(self, *_):
        """Of what a consumer fetches it is known when the queue sent it, and so its order."""
        self._calm()
        consumer = Consumer("g1#1")
        early = self._published()
        late = self._published()
        self.ready = []
        self._hand(consumer, early, target="q")
        self._settle(consumer, 1, "nack", requeue=True)
        for waiting in (late, early):
            self._hand(consumer, waiting, target="q")
            self._work(consumer, consumer.tag)
            self._settle(consumer, consumer.tag, "ack")
