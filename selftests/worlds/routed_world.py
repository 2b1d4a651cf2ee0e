"""An exchange with two queues: what is published to it comes to those that its key is bound to."""

from collections import defaultdict

from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story
from selftests.worlds.world import World

BOUND = {"a": ("q", "r"), "b": ("q",)}
CONSUMER = "c1#1"
PREFETCH = 3


class RoutedWorld(World):
    """A consumer works one queue off in order; what stands in the other is read at the end."""

    verbs = ("publish", "publish", "work")

    def __init__(self):
        names = ("q", "r")
        super().__init__(Story(sources={name: Source(kind="queue") for name in names}))
        self.queues = {name: [] for name in names}
        self.sequences = defaultdict(int)
        self.tags = defaultdict(int)
        op = self.story.invoke(CONSUMER, "subscribe", target="q", group="w", prefetch=PREFETCH)
        self.story.ok(op)

    def publish(self, lane, key, _):
        self._publish(f"p{lane % 2 + 1}#1", "ab"[key % 2])

    def _publish(self, process, key, queues=None):
        """A confirmed message, which came to the queues that it belongs to, or to these."""
        self.sequences[process] += 1
        message = f"{process}-{self.sequences[process]}"
        op = self.story.publish(message, target="x", key=key, routes=BOUND[key])
        self.story.ok(op)
        for name in BOUND[key] if queues is None else queues:
            self.queues[name].append(message)
        return message

    def work(self, *_):
        for delivery in self._handed(CONSUMER, "q", 1):
            self.story.effect(CONSUMER, delivery, group="w")
            self._settle(delivery)

    def _handed(self, process, name, most):
        op = self.story.invoke(process, "receive", target=name)
        row, self.queues[name] = self.queues[name][:most], self.queues[name][most:]
        found = tuple(self._delivery(process, name, message) for message in row)
        self.story.ok(op, deliveries=found)
        return found

    def _delivery(self, process, name, message):
        self.tags[process] += 1
        return Delivery(
            message=message, source=name, position=self.tags[process], redelivered=False
        )

    def _settle(self, delivery):
        covers = (Position(source=delivery.source, position=delivery.position),)
        self.story.ok(self.story.invoke(CONSUMER, "ack", covers=covers))

    def end(self):
        for name in self.queues:
            self._handed("scan#1", name, len(self.queues[name]))
        self.story.done()
