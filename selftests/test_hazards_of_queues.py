"""Hazards of queues: what shows each, and what is near it and does not."""

import pytest

from deliverycheck.guarantees import HAZARDS
from deliverycheck.history import Source
from selftests.queue_story import QueueStory, queue, tagged
from selftests.shown import evidence, occurred


def killed(story, node="b1"):
    story.node(node, "killed")
    story.node(node, "ready")
    return story


def test_node_that_was_killed_is_told_of_though_nobody_spoke_to_it():
    story = QueueStory()
    story.published("p1#1-1")
    assert "node_killed" in occurred(killed(story))
    story = QueueStory()
    story.published("p1#1-1")
    story.node("b1", "paused")
    story.node("b1", "resumed")
    assert "node_killed" not in occurred(story)


def test_broker_killed_with_confirmed_messages_held_them():
    story = QueueStory()
    story.published("p1#1-1")
    assert evidence(killed(story), "broker_killed_holding") == [
        "b1 went down at 0.003 s and held 1 message."
    ]


@pytest.mark.parametrize("how", ["not-confirmed", "settled-before", "confirmed-after"])
def test_broker_killed_without_a_confirmed_message_held_nothing(how):
    story = QueueStory()
    op = story.publish("p1#1-1", target="q")
    if how == "settled-before":
        story.ok(op)
        story.fetched("c1#1", tagged("p1#1-1", 1))
        story.settled("c1#1", "ack", 1)
    killed(story)
    if how == "confirmed-after":
        story.ok(op)
    assert "broker_killed_holding" not in occurred(story)


@pytest.mark.parametrize(("ms", "shown"), [(400, True), (600, False)], ids=["young", "old-enough"])
def test_queue_is_just_declared_for_half_a_second(ms, shown):
    story = QueueStory()
    op = story.invoke("admin#1", "declare", target="q")
    story.ok(op)
    story.published("p1#1-1")
    story.ms += ms
    assert ("queue_just_declared" in occurred(killed(story))) is shown


def test_message_without_a_route_is_unroutable_and_one_that_nobody_knows_of_is_not():
    story = QueueStory()
    story.published("p1#1-1", target="x", routes=())
    assert "unroutable" in occurred(story)
    other = QueueStory()
    other.published("p1#1-1", target="x")
    assert "unroutable" not in occurred(other)


@pytest.mark.parametrize(
    ("requeue", "outcome", "shown"),
    [(True, "ok", "requeued"), (False, "ok", "rejected"), (True, "info", None)],
    ids=["given-back", "refused-for-good", "unknown-shows-nothing"],
)
def test_refusal_counts_once_it_is_known(requeue, outcome, shown):
    story = QueueStory()
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", "nack", 1, requeue=requeue, outcome=outcome)
    assert occurred(story) & {"requeued", "rejected"} == ({shown} if shown else set())


def test_client_that_closes_with_a_delivery_in_hand_shows_it_and_one_that_settled_does_not():
    for settles in (False, True):
        story = QueueStory()
        story.published("p1#1-1")
        story.fetched("c1#1", tagged("p1#1-1", 1))
        if settles:
            story.settled("c1#1", "ack", 1)
        op = story.invoke("c1#1", "close")
        story.ok(op)
        assert ("closed_in_hand" in occurred(story)) is not settles


@pytest.mark.parametrize(
    ("answered", "shown"),
    [("before", False), ("after", True), ("never", True)],
)
def test_publisher_that_closes_without_a_confirm_shows_it_and_one_that_waited_does_not(
    answered, shown
):
    story = QueueStory()
    story.publish("p2#1-1", target="q")
    op = story.publish("p1#1-1", target="q")
    if answered == "before":
        story.ok(op)
    story.ok(story.invoke("p1#1", "close"))
    if answered == "after":
        story.info(op)
    assert ("closed_unconfirmed" in occurred(story)) is shown
    if shown:
        assert evidence(story, "closed_unconfirmed") == [
            "p1#1 closed at 0.003 s and had no answer for 1 message."
        ]


