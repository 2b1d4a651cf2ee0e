"""Hazards of errors: what the library reported, and what that proves."""

from collections import defaultdict
from operator import attrgetter

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.history import Action, History, Operation, Outcome

_NUMBER = attrgetter("op")


def definite_failure(history: History) -> tuple[Evidence, ...]:
    """Publishes that failed for good, by process and error."""
    failed: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for publish in sorted(history.select(Action.PUBLISH), key=_NUMBER):
        if publish.outcome is Outcome.FAIL:
            failed[publish.process, publish.error or "an error"].append(publish)
    return tuple(
        Evidence(
            kind="failed",
            ns=publishes[0].invoked_ns,
            facts={
                "process": process,
                "error": error,
                "publishes": len(publishes),
                "failed_ns": publishes[0].invoked_ns,
            },
            witnesses=ops_of(publishes),
        )
        for (process, error), publishes in failed.items()
    )
