"""Queues whose messages are confirmed, handed out, settled, requeued and dead-lettered."""

from collections import defaultdict

from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story
from selftests.worlds.world import World

DEAD = "dead"
PREFETCH = 3
TWICE = {"at_most_once_in_effect", "exactly_once_in_effect"}


class Waiting:
    """A message in a queue; `number` is its place among all that ever came."""

    def __init__(self, message, number):
        self.message, self.number, self.deliveries = message, number, 0
        self.reason = "rejected"


class Consumer:
    """A process with a subscription, and what it has not settled, by tag."""

    def __init__(self, process):
        self.process, self.tag = process, 0
        self.unsettled = {}
        self.effected = set()


class QueueWorld(World):
    """FIFO per queue; what is not settled when its consumer dies comes again at its old place."""

    verbs = (
        "publish", "publish", "publish", "unroutable", "receive", "receive", "effect",
        "ack", "nack", "reject", "crash_consumer",
    )  # fmt: skip

    def __init__(self):
        sources = {
            "q": Source(kind="queue", dead_letter=DEAD, requeue="original"),
            DEAD: Source(kind="queue"),
        }
        super().__init__(Story(groups={"w": ("q",)}, sources=sources))
        self.not_kept.add("effects_in_order")  # Two consumers, each in any order.
        self.ready, self.dead = [], []
        self.published = 0
        self.sequences = defaultdict(int)
        self.done = set()
        self.consumers = {}
        for lane in ("c1", "c2"):
            self._start(lane, 1)

    def _start(self, lane, incarnation):
        consumer = Consumer(f"{lane}#{incarnation}")
        self.consumers[lane] = consumer
        self.story.process(consumer.process, "started")
        op = self.story.invoke(
            consumer.process, "subscribe", target="q", group="w", prefetch=PREFETCH
        )
        self.story.ok(op)

    def publish(self, lane, outcome, _):
        process = f"p{lane % 2 + 1}#1"
        self.sequences[process] += 1
        message = f"{process}-{self.sequences[process]}"
        op = self.story.publish(message, target="q")
        if outcome not in {6, 7}:
            self.published += 1
            self.ready.append(Waiting(message, self.published))
        if outcome < 5:
            self.story.ok(op)
        elif outcome == 7:
            self.story.fail(op, error="nacked")
        else:
            self.story.info(op, error="ConnectionClosed")

    def unroutable(self, lane, _, __):
        process = f"p{lane % 2 + 1}#1"
        self.sequences[process] += 1
        op = self.story.publish(f"{process}-{self.sequences[process]}", target="nowhere")
        self.story.fail(op, returned_unroutable=True, error="unroutable")

    def _pick(self, number):
        return self.consumers[("c1", "c2")[number % 2]]

    def receive(self, number, most, _):
        self._receive(self._pick(number), most)

    def _receive(self, consumer, most):
        op = self.story.invoke(consumer.process, "receive", group="w")
        found = []
        while self.ready and len(found) < most and len(consumer.unsettled) < PREFETCH:
            waiting = self.ready.pop(0)
            consumer.tag += 1
            consumer.unsettled[consumer.tag] = waiting
            found.append(self._delivery(waiting, consumer.tag))
            waiting.deliveries += 1
        self.story.ok(op, deliveries=tuple(found))
        return found

    def _delivery(self, waiting, tag):
        return Delivery(
            message=waiting.message,
            source="q",
            position=tag,
            redelivered=waiting.deliveries > 0,
            deliveries=waiting.deliveries + 1,
        )

    def effect(self, number, which, _):
        consumer = self._pick(number)
        left = [tag for tag in consumer.unsettled if tag not in consumer.effected]
        if left:
            self._work(consumer, left[which % len(left)])

    def _work(self, consumer, tag):
        waiting = consumer.unsettled[tag]
        delivery = Delivery(message=waiting.message, source="q", position=tag)
        self.story.effect(consumer.process, delivery, group="w")
        consumer.effected.add(tag)
        if waiting.message in self.done:
            self.not_kept |= TWICE
        self.done.add(waiting.message)

    def _settle(self, consumer, tag, action, **fields):
        covers = (Position(source="q", position=tag),)
        op = self.story.invoke(consumer.process, action, group="w", covers=covers, **fields)
        self.story.ok(op)
        return consumer.unsettled.pop(tag)

    def ack(self, number, which, _):
        consumer = self._pick(number)
        ready = [tag for tag in consumer.unsettled if tag in consumer.effected]
        if ready:
            self._settle(consumer, ready[which % len(ready)], "ack")

    def _unworked(self, number, which):
        """Only what has no effect yet is refused: an application that knows its job."""
        consumer = self._pick(number)
        left = [tag for tag in consumer.unsettled if tag not in consumer.effected]
        return consumer, left[which % len(left)] if left else None

    def nack(self, number, which, _):
        consumer, tag = self._unworked(number, which)
        if tag is not None:
            self._requeue(self._settle(consumer, tag, "nack", requeue=True))

    def _requeue(self, waiting):
        self.ready.append(waiting)
        self.ready.sort(key=lambda each: each.number)

    def reject(self, number, which, _):
        consumer, tag = self._unworked(number, which)
        if tag is not None:
            self.dead.append(self._settle(consumer, tag, "reject", requeue=False))
            # What was refused has no effect, and the group is entitled to that.
            self.not_kept |= {"at_least_once_in_effect", "exactly_once_in_effect"}

    def crash_consumer(self, number, _, __):
        consumer = self._pick(number)
        self.story.process(consumer.process, "killed")
        for waiting in consumer.unsettled.values():
            self._requeue(waiting)
        lane, _, incarnation = consumer.process.partition("#")
        self._start(lane, int(incarnation) + 1)

    def end(self):
        for consumer in self.consumers.values():
            while True:
                for tag in list(consumer.unsettled):
                    if tag not in consumer.effected:
                        self._work(consumer, tag)
                    self._settle(consumer, tag, "ack")
                if not self._receive(consumer, 3):
                    break
        self._scan()
        self.story.done()

    def _scan(self):
        """Fresh readers take what is left: nothing of the queue, all that is dead."""
        for source, left in (("q", self.ready), (DEAD, self.dead)):
            op = self.story.invoke("scan#1", "receive", target=source)
            found = tuple(
                Delivery(
                    message=waiting.message,
                    source=source,
                    position=tag + 1,
                    reason=waiting.reason if source == DEAD else None,
                    redelivered=False,
                    target="q" if source == DEAD else None,
                )
                for tag, waiting in enumerate(left)
            )
            self.story.ok(op, deliveries=found)