@pytest.mark.parametrize(
    ("happens", "shown"),
    [
        ("the-other-goes-on", True),
        ("nobody-goes-on", False),
        ("the-other-came-later", False),
        ("all-close", False),
        ("another-connection", False),
        ("own-connections", False),
        ("the-close-is-unknown", False),
    ],
)
def test_channel_is_closed_beside_another_that_was_there_and_went_on(happens, shown):
    story = QueueStory()
    pids = (1, 2) if happens == "another-connection" else (1, 1)
    names = ("c1#1", "p2#1") if happens == "the-other-came-later" else ("c1#1", "p1#1")
    for number, (process, pid) in enumerate(zip(names, pids, strict=True)):
        shown_by = {"pid": pid} | ({} if happens == "own-connections" else {"channel": number})
        story.process(process, "started", link="link p1", evidence=shown_by)
    closes = [story.invoke(process, "close") for process in names[: 1 + (happens == "all-close")]]
    for close in closes:
        (story.info if happens == "the-close-is-unknown" else story.ok)(close)
    if happens == "the-other-came-later":
        story.process("p1#1", "started", link="link p1", evidence={"pid": 1, "channel": 2})
    if happens not in {"nobody-goes-on", "all-close"}:
        story.published("p1#1-1")
    assert ("channel_closed_beside" in occurred(story)) is shown
    if shown:
        (sentence,) = evidence(story, "channel_closed_beside")
        assert sentence.startswith(
            "c1#1 closed its channel at 0.003 s, and p1#1 went on by another"
        )


@pytest.mark.parametrize(
    ("error", "shown"), [("ChannelClosedByBroker 404", True), ("StreamLostError", False)]
)
def test_channel_is_broken_beside_another_if_the_broker_closed_it(error, shown):
    story = QueueStory()
    for number, process in enumerate(("c1#1", "p1#1")):
        shown_by = {"pid": 1, "channel": number}
        story.process(process, "started", link="link p1", evidence=shown_by)
    story.process("c1#1", "error", error=error)
    story.published("p1#1-1")
    assert ("channel_broken_beside" in occurred(story)) is shown


@pytest.mark.parametrize(
    ("heir", "shown"),
    [("c2#1", True), ("c1#2", False), (None, False)],
    ids=["another-consumer", "the-same-again", "nobody"],
)
def test_queue_is_handed_over_by_a_close_to_another_consumer_only(heir, shown):
    story = QueueStory()
    story.published("p1#1-1")
    story.published("p1#1-2")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.ok(story.invoke("c1#1", "close"))
    if heir:
        story.fetched(heir, tagged("p1#1-2", 1))
    assert ("handed_over" in occurred(story)) is shown


def test_queue_that_another_consumer_read_before_the_close_is_not_handed_over():
    story = QueueStory()
    story.published("p1#1-1")
    story.published("p1#1-2")
    story.fetched("c2#1", tagged("p1#1-1", 1))
    story.fetched("c1#1", tagged("p1#1-2", 1))
    story.ok(story.invoke("c1#1", "close"))
    assert "handed_over" not in occurred(story)


def test_two_consumers_are_two_lanes_and_not_two_incarnations():
    for other, shown in (("c2#1", True), ("c1#2", False)):
        story = QueueStory()
        story.published("p1#1-1")
        story.published("p1#1-2")
        story.fetched("c1#1", tagged("p1#1-1", 1))
        story.fetched(other, tagged("p1#1-2", 1))
        assert ("two_consumers" in occurred(story)) is shown


def test_limit_of_length_is_reached_by_one_message_more():
    for count, shown in ((2, True), (1, False)):
        story = QueueStory(sources={"q": queue(length_max=1)})
        for number in range(count):
            story.published(f"p1#1-{number + 1}")
        assert ("length_reached" in occurred(story)) is shown


