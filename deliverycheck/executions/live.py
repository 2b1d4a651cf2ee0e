"""What an execution runs against: the broker, the faults on its links, the workers, the slots."""

import selectors
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol, cast

from deliverycheck.brokers import (
    Broker,
    Capability,
    InfrastructureError,
    LogBroker,
    QueueBroker,
    Slot,
)
from deliverycheck.clients import ClientProgram, WorkerPool
from deliverycheck.plans import Direction, FaultKind

SLOT_WAIT_S = 60.0
"""Slots come back when executions end; the longest take some 20 s."""


class InconclusiveError(InfrastructureError):
    """Trouble of the infrastructure, named: the execution says nothing about the subject."""


class LinkFaults(Protocol):
    """Disturbs links; `faults.Injector` is one. May be called from any thread."""

    def inject(
        self, fault: FaultKind, slot: Slot, direction: Direction | None
    ) -> Mapping[str, Any]:
        """The fault is in place, and the evidence says what was read back."""

    def heal(self, slot: Slot) -> Mapping[str, Any]:
        """No fault is on the link."""

    def alive(self) -> str | None:
        """Why it can act no more; ``None`` while it can."""


class Time(Protocol):
    """How an execution tells the time and waits; a simulated target brings its own."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds; only differences mean anything."""

    def selector(self) -> selectors.BaseSelector:
        """Waits for what workers say."""


class RealTime:
    """The machine's own."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def selector(self) -> selectors.BaseSelector:
        return selectors.DefaultSelector()


class SlotPool:
    """Lends link slots; one that comes back is healed."""

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)

    def lease(self) -> Slot:
        """A slot that nobody else uses.

        Raises:
            InconclusiveError: none came free in time.
        """
        try:
            return self._free.get(timeout=SLOT_WAIT_S)
        except Empty:
            msg = f"no link slot came free within {SLOT_WAIT_S:.0f} s; run fewer executions at once"
            raise InconclusiveError(msg) from None

    def give_back(self, slot: Slot) -> None:
        """The slot is free for another execution."""
        self._free.put(slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTarget:
    """Everything real that plans are run against; it lives as long as a campaign.

    Attributes:
        own_slots: of client libraries that cannot use the other slots, by name.
    """

    broker: Broker
    links: LinkFaults
    workers: WorkerPool
    program: ClientProgram
    slots: SlotPool
    own_slots: Mapping[str, SlotPool] = field(default_factory=dict)
    time: Time = RealTime()  # noqa: RUF009  # it has no state

    @property
    def log_broker(self) -> LogBroker:
        """The broker of a system of logs; plans about topics are run against no other."""
        return cast("LogBroker", self.broker)

    @property
    def queue_broker(self) -> QueueBroker:
        """The broker of a system of queues; plans with a topology are run against no other."""
        return cast("QueueBroker", self.broker)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the backend can do to its broker."""
        return self.broker.capabilities()
