"""Numbers for topic-partitions and messages, as Jepsen's histories have them."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from deliverycheck.history.history import History, Publication
from deliverycheck.history.operation import Delivery

Place = tuple[str, int | None]


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """Which number stands for what.

    Attributes:
        keys: a number for each source and partition.
        values: a number for each message id; what is not ours has its place for an id.
        found_in: for each message and source, the partition in which somebody found it.
    """

    keys: dict[Place, int]
    values: dict[str, int]
    found_in: dict[tuple[str, str], int | None]

    def place_of(self, publication: Publication) -> Place:
        """Where it was sent: as its confirm says, else where it was found, else nobody knows."""
        found = self.found_in.get((publication.message, publication.target))
        return publication.target, found if publication.partition is None else publication.partition


def names_of(history: History) -> Names:
    """Numbers that depend on nothing but names, so that the order of lines does not matter."""
    found_in: dict[tuple[str, str], int | None] = {}
    for delivery in sorted(_deliveries(history), key=_by_partition):
        found_in.setdefault((delivery.message, delivery.source), delivery.partition)
    names = Names(keys={}, values={}, found_in=found_in)
    places = {names.place_of(publication) for publication in history.publications}
    places |= {(delivery.source, delivery.partition) for delivery in _deliveries(history)}
    places |= {(to.source, to.partition) for one in history.operations for to in one.covers}
    messages = {publication.message for publication in history.publications}
    messages |= {id_of(delivery) for delivery in _deliveries(history)}
    names.keys.update({place: key for key, place in enumerate(sorted(places, key=_by_name))})
    names.values.update({message: value for value, message in enumerate(sorted(messages))})
    return names


def keys_of_source(names: Names, source: str | None) -> list[int]:
    """The keys of all partitions of a source."""
    keys: dict[str, list[int]] = defaultdict(list)
    for (name, _), key in names.keys.items():
        keys[name].append(key)
    return keys[source or ""]


def id_of(delivery: Delivery) -> str:
    """The message's id; a body that is not ours is told by its place."""
    return delivery.message or (
        f"not ours, {delivery.source}/{delivery.partition} at {delivery.position}"
    )


def _deliveries(history: History) -> Iterator[Delivery]:
    for reading in (*history.log, *history.receipts):
        yield reading.delivery


def _by_partition(delivery: Delivery) -> tuple[bool, int]:
    return delivery.partition is None, delivery.partition or 0


def _by_name(place: Place) -> tuple[str, int]:
    source, partition = place
    return source, -1 if partition is None else partition
