"""What queues may lose, drop and deliver too late: each boundary of the definitions."""

import pytest

from selftests.queue_story import QueueStory, is_broken, queue, tagged, verdict_of

MESSAGE = "p1#1-1"
LOSING = ("routed_confirms", "dead_lettering", "expiry")


def accusers(history):
    """The guarantees by which the history lost a message, and those that looked at it."""
    verdicts = [verdict_of(history, guarantee) for guarantee in LOSING]
    lost = {verdict.guarantee for verdict in verdicts if verdict.count}
    return lost, {verdict.guarantee for verdict in verdicts if verdict.examined}


NO_LIMIT, DEAD = {}, {"dead_letter": "d"}
FATES = {
    "stays": (NO_LIMIT, {}, NO_LIMIT, "routed_confirms"),
    "stays-though-there-is-a-place-for-the-dead": (DEAD, {}, NO_LIMIT, "routed_confirms"),
    "refused-if-full-so-what-is-taken-stays": (
        {"length_max": 1, "overflow": "reject_publish"}, {}, NO_LIMIT, "routed_confirms",
    ),
    "dropped-if-full": ({"length_max": 1, "overflow": "drop_head"}, {}, NO_LIMIT, None),
    "dropped-if-full-without-saying-how": ({"length_max": 1}, {}, NO_LIMIT, None),
    "dropped-after-deliveries": ({"delivery_limit": 3}, {}, NO_LIMIT, None),
    "dies-if-full": (DEAD | {"length_max": 1}, {}, NO_LIMIT, "dead_lettering"),
    "dies-after-deliveries": (DEAD | {"delivery_limit": 3}, {}, NO_LIMIT, "dead_lettering"),
    "dies-by-expiry": (DEAD | {"expires_ms": 1}, {}, NO_LIMIT, "dead_lettering"),
    "dies-by-its-own-expiry": (DEAD, {"expires_ms": 1}, NO_LIMIT, "dead_lettering"),
    "its-time-is-not-over": ({"expires_ms": 900}, {}, NO_LIMIT, "expiry"),
    "its-own-time-is-not-over": (NO_LIMIT, {"expires_ms": 900}, NO_LIMIT, "expiry"),
    "the-shorter-time-is-over": ({"expires_ms": 900}, {"expires_ms": 1}, NO_LIMIT, None),
    "the-queues-time-is-the-shorter": ({"expires_ms": 1}, {"expires_ms": 900}, NO_LIMIT, None),
    "expires-without-a-place-for-the-dead": ({"expires_ms": 1}, {}, NO_LIMIT, None),
    "the-dead-expire": (DEAD | {"length_max": 1}, {}, {"expires_ms": 900}, None),
    "the-dead-are-counted": (DEAD | {"length_max": 1}, {}, {"length_max": 9}, None),
    "the-dead-are-dropped": (DEAD | {"length_max": 1}, {}, {"delivery_limit": 9}, None),
    "the-dead-are-refused": (
        DEAD | {"length_max": 1}, {}, {"overflow": "reject_publish"}, None,
    ),
    "the-dead-die-on-to-a-third-queue": (
        DEAD | {"length_max": 1}, {}, {"length_max": 9, "dead_letter": "e"}, "dead_lettering",
    ),
    "the-dead-die-in-a-circle": (
        DEAD | {"length_max": 1}, {}, {"length_max": 9, "dead_letter": "q"}, None,
    ),
    "what-expires-comes-round-in-a-circle": (
        DEAD, {"expires_ms": 1}, {"expires_ms": 900, "dead_letter": "q"}, None,
    ),
    "the-dead-go-nobody-knows-where": (
        {"dead_letter": "an exchange", "length_max": 1}, {}, NO_LIMIT, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "own", "dead", "by"), FATES.values(), ids=FATES)
def test_confirmed_message_that_is_nowhere_is_lost_to_who_owes_it(source, own, dead, by):
    sources = {"q": queue(**source), "d": queue(**dead), "e": queue()}
    story = QueueStory(sources=sources)
    story.published(MESSAGE, **own)
    lost, examined = accusers(story.done().history())
    assert lost == examined == ({by} if by else set())


@pytest.mark.parametrize(("source", "own", "dead", "by"), FATES.values(), ids=FATES)
def test_same_message_is_not_lost_once_anybody_was_handed_it(source, own, dead, by):
    sources = {"q": queue(**source), "d": queue(**dead), "e": queue()}
    story = QueueStory(sources=sources)
    story.published(MESSAGE, **own)
    story.fetched("scan#1", tagged(MESSAGE, 1, source="e"), target="e")
    lost, examined = accusers(story.done().history())
    assert not lost
    assert by is None or by in examined


