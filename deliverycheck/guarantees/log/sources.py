"""What is known of sources: which are logs, and where each partition begins."""

from math import inf

from deliverycheck.guarantees.copies import copies
from deliverycheck.history import Action, History, Outcome, indexed, is_scanner

Partition = tuple[str, int | None]


@indexed
def not_logs(history: History) -> frozenset[str]:
    """The sources that are declared to be queues or streams: positions there name deliveries."""
    sources = history.header.sources
    return frozenset(name for name, source in sources.items() if source.kind != "log")


def may_be_no_log(history: History, target: str) -> bool:
    """Whether a message sent there may have gone elsewhere than to a log of this name.

    Beside queues a target that is not declared may be what routes to them.
    """
    others = not_logs(history)
    return target in others or (bool(others) and target not in history.header.sources)


@indexed
def starts(history: History) -> dict[Partition, int]:
    """Where each partition began, as fresh readers were told; the highest where they differ."""
    found: dict[Partition, int] = {}
    for operation in history.select(Action.RECEIVE):
        if operation.starts and is_scanner(operation.process):
            for start in operation.starts:
                place = (start.source, start.partition)
                found[place] = max(start.position, found.get(place, 0))
    return found


@indexed
def starts_at_most(history: History) -> dict[Partition, int]:
    """Starts as told; where nobody told, what was read first: the start may lie there."""
    found: dict[Partition, int] = {}
    for reading in reversed(copies(history)):
        if reading.delivery.position is not None:
            place = (reading.delivery.source, reading.delivery.partition)
            found[place] = reading.delivery.position
    return found | starts(history)


@indexed
def compacted(history: History) -> set[str]:
    """Sources that may drop what a later value of its key replaced."""
    return {name for name, source in history.header.sources.items() if source.compacted}


@indexed
def promised_ms(history: History) -> dict[str, int]:
    """How long each source keeps what it holds that keeps it for a time."""
    sources = history.header.sources.items()
    return {
        name: source.retention_ms for name, source in sources if source.retention_ms is not None
    }


@indexed
def deleted_below(history: History) -> dict[Partition, int]:
    """The position of each partition below which somebody asked to delete all records."""
    found: dict[Partition, int] = {}
    for operation in history.select(Action.DELETE_RECORDS):
        if operation.outcome is not Outcome.FAIL:
            for left in operation.covers:
                place = (left.source, left.partition)
                found[place] = max(left.position, found.get(place, 0))
    return found


@indexed
def dropping(history: History) -> set[str]:
    """Sources that may drop what they hold: by age, for a later value, or because it was asked."""
    asked = {source for source, _ in deleted_below(history)}
    return compacted(history) | promised_ms(history).keys() | asked


@indexed
def goes_on_dropping(history: History) -> set[str]:
    """Those of them that may drop what fresh readers found: by themselves, or because it was asked.

    A log that drops only what it is asked to keeps what was found since the last request.
    """
    asked = {
        left.source
        for operation in history.select(Action.DELETE_RECORDS)
        if operation.completed_ns is None or operation.completed_ns > fresh_since_ns(history)
        for left in operation.covers
    }
    return compacted(history) | promised_ms(history).keys() | asked


@indexed
def fresh_since_ns(history: History) -> float:
    """When the first fresh reader began; before all time if there was none."""
    fresh = (one.invoked_ns for one in history.operations if is_scanner(one.process))
    return min(fresh, default=-inf)


@indexed
def fresh_until_ns(history: History) -> float:
    """When the last fresh reader ended, as far as it is known; never if there was none."""
    return max(
        (
            one.invoked_ns if one.completed_ns is None else one.completed_ns
            for one in history.operations
            if is_scanner(one.process)
        ),
        default=inf,
    )
