"""All that a hazard says of itself: when, who, how much, which operations, by which fault."""

from dataclasses import replace

import pytest

from deliverycheck.guarantees import HAZARDS, Evidence, hazards_of
from deliverycheck.history import history_of
from selftests.interleaving import backwards
from selftests.story import Story, at

WITNESSES = 20
NEEDS = {
    "none": ("no fault", "nothing"),
    "topic_just_created": ("new topic", "nothing"),
    "topic_answered": ("new topic", "nothing"),
    "partitions_added": ("no fault", "nothing"),
    "records_deleted": ("records gone", "nothing"),
    "read_records_deleted": ("records gone", "nothing"),
    "compacted": ("records gone", "nothing"),
    "tombstone_gone": ("records gone", "nothing"),
    "transaction_aborted": ("no fault", "nothing"),
    "instance_fenced": ("no fault", "nothing"),
    "definite_failure": ("no fault", "nothing"),
    "timed_out_beside_others": ("stall", "link"),
    "lost_reply": ("lost reply", "link"),
    "lost_request": ("lost request", "link"),
    "black_hole": ("black hole", "link"),
    "stall": ("stall", "link"),
    "delay": ("delay", "link"),
    "refuse": ("refused", "link"),
    "producer_killed": ("worker killed", "worker"),
    "producer_killed_unflushed": ("worker killed", "worker"),
    "consumer_killed": ("worker killed", "worker"),
    "consumer_killed_in_hand": ("worker killed", "worker"),
    "partitions_moved": ("rebalance", "nothing"),
    "lost_unfinished": ("rebalance", "nothing"),
    "member_paused": ("worker paused", "worker"),
    "broker_killed": ("broker killed", "node"),
    "broker_paused": ("broker paused", "node"),
    "first_write_broker_killed": ("broker killed", "node"),
}

FACTS = {
    **dict.fromkeys(
        ("process", "lane", "error", "message", "without", "node", "other", "group"), "x"
    ),
    **dict.fromkeys(("topic", "place", "transaction", "newer"), "t"),
    **dict.fromkeys(
        ("publishes", "operations", "messages", "deliveries", "after_ms", "partitions"), 2
    ),
    **dict.fromkeys(
        (
            *("error_ns", "killed_ns", "down_ns", "aborted_ns", "moved_ns", "lost_ns"),
            *("failed_ns", "grown_ns", "fenced_ns", "asked_ns", "timed_out_ns", "deleted_ns"),
        ),
        5,
    ),
}


def found(story, name):
    """The evidence, the same whether the story is told as it was or backwards."""
    told = hazards_of(story.history()).get(name, ())
    retold = hazards_of(history_of(backwards(b"".join(story.lines())))).get(name, ())
    assert retold == told
    return told


@pytest.mark.parametrize("name", HAZARDS)
def test_each_hazard_can_be_told_and_says_where_it_stands_and_what_must_be_within_reach(name):
    hazard = HAZARDS[name]
    assert name not in hazards_of(Story().history())
    assert (hazard.fault_column, hazard.needs) == NEEDS[name]
    assert len(hazard.title.split()) > 1
    for kind in hazard.sentences:
        told = hazard.tell(Evidence(kind=kind, ns=5, facts=FACTS))
        assert told.endswith(".")


def test_evidence_has_no_facts_witnesses_and_fault_but_those_that_it_is_given():
    bare = Evidence(kind="seen", ns=5)
    assert replace(HAZARDS["none"], sentences={"seen": "It was."}).tell(bare) == "It was."
    assert (bare.facts, bare.witnesses, bare.span) == ({}, (), None)


# Nothing broken, and new topics


def test_quiet_begins_with_the_first_publish_and_counts_all_messages():
    story = Story()
    story.node("b1", "ready")
    story.publish("p2#1-1", count=2)
    story.publish("p1#1-1", count=3)
    (one,) = found(story, "none")
    assert one == Evidence(
        kind="quiet", ns=2_000_000, facts={"messages": 5}, witnesses=(0, 1), span=None
    )


def test_quiet_names_the_first_twenty_publishes():
    story = Story()
    for number in range(WITNESSES + 1):
        story.publish(f"p1#1-{number}")
    (one,) = found(story, "none")
    assert one.witnesses == tuple(range(WITNESSES))


def _written_by_two(story):
    """The call with the lower number is the later one."""
    story.ms += 10
    story.publish("p2#1-1", count=2)
    story.ms -= 5
    story.publish("p1#1-1", count=3)


