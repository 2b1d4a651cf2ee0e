"""When a consumer may have let go of what it held, whether it meant to or not."""

from collections import defaultdict
from math import inf

from deliverycheck.guarantees.queues.handing import Handing
from deliverycheck.guarantees.windows import Reach
from deliverycheck.history import Action, History, NodeState

_GOES_ON = frozenset({"started", "held", "released", "answered", "step", "prefetched"})
_LETS_GO = frozenset({Action.CLOSE, Action.REVOKE, Action.LOST})


class Excuses:
    """What may have made a queue hand out again what a process had been handed."""

    def __init__(self, history: History) -> None:
        self._reach = Reach(history)
        self._faults = history.faults
        clients = {event.process for event in history.processes}
        clients |= {operation.process for operation in history.operations}
        everywhere = [event.ns for event in history.nodes if event.state is not NodeState.READY]
        everywhere += [
            span.inject_ns
            for span in history.faults
            if not any(self._reach.hits(span, process) for process in clients)
        ]
        self._everywhere = min(everywhere, default=None)
        self._gone: dict[str, list[int]] = defaultdict(list)
        for event in history.processes:
            if event.what not in _GOES_ON:
                self._gone[event.process].append(event.ns)
        for action in _LETS_GO:
            for operation in history.select(action):
                self._gone[operation.process].append(operation.invoked_ns)
        self._firsts: dict[str, int | None] = {}

    def explain(self, one: Handing, other: Handing) -> bool:
        """Whether anything explains that the one process was handed what the other had."""
        end_ns = max(one.handed_ns, other.handed_ns)
        moments = [self._everywhere, self._first(one.process), self._first(other.process)]
        refused = any(
            operation.action is not Action.ACK
            for handing in (one, other)
            for operation in handing.settlements
        )
        return refused or any(moment is not None and moment <= end_ns for moment in moments)

    def until_ns(self) -> float:
        """Before this moment nothing happened to anybody that would explain anything."""
        moments = [event for events in self._gone.values() for event in events]
        moments += [span.inject_ns for span in self._faults]
        moments += [] if self._everywhere is None else [self._everywhere]
        return min(moments, default=inf)

    def _first(self, process: str) -> int | None:
        """When the process first may have let go of anything."""
        if process not in self._firsts:
            hits = [s.inject_ns for s in self._faults if self._reach.hits(s, process)]
            self._firsts[process] = min([*hits, *self._gone.get(process, [])], default=None)
        return self._firsts[process]