def test_time_that_ends_with_the_history_is_over():
    def story_of(ms):
        story = QueueStory(sources={"q": queue(expires_ms=ms)})
        story.published(MESSAGE)  # Called at 1 ms; the history ends at 3 ms.
        return story.done().history()

    assert accusers(story_of(2)) == (set(), set())
    assert accusers(story_of(3)) == ({"expiry"}, {"expiry"})


ANYWHERE = {
    "all-queues-keep": ({}, {}, True),
    "its-own-time-is-over": ({}, {"expires_ms": 1}, False),
    "one-queue-expires": ({"expires_ms": 900}, {}, False),
    "one-queue-is-short": ({"length_max": 9, "overflow": "reject_publish"}, {}, False),
    "one-queue-counts": ({"delivery_limit": 9}, {}, False),
}


@pytest.mark.parametrize(("other", "own", "lost"), ANYWHERE.values(), ids=ANYWHERE)
def test_message_to_what_routes_is_lost_if_it_stays_in_whatever_queue(other, own, lost):
    story = QueueStory(sources={"q": queue(), "r": queue(**other)})
    story.published(MESSAGE, target="an exchange", **own)
    assert accusers(story.done().history())[0] == ({"routed_confirms"} if lost else set())


def test_message_to_a_log_is_no_business_of_queues():
    story = QueueStory(sources={"q": queue(), "t": queue(kind="log")})
    story.published(MESSAGE, target="t")
    assert accusers(story.done().history()) == (set(), set())
    assert verdict_of(story.history(), "confirms_resolved").examined == 0


READERS = {
    "nobody": (lambda _: None, True),
    "who-settles": (lambda story: settles(story, "c1#1"), True),
    "whose-next-incarnation-settles": (
        lambda story: (story.subscribed("c1#1"), settles(story, "c1#2")), True,
    ),
    "who-has-a-prefetch": (lambda story: story.subscribed("c1#1", prefetch=1), True),
    "who-has-no-prefetch": (lambda story: story.subscribed("c1#1"), False),
    "who-has-one-subscription-without": (
        lambda story: (story.subscribed("c1#1", prefetch=1), story.subscribed("c1#1")), False,
    ),
    "who-settles-what-it-takes-from-another-queue": (
        lambda story: (settles(story, "c1#1", source="r"), story.fetched("c1#1")), False,
    ),
    "who-has-a-prefetch-for-another-queue": (
        lambda story: (story.subscribed("c1#1", target="r", prefetch=1), story.fetched("c1#1")),
        False,
    ),
    "who-fetches": (lambda story: story.fetched("c1#1"), False),
    "who-reads-another-queue": (lambda story: story.fetched("c1#1", target="r"), True),
    "who-subscribed-beside-one-that-settles-and-does-not-say-from-where": (
        lambda story: (
            story.subscribed("c1#1"),
            story.pushed("c2#1", tagged("another", 1)),
            story.settled("c2#1", "ack", 1),
        ),
        False,
    ),
    "who-does-not-say-from-where": (lambda story: story.pushed("c1#1"), False),
    "who-reads-what-it-subscribed-to": (
        lambda story: (story.subscribed("c1#1", target="r"), story.pushed("c1#1")), True,
    ),
    "whose-subscription-failed": (
        lambda story: story.fail(story.invoke("c1#1", "subscribe", target="q")), True,
    ),
    "whose-subscription-says-nothing": (
        lambda story: story.ok(story.invoke("c1#1", "subscribe")), False,
    ),
    "whose-group-reads-another-queue": (
        lambda story: story.ok(story.invoke("c1#1", "subscribe", group="h")), True,
    ),
    "whose-group-reads-it": (
        lambda story: story.ok(story.invoke("c1#1", "assign", group="g")), False,
    ),
    "a-fresh-reader": (lambda story: story.fetched("scan#1"), True),
}  # fmt: skip


def settles(story, process, source="q"):
    story.subscribed(process, target=source)
    story.pushed(process, tagged("another", 1, source=source))
    story.settled(process, "ack", 1, source=source)


@pytest.mark.parametrize(("reads", "lost"), READERS.values(), ids=READERS)
def test_queue_keeps_track_if_all_its_readers_settle(reads, lost):
    groups = {"g": ("q",), "h": ("r",)}
    story = QueueStory(sources={"q": queue(), "r": queue()}, groups=groups)
    story.published(MESSAGE)
    reads(story)
    assert is_broken(story.done().history(), "routed_confirms") == lost