def test_topic_is_told_by_its_first_publish_and_all_that_were_early():
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    _written_by_two(story)
    (one,) = found(story, "topic_just_created")
    assert one == Evidence(
        kind="early",
        ns=9_000_000,
        facts={"topic": "t", "after_ms": 8, "process": "p1#1", "messages": 5},
        witnesses=(0, 1, 2),
    )


def test_topic_that_answered_is_told_by_its_first_publish_and_all_that_came_soon():
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    story.process("admin#1", "answered", evidence={"topic": "t"})
    _written_by_two(story)
    (one,) = found(story, "topic_answered")
    assert one == Evidence(
        kind="answered",
        ns=10_000_000,
        facts={"topic": "t", "after_ms": 9, "process": "p1#1", "messages": 5},
        witnesses=(0, 1, 2),
    )


def test_topics_are_told_in_the_order_of_their_creation():
    story = Story()
    for name in "ab":
        story.ok(story.invoke(f"{name}#1", "declare", target=name))
        story.publish("p1#1-1", target=name)
    assert [one.facts["topic"] for one in found(story, "topic_just_created")] == ["a", "b"]


def test_topic_that_answered_twice_had_answered_the_first_time():
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    story.process("admin#1", "answered", evidence={"topic": "t"})
    story.publish("p1#1-1")
    story.process("admin#1", "answered", evidence={"topic": "t"})
    assert found(story, "topic_answered")
    assert not found(story, "topic_just_created")


@pytest.mark.parametrize(
    ("what", "told"),
    [("held", {"topic": "t"}), ("answered", {}), ("answered", {"topic": ["t"]})],
    ids=["no-answer", "no-topic", "no-name"],
)
def test_only_an_answer_that_names_the_topic_is_one(what, told):
    story = Story()
    story.ok(story.invoke("admin#1", "declare", target="t"))
    story.process("admin#1", what, evidence=told)
    story.publish("p1#1-1")
    assert found(story, "topic_just_created")


def test_creation_that_names_no_topic_created_none_that_was_written_to():
    story = Story()
    story.ok(story.invoke("admin#1", "declare"))
    story.publish("p1#1-1")
    assert not found(story, "topic_just_created")


# Crashes


def test_killed_producers_are_told_by_time_and_then_by_name():
    story = Story()
    for process in ("p3#1", "p2#1", "p1#1"):
        story.returned(story.publish(f"{process}-1"))
    story.ms += 5
    story.process("p3#1", "killed")
    story.ms -= 3
    story.process("p2#1", "killed")
    story.ms -= 1
    story.process("p1#1", "killed")
    told = [(one.facts["process"], one.ns) for one in found(story, "producer_killed")]
    assert told == [("p1#1", 10_000_000), ("p2#1", 10_000_000), ("p3#1", 12_000_000)]


def test_killed_producer_is_told_with_all_that_it_had_published():
    story = Story()
    story.published("p1#1-1", 0)
    story.returned(story.publish("p1#1-2", count=3))
    story.process("p1#1", "killed")
    (one,) = found(story, "producer_killed")
    assert one == Evidence(
        kind="killed",
        ns=5_000_000,
        facts={"process": "p1#1", "killed_ns": 5_000_000, "messages": 4},
        witnesses=(0, 1),
    )
    (one,) = found(story, "producer_killed_unflushed")
    assert (one.facts["messages"], one.witnesses) == (3, (1,))


def test_killed_consumer_is_told_with_all_that_it_had_been_handed():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0), at("p1#1-2", 1))
    story.received("c1#1", at("p1#1-3", 2))
    story.process("c1#1", "killed")
    (one,) = found(story, "consumer_killed")
    assert one == Evidence(
        kind="killed",
        ns=5_000_000,
        facts={"process": "c1#1", "killed_ns": 5_000_000, "deliveries": 3},
        witnesses=(0, 1),
    )
    assert HAZARDS["consumer_killed"].tell(one) == (
        "c1#1 was killed at 0.005 s after 3 deliveries."
    )


def test_message_in_hand_is_told_with_what_was_still_to_be_done():
    story = Story()
    story.received("c1#1", at("p1#1-1", 0), at("p1#1-2", 1))
    story.effect("c1#1", at("p1#1-1", 0))
    story.committed("c1#1", 1)
    story.process("c1#1", "killed")
    (one,) = found(story, "consumer_killed_in_hand")
    assert one == Evidence(
        kind="killed",
        ns=7_000_000,
        facts={
            "process": "c1#1",
            "killed_ns": 7_000_000,
            "deliveries": 1,
            "message": "p1#1-2",
            "without": "its effect and its commit",
        },
        witnesses=(0,),
    )


