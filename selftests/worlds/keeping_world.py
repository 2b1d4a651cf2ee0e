"""Logs that drop what they hold: one compacts, one keeps for a time."""

from collections import defaultdict

from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story
from selftests.worlds.world import World

KEPT_MS = 1_000
KEYS = ("k1", "k2")


class Entry:
    """A message in a log; of a tombstone only its key is left."""

    def __init__(self, delivery, key, tombstone, since_ms):
        self.delivery, self.key, self.tombstone = delivery, key, tombstone
        self.since_ms = since_ms


class KeepingWorld(World):
    """The latest value of each key stays, and what is younger than it is kept for.

    A group works the compacted log off; what it has not come to yet is not forgotten.
    """

    verbs = ("write", "write", "write", "delete", "compact", "drop", "read", "work", "wait")

    def __init__(self):
        sources = {"keyed": Source(compacted=True), "timed": Source(retention_ms=KEPT_MS)}
        super().__init__(Story(sources=sources, groups={"g": ("keyed",)}))
        self.story.subscribed("c1#1")
        self.next = 0
        self.logs = {name: [] for name in sources}
        self.ends = defaultdict(int)
        self.starts = defaultdict(int)
        self.sequences = defaultdict(int)

    def write(self, which, key, outcome):
        self._write(("keyed", "timed")[which % 2], KEYS[key % 2], outcome)

    def delete(self, key, _, outcome):
        self._write("keyed", KEYS[key % 2], outcome, tombstone=True)

    def _write(self, name, key, outcome=0, *, process="p1#1", tombstone=False):
        self.sequences[process] += 1
        message = f"{process}-{self.sequences[process]}"
        since_ms = self.story.ms + 1
        op = self.story.publish(message, target=name, key=key, tombstone=tombstone)
        position = None if outcome == 6 else self._append(name, message, key, tombstone, since_ms)
        if outcome == 6:
            self.story.fail(op, error="QueueFull")
        elif outcome == 5:
            self.story.info(op, error="TimedOut")
        else:
            self.story.ok(op, partition=0, position=position)

    def _append(self, name, message, key, tombstone, since_ms):
        position = self.ends[name]
        self.ends[name] += 1
        delivery = Delivery(
            message="" if tombstone else message, source=name, partition=0, position=position
        )
        self.logs[name].append(Entry(delivery, key, tombstone, since_ms))
        return position

    def compact(self, most, _, __):
        """Drops of the first few what was replaced, then tombstones that delete nothing."""
        log = self.logs["keyed"]
        last = {entry.key: entry for entry in log}
        for entry in [each for each in log[:most] if last[each.key] is not each]:
            log.remove(entry)
        written = [entry.key for entry in log if not entry.tombstone]
        for entry in [each for each in log[:most] if each.tombstone and each.key not in written]:
            if entry.delivery.position < self.next:
                log.remove(entry)

    def drop(self, *_):
        log = self.logs["timed"]
        while log and self.story.ms - log[0].since_ms >= KEPT_MS:
            self._drop_first(log)

    def _drop_first(self, log):
        entry = log.pop(0)
        self.starts["timed"] = entry.delivery.position + 1

    def read(self, which, _, __):
        self._read(("keyed", "timed")[which % 2], f"r{self.story.ms}#1")

    def _read(self, name, process, **told):
        op = self.story.invoke(process, "receive", target=name)
        found = tuple(entry.delivery for entry in self.logs[name])
        self.story.ok(op, deliveries=found, **told)

    def work(self, *_):
        for entry in self.logs["keyed"]:
            if entry.delivery.position >= self.next:
                self.next = entry.delivery.position + 1
                self.story.received("c1#1", entry.delivery)
                self.story.effect("c1#1", entry.delivery)

    def wait(self, much, _, __):
        self.story.ms += much * 100

    def end(self):
        self.work()
        for name in self.logs:
            start = Position(source=name, partition=0, position=self.starts[name])
            end = Position(source=name, partition=0, position=self.ends[name])
            self._read(name, "scan#1", starts=(start,), ends=(end,))
        self.story.done()
