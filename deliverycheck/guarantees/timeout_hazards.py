"""Hazard: a message timed out while others of its producer had no answer yet."""

from collections import defaultdict
from collections.abc import Sequence

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.history import Action, History, Operation

TIMED_OUT = frozenset({"_MSG_TIMED_OUT"})
"""librdkafka's error of a message that its producer gave up by the clock."""

SAME_SCAN_NS = 100_000_000
"""librdkafka looks once a second for what timed out; what it finds at once is told within ms."""


def timed_out_beside_others(history: History) -> tuple[Evidence, ...]:
    """Each producer's first message that timed out while others of it were without an answer.

    An idempotent producer then takes a new epoch, and sends these again as new ones.
    """
    by_process: dict[str, list[Operation]] = defaultdict(list)
    for publish in sorted(history.select(Action.PUBLISH), key=lambda one: one.op):
        by_process[publish.process].append(publish)
    found = (_of_process(process, publishes) for process, publishes in by_process.items())
    return tuple(evidence for evidence in found if evidence is not None)


def _of_process(process: str, publishes: Sequence[Operation]) -> Evidence | None:
    for publish in publishes:
        when = publish.completed_ns
        if publish.error not in TIMED_OUT or when is None:
            continue
        others = [one for one in publishes if _is_open_at(when, one)]
        if others:
            return Evidence(
                kind="timed_out",
                ns=when,
                facts={
                    "process": process,
                    "message": publish.message or "a message",
                    "timed_out_ns": when,
                    "messages": sum(other.count for other in others),
                },
                witnesses=ops_of([publish, *others]),
            )
    return None


def _is_open_at(ns: int, publish: Operation) -> bool:
    """Whether it was handed over by then and had its answer later, if ever."""
    answered_ns = publish.completed_ns
    return publish.invoked_ns < ns and (answered_ns is None or answered_ns > ns + SAME_SCAN_NS)
