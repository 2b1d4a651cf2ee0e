"""What plans are run against here: the real driver on a simulated broker, in simulated time."""

import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace

from deliverycheck.brokers import Endpoint, Slot
from deliverycheck.executions import LiveTarget, SlotPool, execute
from selftests.yardstick.broker import Broker
from selftests.yardstick.link import Link
from selftests.yardstick.simulated_time import SimulatedTime
from selftests.yardstick.worker import Worker

SLOTS = tuple(
    Slot(
        name=f"s{number}",
        listener=Endpoint(host="127.0.0.1", port=number),
        advertised=Endpoint(host="127.0.0.1", port=100 + number),
    )
    for number in range(1, 4)
)
PROGRAM = SimpleNamespace(
    producer_settings=lambda _, address, __: {"address": address},
    consumer_settings=lambda _, address, *__: {"address": address},
)


class World:
    """One execution's broker, links and workers; nothing outlives it."""

    def __init__(self, broker_type, fires):
        self.time = SimulatedTime()
        self.broker = broker_type(self.time, fires)
        self.broker.links = {slot.name: Link(self.time, self.broker) for slot in SLOTS}
        self.links_by_address = {
            str(slot.advertised): self.broker.links[slot.name] for slot in SLOTS
        }
        self._workers = []
        self.live = LiveTarget(
            broker=self.broker,
            links=self,
            workers=self,
            program=PROGRAM,
            slots=SlotPool(SLOTS),
            time=self.time,
        )

    # As the driver's worker pool.

    def lease(self, process):
        worker = Worker(self, process, len(self._workers))
        self._workers.append(worker)
        return worker

    def give_back(self, worker):
        pass

    # As the driver's link faults.

    def inject(self, fault, slot, direction):
        self.broker.links[slot.name].inject(fault, direction)
        for worker in self._workers:
            if worker.is_member:
                self.broker.group.watch(worker)
        return {"read_back": True}

    def heal(self, slot):
        self.broker.links[slot.name].heal()
        return {}

    def alive(self):
        return None


class SimulatedTarget:
    """Executes plans on a fresh world each; the same seed, plan and time give the same history.

    `probability` is the chance at which the broker's defect fires, each time that it could.
    """

    def __init__(self, broker_type=Broker, *, probability=1.0, seed=0):
        self._broker_type = broker_type
        self._probability = probability
        self._seed = seed
        self._times = Counter()

    def execute(self, plan, folder):
        self._times[plan.digest] += 1
        chance = Random(f"{self._seed} {plan.digest} {self._times[plan.digest]}")  # noqa: S311
        world = World(self._broker_type, lambda: chance.random() < self._probability)
        return execute(plan, world.live, folder)


def scratch():
    """A folder for executions, in memory where the machine has such."""
    memory = Path("/dev/shm")  # noqa: S108
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
