"""A share group: each record is one member's at a time, until it is settled or its lock is over."""

from deliverycheck.history import Delivery, Position
from selftests.story import Story
from selftests.worlds.world import World

MEMBERS = ("m1#1", "m2#1")
FINAL = {"ack", "reject"}


class Record:
    """What the broker knows of one record."""

    def __init__(self, message, position):
        self.message, self.position = message, position
        self.count, self.holder, self.over = 0, None, False


class ShareWorld(World):
    """Members acquire records, settle them, or let their locks run out."""

    verbs = ("write", "acquire", "acquire", "settle", "settle", "expire")

    def __init__(self):
        super().__init__(Story(groups={"g": ("t",)}))
        self.records = []

    def write(self, *_):
        self._write("p1#1")

    def _write(self, process):
        record = Record(f"{process}-{len(self.records) + 1}", len(self.records))
        self.records.append(record)
        op = self.story.publish(record.message)
        self.story.ok(op, partition=0, position=record.position)
        return record

    def acquire(self, who, *_):
        free = [each for each in self.records if each.holder is None and not each.over]
        self._acquire(MEMBERS[who % 2], free[:1])

    def _acquire(self, member, records):
        op = self.story.invoke(member, "receive", group="g")
        for record in records:
            record.count += 1
            record.holder = member
        self.story.ok(op, deliveries=tuple(map(self._delivery, records)))

    def _delivery(self, record):
        place = {"source": "t", "partition": 0, "position": record.position}
        return Delivery(message=record.message, deliveries=record.count, **place)

    def settle(self, which, how, effective):
        held = [each for each in self.records if each.holder is not None]
        if held:
            record = held[which % len(held)]
            self._settle(record, ("ack", "nack", "reject")[how % 3], unknown=effective == 7)

    def _settle(self, record, action, *, unknown=False):
        member, record.holder = record.holder, None
        if action == "ack":
            self._effect(member, record)
        record.over = action in FINAL
        covers = (Position(source="t", partition=0, position=record.position),)
        requeue = None if action == "ack" else action == "nack"
        op = self.story.invoke(member, action, group="g", covers=covers, requeue=requeue)
        (self.story.info if unknown else self.story.ok)(op)

    def _effect(self, member, record):
        op = self.story.invoke(member, "effect", group="g", deliveries=(self._delivery(record),))
        self.story.ok(op)

    def expire(self, which, *_):
        held = [each for each in self.records if each.holder is not None]
        if held:
            held[which % len(held)].holder = None

    def end(self):
        for record in self.records:
            if not record.over:
                if record.holder is None:
                    self._acquire(MEMBERS[0], [record])
                self._settle(record, "ack")
        op = self.story.invoke("scan#1", "receive", target="t")
        found = [
            Delivery(message=one.message, source="t", partition=0, position=one.position)
            for one in self.records
        ]
        self.story.ok(op, deliveries=tuple(found))
        self.story.done()