def test_publish_that_failed_was_refused_and_one_that_came_back_was_not():
    for fields, shown in (({}, True), ({"returned_unroutable": True}, False)):
        story = QueueStory()
        op = story.publish("p1#1-1", target="q")
        story.fail(op, error="NackError", **fields)
        assert ("publish_refused" in occurred(story)) is shown


def test_message_expired_if_nobody_was_handed_it_in_time():
    for ms, shown in ((20, True), (2, False)):
        story = QueueStory(sources={"q": queue(expires_ms=10)})
        story.published("p1#1-1")
        story.ms += ms
        story.fetched("c1#1", tagged("p1#1-1", 1))
        assert ("expired" in occurred(story.done())) is shown


def test_delivery_limit_is_reached_by_more_deliveries_than_it():
    for deliveries, shown in ((2, True), (1, False)):
        story = QueueStory(sources={"q": queue(delivery_limit=1)})
        story.published("p1#1-1")
        for number in range(deliveries):
            story.fetched(f"c1#{number + 1}", tagged("p1#1-1", 1))
        assert ("delivery_limit_reached" in occurred(story)) is shown


def test_dead_letter_says_why_it_died():
    story = QueueStory(sources={"q": queue(dead_letter="d"), "d": queue()})
    story.fetched("scan#1", tagged("p1#1-1", 1, source="d", reason="rejected"), target="d")
    assert "dead_lettered" in occurred(story)


@pytest.mark.parametrize(
    ("target", "shown"),
    [(None, True), (Source(kind="queue", length_max=1), True), (queue(), False)],
    ids=["no-queue", "a-full-queue", "a-queue"],
)
def test_dead_letters_are_refused_where_no_queue_surely_takes_them(target, shown):
    sources = {"q": queue(dead_letter="d"), **({} if target is None else {"d": target})}
    story = QueueStory(sources=sources)
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    story.settled("c1#1", "reject", 1, requeue=False)
    assert ("dead_letters_refused" in occurred(story)) is shown


@pytest.mark.parametrize(("times", "shown"), [(20, False), (21, True)], ids=["as-allowed", "more"])
def test_message_is_handed_out_often_once_no_default_limit_allows_it(times, shown):
    story = QueueStory()
    story.published("p1#1-1")
    for number in range(times):
        story.fetched(f"c1#{number + 1}", tagged("p1#1-1", 1))
    assert ("handed_out_often" in occurred(story)) is shown


def test_two_messages_handed_out_often_between_them_are_not():
    story = QueueStory()
    for message in ("p1#1-1", "p1#1-2"):
        story.published(message)
        for number in range(15):
            story.fetched(f"c1#{number + 1}", tagged(message, 1))
    assert "handed_out_often" not in occurred(story)


@pytest.mark.parametrize(
    ("settled", "outcome", "shown"),
    [(False, "ok", True), (True, "ok", False), (False, "info", False)],
    ids=["holding", "empty", "not-known-to-have-worked"],
)
def test_queue_that_gets_limits_is_limited_in_use_if_it_holds_something(settled, outcome, shown):
    story = QueueStory()
    story.published("p1#1-1")
    if settled:
        story.fetched("c1#1", tagged("p1#1-1", 1))
        story.settled("c1#1", "ack", 1)
    getattr(story, outcome)(story.invoke("admin#1", "set_limits", target="q"))
    assert ("limited_in_use" in occurred(story)) is shown


def test_limits_name_what_the_queue_held():
    story = QueueStory()
    held = story.published("p1#1-1")
    limited = story.invoke("admin#1", "set_limits", target="q")
    story.ok(limited)
    (found,) = HAZARDS["limited_in_use"].find(story.history())
    assert found.witnesses == (limited, held)


def test_limits_of_another_queue_limit_this_one_not():
    story = QueueStory()
    story.published("p1#1-1")
    story.ok(story.invoke("admin#1", "set_limits", target="q2"))
    assert "limited_in_use" not in occurred(story)


