"""Histories as the driver writes them, told by hand, for the sample campaign."""

from deliverycheck.history import Phase, PhaseMark
from selftests.story import Story, at


class Driven(Story):
    """A story with what the driver adds: phases, processes, links, waiting."""

    def phase(self, name):
        self.events.append(PhaseMark(phase=Phase(name), ns=self._now()))

    def wait(self, ms):
        self.ms += ms

    def opened(self, process):
        op = self.invoke(process, "open")
        self.wait(18)
        self.ok(op)
        link = f"link {process.partition('#')[0]}"
        self.process(process, "started", link=link)

    def tail(self, *found):
        """Settle, drain, and a fresh reader that finds these messages."""
        self.phase("settle")
        self.wait(40)
        self.phase("drain")
        self.wait(6)
        self.phase("scan")
        self.scanned(*found)
        self.done()
        return self

    def confirmed_alone(self, message):
        """``acks=0``: the client says that it is done, which proves nothing."""
        op = self.publish(message)
        self.returned(op)
        self.wait(2)
        self.info(op, confirmed=True)
        return op


def black_holed():
    """acks=0: handed over into silence, confirmed by nobody, lost."""
    story = Driven(relies_on="call_returned")
    story.phase("workload")
    story.opened("p1#1")
    story.confirmed_alone("p1#1-1")
    story.injected("black_hole", "link p1", direction="upstream", processes=("p1#1",))
    story.wait(12)
    story.confirmed_alone("p1#1-2")
    story.wait(60)
    story.healed("black_hole", "link p1")
    story.process("p1#1", "error", error="_TRANSPORT")
    return story.tail("p1#1-1")


def killed_unflushed():
    """Three messages handed over and the process killed before they left."""
    story = Driven(relies_on="call_returned")
    story.phase("workload")
    story.opened("p1#1")
    ops = [story.publish(f"p1#1-{number}") for number in (1, 2, 3)]
    for op in ops:
        story.returned(op)
    story.process("p1#1", "killed")
    story.opened("p1#2")
    story.published("p1#2-1", 0)
    return story.tail("p1#2-1")


def reply_lost():
    """A plain producer sends again what had arrived: twice in the log."""
    story = Driven()
    story.phase("workload")
    story.opened("p1#1")
    story.published("p1#1-1", 0)
    story.injected("lose_reply", "link p1", direction="downstream", processes=("p1#1",))
    op = story.publish("p1#1-2")
    story.returned(op)
    story.wait(61)
    story.process("p1#1", "error", error="_TRANSPORT")
    story.healed("lose_reply", "link p1")
    story.wait(110)
    story.ok(op, partition=0, position=2)
    return story.tail("p1#1-1", "p1#1-2", "p1#1-2")


def overtaken():
    """Two batches in flight; the first is sent again behind the second."""
    story = Driven()
    story.phase("workload")
    story.opened("p1#1")
    story.injected("lose_reply", "link p1", direction="downstream", processes=("p1#1",))
    first, second = story.publish("p1#1-1"), story.publish("p1#1-2")
    story.returned(first)
    story.returned(second)
    story.wait(64)
    story.healed("lose_reply", "link p1")
    story.wait(100)
    story.ok(second, partition=0, position=2)
    story.ok(first, partition=0, position=3)
    return story.tail("p1#1-1", "p1#1-2", "p1#1-2", "p1#1-1")


def just_created():
    """Confirmed without a place, in a topic 3 ms old: never written."""
    story = Driven()
    story.phase("workload")
    story.opened("p1#1")
    op = story.invoke("admin#1", "declare", target="t")
    story.wait(3)
    story.ok(op)
    ops = [story.publish(f"p1#1-{number}") for number in range(1, 6)]
    story.wait(30)
    for place, op in enumerate(ops):
        story.ok(op, partition=0, position=None if place < 2 else place - 2)
    return story.tail("p1#1-3", "p1#1-4", "p1#1-5")


def consumed(order, *, again=False):
    """Two messages; the consumer is killed between the calls of `order`, its successor goes on."""
    story = Driven(groups={"g": ("t",)})
    story.phase("workload")
    story.opened("p1#1")
    story.published("p1#1-1", 0)
    story.published("p1#1-2", 1)
    story.opened("c1#1")
    op = story.invoke("c1#1", "subscribe", group="g", target="t")
    story.wait(35)
    story.ok(op)
    first = at("p1#1-1", 0)
    story.received("c1#1", first)
    if order == "effect":
        story.effect("c1#1", first)
    else:
        story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    story.phase("settle")
    story.opened("c1#2")
    op = story.invoke("c1#2", "receive", group="g")
    story.wait(512)
    story.ok(op)
    story.phase("drain")
    for each in (first, at("p1#1-2", 1)) if again else (at("p1#1-2", 1),):
        story.received("c1#2", each)
        story.effect("c1#2", each)
        story.committed("c1#2", (each.position or 0) + 1)
    story.phase("scan")
    story.scanned("p1#1-1", "p1#1-2")
    story.done()
    return story
