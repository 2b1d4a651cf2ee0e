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


def standing(delivery: Delivery) -> tuple[str, int, int]:
    """A key that sorts places; what has no partition or position comes first."""
    partition = -1 if delivery.partition is None else delivery.partition
    position = -1 if delivery.position is None else delivery.position
    return (delivery.source, partition, position)


def _standing_order(reading: Reading) -> tuple[str, int, int, int, str]:
    return (*standing(reading.delivery), reading.op, reading.delivery.message)
