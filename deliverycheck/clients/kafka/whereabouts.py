"""Where a member stands that is told of no ends of partitions."""

from collections.abc import Iterable, Mapping

from deliverycheck.clients.kafka.library import Consumer, KafkaException, TopicPartition
from deliverycheck.plans import Setting

OFFSET_BEGINNING = -2  # RD_KAFKA_OFFSET_BEGINNING
OFFSET_END = -1  # RD_KAFKA_OFFSET_END

_ENDS = "enable.partition.eof"
_RESET = "auto.offset.reset"
_TO_THE_END = frozenset({"latest", "largest", "end"})

# Asked once of each assigned partition, when a receive has brought nothing: milliseconds, unless
# the link is disturbed, and then the next empty receive asks again.
_ASK_S = 0.1

_Place = tuple[str, int]


def is_told_of_ends(settings: Mapping[str, Setting]) -> bool:
    """Whether the library says so when a partition was read to its end; by default it does not."""
    return str(settings.get(_ENDS, False)).lower() == "true"


class Whereabouts:
    """The next position of each partition of a member, as far as it is known.

    What it was handed or where it went says so; else the group's committed position, and where
    there is none the start or the end of the partition, as the setting says.
    """

    def __init__(self, consumer: Consumer, settings: Mapping[str, Setting]) -> None:
        self._consumer = consumer
        self._reset = OFFSET_END if settings.get(_RESET) in _TO_THE_END else OFFSET_BEGINNING
        self._next: dict[_Place, int] = {}

    def stands_at(self, place: _Place, position: int) -> None:
        """What comes next stands there; or at the beginning, or the end, of what there is."""
        self._next[place] = position

    def forget(self, place: _Place) -> None:
        """The partition is another member's, or this one's anew."""
        self._next.pop(place, None)

    def of(self, places: Iterable[_Place]) -> dict[_Place, int]:
        """The next position of each of these partitions that is known."""
        for place in places:
            if self._next.get(place, OFFSET_BEGINNING) < 0:
                try:
                    self._next[place] = self._asked(place)
                except KafkaException:
                    continue  # It is not known now.
        return {place: self._next[place] for place in places if self._next.get(place, -1) >= 0}

    def _asked(self, place: _Place) -> int:
        wanted = self._next.get(place)
        if wanted is None:
            (found,) = self._consumer.committed([TopicPartition(*place)], _ASK_S)
            if found.error is not None:
                raise KafkaException(found.error)
            if found.offset >= 0:
                return found.offset
            wanted = self._reset
        low, high = self._consumer.get_watermark_offsets(TopicPartition(*place), _ASK_S)
        return high if wanted == OFFSET_END else low