@pytest.mark.parametrize("done", [{"scanned": False}, {"drained": False}], ids=str)
def test_absence_proves_nothing_before_everything_was_read(done):
    story = QueueStory(sources={"q": queue(), "r": queue(dead_letter="d"), "d": queue()})
    story.published(MESSAGE)
    story.published("p1#1-2", expires_ms=900)
    story.published("p1#1-3", target="r")
    story.fetched("c1#1", tagged("p1#1-3", 1, source="r"), target="r")
    story.settled("c1#1", "reject", 1, source="r", requeue=False)
    story.done()
    assert accusers(story.history())[0] == set(LOSING)
    story.events.pop()
    assert accusers(story.done(**done).history())[0] == set()


@pytest.mark.parametrize(
    ("attempts", "lost"),
    [([1], True), ([1, 2], True), ([2], True), ([2, 2], False), ([1, 1], False)],
    ids=str,
)
def test_message_that_was_sent_twice_as_the_same_attempt_is_not_judged(attempts, lost):
    story = QueueStory()
    for attempt in attempts:
        story.published(MESSAGE, attempt=attempt)
    assert is_broken(story.done().history(), "routed_confirms") == lost


@pytest.mark.parametrize(
    ("settle", "lost"),
    [
        (("reject", 1, {"requeue": False}), True),
        (("nack", 1, {"requeue": False}), True),
        (("nack", 1, {"requeue": True}), False),
        (("nack", 1, {}), False),
        (("ack", 1, {}), False),
        (("reject", 2, {"requeue": False}), False),
        (("reject", 1, {"requeue": False, "outcome": "info"}), False),
        (("reject", 1, {"requeue": False, "outcome": "fail"}), False),
        (("reject", 1, {"requeue": False, "source": "d"}), False),
    ],
    ids=[
        "rejected", "nacked", "given-back", "not-said", "acked", "another-tag", "unknown",
        "failed", "another-queue",
    ],
)  # fmt: skip
def test_message_is_owed_to_the_dead_once_it_surely_was_given_up(settle, lost):
    action, tag, fields = settle
    story = QueueStory(sources={"q": queue(dead_letter="d"), "d": queue()})
    story.published(MESSAGE)
    story.fetched("c1#1", tagged(MESSAGE, 1))
    story.settled("c1#1", action, tag, **fields)
    assert is_broken(story.done().history(), "dead_lettering") == lost


@pytest.mark.parametrize(
    ("where", "lost"),
    [("d", False), ("e", False), ("other", True)],
    ids=["among-its-dead", "where-the-dead-die", "somewhere-else"],
)
def test_dead_letter_stands_where_its_queue_sends_it_or_where_that_one_does(where, lost):
    sources = {
        "q": queue(dead_letter="d"),
        "d": queue(dead_letter="e"),
        "e": queue(),
        "other": queue(),
    }
    story = QueueStory(sources=sources)
    story.published(MESSAGE)
    story.fetched("c1#1", tagged(MESSAGE, 1))
    story.settled("c1#1", "reject", 1, requeue=False)
    story.fetched("scan#1", tagged(MESSAGE, 1, source=where), target=where)
    assert is_broken(story.done().history(), "dead_lettering") == lost


REASONS = {
    "rejected-and-says-so": ({}, {}, True, "rejected", None),
    "rejected-and-says-expired": ({"expires_ms": 1}, {}, True, "expired", "was_rejected"),
    "rejected-and-says-something-else": ({}, {}, True, "odd", "was_rejected"),
    "says-rejected-without-a-delivery": ({}, {}, False, "rejected", "nobody_rejected"),
    "says-expired-and-the-queue-does": ({"expires_ms": 1}, {}, False, "expired", None),
    "says-expired-and-it-does": ({}, {"expires_ms": 1}, False, "expired", None),
    "says-expired-and-nothing-does": ({"length_max": 1}, {}, False, "expired", "no_such_limit"),
    "says-too-long-and-may-be": ({"length_max": 1}, {}, False, "maxlen", None),
    "says-too-long-and-cannot-be": ({"expires_ms": 1}, {}, False, "maxlen", "no_such_limit"),
    "says-delivered-too-often": ({}, {}, False, "delivery_limit", None),
    "says-nothing": ({}, {}, True, None, None),
}


@pytest.mark.parametrize(
    ("source", "own", "rejected", "reason", "kind"), REASONS.values(), ids=REASONS
)
def test_reason_of_a_dead_letter_is_one_that_it_can_have(source, own, rejected, reason, kind):
    story = QueueStory(sources={"q": queue(dead_letter="d", **source), "d": queue()})
    story.published(MESSAGE, **own)
    if rejected:
        story.fetched("c1#1", tagged(MESSAGE, 1))
        story.settled("c1#1", "reject", 1, requeue=False)
    story.ms += 10
    story.fetched("scan#1", tagged(MESSAGE, 1, source="d", reason=reason), target="d")
    verdict = verdict_of(story.done().history(), "dead_lettering")
    assert [anomaly.facts["kind"] for anomaly in verdict.anomalies] == ([kind] if kind else [])


