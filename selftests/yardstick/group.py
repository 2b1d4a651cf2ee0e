"""The one consumer group of a simulated broker: members, who owns what, what is committed."""

from types import SimpleNamespace

SESSION_MS = 60
"""A member that cannot be reached so long is expelled; short: waiting takes a line a poll."""


class Group:
    """Eager rebalance, and commits only by the owner in the current generation."""

    def __init__(self, broker):
        self.broker = broker
        self.topic = None
        self.partitions = 0
        self.members = {}
        self.generation = 0
        self.owner = None
        self.committed = {}

    def join(self, worker):
        if worker.process not in self.members:
            self.members[worker.process] = worker
            self.rebalance()

    def leave(self, worker):
        """In order, by a member's own wish."""
        self.remove(worker)

    def remove(self, worker):
        if self.members.pop(worker.process, None):
            self.rebalance()

    def rebalance(self):
        """A new generation begins; who joined last owns all partitions, and the others none."""
        self.generation += 1
        self.owner = next(reversed(self.members), None)

    def watch(self, worker):
        """A member that cannot be reached now is expelled if it still cannot after its session."""
        self.broker.time.after(SESSION_MS, lambda: self._expel(worker))

    def _expel(self, worker):
        if self.members.get(worker.process) is worker and not worker.is_reachable:
            if self.broker.state == "up":
                self.remove(worker)
            else:
                self.watch(worker)

    def start(self, part):
        """Where a new owner of the partition begins."""
        return self.committed.get(part, 0)

    def assignment(self, worker):
        """What the member owns in this generation, with where to begin."""
        own = range(self.partitions) if self.owner == worker.process else ()
        return {part: self.start(part) for part in own}

    def fetch(self, worker, generation, positions):
        """The first record that is there for the member, or what it has to know first."""
        answer = SimpleNamespace(generation=self.generation, own=None, found=None, ends={})
        if self.members.get(worker.process) is not worker:
            self.join(worker)
            answer.generation = self.generation
        if answer.generation != generation:
            answer.own = self.assignment(worker)
            return answer
        for part, position in positions.items():
            answer.found = self.broker.read(self.topic, part, position)
            if answer.found is not None:
                return answer
            answer.ends[part] = len(self.broker.logs[self.topic, part])
        return answer

    def commit(self, worker, generation, covers, tries):
        """Whether the positions were taken. `tries` counts the sendings of this one commit."""
        owner = self.members.get(worker.process) is worker and generation == self.generation
        if owner:
            self.store(covers)
        return owner

    def store(self, covers):
        for one in covers:
            self.committed[one.partition] = one.position
