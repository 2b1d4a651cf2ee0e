"""A simulated broker that keeps every promise; mutants override what they break."""

from collections import defaultdict
from dataclasses import dataclass

from deliverycheck.brokers import SCAN_ISOLATION, Capability, Scan
from deliverycheck.history import Delivery
from selftests.yardstick.group import Group

RESTART_MS = 300


@dataclass(slots=True)
class Record:
    """One message on its way to the log.

    Attributes:
        tries: how often it was sent by now.
        faults: of its link, each time that it was sent.
    """

    op: int
    message: str
    topic: str
    partition: int
    key: str | None
    process: str
    execution: str
    tries: int = 0
    faults: tuple = ()

    @property
    def place(self):
        return self.topic, self.partition


class Broker:
    """Logs, the group, one node. `fires` is the coin of the planted defect.

    A log holds ``None`` where a record once stood.
    """

    system, backend = "kafka", "simulated"
    group_type = Group

    def __init__(self, time, fires):
        self.time = time
        self.fires = fires
        self.logs = defaultdict(list)
        self.known = {}
        self.links = {}
        self.state = "up"
        self.waiting = []
        self.refusing = set()
        self.restarts = 0
        self.group = self.group_type(self)

    # What clients ask.

    def append(self, record):
        """The position in the log; ``None`` refuses it for good.

        After a restart each partition refuses the first record of which no copy is on its way.
        """
        if record.message in self.known:
            return self.known[record.message]
        if record.place in self.refusing and not any(record.faults):
            self.refusing.discard(record.place)
            return None
        position = self.known[record.message] = self.write(record)
        return position

    def write(self, record):
        """Stands at the end of its partition's log; the position."""
        log = self.logs[record.place]
        log.append(self.delivery(record))
        return len(log) - 1

    def delivery(self, record, **changes):
        facts = {
            "message": record.message,
            "source": record.topic,
            "partition": record.partition,
            "position": len(self.logs[record.place]),
            "execution": record.execution,
        }
        return Delivery(**{**facts, **changes})

    def read(self, topic, part, position):
        """The first record from there on."""
        return next(filter(None, self.logs[topic, part][position:]), None)

    def confirms_lost(self, record):
        """Whether the client takes a record for confirmed that failed on its way; never."""
        return False

    def opened(self, process):
        """A producer begins."""

    # What the harness asks.

    def lease_topic(self, partitions):
        self.group.topic, self.group.partitions = "topic-x1", partitions
        for part in range(partitions):
            self.logs["topic-x1", part] = []
        return "topic-x1"

    def create_topic(self, name, partitions):
        self.time.pass_ms(1)
        for part in range(partitions):
            self.logs[name, part] = []

    def delete_topic(self, name):
        self.time.pass_ms(5)
        for place in [place for place in self.logs if place[0] == name]:
            del self.logs[place]

    def grow_topic(self, name, partitions):
        self.time.pass_ms(5)
        for part in range(partitions):
            self.logs.setdefault((name, part), [])
        if name == self.group.topic:
            self.group.partitions = partitions

    def await_topic(self, name, partitions):
        self.time.pass_ms(5)

    def retire_topics(self, names):
        pass

    def source_of(self, settings):
        return None

    def configure_topic(self, name, settings):
        """It keeps all that it is given."""

    def partitions_of(self, topic):
        return sum(name == topic for name, _ in self.logs)

    def log_end(self, topic, partition):
        return len(self.logs[topic, partition])

    def delete_records(self, topic, partition, position):
        self.time.pass_ms(5)
        self.logs[topic, partition][:position] = [None] * position
        return position

    # It has no transactions.
    def scan(self, topics, isolation=SCAN_ISOLATION, dropping=()):
        places = [(topic, part) for topic, parts in topics.items() for part in range(parts)]
        return Scan(
            deliveries={place: tuple(filter(None, self.logs[place])) for place in places},
            starts={place: self._start(place) for place in places if place[0] in dropping},
            ends={place: len(self.logs[place]) for place in places},
        )

    def _start(self, place):
        """The first position that holds something; the end if none does."""
        log = self.logs[place]
        return next((at for at, record in enumerate(log) if record is not None), len(log))

    def publishers_gone(self, slot):
        self.time.pass_ms(5)
        return True

    def died(self):
        return None

    def capabilities(self):
        return frozenset({Capability.LINKS, Capability.KILL, Capability.PAUSE})

    # The node.

    def kill(self, node):
        self.state = "down"
        self.waiting.clear()
        for link in self.links.values():
            link.cut()
        return {"pid": 1}

    def restart(self, node):
        self.time.pass_ms(RESTART_MS)
        self.restarts += 1
        self.state = "up"
        self.refusing = set(self.logs)
        self.crashed()
        return {"pid": 1 + self.restarts}

    def crashed(self):
        """What a crash does to what was kept; nothing: it is on disk."""

    def pause(self, node):
        self.state = "paused"
        return {"pid": 1}

    def resume(self, node):
        self.state = "up"
        waiting, self.waiting = self.waiting, []
        for arrive in waiting:
            arrive()
        return {"pid": 1}