def test_rejection_of_a_delivery_that_nobody_recorded_may_be_of_any_message():
    story = QueueStory(sources={"q": queue(dead_letter="d"), "d": queue()})
    story.published(MESSAGE)
    story.settled("c1#1", "reject", 7, requeue=False)
    story.fetched("scan#1", tagged(MESSAGE, 1, source="d", reason="rejected"), target="d")
    assert not is_broken(story.done().history(), "dead_lettering")


def test_ack_of_a_delivery_that_nobody_recorded_rejects_nothing():
    story = QueueStory(sources={"q": queue(dead_letter="d"), "d": queue()})
    story.published(MESSAGE)
    story.settled("c1#1", "ack", 7)
    story.fetched("scan#1", tagged(MESSAGE, 1, source="d", reason="rejected"), target="d")
    assert is_broken(story.done().history(), "dead_lettering")


@pytest.mark.parametrize("second", ["r", "q"], ids=["two-queues-before", "two-steps-before"])
def test_reason_after_a_rejection_is_open_where_more_than_one_queue_comes_before(second):
    sources = {"q": queue(dead_letter="d"), "d": queue(dead_letter="e"), "e": queue()}
    sources["r"] = queue(dead_letter="d", expires_ms=1)
    story = QueueStory(sources=sources)
    story.published(MESSAGE)
    story.fetched("c1#1", tagged(MESSAGE, 1))
    story.settled("c1#1", "reject", 1, requeue=False)
    place = "d" if second == "r" else "e"
    story.fetched("scan#1", tagged(MESSAGE, 1, source=place, reason="expired"), target=place)
    assert not is_broken(story.done().history(), "dead_lettering")


@pytest.mark.parametrize(
    ("ms", "late"), [(5, True), (6, False)], ids=["just-over", "two-ms-of-rounding"]
)
@pytest.mark.parametrize("how", ["fetched", "subscribed"])
def test_delivery_is_late_if_the_queue_was_asked_after_the_time(ms, late, how):
    story = QueueStory(sources={"q": queue(expires_ms=ms)})
    story.published(MESSAGE)  # Confirmed at 2 ms.
    story.ms = 9  # So asked at 10 ms, 8 ms later.
    if how == "subscribed":
        story.subscribed("c1#1", prefetch=1)
        story.pushed("c1#1", tagged(MESSAGE, 1))
    else:
        story.fetched("c1#1", tagged(MESSAGE, 1))
    assert is_broken(story.done().history(), "expiry") == late


@pytest.mark.parametrize(("ms", "early"), [(10, False), (11, True)], ids=["rounding", "too-early"])
@pytest.mark.parametrize("feeds", ["own", "queue", "two-queues"])
def test_dead_letter_is_early_if_it_was_handed_out_before_the_time(ms, early, feeds):
    own = ms if feeds == "own" else None
    sources = {"q": queue(dead_letter="d", expires_ms=None if own else ms), "d": queue()}
    if feeds == "two-queues":
        sources["r"] = queue(dead_letter="d", expires_ms=90)
    story = QueueStory(sources=sources)
    story.published(MESSAGE, expires_ms=own)  # Called at 1 ms.
    story.ms = 7  # So complete at 9 ms, 8 ms later.
    story.fetched("scan#1", tagged(MESSAGE, 1, source="d", reason="expired"), target="d")
    assert is_broken(story.done().history(), "expiry") == early


@pytest.mark.parametrize("reason", ["rejected", None])
def test_dead_letter_of_another_reason_is_never_too_early(reason):
    story = QueueStory(sources={"q": queue(dead_letter="d", expires_ms=900), "d": queue()})
    story.published(MESSAGE)
    story.fetched("scan#1", tagged(MESSAGE, 1, source="d", reason=reason), target="d")
    assert not is_broken(story.done().history(), "expiry")


@pytest.mark.parametrize("waits", [{}, {"expires_ms": 5}], ids=["for-ever", "for-another-time"])
def test_dead_letter_that_comes_after_its_first_time_is_not_late(waits):
    story = QueueStory(sources={"q": queue(dead_letter="d", expires_ms=1), "d": queue(**waits)})
    story.published(MESSAGE)
    story.ms += 10
    story.fetched("scan#1", tagged(MESSAGE, 1, source="d"), target="d")
    assert verdict_of(story.done().history(), "expiry").examined == 0


@pytest.mark.parametrize("reason", ["rejected", "expired", "maxlen"])
def test_reason_is_open_where_no_declared_queue_sends_its_dead(reason):
    story = QueueStory()
    story.published(MESSAGE)
    story.fetched("scan#1", tagged(MESSAGE, 1, reason=reason))
    assert verdict_of(story.done().history(), "dead_lettering").examined == 0
