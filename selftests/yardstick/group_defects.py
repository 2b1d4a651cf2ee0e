"""Brokers that break what they promise a consumer group, one defect each."""

from deliverycheck.plans import FaultKind
from selftests.yardstick.broker import Broker
from selftests.yardstick.group import Group

SOON_MS = 100


def with_group(group_type):
    """A broker whose log is right and whose group is not."""
    return type(group_type.__name__, (Broker,), {"group_type": group_type})


class _CommitsEarly(Group):
    """What the owner was handed last is committed for it when another takes over."""

    handed = holder = None

    def fetch(self, worker, generation, positions):
        answer = super().fetch(worker, generation, positions)
        if answer.found is not None:
            self.handed, self.holder = answer.found, worker.process
        return answer

    def rebalance(self):
        super().rebalance()
        found = self.handed
        if found and self.owner not in {None, self.holder}:
            self.handed = None
            if self.broker.fires():
                end = max(self.start(found.partition), found.position + 1)
                self.committed[found.partition] = end


class _SkipsOnRebalance(Group):
    """A partition with commits loses its next record when it changes its owner."""

    def rebalance(self):
        super().rebalance()
        for part, position in self.committed.items():
            if self.broker.fires():
                self.committed[part] = position + 1


class _LetsAZombieCommit(Group):
    """A commit of a generation that is over is taken."""

    def commit(self, worker, generation, covers, tries):
        taken = super().commit(worker, generation, covers, tries)
        if not taken and self.broker.fires():
            self.store(covers)
            return True
        return taken


class _BeginsAgain(Group):
    """A group that a member leaves in order forgets what it has committed."""

    def leave(self, worker):
        for part in list(self.committed):
            if self.broker.fires():
                del self.committed[part]
        super().leave(worker)


class _HandsOutAgain(Group):
    """A member that comes back from a fault begins one record too early."""

    def assignment(self, worker):
        own = super().assignment(worker)
        link = worker.link
        is_back = link.healed not in {None, FaultKind.DELAY}
        is_soon = self.broker.time.ms - link.healed_ms < SOON_MS
        if is_back and is_soon and self.broker.fires():
            return {part: max(0, position - 1) for part, position in own.items()}
        return own


class _HasTwoOwners(Group):
    """Who joins owns everything, and the owner before is told nothing."""

    def rebalance(self):
        generation = self.generation
        super().rebalance()
        if generation and len(self.members) > 1 and self.broker.fires():
            self.generation = generation


class _BeginsAtTheEnd(Group):
    """A partition that nobody ever committed is read from its end by a later generation."""

    def start(self, part):
        end = len(self.broker.logs[self.topic, part])
        if self.generation > 1 and part not in self.committed and end and self.broker.fires():
            return end
        return super().start(part)


class ForgetsCommitsOnCreation(Broker):
    """A new topic makes the group begin anew, without what a partition has committed."""

    def create_topic(self, name, partitions):
        super().create_topic(name, partitions)
        for part in list(self.group.committed):
            if self.fires():
                del self.group.committed[part]
        self.group.rebalance()


COMMITS_EARLY = with_group(_CommitsEarly)
SKIPS_ON_REBALANCE = with_group(_SkipsOnRebalance)
LETS_A_ZOMBIE_COMMIT = with_group(_LetsAZombieCommit)
BEGINS_AGAIN = with_group(_BeginsAgain)
HANDS_OUT_AGAIN = with_group(_HandsOutAgain)
HAS_TWO_OWNERS = with_group(_HasTwoOwners)
BEGINS_AT_THE_END = with_group(_BeginsAtTheEnd)
