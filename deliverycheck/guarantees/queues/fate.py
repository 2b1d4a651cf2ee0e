"""What may have become of a message that a queue took: it stays, it dies, or nobody can say."""

from enum import StrEnum, auto

from msgspec.structs import replace

from deliverycheck.guarantees.became import dead_letter_places
from deliverycheck.guarantees.queues.handings import (
    settlements_by_tag,
    subscriptions_of,
    sure_publications,
)
from deliverycheck.guarantees.queues.queue_history import queues
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.history import (
    Action,
    History,
    Operation,
    Outcome,
    Publication,
    Source,
    incarnation_lane,
    indexed,
    is_scanner,
)

_NS_PER_MS = 1_000_000
REJECT_PUBLISH = "reject_publish"


class Fate(StrEnum):
    """What a message comes to that nobody was handed.

    ``stays``: nothing may drop it. ``dies``: what may drop it sends it where it can be found.
    ``open``: it may be gone without a trace.
    """

    STAYS = auto()
    DIES = auto()
    OPEN = auto()


@indexed
def fates(history: History) -> dict[Fate, list[Publication]]:
    """Every confirmed message that surely went to a queue, by its fate, in the order of calls.

    One that came back as unroutable is left out: no queue took it. Before a history is scanned and
    drained it knows no fate: what is missing may still come.
    """
    found: dict[Fate, list[Publication]] = {fate: [] for fate in Fate}
    if why_not_scanned(history) or why_not_drained(history):
        return found
    for publication in sure_publications(history).values():
        operation = history.by_op[publication.op]
        taken = publication.outcome is Outcome.OK and not operation.returned_unroutable
        if taken and _may_be_queued(history, publication.target):
            found[_fate(history, publication)].append(publication)
    return found


def confirmed_ns(publication: Publication) -> int:
    """When it was confirmed, of one that has a fate."""
    return publication.completed_ns or 0


def end_ns(history: History) -> int:
    """When it came to its end, of a history that knows a fate."""
    return history.done.ns if history.done else 0


@indexed
def seen(history: History) -> frozenset[str]:
    """Every message that anybody was ever handed."""
    return frozenset(one.delivery.message for one in (*history.receipts, *history.log))


def waits_ms(source: Source, operation: Operation) -> int | None:
    """How long the published message may wait in that queue; ``None`` for ever."""
    known = [ms for ms in (source.expires_ms, operation.expires_ms) if ms is not None]
    return min(known, default=None)


def waits_anywhere(history: History, publication: Publication) -> int | None:
    """How long it may wait in the queue that it names, or by itself if it names none."""
    source = history.header.sources.get(publication.target, Source())
    return waits_ms(source, history.by_op[publication.op])


def keep_dead(history: History, places: frozenset[str | None]) -> bool:
    """Whether what dies and goes to one of them surely stands there, or where its dead go."""
    passed: set[str | None] = set()
    todo = set(places)
    while todo:
        name = todo.pop()
        if name in passed or name not in tracked(history):
            return False
        passed.add(name)
        source = queues(history)[name].source
        if source.overflow == REJECT_PUBLISH:
            return False
        todo |= dead_letter_places(history, name) if _is_limited(source) else set()
    return bool(passed)


@indexed
def tracked(history: History) -> frozenset[str]:
    """The queues from which nobody takes without a trace: all who read them also settle there.

    A subscription with a prefetch says that its deliveries are settled, too.
    """
    names = frozenset(queues(history))
    subscriptions = subscriptions_of(history, names)
    careful = {(process, name) for process, name, _ in settlements_by_tag(history)}
    careful |= {each for each, them in subscriptions.items() if all(x.prefetch for x in them)}
    careful = {(incarnation_lane(process), name) for process, name in careful}
    readers = set(subscriptions)
    subscribed = {process for process, _ in subscriptions}
    for process, target in {(one.process, one.target) for one in history.select(Action.RECEIVE)}:
        if target is not None:
            readers.add((process, target))
        elif process not in subscribed:
            readers |= {(process, name) for name in names}
    return names - {
        name
        for process, name in readers
        if not is_scanner(process) and (incarnation_lane(process), name) not in careful
    }


def _may_be_queued(history: History, target: str) -> bool:
    """A target that is not declared may be what routes to queues."""
    return target in queues(history) or target not in history.header.sources


def _fate(history: History, publication: Publication) -> Fate:
    queue = queues(history).get(publication.target)
    source = replace(
        Source() if queue is None else queue.source, expires_ms=waits_anywhere(history, publication)
    )
    if not (_all_keep(history) if queue is None else queue.name in tracked(history)):
        return Fate.OPEN
    if not _may_drop(history, publication, source):
        return Fate.STAYS
    if queue is not None and queue.name in queue.feeds:
        return Fate.OPEN  # Who comes round in a circle without a rejection is dropped.
    places = dead_letter_places(history, publication.target, publication.invoked_ns)
    return Fate.DIES if keep_dead(history, places) else Fate.OPEN


@indexed
def _all_keep(history: History) -> bool:
    """Whether a message stays in whatever queue it came to."""
    return all(
        name in tracked(history) and not _is_limited(queue.source)
        for name, queue in queues(history).items()
    )


def _is_limited(source: Source) -> bool:
    limits = (source.expires_ms, source.length_max, source.delivery_limit)
    return source.limited_later or limits != (None, None, None)


def _may_drop(history: History, publication: Publication, source: Source) -> bool:
    """Whether the message can have passed a limit by the end; one that was taken fits in."""
    ms = source.expires_ms
    return (
        (ms is not None and publication.invoked_ns + ms * _NS_PER_MS <= end_ns(history))
        or (source.length_max is not None and source.overflow != REJECT_PUBLISH)
        or source.delivery_limit is not None
        or source.limited_later
    )
