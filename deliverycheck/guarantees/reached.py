"""Whether an execution came far enough for an absence to prove something."""

from collections.abc import Sequence

from deliverycheck.history import Action, History, Operation, Outcome, indexed, is_scanner


def why_not_scanned(history: History) -> str | None:
    """Why a message that was not found may still be in the log; ``None`` if it cannot be."""
    if history.cut:
        return "the history was cut before its end: what is missing may have been read later"
    if not history.scanned:
        return _reason(history, "the log was not read from start to end")
    kinds = {each.kind for each in history.header.sources.values()}
    if not scans(history) and (not kinds or "log" in kinds):
        return (  # A queue is read by who takes from it.
            "the history says that the log was read from start to end, but no receive of a fresh "
            "reader, a process whose name begins with 'scan', ended ok"
        )
    return None


@indexed
def scan_began_ns(history: History) -> int | None:
    """When the first fresh reader began: what was not in the log by then it need not have found."""
    received = (one for one in history.select(Action.RECEIVE) if is_scanner(one.process))
    return min((one.invoked_ns for one in received), default=None)


@indexed
def scans(history: History) -> Sequence[Operation]:
    """The receives of fresh readers that ended ok, in the order of their calls."""
    received = (one for one in history.select(Action.RECEIVE) if is_scanner(one.process))
    return sorted((one for one in received if one.outcome is Outcome.OK), key=lambda one: one.op)


def why_not_drained(history: History) -> str | None:
    """Why an effect that is missing may still come; ``None`` if it cannot."""
    if history.cut:
        return "the history was cut before its end: what is missing may have come later"
    if not history.drained:
        return _reason(history, "not every consumer group came to the end of its sources")
    return None


def why_not_whole(history: History) -> str | None:
    """Why what was seen may not be all; ``None`` if the history has its end."""
    if history.cut:
        return "the history was cut before its end: what is missing may have come later"
    return None


def _reason(history: History, what: str) -> str:
    given = history.done.reason if history.done else None
    return f"{what}: {given}" if given else what
