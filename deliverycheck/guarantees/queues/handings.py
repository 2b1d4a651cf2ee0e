"""Every handing from the queues of a history, with what bounds the moment of its sending."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import partial

from deliverycheck.guarantees.copies import in_order_of_call
from deliverycheck.guarantees.queues.handing import Copy, Handing, SentHanding
from deliverycheck.history import Action, History, Operation, Outcome, Publication, Reading, indexed

Channel = tuple[str, str]
"""A process and the queue that it is handed from."""
Tag = tuple[str, str, int | None]
"""A process, a queue, and how the process calls one delivery from it."""

SETTLES = (Action.ACK, Action.NACK, Action.REJECT)


def handings_by_queue(history: History, names: frozenset[str]) -> dict[str, list[Handing]]:
    """Of each queue its handings in the order in which they were complete."""
    found: dict[str, list[Handing]] = defaultdict(list)
    for handing in _handings(history, names):
        found[handing.delivery.source].append(handing)
    return {name: sorted(each, key=_completed) for name, each in found.items()}


def subscriptions_of(history: History, names: frozenset[str]) -> dict[Channel, list[Operation]]:
    """The subscriptions of each process to each queue that may have taken effect."""
    found: dict[Channel, list[Operation]] = defaultdict(list)
    for action in (Action.SUBSCRIBE, Action.ASSIGN):
        for operation in history.select(action):
            if operation.outcome is not Outcome.FAIL:
                for name in _subscribed(history, operation, names):
                    found[operation.process, name].append(operation)
    return found


@indexed
def sure_publications(history: History) -> dict[Copy, Publication]:
    """The one publish that each copy comes from, where no other can be meant.

    A delivery that does not say which attempt it is says 1, so the first attempt at a message
    that was sent again is not sure.
    """
    calls = in_order_of_call(history)
    sent = Counter(publication.message for publication in calls)
    attempts = Counter((publication.message, publication.attempt) for publication in calls)
    return {
        (publication.message, publication.attempt): publication
        for publication in calls
        if publication.message
        and attempts[publication.message, publication.attempt] == 1
        and (publication.attempt > 1 or sent[publication.message] == 1)
    }


@indexed
def settlements_by_tag(history: History) -> dict[Tag, list[Operation]]:
    """What was said of each tag of each process; what provably took no effect was not said."""
    found: dict[Tag, list[Operation]] = defaultdict(list)
    for operation in sorted(history.operations, key=lambda operation: operation.op):
        if operation.action in SETTLES and operation.outcome is not Outcome.FAIL:
            for covered in operation.covers:
                found[operation.process, covered.source, covered.position].append(operation)
    return found


def _subscribed(history: History, operation: Operation, names: frozenset[str]) -> Iterable[str]:
    """The queues that a subscription is to; all that it may be, if it does not say."""
    if operation.target is not None:
        return names & {operation.target}
    if operation.covers:
        return names & {covered.source for covered in operation.covers}
    groups = history.header.groups
    return names & set(groups[operation.group]) if operation.group in groups else names


def _handings(history: History, names: frozenset[str]) -> Iterator[Handing]:
    subscriptions = subscriptions_of(history, names)
    publications = sure_publications(history)
    settlements = settlements_by_tag(history)
    readings = [
        reading for reading in (*history.receipts, *history.log) if reading.delivery.source in names
    ]
    tags = Counter(_tag(reading) for reading in readings)
    for number, reading in enumerate(readings):
        receive, delivery, tag = history.by_op[reading.op], reading.delivery, _tag(reading)
        subscribed = subscriptions[reading.process, delivery.source]
        alone = tags[tag] == 1
        sent = publications.get((delivery.message, delivery.attempt))
        kind = Handing if sent is None else partial(SentHanding, publication=sent)
        yield kind(
            place=(reading.op, number),
            process=reading.process,
            delivery=delivery,
            pushed=receive.target is None,
            handed_ns=reading.ns,
            taken_after_ns=_taken_after(receive, delivery.source, subscribed),
            tag=delivery.position if alone else None,
            settlements=tuple(settlements.get(tag, ())) if alone else (),
        )


def _taken_after(receive: Operation, source: str, subscribed: list[Operation]) -> int:
    """What a call fetched was sent after it began; what was pushed, after it was asked for."""
    if subscribed:
        return min(receive.invoked_ns, *(operation.invoked_ns for operation in subscribed))
    return receive.invoked_ns if receive.target == source else 0


def _tag(reading: Reading) -> Tag:
    return (reading.process, reading.delivery.source, reading.delivery.position)


def _completed(handing: Handing) -> tuple[int, tuple[int, int]]:
    return (handing.handed_ns, handing.place)
