"""Processes that others may wait for in vain: stopped for good, and nobody came in their place."""

from deliverycheck.history import History, ProcessEvent, incarnation_lane

_STOPS = frozenset({"killed", "died", "paused", "held"})
_GOES_ON = frozenset({"resumed", "released", "closed"})


def why_gone(history: History) -> str | None:
    """Which process was stopped for good and had no successor; ``None`` if there is none.

    Whoever waits for it (for a reply, for its share of the work) waits in vain, and that is
    nobody else's fault.
    """
    latest = _latest_begin(history)
    last: dict[str, ProcessEvent] = {}
    for event in sorted(history.processes, key=lambda event: (event.ns, event.what)):
        if event.what in _STOPS | _GOES_ON and not is_by_the_tail(event):
            last[event.process] = event
    for process in sorted(last):
        event = last[process]
        if event.what in _STOPS and latest.get(incarnation_lane(process), event.ns) <= event.ns:
            return f"{process} {told(event.what)} and nobody came in its place"
    return None


def told(what: str) -> str:
    """``was killed``, but ``died``."""
    return what if what == "died" else f"was {what}"


def is_by_the_tail(event: ProcessEvent) -> bool:
    """Whether it was ended because all was over, and not by the plan."""
    return event.evidence.get("by") == "tail"


def _latest_begin(history: History) -> dict[str, int]:
    """For each lane, when the last of its incarnations is first heard of."""
    first: dict[str, int] = {}
    heard = [(event.process, event.ns) for event in history.processes if event.what == "started"]
    heard += [(operation.process, operation.invoked_ns) for operation in history.operations]
    for process, ns in heard:
        first[process] = min(ns, first.get(process, ns))
    latest: dict[str, int] = {}
    for process, ns in first.items():
        lane = incarnation_lane(process)
        latest[lane] = max(ns, latest.get(lane, ns))
    return latest
