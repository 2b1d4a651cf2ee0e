"""The faults that are in place: put there, given time to show themselves, taken away, recorded."""

from collections.abc import Callable, Mapping
from typing import Any

from deliverycheck.executions.lane import Lane
from deliverycheck.executions.run import Run
from deliverycheck.history import FaultEvent, FaultMoment, NodeEvent, NodeState
from deliverycheck.plans import Direction, FaultKind

DWELL_S = 0.06
"""A fault healed at once never acted: a lost reply convicted 2 of 8 so, and 7 of 8 after 60 ms."""

_Act = tuple[Callable[[str], Mapping[str, Any]], NodeState]


class Disturbances:
    """The faults that are in place, by the lane that they hit."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.on_links: dict[str, tuple[FaultKind, Direction | None, int]] = {}
        self.node_down: str | None = None
        self.node_since_ns = 0

    def inject(self, lane: Lane, fault: FaultKind, direction: Direction | None) -> None:
        """The fault is on the lane's link, and the history says so."""
        since_ns = self._run.recorder.now()
        self._record(FaultMoment.INJECT, lane, fault, direction)
        self.on_links[lane.link] = (fault, direction, since_ns)
        evidence = self._run.target.links.inject(fault, lane.slot, direction)
        self._record(FaultMoment.INJECTED, lane, fault, direction, evidence)

    def heal(self, lane: Lane) -> None:
        """The fault has shown itself or had time to act, and is gone from the lane's link."""
        fault, direction, since_ns = self.on_links.pop(lane.link)
        self._dwell(max(since_ns, lane.last_call_ns), lambda: lane.last_error_ns > since_ns)
        self._record(FaultMoment.HEAL, lane, fault, direction)
        evidence = self._run.target.links.heal(lane.slot)
        self._record(FaultMoment.HEALED, lane, fault, direction, evidence)

    def _dwell(self, since_ns: int, shown: Callable[[], bool]) -> None:
        passed_s = (self._run.recorder.now() - since_ns) / 1e9
        self._run.wait(shown, max(0.0, DWELL_S - passed_s))

    def _record(
        self,
        moment: FaultMoment,
        lane: Lane,
        fault: FaultKind,
        direction: Direction | None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        self._run.recorder.write(
            FaultEvent(
                moment=moment,
                fault=fault,
                lane=lane.link,
                ns=self._run.recorder.now(),
                direction=direction,
                processes=(lane.process,) if lane.lives else (),
                evidence=dict(evidence or {}),
            )
        )

    # The node.

    def take_node(self, node: str, fault: str) -> None:
        """Kill, pause or starve the node."""
        act, state = self._acts(fault)
        self.record_plain(FaultMoment.INJECT, fault, node)
        self.node_down, self.node_since_ns = fault, self._run.recorder.now()
        evidence = act(node)
        self._record_node(node, state, evidence)
        self.record_plain(FaultMoment.INJECTED, fault, node, evidence)

    def bring_node_back(self, node: str) -> None:
        """Restart a killed node, resume another one; usable when this returns."""
        if self.node_down is None:
            return
        fault, self.node_down = self.node_down, None
        last_call_ns = max((lane.last_call_ns for lane in self._run.lanes.values()), default=0)
        self._dwell(max(self.node_since_ns, last_call_ns), lambda: False)
        self.record_plain(FaultMoment.HEAL, fault, node)
        act, state = self._heals(fault)
        evidence = act(node)
        self._record_node(node, state, evidence)
        self.record_plain(FaultMoment.HEALED, fault, node, evidence)

    def _acts(self, fault: str) -> _Act:
        target = self._run.target
        if fault == "starve":
            return target.queue_broker.starve, NodeState.STARVED
        killed = target.broker.kill, NodeState.KILLED
        return killed if fault == "kill" else (target.broker.pause, NodeState.PAUSED)

    def _heals(self, fault: str) -> _Act:
        target = self._run.target
        if fault == "starve":
            return target.queue_broker.feed, NodeState.RESUMED
        ready = target.broker.restart, NodeState.READY
        return ready if fault == "kill" else (target.broker.resume, NodeState.RESUMED)

    def _record_node(self, node: str, state: NodeState, evidence: Mapping[str, Any]) -> None:
        recorder = self._run.recorder
        recorder.write(
            NodeEvent(node=node, state=state, ns=recorder.now(), evidence=dict(evidence))
        )

    def record_plain(
        self, moment: FaultMoment, fault: str, lane: str, evidence: Mapping[str, Any] | None = None
    ) -> None:
        """Record one end of a fault that has no direction."""
        self._run.recorder.write(
            FaultEvent(
                moment=moment,
                fault=fault,
                lane=lane,
                ns=self._run.recorder.now(),
                evidence=dict(evidence or {}),
            )
        )
