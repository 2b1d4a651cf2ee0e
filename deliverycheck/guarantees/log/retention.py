"""Whether logs that keep for a time keep for that time."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies_by_message
from deliverycheck.guarantees.log.dropping import (
    is_below_the_start,
    is_replaced,
    is_young,
)
from deliverycheck.guarantees.log.lost import relied_upon
from deliverycheck.guarantees.log.sources import (
    fresh_until_ns,
    promised_ms,
    starts_at_most,
)
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Publication

_NAME = "retention"


def retention(history: History) -> Verdict:
    """The start of a log passes no message before its time is over.

    Sound: a message counts that the application relied on and called for less than the promised
    time before the last fresh reader ended: it was too young to go at any moment before. It was
    ``dropped_early`` if nobody finds it and its confirm puts it below the start of its
    partition. What is missing elsewhere is ``lost`` and the business of `at_least_once_in_log`;
    what a later message of its key replaced may go at any age.

    Complete for scanned histories; any other is UNKNOWN.
    """
    if not promised_ms(history):
        return unknown(_NAME, "nothing to examine: the header declares no source with a retention")
    if reason := why_not_scanned(history):
        return unknown(_NAME, reason)
    young = [one for one in relied_upon(history).values() if is_young(history, one)]
    if not young:
        return unknown(_NAME, "nothing to examine: all that was relied upon had time to go")
    return judge(_NAME, _dropped_early(history, young), examined=len(young))


def _dropped_early(history: History, young: list[Publication]) -> Iterator[Anomaly]:
    found = copies_by_message(history)
    for publication in young:
        if publication.message in found or is_replaced(history, publication):
            continue
        if not is_below_the_start(history, publication):
            continue
        yield Anomaly(
            name="dropped_early",
            message=publication.message,
            witnesses=(publication.op,),
            source=publication.target,
            partition=publication.partition,
            position=publication.position,
            facts={
                "kind": "in_log",
                "promised_ms": promised_ms(history)[publication.target],
                "called_ns": publication.invoked_ns,
                "until_ns": int(fresh_until_ns(history)),
                "start": starts_at_most(history)[publication.target, publication.partition],
            },
        )
