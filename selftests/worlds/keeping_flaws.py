"""Logs that drop what they should keep, or keep what they should drop."""

from typing import ClassVar

from selftests.worlds.keeping_world import KeepingWorld
from selftests.worlds.log_flaws import IN_LOG
from selftests.worlds.world import Flaw

KEY = "own"
LANE = "f1#1"


class FlawedKeeping(KeepingWorld):
    """The flaws have a key of their own."""

    flaws: ClassVar = {
        "compacts_the_latest": Flaw(
            "compacted_away", {"compaction"}, besides=dict.fromkeys(IN_LOG, "lost")
        ),
        "forgets_that_it_deleted": Flaw(
            "undeleted", {"compaction"}, besides={"current_view": "stale_view"}
        ),
        "forgets_before_all_know": Flaw("stale_view", {"current_view"}),
        "drops_the_young": Flaw("dropped_early", {"retention"}),
    }

    def __init__(self):
        super().__init__()
        self.drops_the_last = False

    def compacts_the_latest(self, *_):
        for _ in range(2):
            self._write("keyed", KEY, process=LANE)
        self.logs["keyed"].pop()

    def forgets_that_it_deleted(self, *_):
        for tombstone in (False, True):
            self._write("keyed", KEY, process=LANE, tombstone=tombstone)
        self.logs["keyed"].pop()

    def forgets_before_all_know(self, *_):
        self._write("keyed", KEY, process=LANE)
        self.work()
        self._write("keyed", KEY, process=LANE, tombstone=True)
        del self.logs["keyed"][-2:]

    def drops_the_young(self, *_):
        self.drops_the_last = True

    def end(self):
        if self.drops_the_last:
            self._write("timed", KEY, process=LANE)
            while self.logs["timed"]:
                self._drop_first(self.logs["timed"])
        super().end()