def test_killed_consumer_is_told_with_its_first_twenty_receives():
    story = Story()
    for number in range(WITNESSES + 1):
        story.received("c1#1", at(f"p1#1-{number}", number))
    story.process("c1#1", "killed")
    for name in ("consumer_killed", "consumer_killed_in_hand"):
        (one,) = found(story, name)
        assert (one.facts["deliveries"], one.witnesses) == (21, tuple(range(WITNESSES)))


@pytest.mark.parametrize(
    ("state", "back", "hazard"),
    [("killed", "ready", "broker_killed"), ("paused", "resumed", "broker_paused")],
)
def test_node_is_told_with_what_met_it_until_it_is_back(state, back, hazard):
    story = Story()
    story.node("b1", "ready")
    story.publish("p2#1-1")
    story.node("b1", state)
    story.node("b2", back)
    story.publish("p1#1-1")
    story.node("b1", back)
    story.publish("p1#1-2")
    (one,) = found(story, hazard)
    assert one == Evidence(
        kind="down",
        ns=3_000_000,
        facts={"node": "b1", "down_ns": 3_000_000, "operations": 2},
        witnesses=(0, 1),
    )


def test_first_writes_are_told_for_each_producer_until_the_node_is_back():
    story = Story()
    story.node("b1", "ready")
    story.publish("p2#1-1", partition=0)
    story.publish("p1#1-1", partition=0, count=2)
    story.node("b1", "killed")
    story.publish("p1#1-3", partition=0)
    story.node("b1", "ready")
    story.publish("p1#1-4", partition=0)
    assert found(story, "first_write_broker_killed") == tuple(
        Evidence(
            kind="first",
            ns=4_000_000,
            facts={
                "node": "b1",
                "down_ns": 4_000_000,
                "process": process,
                "place": "t/0",
                "messages": messages,
            },
            witnesses=witnesses,
        )
        for process, messages, witnesses in [("p2#1", 1, (0,)), ("p1#1", 3, (1, 2))]
    )


# Links


def _other_fault(story):
    """A fault that is none of those looked for, so that theirs has the number 1."""
    story.injected("pause", "c9")
    story.healed("pause", "c9")


def test_cut_is_told_for_each_process_with_its_publishes_and_the_fault():
    story = Story()
    _other_fault(story)
    story.process("p2#1", "started", link="link p1")
    before = story.publish("p1#1-1")
    story.injected("lose_reply", "link p1")
    inside = [story.publish("p2#1-1"), story.publish("p1#1-2")]
    story.healed("lose_reply", "link p1")
    for op in (before, *inside):
        story.ok(op)
    assert found(story, "lost_reply") == (
        Evidence(
            kind="late",
            ns=7_000_000,
            facts={"process": "p1#1", "lane": "link p1", "publishes": 2},
            witnesses=(0, 2),
            span=1,
        ),
        Evidence(
            kind="late",
            ns=9_000_000,
            facts={"process": "p2#1", "lane": "link p1", "publishes": 1},
            witnesses=(1,),
            span=1,
        ),
    )


@pytest.mark.parametrize("fault", ["black_hole", "refuse"])
def test_fault_is_told_for_each_process_with_the_operations_that_met_it(fault):
    story = Story()
    _other_fault(story)
    story.process("p2#1", "started", link="link p1")
    story.publish("p1#1-1")
    story.injected(fault, "link p1", direction="upstream")
    story.publish("p2#1-1")
    story.publish("p1#1-2")
    story.healed(fault, "link p1")
    assert found(story, fault) == (
        Evidence(
            kind="open",
            ns=7_000_000,
            facts={"process": "p1#1", "lane": "link p1", "operations": 2},
            witnesses=(0, 2),
            span=1,
        ),
        Evidence(
            kind="open",
            ns=9_000_000,
            facts={"process": "p2#1", "lane": "link p1", "operations": 1},
            witnesses=(1,),
            span=1,
        ),
    )


def test_refusal_is_told_by_the_first_complaint_under_each_fault():
    story = Story()
    _other_fault(story)
    for error in ("_TRANSPORT", None):
        story.injected("refuse", "link p1")
        story.process("p1#1", "error", error=error)
        story.process("p1#1", "error", error="_ALL_BROKERS_DOWN")
        story.healed("refuse", "link p1")
    told = found(story, "refuse")
    assert told == tuple(
        Evidence(
            kind="complaint",
            ns=ns,
            facts={"process": "p1#1", "error": error, "error_ns": ns},
            witnesses=(),
            span=span,
        )
        for ns, error, span in [(7_000_000, "_TRANSPORT", 1), (13_000_000, "an error", 2)]
    )
