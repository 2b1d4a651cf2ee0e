"""Whether an execution came far enough for an absence to prove something."""

from deliverycheck.history import History


def why_not_scanned(history: History) -> str | None:
    """Why a message that was not found may still be in the log; ``None`` if it cannot be."""
    if history.cut:
        return "the history was cut before its end: what is missing may have been read later"
    if not history.scanned:
        return _reason(history, "the log was not read from start to end")
    return None


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
