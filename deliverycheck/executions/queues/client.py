"""What publishers and consumers of queues have in common: one connection, which may be lost."""

from typing import Any

from deliverycheck.brokers import Slot
from deliverycheck.clients import Remedy, Reply, commands
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.queues.place import QueuePlace
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.history import Action
from deliverycheck.plans.heartbeats import heartbeat_s

PROVE_MS = 1000
"""A round trip takes some 0.5 ms; on a faulted link it is given up before the call's deadline."""


class QueueLane(Lane):
    """A lane whose client does not connect again by itself: the application takes a new one.

    Attributes:
        gone: the client said that its connection or channel is lost.
        closed: its application closed it, and did not open it again since.
        leaves_traces: a client of it ended otherwise than in order, or its link was disturbed: the
            broker may not have noticed yet, and the proxy may hold bytes of it.
    """

    def __init__(self, run: Run, name: str, slot: Slot, place: QueuePlace) -> None:
        super().__init__(run, name, slot)
        self.place = place
        self.gone = False
        self.closed = False
        self.leaves_traces = False

    def enlist(self) -> None:
        super().enlist()
        self.gone = self.closed = False

    def traits(self) -> dict[str, int]:
        heartbeat = heartbeat_s(self.run.plan.subject, self.name)
        found = {} if heartbeat is None else {"heartbeat_s": heartbeat}
        return found if self.channel is None else {**found, "channel": self.channel}

    def take_in(self, event: object) -> None:
        super().take_in(event)
        if isinstance(event, Reply) and event.remedy is Remedy.DISCARD:
            self.gone = True

    def prove(self) -> bool:
        """Make a round trip on the channel, so that what was settled is known to be; whether."""
        reply = self.call(commands.Prove(timeout_ms=PROVE_MS))
        return reply is not None and reply.error is None

    @property
    def mates(self) -> list[str]:
        """The other lanes that live by the same connection, by name."""
        return [lane.name for lane in self.workers.mates(self)]

    def closing(self) -> int:
        """The client is about to be closed in order; the operation."""
        unconfirmed = any(self.action_of(one) is Action.PUBLISH for one in self.open_ops)
        # If the broker does not answer the close, that may still be on its way.
        self.leaves_traces = self.leaves_traces or unconfirmed
        return self.invoke(Action.CLOSE)

    def kill(self) -> dict[str, Any]:
        self.leaves_traces = True
        return super().kill()

    def dismiss(self, deadline_s: float = CALL_DEADLINE_S) -> bool:
        was_lost = self.lives and (self.gone or self.busy)
        in_order = super().dismiss(deadline_s)
        self.leaves_traces = self.leaves_traces or was_lost or not in_order
        return in_order

    def discard(self, why: str) -> None:
        """The client is of no use any more; the next step of the lane takes another one."""
        self.run.note(self.process, "discarded", evidence={"because": why})
        self.dismiss()

    def discard_if_gone(self) -> None:
        """A client that is lost makes room for the next one."""
        if self.lives and self.gone and not self.busy:
            self.discard("its connection is lost")
