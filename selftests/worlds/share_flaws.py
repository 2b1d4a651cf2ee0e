"""A share group whose broker gives a record to two."""

from typing import ClassVar

from selftests.worlds.share_world import MEMBERS, ShareWorld
from selftests.worlds.world import Flaw


class FlawedShare(ShareWorld):
    """The flaws have records of their own."""

    flaws: ClassVar = {
        "hands_one_record_to_two": Flaw("shared_record", {"record_lock"}),
        "forgets_that_it_was_rejected": Flaw("shared_record", {"record_lock"}),
    }

    def hands_one_record_to_two(self, *_):
        record = self._write("f1#1")
        self._acquire(MEMBERS[0], [record])
        record.count -= 1
        self._acquire(MEMBERS[1], [record])
        self._settle(record, "ack")

    def forgets_that_it_was_rejected(self, *_):
        record = self._write("f1#1")
        self._acquire(MEMBERS[0], [record])
        self._settle(record, "reject")
        self._acquire(MEMBERS[1], [record])
