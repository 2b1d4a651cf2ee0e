"""A publish fails with an error that proves something."""

from deliverycheck.guarantees import HAZARDS, Evidence
from selftests.shown import evidence, occurred
from selftests.story import Story


def ended(*ends):
    """Publishes, each with how it ended and the process that made it."""
    story = Story()
    for number, (process, how, error) in enumerate(ends, start=1):
        getattr(story, how)(story.publish(f"{process}-{number}"), error=error)
    return story


def test_publishes_that_failed_for_good_are_told_by_process_and_error():
    story = ended(
        ("p1#1", "fail", "_QUEUE_FULL"),
        ("p2#1", "fail", "_QUEUE_FULL"),
        ("p1#1", "fail", "_QUEUE_FULL"),
        ("p1#1", "fail", "MSG_SIZE_TOO_LARGE"),
    )
    assert evidence(story, "definite_failure") == [
        "2 publishes of p1#1 failed for good, from 0.001 s on: _QUEUE_FULL.",
        "1 publish of p2#1 failed for good, from 0.003 s on: _QUEUE_FULL.",
        "1 publish of p1#1 failed for good, from 0.007 s on: MSG_SIZE_TOO_LARGE.",
    ]
    assert HAZARDS["definite_failure"].find(story.history())[0] == Evidence(
        kind="failed",
        ns=1_000_000,
        facts={
            "process": "p1#1",
            "error": "_QUEUE_FULL",
            "publishes": 2,
            "failed_ns": 1_000_000,
        },
        witnesses=(0, 2),
    )


def test_failure_without_a_name_is_one():
    assert evidence(ended(("p1#1", "fail", None)), "definite_failure") == [
        "1 publish of p1#1 failed for good, from 0.001 s on: an error."
    ]


def test_error_that_proves_nothing_is_none():
    assert "definite_failure" not in occurred(ended(("p1#1", "info", "_MSG_TIMED_OUT")))


def test_commit_that_failed_is_no_publish():
    story = Story(groups={"g": ("t",)})
    story.fail(story.invoke("c1#1", "commit", group="g"), error="x")
    assert occurred(story) == set()


def test_publishes_that_their_producer_forgot_are_told_by_process_and_error():
    story = ended(("p1#1", "info", "_PURGE_INFLIGHT"), ("p1#1", "fail", "_PURGE_QUEUE"))
    told = "1 publish of p1#1 had no confirm when it was told to forget them, from {} s on: {}."
    assert evidence(story, "purged") == [
        told.format("0.001", "_PURGE_INFLIGHT"),
        told.format("0.003", "_PURGE_QUEUE"),
    ]


def test_publish_that_ended_otherwise_was_not_forgotten():
    assert "purged" not in occurred(ended(("p1#1", "info", "_MSG_TIMED_OUT")))
    assert "purged" not in occurred(ended(("p1#1", "fail", "_QUEUE_FULL")))
