"""Two producers write with one key."""

import pytest

from deliverycheck.guarantees import HAZARDS, Evidence
from selftests.shown import evidence, occurred
from selftests.story import Story


def keyed(*publishes):
    """Publishes, each with process and key and more of its fields."""
    story = Story()
    for number, (process, key, fields) in enumerate(publishes, start=1):
        story.publish(f"{process}-{number}", key=key, **fields)
    return story


def test_key_of_two_producers_is_told_with_both():
    story = keyed(("p1#1", "k", {}), ("p2#1", "k", {}), ("p1#1", "k", {}))
    assert evidence(story, "key_shared") == [
        "p1#1 and p2#1 both wrote to t with key k (3 messages)."
    ]
    assert HAZARDS["key_shared"].find(story.history())[0] == Evidence(
        kind="shared",
        ns=2_000_000,
        facts={"process": "p1#1", "other": "p2#1", "topic": "t", "key": "k", "messages": 3},
        witnesses=(0, 1),
    )


@pytest.mark.parametrize(
    "story",
    [
        keyed(("p1#1", "k", {}), ("p2#1", "j", {})),
        keyed(("p1#1", "k", {}), ("p2#1", "k", {"target": "u"})),
        keyed(("p1#1", "k", {}), ("p1#2", "k", {})),
        keyed(("p1#1", None, {}), ("p2#1", None, {})),
        keyed(("p1#1", "k", {}), ("p2#1", "k", {"partition": 0})),
    ],
    ids=[
        "each-has-a-key-of-its-own",
        "two-topics",
        "two-incarnations-of-one-producer",
        "no-key",
        "one-chooses-the-partition-by-hand",
    ],
)
def test_key_that_no_partitioner_of_another_producer_sees_is_not_shared(story):
    assert "key_shared" not in occurred(story)
