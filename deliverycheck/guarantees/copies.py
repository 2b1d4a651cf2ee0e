"""What stands in the log: each copy of a message once, however often it was read."""

from collections import defaultdict
from operator import attrgetter

from deliverycheck.history import Delivery, History, Publication, Reading, indexed

PublicationKey = tuple[str, int]
Place = tuple[str, int | None, int | str]
"""Source, partition and position; the message's id where there is no position."""


def place_of(delivery: Delivery) -> Place:
    """What makes two deliveries the same piece of work."""
    position = delivery.message if delivery.position is None else delivery.position
    return (delivery.source, delivery.partition, position)


@indexed
def copies(history: History) -> tuple[Reading, ...]:
    """Every copy that the fresh readers found, in the order of source, partition and position.

    Two readers, or one that began again, find the same copy twice: it is the same while
    message and position are. A reading without a position cannot be told from another reading
    of the same copy, so a message has at most one such copy in a source.
    """
    found: dict[tuple[str, int | None, int | None, str], Reading] = {}
    for reading in history.log:
        delivery = reading.delivery
        key = (delivery.source, delivery.partition, delivery.position, delivery.message)
        first = found.setdefault(key, reading)
        if reading.op < first.op:
            found[key] = reading
    return tuple(sorted(found.values(), key=_standing_order))


@indexed
def copies_by_message(history: History) -> dict[str, list[Reading]]:
    """The copies of each message; ``""`` holds what is not ours."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for reading in copies(history):
        found[reading.delivery.message].append(reading)
    return dict(found)


@indexed
def publications_by_message(history: History) -> dict[str, list[Publication]]:
    """All attempts at each message, in the order of their calls."""
    attempts: dict[str, list[Publication]] = defaultdict(list)
    for publication in in_order_of_call(history):
        attempts[publication.message].append(publication)
    return dict(attempts)


@indexed
def in_order_of_call(history: History) -> list[Publication]:
    """Publications by operation: the same list however the lines of processes interleave."""
    return sorted(history.publications, key=attrgetter("op"))


@indexed
def rank(history: History) -> dict[PublicationKey, tuple[int, Publication]]:
    """For each message and attempt its place in the order of all calls, and its publication."""
    ranks: dict[PublicationKey, tuple[int, Publication]] = {}
    for number, publication in enumerate(in_order_of_call(history)):
        ranks.setdefault((publication.message, publication.attempt), (number, publication))
    return ranks


def call_of(history: History, delivery: Delivery) -> tuple[int, Publication] | None:
    """The call that a copy comes from, with its place in the order of all; ``None`` if not sure.

    Of a message that was sent more than once the copy's attempt tells it, if copies of this
    message tell attempts at all (the first is told by silence too); else the confirm that names
    the copy's place.
    """
    calls = _calls(history).get(delivery.message, [])
    alike = [call for call in calls if call[1].attempt == delivery.attempt]
    if len(calls) == len(alike) == 1 or (
        len(alike) == 1 and delivery.message in _telling_attempts(history)
    ):
        return alike[0]
    here = (delivery.source, delivery.partition, delivery.position)
    named = [each for each in calls if len(calls) > 1 and _named_place(each[1]) == here]
    return named[0] if len(named) == 1 else None


@indexed
def _calls(history: History) -> dict[str, list[tuple[int, Publication]]]:
    calls: dict[str, list[tuple[int, Publication]]] = defaultdict(list)
    for number, publication in enumerate(in_order_of_call(history)):
        calls[publication.message].append((number, publication))
    return dict(calls)


@indexed
def _telling_attempts(history: History) -> set[str]:
    """Messages of which a copy says that it is not of the first attempt."""
    return {each.delivery.message for each in copies(history) if each.delivery.attempt > 1}


def _named_place(publication: Publication) -> tuple[str, int | None, int | None] | None:
    """Where the confirm says that it stands."""
    if publication.position is None:
        return None
    return (publication.target, publication.partition, publication.position)


def standing(delivery: Delivery) -> tuple[str, int, int]:
    """A key that sorts places; what has no partition or position comes first."""
    partition = -1 if delivery.partition is None else delivery.partition
    position = -1 if delivery.position is None else delivery.position
    return (delivery.source, partition, position)


def _standing_order(reading: Reading) -> tuple[str, int, int, int, str]:
    return (*standing(reading.delivery), reading.op, reading.delivery.message)
