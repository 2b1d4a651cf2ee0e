"""Where a member stands that is told of no ends, beside what its library says of the group."""

from types import SimpleNamespace

import pytest

from deliverycheck.clients.kafka.library import KafkaError, KafkaException
from deliverycheck.clients.kafka.whereabouts import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Whereabouts,
    is_told_of_ends,
)

PLACE = ("t", 0)
NOTHING_COMMITTED = -1001


class Library:
    """A partition from 3 to 9, and what its group committed."""

    def __init__(self, committed=NOTHING_COMMITTED, error=None):
        self.asked = 0
        self._committed, self._error = committed, error

    def committed(self, places, _):
        self.asked += 1
        return [SimpleNamespace(offset=self._committed, error=self._error) for _ in places]

    def get_watermark_offsets(self, *_):
        return 3, 9


@pytest.mark.parametrize(
    ("committed", "reset", "position"),
    [(5, "earliest", 5), (NOTHING_COMMITTED, "earliest", 3), (NOTHING_COMMITTED, "latest", 9)],
    ids=["where-the-group-committed", "at-the-start", "at-the-end"],
)
def test_member_that_was_handed_nothing_stands_where_it_begins(committed, reset, position):
    found = Whereabouts(Library(committed), {"auto.offset.reset": reset})
    assert found.of([PLACE]) == {PLACE: position}


def test_group_is_asked_once_for_each_time_that_a_member_is_given_a_partition():
    library = Library(5)
    found = Whereabouts(library, {})
    for _ in range(2):
        found.of([PLACE])
    assert library.asked == 1
    found.forget(PLACE)
    found.of([PLACE])
    assert library.asked == 2


def test_what_it_was_handed_or_where_it_went_says_where_it_stands():
    found = Whereabouts(Library(5), {})
    found.stands_at(PLACE, 7)
    assert found.of([PLACE]) == {PLACE: 7}
    for where, position in ((OFFSET_BEGINNING, 3), (OFFSET_END, 9)):
        found.stands_at(PLACE, where)
        assert found.of([PLACE]) == {PLACE: position}


def test_nothing_is_known_while_nobody_answers():
    error = KafkaError(KafkaError.REQUEST_TIMED_OUT)
    assert Whereabouts(Library(5, error), {}).of([PLACE]) == {}
    silent = SimpleNamespace(committed=_no_answer)
    assert Whereabouts(silent, {}).of([PLACE]) == {}


def _no_answer(*_):
    raise KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, False), ({"enable.partition.eof": True}, True), ({"enable.partition.eof": "true"}, True)],
    ids=["by-default-not", "asked-for", "asked-for-in-words"],
)
def test_member_is_told_of_ends_where_it_asks_for_that(settings, told):
    assert is_told_of_ends(settings) is told
