"""Queues with limits, from which consumers fetch: by length, by time to wait, by priority."""

from collections import defaultdict

from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story
from selftests.worlds.world import World

LENGTH_MAX = 2
WAITS_MS = 40
PRIORITIES = 3
CONSUMER = "c1#1"
PLACES = ("expired", "aside")
"""To one of them go the dead of the queue whose limits are set while it is in use."""
_NS_PER_MS = 1_000_000


class Held:
    """A message in a queue, with the time by which it came."""

    def __init__(self, message, priority, since_ms):
        self.message, self.priority, self.since_ms = message, priority, since_ms
        self.reason = None


def moved_to(place):
    """The queue whose dead go there now."""
    return Source(kind="queue", expires_ms=WAITS_MS, dead_letter=place, limited_later=True)


class LimitsWorld(World):
    """A short queue drops its head, what waited too long dies, what is urgent goes first."""

    verbs = ("publish", "publish", "publish", "fetch", "fetch", "wait", "move")

    def __init__(self):
        sources = {
            "short": Source(
                kind="queue", length_max=LENGTH_MAX, overflow="drop_head", dead_letter="dropped"
            ),
            "timed": Source(kind="queue", expires_ms=WAITS_MS, dead_letter="expired"),
            "urgent": Source(kind="queue", priorities=PRIORITIES),
            "moved": moved_to(PLACES[0]),
            "dropped": Source(kind="queue"),
            **{place: Source(kind="queue") for place in PLACES},
        }
        self.places = {"timed": PLACES[0], "moved": PLACES[0]}
        super().__init__(Story(sources=sources))
        self.queues = {name: [] for name in sources}
        self.sequences = defaultdict(int)
        self.tags = defaultdict(int)

    def publish(self, which, priority, outcome):
        self._publish(
            ("short", "timed", "urgent", "moved")[which % 4], "p1#1", priority % 4, outcome
        )

    def _publish(self, name, process, priority=None, outcome=0):
        self.sequences[process] += 1
        message = f"{process}-{self.sequences[process]}"
        # More than the highest level is the highest level.
        fields = {"priority": priority} if name == "urgent" else {}
        op = self.story.publish(message, target=name, **fields)
        if outcome < 6:
            self.story.ok(op)
        else:
            self.story.info(op, error="ConnectionClosed")
        if outcome < 7:
            level = min(priority or 0, PRIORITIES - 1) if name == "urgent" else 0
            self.queues[name].append(Held(message, level, self.story.ms))
        self._drop()

    def _drop(self):
        short = self.queues["short"]
        while len(short) > LENGTH_MAX:
            self._bury(short.pop(0), "dropped", "maxlen")

    def _expire(self):
        for name, place in self.places.items():
            timed = self.queues[name]
            while timed and self.story.ms - timed[0].since_ms >= WAITS_MS:
                self._bury(timed.pop(0), place, "expired")

    def _bury(self, held, name, reason):
        held.reason = reason
        self.queues[name].append(held)

    def fetch(self, which, most, _):
        self._fetch(tuple(self.queues)[which % len(self.queues)], most)

    def _fetch(self, name, most, process=CONSUMER):
        op = self.story.invoke(process, "receive", target=name)
        self._expire()
        row = sorted(self.queues[name], key=lambda held: -held.priority)[:most]
        self._hand(op, name, row, process)

    def _hand(self, op, name, row, process=CONSUMER):
        """The call is answered with these, and all of them are settled."""
        self.queues[name] = [held for held in self.queues[name] if held not in row]
        found = []
        for held in row:
            self.tags[process] += 1
            found.append(self._delivery(held, name, self.tags[process]))
        self.story.ok(op, deliveries=tuple(found))
        for delivery in found:
            covers = (Position(source=name, position=delivery.position),)
            self.story.ok(self.story.invoke(process, "ack", covers=covers))

    def _delivery(self, held, name, tag):
        return Delivery(
            message=held.message,
            source=name,
            position=tag,
            redelivered=False,
            reason=held.reason,
        )

    def move(self, *_):
        """What dies from now on goes to the other place."""
        self._expire()
        (place,) = set(PLACES) - {self.places["moved"]}
        becomes = moved_to(place)
        op = self.story.invoke("admin#1", "set_limits", target="moved", becomes=becomes)
        self.places["moved"] = place
        self.story.ok(op)

    def wait(self, much, _, __):
        self.story.ms += much * 10

    def end(self):
        for name in self.queues:
            while self.queues[name]:
                self._fetch(name, 5)
        for name in self.queues:
            self._fetch(name, 1, "scan#1")
        self.story.done()
