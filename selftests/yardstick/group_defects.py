"""Brokers that break what they promise a consumer group, one defect each."""

from deliverycheck.plans import FaultKind
from selftests.yardstick.broker import Broker
from selftests.yardstick.group import Group

SOON_MS = 10


def with_group(group_type):
    """A broker whose log is right and whose group is not."""
    return type(group_type.__name__, (Broker,), {"group_type": group_type})


class _CommitsEarly(Group):
    """What a member holds when its session ends is committed for it."""

    def __init__(self, broker):
        super().__init__(broker)
        self._handed = {}

    def fetch(self, worker, generation, positions):
        answer = super().fetch(worker, generation, positions)
        if answer.found is not None:
            self._handed[worker.process] = answer.found
        return answer

    def _expel(self, worker):
        found = self._handed.pop(worker.process, None)
        if found and worker.process in self.members and self.broker.fires():
            self.committed[found.partition] = max(self.start(found.partition), found.position + 1)
        super()._expel(worker)


class _SkipsOnRebalance(Group):
    """A partition that changes its owner loses its next record."""

    def rebalance(self):
        before = dict(self.owners)
        super().rebalance()
        for part, owner in self.owners.items():
            moved = before.get(part, owner) != owner
            if moved and self.start(part) and self.broker.fires():
                self.committed[part] = self.start(part) + 1


class _LetsAZombieCommit(Group):
    """A commit of a generation that is over is taken."""

    def commit(self, worker, generation, covers, tries):
        taken = super().commit(worker, generation, covers, tries)
        if not taken and self.broker.fires():
            self.store(covers)
            return True
        return taken


class _BeginsAgain(Group):
    """An empty group forgets what it has committed."""

    def leave(self, worker):
        super().leave(worker)
        if not self.members:
            for part in list(self.committed):
                if self.broker.fires():
                    del self.committed[part]


class _AnswersARetriedCommit(Group):
    """A commit that is sent again is answered and not stored."""

    def commit(self, worker, generation, covers, tries):
        if tries > 1 and self.broker.fires():
            return True
        return super().commit(worker, generation, covers, tries)


class _HandsOutAgain(Group):
    """A fetch soon after a delay begins one record too early."""

    def fetch(self, worker, generation, positions):
        link = worker.link
        is_soon = self.broker.time.ms - link.healed_ms < SOON_MS
        if link.healed is FaultKind.DELAY and is_soon and self.broker.fires():
            positions = {part: max(0, position - 1) for part, position in positions.items()}
        return super().fetch(worker, generation, positions)


class _HasTwoOwners(Group):
    """Who joins is given a partition that its owner keeps."""

    def assignment(self, worker):
        own = super().assignment(worker)
        if len(self.members) > 1 and 0 not in own and self.broker.fires():
            own[0] = self.start(0)
        return own


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
ANSWERS_A_RETRIED_COMMIT = with_group(_AnswersARetriedCommit)
HANDS_OUT_AGAIN = with_group(_HandsOutAgain)
HAS_TWO_OWNERS = with_group(_HasTwoOwners)
BEGINS_AT_THE_END = with_group(_BeginsAtTheEnd)
