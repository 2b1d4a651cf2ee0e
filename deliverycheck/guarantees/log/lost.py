"""What the application relied on, and what of it is not in the log."""

from collections import Counter
from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies, copies_by_message, in_order_of_call
from deliverycheck.guarantees.log.dropping import may_have_dropped
from deliverycheck.guarantees.log.sources import Partition, may_be_no_log
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.guarantees.reached import scan_began_ns
from deliverycheck.guarantees.verdict import Anomaly
from deliverycheck.history import History, Outcome, Publication, indexed


@indexed
def relied_upon(history: History) -> dict[str, Publication]:
    """Of each message the first attempt that the application relied on to be in a log.

    What was sent in a transaction is relied upon once that is known to have committed.
    """
    relied: dict[str, Publication] = {}
    spared = uncommitted(history)
    others = bool(history.header.sources)
    for publication in in_order_of_call(history):
        if (
            history.relied_upon(publication)
            and not (spared and (publication.message, publication.attempt) in spared)
            and not (others and may_be_no_log(history, publication.target))
        ):
            relied.setdefault(publication.message, publication)
    return relied


@indexed
def obligations(history: History) -> dict[str, Publication]:
    """What a scanned log has to hold: all that was relied upon but what it may have dropped."""
    found = copies_by_message(history)
    return {
        message: publication
        for message, publication in relied_upon(history).items()
        if message in found or not _is_excused(history, publication)
    }


def lost(history: History) -> Iterator[Anomaly]:
    """Every obligation that no fresh reader found, and what became of its place.

    A ``hole``: its partition was read past its place. ``overwritten``: another message stands
    there. ``tail``: its place, as far as it is known, is behind all that was read.
    """
    found = copies_by_message(history)
    missing = [one for message, one in obligations(history).items() if message not in found]
    for publication in missing:
        yield Anomaly(
            name="lost",
            message=publication.message,
            witnesses=(publication.op,),
            source=publication.target,
            partition=publication.partition,
            position=publication.position,
            facts={
                **_place_now(history, publication),
                **_reliance(history, publication),
                "found": _sizes(history)[publication.target],
            },
        )


def _is_excused(history: History, publication: Publication) -> bool:
    if _may_have_missed_the_scan(history, publication) or may_have_dropped(history, publication):
        return True
    here = (publication.target, publication.partition, publication.position)
    bodiless = history.by_op[publication.op].tombstone and publication.position is not None
    return bodiless and _standing(history).get(here) == ""


def _may_have_missed_the_scan(history: History, publication: Publication) -> bool:
    """Whether it was not surely in the log when the first fresh reader began."""
    began_ns = scan_began_ns(history)
    operation = history.by_op[publication.op]
    moments = (operation.completed_ns, operation.returned_ns, operation.invoked_ns)
    relied_ns = next(moment for moment in moments if moment is not None)
    return began_ns is not None and relied_ns >= began_ns


def _place_now(history: History, publication: Publication) -> dict[str, str | int]:
    if publication.position is None:
        return {"kind": "tail"}
    here = (publication.target, publication.partition, publication.position)
    if here in _standing(history):
        return {"kind": "overwritten", "holds": _standing(history)[here] or "that is not ours"}
    partition = (publication.target, publication.partition)
    end = _ends(history).get(partition, publication.position)
    if end > publication.position:
        return {"kind": "hole", "read_to": end}
    return {"kind": "tail", "tail_place": publication.position}


@indexed
def _sizes(history: History) -> Counter[str]:
    """How many copies were found in each source."""
    return Counter(reading.delivery.source for reading in copies(history))


@indexed
def _standing(history: History) -> dict[tuple[str, int | None, int | None], str]:
    """The first message that was found at each place."""
    return {
        (delivery.source, delivery.partition, delivery.position): delivery.message
        for delivery in (reading.delivery for reading in reversed(copies(history)))
    }


@indexed
def _ends(history: History) -> dict[Partition, int]:
    """The highest position that was read of each partition."""
    return {
        (reading.delivery.source, reading.delivery.partition): reading.delivery.position
        for reading in copies(history)
        if reading.delivery.position is not None
    }


def _reliance(history: History, publication: Publication) -> dict[str, str | int]:
    """What the application took for done, and when."""
    operation = history.by_op[publication.op]
    facts: dict[str, str | int] = {"relied": "confirmed"}
    moments = (operation.completed_ns, operation.invoked_ns)
    if history.header.relies_on == "call_returned" and publication.returned:
        facts["relied"] = "handed over"
        moments = (operation.returned_ns, operation.invoked_ns)
    elif operation.outcome is not Outcome.OK:
        facts["proves_nothing"] = 1
    if publication.error is not None:
        facts["error"] = publication.error
    return facts | {"relied_ns": next(moment for moment in moments if moment is not None)}
