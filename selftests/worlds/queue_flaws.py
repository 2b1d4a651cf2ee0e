"""A queue that does one thing wrong: each flaw is a step, with its name and what it breaks."""

from typing import ClassVar

from selftests.worlds.queue_world import PREFETCH, QueueWorld, Waiting
from selftests.worlds.world import Flaw

LANE = "f1#1"


class FlawedQueue(QueueWorld):
    """Each flaw needs nothing that came before it; its own producer publishes for it."""

    flaws: ClassVar = {
        "hands_out_after_an_ack": Flaw("redelivered_after_ack", {"settlement"}),
        "flags_no_redelivery": Flaw("unflagged_redelivery", {"settlement"}),
        "hands_out_too_many": Flaw("over_prefetch", {"prefetch_bound"}),
        "confirms_twice": Flaw("confirmed_twice", {"confirms_resolved"}),
        "loses_a_rejected": Flaw("lost", {"dead_lettering"}),
        "gives_a_wrong_reason": Flaw("wrong_reason", {"dead_lettering"}),
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

    def _published(self):
        self.sequences[LANE] += 1
        message = f"{LANE}-{self.sequences[LANE]}"
        self.story.ok(self.story.publish(message, target="q"))
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
        consumer = self._pick(number)
        op = self.story.invoke(consumer.process, "receive", group="w")
        found = []
        for waiting in self.ready:
            consumer.tag += 1
            consumer.unsettled[consumer.tag] = waiting
            found.append(self._delivery(waiting, consumer.tag))
            waiting.deliveries += 1
        self.ready = []
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
