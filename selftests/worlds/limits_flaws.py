"""Queues that keep one of their limits badly."""

from typing import ClassVar

from selftests.worlds.limits_world import CONSUMER, LENGTH_MAX, WAITS_MS, LimitsWorld
from selftests.worlds.world import Flaw

LANE = "f1#1"


class FlawedLimits(LimitsWorld):
    """Each flaw begins with empty queues."""

    flaws: ClassVar = {
        "hands_out_too_late": Flaw("delivered_expired", {"expiry"}),
        "lets_expire_too_soon": Flaw("expired_early", {"expiry"}),
        "loses_what_may_wait": Flaw("lost", {"expiry", "accounted_for", "routed_as_bound"}),
        "holds_too_many": Flaw("over_length", {"length_limit"}),
        "drops_its_tail": Flaw("dropped_newer", {"length_limit"}),
        "buries_where_the_dead_went_before": Flaw("misrouted", {"dead_lettering"}),
        "prefers_the_less_urgent": Flaw("priority_inverted", {"priority_order"}),
    }

    def _call(self, name):
        return self.story.invoke(CONSUMER, "receive", target=name)

    def _empty(self):
        for name in self.queues:
            while self.queues[name]:
                self._fetch(name, 5)

    def _fill(self, name, *priorities):
        self._empty()
        for priority in priorities:
            self._publish(name, LANE, priority)
        return self.queues[name]

    def hands_out_too_late(self, *_):
        row = self._fill("timed", 0)
        self.story.ms += WAITS_MS + 3
        self._hand(self._call("timed"), "timed", row)

    def lets_expire_too_soon(self, *_):
        self.not_kept.add("routed_as_bound")  # Which cannot tell it from a message that never came.
        (held,) = self._fill("timed", 0)
        self.queues["timed"].remove(held)
        self._bury(held, "expired", "expired")
        self._fetch("expired", 1)

    def loses_what_may_wait(self, *_):
        self._fill("urgent", 0)
        self._empty()  # Who settles nothing may have taken it without a trace.
        message = f"{LANE}-1000"
        op = self.story.publish(message, target="urgent", priority=0, expires_ms=1_000_000)
        self.story.ok(op)

    def _drop_nothing(self):
        """The queue takes one message too many."""
        drop, self._drop = self._drop, lambda: None
        row = self._fill("short", *[0] * (LENGTH_MAX + 1))
        self._drop = drop
        return row

    def holds_too_many(self, *_):
        row = self._drop_nothing()
        self._hand(self._call("short"), "short", row)

    def drops_its_tail(self, *_):
        row = self._drop_nothing()
        self._bury(row.pop(), "dropped", "maxlen")
        self._fetch("dropped", 1)
        self._empty()

    def buries_where_the_dead_went_before(self, *_):
        before = self.places["moved"]
        self.move()
        (held,) = self._fill("moved", 0)
        self.queues["moved"].remove(held)
        self.story.ms += WAITS_MS
        self._bury(held, before, "expired")
        self._fetch(before, 1)

    def prefers_the_less_urgent(self, *_):
        row = self._fill("urgent", 1, 2)
        for held in list(row):
            self._hand(self._call("urgent"), "urgent", [held])
