"""An exchange or a consumer that does one thing wrong."""

from typing import ClassVar

from selftests.worlds.routed_world import CONSUMER, RoutedWorld
from selftests.worlds.world import Flaw

LANE = "f1#1"


class FlawedRouting(RoutedWorld):
    """Each flaw needs nothing that came before it; its own producer publishes for it."""

    flaws: ClassVar = {
        "forgets_one_queue": Flaw("lost", {"at_least_once_in_queue", "routed_as_bound"}),
        "forgets_all_queues": Flaw(
            "lost",
            {"at_least_once_in_queue", "routed_as_bound", "accounted_for", "routed_confirms"},
        ),
        "finds_a_queue_too_many": Flaw("misrouted", {"routed_as_bound"}),
        "finds_a_queue_twice": Flaw("duplicate", {"routed_as_bound"}),
        "works_backwards": Flaw("reordered", {"effects_in_order"}),
    }

    def forgets_one_queue(self, *_):
        self._publish(LANE, "a", queues=("q",))

    def forgets_all_queues(self, *_):
        self._publish(LANE, "b", queues=())

    def finds_a_queue_too_many(self, *_):
        self._publish(LANE, "b", queues=("q", "r"))

    def finds_a_queue_twice(self, *_):
        self._publish(LANE, "b", queues=("q", "q"))
        # Its consumer does both, and says so.
        self.not_kept |= {"settlement", "at_most_once_in_effect", "exactly_once_in_effect"}

    def works_backwards(self, *_):
        while self.queues["q"]:
            self.work()
        self._publish(LANE, "b"), self._publish(LANE, "b")
        for delivery in reversed(self._handed(CONSUMER, "q", 2)):
            self.story.effect(CONSUMER, delivery, group="w")
            self._settle(delivery)