@pytest.mark.parametrize(
    ("answered", "shown"),
    [("after", True), ("never", True), ("meanwhile", False)],
)
def test_broker_starved_if_what_was_published_then_waited(answered, shown):
    story = QueueStory()
    story.published("p1#1-1")
    story.node("b1", "starved")
    op = story.publish("p1#1-2", target="q")
    if answered == "meanwhile":
        story.ok(op)
    story.node("b1", "resumed")
    if answered == "after":
        story.ok(op)
    assert ("broker_starved" in occurred(story)) is shown
    if shown:
        assert evidence(story, "broker_starved") == [
            "b1 had no memory left from 0.003 s, and 1 message that was published then waited."
        ]


@pytest.mark.parametrize(
    ("length_max", "outcome", "shown"),
    [(1, "ok", True), (2, "ok", False), (None, "ok", False), (1, "info", False)],
    ids=["shorter", "long-enough", "no-length", "not-known-to-be-set"],
)
def test_queue_is_shortened_in_use_if_it_holds_more_than_it_may(length_max, outcome, shown):
    story = QueueStory()
    for one in (1, 2):
        story.published(f"p1#1-{one}")
    becomes = queue(length_max=length_max)
    getattr(story, outcome)(story.invoke("admin#1", "set_limits", target="q", becomes=becomes))
    assert ("shortened_in_use" in occurred(story)) is shown
    if shown:
        assert evidence(story, "shortened_in_use") == [
            "q got a limit of length at 0.005 s that the 2 messages passed that it held."
        ]


PLACED = {"q": queue(dead_letter="d"), "d": queue(), "e": queue()}


@pytest.mark.parametrize(
    ("place", "refused", "shown"),
    [("e", "after", True), (None, "after", True), ("d", "after", False), ("e", "before", False)],
    ids=["elsewhere", "nowhere", "as-before", "dead-already"],
)
def test_dead_letters_moved_if_what_the_queue_held_died_after_that(place, refused, shown):
    story = QueueStory(sources=PLACED)
    story.published("p1#1-1")
    story.fetched("c1#1", tagged("p1#1-1", 1))
    if refused == "before":
        story.settled("c1#1", "reject", 1, requeue=False)
    becomes = queue(dead_letter=place)
    story.ok(story.invoke("admin#1", "set_limits", target="q", becomes=becomes))
    if refused == "after":
        story.settled("c1#1", "reject", 1, requeue=False)
    assert ("dead_letters_moved" in occurred(story)) is shown


def test_dead_letters_moved_names_the_queue_and_what_died():
    story = QueueStory(sources=PLACED)
    held = story.published("p1#1-1")
    becomes = queue(dead_letter="e")
    moved = story.invoke("admin#1", "set_limits", target="q", becomes=becomes)
    story.ok(moved)
    story.fetched("scan#1", tagged("p1#1-1", 1, source="e", reason="expired"), target="e")
    (found,) = HAZARDS["dead_letters_moved"].find(story.history())
    assert found.witnesses == (moved, held)
    assert evidence(story, "dead_letters_moved") == [
        "q got another place for its dead at 0.003 s, and 1 message that it held died after that."
    ]


def test_message_is_timed_if_it_has_a_time_to_wait_of_its_own():
    story = QueueStory(sources={"q": queue(expires_ms=60)})
    story.published("p1#1-1")
    assert "message_timed" not in occurred(story)
    story.published("p1#1-2", expires_ms=60)
    assert evidence(story, "message_timed") == ["1 message of p1#1 had a time to wait."]


@pytest.mark.parametrize("ended", [None, "after", "before"])
def test_node_that_is_killed_while_a_commit_is_open_is_told_of(ended):
    story = QueueStory()
    op = story.invoke("p1#1", "commit_transaction", transaction="x1")
    if ended == "before":
        story.ok(op)
    killed(story)
    if ended == "after":
        story.info(op, error="StreamLostError")
    assert ("broker_killed_committing" in occurred(story)) is (ended != "before")
