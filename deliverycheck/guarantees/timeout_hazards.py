"""Hazards: a producer gave a message up while others of it had no answer yet."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.history import Action, History, Operation

TIMED_OUT = frozenset({"_MSG_TIMED_OUT"})
"""librdkafka's error of a message that its producer gave up by the clock."""

PURGED = frozenset({"_PURGE_INFLIGHT", "_PURGE_QUEUE"})
"""librdkafka's errors of a message that was forgotten, on its way or before (rd_kafka_purge)."""

SAME_SCAN_NS = 100_000_000
"""librdkafka looks once a second for what timed out; what it finds at once is told within ms."""


def timed_out_beside_others(history: History) -> tuple[Evidence, ...]:
    """Each producer's first message that timed out while others of it were without an answer.

    An idempotent producer then takes a new epoch, and sends these again as new ones.
    """
    return tuple(_beside_others(history, "timed_out", TIMED_OUT, _is_open_at))


def purged_beside_others(history: History) -> tuple[Evidence, ...]:
    """Each producer's first message that was purged while others had no answer, or got none since.

    They take its place on the way, and are sent again under the new epoch that follows. One that
    was purged in the queue leaves the same gap in the producer's numbers, and what was sent only
    after the purge is sent again as well, if its reply is lost.
    """
    return tuple(_beside_others(history, "purged", PURGED, _is_open_since))


_IsOpen = Callable[[int, Operation], bool]
"""Whether a publish had no answer when another one was given up, or later on."""


def _beside_others(
    history: History, kind: str, errors: Collection[str], is_open: _IsOpen
) -> Iterator[Evidence]:
    by_process: dict[str, list[Operation]] = defaultdict(list)
    for publish in sorted(history.select(Action.PUBLISH), key=lambda one: one.op):
        by_process[publish.process].append(publish)
    for process, publishes in by_process.items():
        given_up = (
            (publish, publish.completed_ns, others)
            for publish in publishes
            if publish.error in errors
            and publish.completed_ns is not None
            and (others := [one for one in publishes if is_open(publish.completed_ns, one)])
        )
        first = next(given_up, None)
        if first is not None:
            publish, when, others = first
            yield Evidence(
                kind=kind,
                ns=when,
                facts={
                    "process": process,
                    "message": publish.message or "a message",
                    f"{kind}_ns": when,
                    "messages": sum(other.count for other in others),
                },
                witnesses=ops_of([publish, *others]),
            )


def _is_open_at(ns: int, publish: Operation) -> bool:
    """Whether it was handed over by then and had its answer later, if ever."""
    answered_ns = publish.completed_ns
    return publish.invoked_ns < ns and (answered_ns is None or answered_ns > ns + SAME_SCAN_NS)


def _is_open_since(ns: int, publish: Operation) -> bool:
    """The same, of one that was handed over later too: it waited longer than a scan takes."""
    return _is_open_at(max(ns, publish.invoked_ns + 1), publish)
