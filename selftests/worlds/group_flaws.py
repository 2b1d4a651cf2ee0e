"""Consumer groups of which one thing goes wrong between delivery, effect and commit."""

from typing import ClassVar

from msgspec.structs import replace

from selftests.worlds.log_flaws import OwnProducer
from selftests.worlds.log_world import TWICE, Member
from selftests.worlds.world import Flaw


class FlawedGroup(OwnProducer):
    """The flaws of group g, and of its members."""

    flaws: ClassVar = {
        "has_no_effect": Flaw(
            "lost",
            {"at_least_once_in_effect", "exactly_once_in_effect"},
            besides={"commit_follows_effect": "commit_ahead"},
        ),
        "has_an_effect_twice": Flaw("duplicate", TWICE),
        "commits_first": Flaw("commit_ahead", {"commit_follows_effect"}),
        "takes_a_commit_back": Flaw("commit_regressed", {"commits_move_forward"}),
        "takes_a_commit_of_who_left": Flaw("stale_commit", {"commits_move_forward"}),
        "gives_a_partition_to_two": Flaw("overlap", {"single_owner"}),
        "hands_out_again": Flaw("repeated_delivery", {"single_delivery_in_group"}),
        "hands_out_what_is_committed": Flaw("repeated_delivery", {"single_delivery_in_group"}),
    }

    def _in_hand(self):
        """A member that has just been handed something, and nothing else in hand."""
        place = self._published()
        member = next(one for one in self.members["g"] if place in one.reads)
        while self._receive(member, 5):
            pass
        *earlier, last = member.in_hand
        self._work(member, len(earlier))
        return member, last

    def _committed(self):
        """A member that has just committed past something, that, and where it stands."""
        member, last = self._in_hand()
        self._work(member, 1)
        self._commit(member)
        return member, last, (last.source, last.partition)

    def _newcomer(self):
        """A member of g to which nothing is assigned yet."""
        self.incarnations["c-g"] += 1
        newcomer = Member(f"n{self.incarnations['c-g']}#1", "g")
        self.story.process(newcomer.process, "started")
        self.story.ok(self.story.invoke(newcomer.process, "subscribe", target="t", group="g"))
        return newcomer

    def has_no_effect(self, *_):
        self._committed()  # Of a group without any effect nobody knows whether it records them.
        self._commit_first()

    def has_an_effect_twice(self, *_):
        member, last = self._in_hand()
        self._work(member, 1)
        self.story.effect(member.process, last, group="g")

    def commits_first(self, *_):
        member, last = self._commit_first()
        member.in_hand.append(last)
        self._work(member, 1)

    def _commit_first(self):
        """A member that committed past what it had in hand, and that."""
        member, last = self._in_hand()
        place = (last.source, last.partition)
        self._told(member, "commit", {place: last.position + 1})
        self.committed["g", place] = last.position + 1
        member.effected.pop(place, None)
        member.in_hand.clear()
        return member, last

    def takes_a_commit_back(self, *_):
        member, last, place = self._committed()
        self._told(member, "commit", {place: last.position})
        self._told(member, "commit", {place: last.position + 1})

    def takes_a_commit_of_who_left(self, *_):
        member, last, place = self._committed()
        self._told(member, "revoke", member.reads)
        member.reads = {}
        rest = [each for each in self.members["g"] if each is not member]
        self.members["g"] = rest
        self._rebalance("g", [*rest, self._newcomer()])
        self._told(member, "commit", {place: last.position + 1})
        self.story.process(member.process, "killed")

    def gives_a_partition_to_two(self, *_):
        member, last, place = self._committed()
        newcomer = self._newcomer()
        self._told(newcomer, "assign", {place: last.position + 1})
        self._told(member, "commit", {place: last.position + 1})
        self._told(newcomer, "revoke", {place: last.position + 1})
        self.story.process(newcomer.process, "killed")

    def _hand(self, member, delivery):
        op = self.story.invoke(member.process, "receive", group="g")
        self.story.ok(op, deliveries=(delivery,))

    def hands_out_again(self, *_):
        member, last = self._in_hand()
        self._hand(member, replace(last, redelivered=True))

    def hands_out_what_is_committed(self, *_):
        member, last, _ = self._committed()
        self._told(member, "revoke", member.reads)
        member.reads = {}
        self.story.process(member.process, "killed")
        rest = [each for each in self.members["g"] if each is not member]
        newcomer = self._newcomer()
        self.members["g"] = rest
        self._rebalance("g", [*rest[:1], newcomer, *rest[1:]])  # Who is second has t/1.
        self._hand(newcomer, last)
