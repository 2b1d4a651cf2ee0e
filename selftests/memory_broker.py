"""Logs and groups in memory, as far as the driver and the workers in memory see them."""

from collections import defaultdict, deque

from deliverycheck.brokers import SCAN_ISOLATION, Capability, Scan
from deliverycheck.history import Source


class MemoryBroker:
    """Logs by topic and partition; of each group its committed positions and its members.

    Attributes:
        errors: what the first publishes are told, although their messages are in the log.
        remedies: errors and what to do about them, for the next calls of a transactional verb.
    """

    system, backend = "kafka", "memory"

    def __init__(self):
        self.logs = defaultdict(list)
        self.starts = defaultdict(int)
        self.committed = defaultdict(lambda: defaultdict(int))
        self.members = defaultdict(list)
        self.calls = []
        self.moved = ()
        self._leased = 0
        self.errors = deque()
        self.remedies = {}

    def lease_topic(self, partitions):
        self.partitions = partitions
        self._leased += 1
        return f"topic-x{self._leased}"

    def create_topic(self, name, partitions):
        self.calls.append(f"create {name}")

    def delete_topic(self, name):
        self.calls.append(f"delete {name}")
        for place in [place for place in self.logs if place[0] == name]:
            del self.logs[place]
        for group in [group for group in self.committed if group.startswith(name)]:
            self.committed[group].clear()

    def grow_topic(self, name, partitions):
        self.calls.append(f"grow {name} to {partitions}")
        self.partitions = partitions

    def await_topic(self, name, partitions):
        self.calls.append(f"await {name}")

    def retire_topics(self, names):
        self.calls.append(f"retire {len(names)}")

    def source_of(self, settings):
        return Source(compacted=True) if "cleanup.policy" in settings else None

    def configure_topic(self, name, settings):
        self.calls.append(f"configure {name} {settings}")

    def log_end(self, topic, partition):
        return len(self.logs[topic, partition])

    def delete_records(self, topic, partition, position):
        self.calls.append(f"delete below {position} of {topic}-{partition}")
        self.starts[topic, partition] = position
        return position

    def scan(self, topics, isolation=SCAN_ISOLATION, dropping=()):
        places = [(topic, part) for topic, parts in topics.items() for part in range(parts)]
        self.calls.append("scan")
        starts = {place: self.starts[place] for place in places if place[0] in dropping}
        return Scan(
            deliveries={place: tuple(self.logs[place][self.starts[place] :]) for place in places},
            starts=starts,
            ends={place: len(self.logs[place]) for place in places},
            moved=self.moved,
        )

    def publishers_gone(self, slot):
        self.calls.append("gone?")
        return True

    def died(self):
        return None

    def capabilities(self):
        return frozenset({Capability.LINKS, Capability.KILL, Capability.PAUSE})

    def _evidence(self, node):
        self.calls.append(f"node {node}")
        return {"pid": 1}

    kill = pause = resume = restart = _evidence
