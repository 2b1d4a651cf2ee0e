"""A log that does one thing wrong: each flaw is a step, and names what it is and what it breaks."""

from typing import ClassVar

from msgspec.structs import replace

from deliverycheck.history import Position
from selftests.worlds.log_world import LogWorld
from selftests.worlds.world import Flaw

KEY = "k1"
LANE = "f1#1"
OTHER = "f2#1"
READER = "r1#1"
IN_LOG = {"at_least_once_in_log", "exactly_once_in_log"}
WRONG_MESSAGE = {"exactly_once_in_log", "genuine_deliveries"}


class OwnProducer(LogWorld):
    """A flaw needs nothing that came before it; its own producer publishes for it."""

    def _call(self, process=LANE):
        message = self._message(process)
        return message, self.story.publish(message, process=process, target="t", key=KEY)

    def _published(self):
        message, op = self._call()
        place = self._place("t", KEY, 0)
        position = self._append(place, message)
        self.story.ok(op, partition=place[1], position=position)
        return place


class FlawedLog(OwnProducer):
    """What stands in the log, and what a reader outside all groups is handed of it."""

    flaws: ClassVar = {
        "loses": Flaw("lost", IN_LOG),
        "doubles": Flaw("duplicate", {"exactly_once_in_log"}),
        "resurrects": Flaw("resurrected", WRONG_MESSAGE),
        "invents": Flaw("phantom", WRONG_MESSAGE),
        "mangles": Flaw("mangled", WRONG_MESSAGE),
        "misroutes": Flaw("misrouted", WRONG_MESSAGE),
        "turns_round": Flaw("reordered", {"per_partition_order", "per_key_order"}),
        "turns_time_round": Flaw("backdated", {"real_time_order"}),
        "elects_an_old_leader": Flaw("epoch_regressed", {"one_log"}),
        "tells_two_stories": Flaw("conflicting_position", {"one_log"}),
        "forgets_what_was_read": Flaw("vanished", {"one_log"}),
        "leaves_one_out": Flaw("skipped", {"gapless_reading"}),
        "goes_back": Flaw("nonmonotonic", {"gapless_reading"}),
        "begins_behind_what_was_sought": Flaw("skipped", {"replay"}),
        "begins_before_what_was_sought": Flaw("sought_elsewhere", {"replay"}),
        "hands_out_what_is_paused": Flaw("handed_while_paused", {"paused_partitions"}),
        "replays_something_else": Flaw("conflicting_position", {"replay", "one_log"}),
    }

    def __init__(self):
        super().__init__()
        self.forgotten = []

    def _kept(self, place):
        return [one for one in super()._kept(place) if one not in self.forgotten]

    def loses(self, *_):
        _, op = self._call()
        self.story.ok(op)

    def doubles(self, *_):
        place = self._published()
        self._append(place, self.logs[place][-1].message)

    def resurrects(self, *_):
        message, op = self._call()
        self._append(self._place("t", KEY, 0), message)
        self.story.fail(op, error="QueueFull")

    def invents(self, *_):
        self._append(("t", 0), f"{LANE}-1000")

    def mangles(self, *_):
        place = self._published()
        self.logs[place][-1] = replace(self.logs[place][-1], mangled=("body",))

    def misroutes(self, *_):
        message, op = self._call()
        self._append(("u", 0), message)
        self.story.ok(op)

    def turns_round(self, *_):
        (first, one), (second, other) = self._call(), self._call()
        place = self._place("t", KEY, 0)
        late, early = self._append(place, second), self._append(place, first)
        self.story.ok(one, partition=place[1], position=early)
        self.story.ok(other, partition=place[1], position=late)

    def turns_time_round(self, *_):
        place = self._place("t", KEY, 0)
        first, one = self._call()
        self.story.ok(one, partition=place[1], position=len(self.logs[place]) + 1)
        second, other = self._call(OTHER)
        self.story.ok(other, partition=place[1], position=self._append(place, second))
        self._append(place, first)

    def elects_an_old_leader(self, *_):
        self.restart_broker()
        self._published()
        self.epoch -= 1
        self._published()
        self.epoch += 1

    def _read(self, *found):
        """A reader that nobody moves is handed this, one receive after the other."""
        where = {"source": found[0].source, "partition": found[0].partition}
        covers = (Position(position=found[0].position, **where),)
        self.story.ok(self.story.invoke(READER, "assign", covers=covers))
        for delivery in found:
            op = self.story.invoke(READER, "receive", target=delivery.source)
            self.story.ok(op, deliveries=(delivery,))

    def _three(self):
        """The last three messages of a partition."""
        for _ in range(3):
            place = self._published()
        return self.logs[place][-3:]

    def tells_two_stories(self, *_):
        one, other, _ = self._three()
        self._read(replace(one, message=other.message))

    def forgets_what_was_read(self, *_):
        message, op = self._call()
        place = self._place("t", KEY, 0)
        self._append(place, message)
        self.story.info(op, error="TimedOut")
        self._read(self.logs[place][-1])
        self.forgotten.append(self.logs[place][-1])

    def leaves_one_out(self, *_):
        one, _, other = self._three()
        self._read(one, other)

    def goes_back(self, *_):
        one, other, _ = self._three()
        self._read(one, other, one)

    def _sought(self, to, *found):
        """A reader asks for the position of one message and is handed others."""
        where = {"source": to.source, "partition": to.partition}
        self._read(to)
        covers = (Position(position=to.position, **where),)
        op = self.story.invoke(READER, "seek", covers=covers, whence="position")
        self.story.ok(op)
        for delivery in found:
            op = self.story.invoke(READER, "receive", target=delivery.source)
            self.story.ok(op, deliveries=(delivery,))

    def begins_behind_what_was_sought(self, *_):
        one, other, _ = self._three()
        self._sought(one, other)

    def begins_before_what_was_sought(self, *_):
        one, other, _ = self._three()
        self._sought(other, one)

    def replays_something_else(self, *_):
        one, other, _ = self._three()
        self._sought(one, replace(one, message=other.message))

    def hands_out_what_is_paused(self, *_):
        one, other, _ = self._three()
        self._read(one)
        covers = (Position(source=one.source, partition=one.partition, position=0),)
        self.story.ok(self.story.invoke(READER, "pause_partitions", covers=covers))
        op = self.story.invoke(READER, "receive", target=other.source)
        self.story.ok(op, deliveries=(other,))
