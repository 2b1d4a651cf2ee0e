"""Hazards of errors: what the library reported, and what that proves."""

from collections import defaultdict
from collections.abc import Callable
from operator import attrgetter

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.history import Action, History, Operation, Outcome

_NUMBER = attrgetter("op")

PURGES = frozenset({"_PURGE_QUEUE", "_PURGE_INFLIGHT"})
"""librdkafka's errors of messages that its application let it forget."""


def definite_failure(history: History) -> tuple[Evidence, ...]:
    """Publishes that failed for good, by process and error."""
    return _failed(history, lambda publish: publish.outcome is Outcome.FAIL)


def purged(history: History) -> tuple[Evidence, ...]:
    """Publishes whose producer was told to forget them before they had a confirm."""
    return _failed(history, lambda publish: publish.error in PURGES)


def _failed(history: History, is_wanted: Callable[[Operation], bool]) -> tuple[Evidence, ...]:
    failed: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for publish in sorted(history.select(Action.PUBLISH), key=_NUMBER):
        if is_wanted(publish):
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
