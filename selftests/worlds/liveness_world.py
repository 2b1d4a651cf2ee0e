"""A broker that is disturbed again and again, and keeps its time once that is over."""

from collections import defaultdict
from typing import ClassVar

from deliverycheck.history import Delivery, Position
from selftests.story import Story
from selftests.worlds.world import Flaw, World

WITHIN_MS = 50
TOPICS = ("t", "u")


class LivenessWorld(World):
    """While it is disturbed anything may stay open; after that all is answered, and works."""

    verbs = ("publish", "publish", "answer", "disturb", "pause", "crash", "wait")

    def __init__(self):
        super().__init__(Story(within_ms=WITHIN_MS))
        self.logs = {topic: [] for topic in TOPICS}
        self.sequences = defaultdict(int)
        self.incarnations = dict.fromkeys(("p1", "p2"), 1)
        self.open = []

    def _call(self, lane, topic):
        """A publish that lands, whenever its answer comes."""
        process = f"{lane}#{self.incarnations.get(lane, 1)}"
        self.sequences[process] += 1
        message = f"{process}-{self.sequences[process]}"
        log = self.logs[topic]
        log.append(Delivery(message=message, source=topic, partition=0, position=len(log)))
        return self.story.publish(message, target=topic), process, log[-1].position

    def publish(self, lane, topic, outcome):
        self.open.append(self._call(("p1", "p2")[lane % 2], TOPICS[topic % 2]))
        if outcome < 5:
            self._answer(self.open.pop())

    def answer(self, which, outcome, _):
        if self.open:
            self._answer(self.open.pop(which % len(self.open)), outcome)

    def _answer(self, call, outcome=0):
        op, _, position = call
        if outcome < 5:
            self.story.ok(op, partition=0, position=position)
        else:
            self.story.info(op, error="TimedOut")

    def disturb(self, *_):
        self.story.node("b1", "killed")
        self.story.node("b1", "ready")

    def pause(self, lane, ms, _):
        lane = ("p1", "p2")[lane % 2]
        process = f"{lane}#{self.incarnations[lane]}"
        self.story.process(process, "paused")
        self.story.ms += ms
        self.story.process(process, "resumed")

    def crash(self, lane, _, __):
        """Whatever the process had open is open for ever, and nobody's fault."""
        lane = ("p1", "p2")[lane % 2]
        process = f"{lane}#{self.incarnations[lane]}"
        self.story.process(process, "killed")
        self.open = [call for call in self.open if call[1] != process]
        self.incarnations[lane] += 1
        self.story.process(f"{lane}#{self.incarnations[lane]}", "started")

    def wait(self, much, _, __):
        self.story.ms += much * 10

    def end(self):
        for topic in TOPICS:
            self._answer(self._call("last", topic))
        self.disturb()
        self._come_to_rest()
        self._scan()
        self.story.done()

    def _come_to_rest(self):
        while self.open:
            self._answer(self.open.pop())
        for topic in TOPICS:
            self._work_again(topic)

    def _work_again(self, topic):
        self._answer(self._call("last", topic))

    def _scan(self):
        for topic, log in self.logs.items():
            op = self.story.invoke("scan#1", "receive", target=topic)
            end = Position(source=topic, partition=0, position=len(log))
            self.story.ok(op, deliveries=tuple(log), ends=(end,))


class FlawedLiveness(LivenessWorld):
    """What a flaw changes is the quiet end."""

    flaws: ClassVar = {
        "never_answers": Flaw("unresolved", {"resolved_in_time"}),
        "answers_late": Flaw("unresolved", {"resolved_in_time"}),
        "refuses_for_ever": Flaw("unusable", {"usable_in_time"}),
    }

    def __init__(self):
        super().__init__()
        self.flaw = None

    def never_answers(self, *_):
        self.flaw = "never"

    def answers_late(self, *_):
        self.flaw = "late"

    def refuses_for_ever(self, *_):
        self.flaw = "refuse"

    def _come_to_rest(self):
        call = self._call("f1", "t") if self.flaw in {"never", "late"} else None
        while self.flaw == "refuse" and self.open:
            self._answer(self.open.pop(), 5)
        super()._come_to_rest()
        self.story.ms += WITHIN_MS
        if self.flaw == "late":
            self._answer(call)

    def _work_again(self, topic):
        if (self.flaw, topic) == ("refuse", "u"):
            for number in range(2):
                op = self.story.publish(f"f1#1-{number + 1}", target=topic)
                self.story.fail(op, error="NotLeader")
                self.story.ms += WITHIN_MS
        else:
            super()._work_again(topic)
