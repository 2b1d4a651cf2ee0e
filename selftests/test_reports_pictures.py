"""Diagrams of a violation: who said what to whom, and which message stands behind a later one."""

import pytest

from reports.places import places_of
from reports.sequence import EVENTS_MAX, diagram_of
from selftests.sample_stories import black_holed, consumed, killed_unflushed, overtaken, reply_lost
from selftests.test_reports_timeline import of_many


def labels(diagram):
    return [(event.kind, event.label) for event in diagram.events]


def test_request_that_nothing_shows_to_have_arrived_stops_at_the_proxy():
    diagram = diagram_of(black_holed().history(), frozenset({2}))
    (request,) = (event for event in diagram.events if event.kind == "unanswered")
    assert (request.start, request.end) == ("p1", "proxy of p1")
    assert request.rank == 0


def test_message_that_a_full_read_does_not_find_is_said_to_be_nowhere():
    diagram = diagram_of(black_holed().history(), frozenset({2}))
    assert ("note", "p1#1-2 is nowhere") in labels(diagram)


def test_request_whose_message_is_in_the_log_arrived_though_nobody_was_told():
    diagram = diagram_of(reply_lost().history(), frozenset({2, 3}))
    assert "unanswered" not in {event.kind for event in diagram.events}


def test_columns_lead_from_the_producer_over_proxy_and_broker_to_the_reader():
    diagram = diagram_of(black_holed().history(), frozenset({2}))
    assert diagram.columns == ("p1", "proxy of p1", "broker", "scan")


def test_kill_is_a_note_at_the_process():
    diagram = diagram_of(killed_unflushed().history(), frozenset({1}))
    assert [event.start for event in diagram.events if event.label == "✕ SIGKILL"] == ["p1"]


def test_consumer_is_right_of_the_broker():
    diagram = diagram_of(consumed("commit").history(), frozenset())
    assert diagram.columns.index("c1") > diagram.columns.index("broker")


def test_events_stand_in_their_order_and_are_few_and_those_of_the_proof():
    diagram = diagram_of(of_many(300), frozenset({150}))
    assert len(diagram.events) == EVENTS_MAX
    assert [event.ns for event in diagram.events] == sorted(event.ns for event in diagram.events)
    assert "publish 150" in [event.label for event in diagram.events if event.rank == 0]
    assert not diagram.is_whole


def test_message_behind_a_later_one_is_marked():
    history = overtaken().history()
    (picture,) = places_of(history, "reordered", frozenset())
    assert picture.behind == 1
    assert [one.published for one in picture.points if one.is_behind] == [0]


@pytest.mark.parametrize("anomaly", ["lost", "duplicate", "no such anomaly"])
def test_what_turned_no_order_round_has_no_picture_of_it(anomaly):
    assert places_of(overtaken().history(), anomaly, frozenset()) == ()
