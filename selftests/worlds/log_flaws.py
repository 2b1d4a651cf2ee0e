"""A log that does one thing wrong: each flaw is a step, and names what it is and what it breaks."""

from typing import ClassVar

from selftests.worlds.log_world import LogWorld

KEY = "k1"
LANE = "f1#1"
IN_LOG = {"at_least_once_in_log", "exactly_once_in_log"}
WRONG_MESSAGE = {"exactly_once_in_log", "genuine_deliveries"}
ONCE = {"at_most_once_in_effect", "exactly_once_in_effect"}


class FlawedLog(LogWorld):
    """Each flaw needs nothing that came before it; its own producer publishes for it."""

    flaws: ClassVar = {
        "loses": ("lost", IN_LOG),
        "doubles": ("duplicate", {"exactly_once_in_log"}),
        "resurrects": ("resurrected", WRONG_MESSAGE),
        "invents": ("phantom", WRONG_MESSAGE),
        "mangles": ("mangled", WRONG_MESSAGE),
        "turns_round": ("reordered", {"per_partition_order", "per_key_order"}),
        "elects_an_old_leader": ("epoch_regressed", {"one_log"}),
        "has_an_effect_twice": ("duplicate", ONCE),
        "commits_first": ("commit_ahead", {"commit_follows_effect"}),
    }

    def _call(self):
        message = self._message(LANE)
        return message, self.story.publish(message, process=LANE, target="t", key=KEY)

    def _published(self):
        message, op = self._call()
        place = self._place("t", KEY, 0)
        position = self._append(place, message)
        self.story.ok(op, partition=place[1], position=position)
        return place

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
        log = self.logs[place]
        log[-1] = type(log[-1])(
            message=log[-1].message,
            source=log[-1].source,
            partition=log[-1].partition,
            position=log[-1].position,
            epoch=log[-1].epoch,
            mangled=("body",),
        )

    def turns_round(self, *_):
        (first, one), (second, other) = self._call(), self._call()
        place = self._place("t", KEY, 0)
        late, early = self._append(place, second), self._append(place, first)
        self.story.ok(one, partition=place[1], position=early)
        self.story.ok(other, partition=place[1], position=late)

    def elects_an_old_leader(self, *_):
        self.restart_broker()
        self._published()
        self.epoch -= 1
        self._published()
        self.epoch += 1

    def _in_hand(self, number):
        """A member that has just been handed something, and nothing else in hand."""
        place = self._published()
        member = next(one for one in self.members["g"] if place in one.reads)
        while self._receive(member, 5):
            pass
        *earlier, last = member.in_hand
        self._work(member, len(earlier))
        return member, last

    def has_an_effect_twice(self, number, *_):
        member, last = self._in_hand(number)
        self._work(member, 1)
        self.story.effect(member.process, last, group="g")

    def commits_first(self, number, *_):
        member, last = self._in_hand(number)
        place = (last.source, last.partition)
        self._told(member, "commit", {place: last.position + 1})
        self.committed["g", place] = last.position + 1
        member.effected.pop(place, None)
        self._work(member, 1)
