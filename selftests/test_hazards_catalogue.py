"""Every hazard of the catalogue can be told, and says where it stands and what it needs."""

from dataclasses import replace

import pytest

from deliverycheck.guarantees import HAZARDS, Evidence, hazards_of
from selftests.story import Story

NEEDS = {
    "none": ("no fault", "nothing"),
    "topic_just_created": ("new topic", "nothing"),
    "topic_answered": ("new topic", "nothing"),
    "partitions_added": ("no fault", "nothing"),
    "config_changed": ("no fault", "nothing"),
    "records_deleted": ("records gone", "nothing"),
    "read_records_deleted": ("records gone", "nothing"),
    "replayed": ("no fault", "nothing"),
    "commit_refused": ("rebalance", "nothing"),
    "revoked_uncommitted": ("rebalance", "nothing"),
    "member_fenced": ("rebalance", "nothing"),
    "unsubscribed": ("rebalance", "nothing"),
    "partitions_paused": ("no fault", "nothing"),
    "sought_deleted": ("records gone", "nothing"),
    "topic_remade": ("records gone", "nothing"),
    "written_while_deleted": ("new topic", "nothing"),
    "remade_under_member": ("records gone", "nothing"),
    "committed_to_remade": ("records gone", "nothing"),
    "records_expired": ("records gone", "nothing"),
    "expired_unread": ("records gone", "nothing"),
    "compacted": ("records gone", "nothing"),
    "tombstone_gone": ("records gone", "nothing"),
    "transaction_aborted": ("no fault", "nothing"),
    "instance_fenced": ("no fault", "nothing"),
    "definite_failure": ("no fault", "nothing"),
    "timed_out_beside_others": ("stall", "link"),
    "purged_beside_others": ("lost reply", "link"),
    "lost_reply": ("lost reply", "link"),
    "lost_request": ("lost request", "link"),
    "black_hole": ("black hole", "link"),
    "stall": ("stall", "link"),
    "delay": ("delay", "link"),
    "refuse": ("refused", "link"),
    "transaction_timed_out": ("worker paused", "worker"),
    "end_late": ("stall", "link"),
    "purged": ("no fault", "nothing"),
    "key_shared": ("no fault", "nothing"),
    "producer_killed": ("worker killed", "worker"),
    "producer_killed_unflushed": ("worker killed", "worker"),
    "consumer_killed": ("worker killed", "worker"),
    "consumer_killed_in_hand": ("worker killed", "worker"),
    "partitions_moved": ("rebalance", "nothing"),
    "lost_unfinished": ("rebalance", "nothing"),
    "member_paused": ("worker paused", "worker"),
    "lock_expired": ("rebalance", "nothing"),
    "given_back": ("no fault", "nothing"),
    "given_back_at_limit": ("no fault", "nothing"),
    "broker_killed": ("broker killed", "node"),
    "broker_paused": ("broker paused", "node"),
    "broker_starved": ("broker starved", "memory"),
    "first_write_broker_killed": ("broker killed", "node"),
    "node_killed": ("broker killed", "node"),
    "broker_killed_holding": ("broker killed", "node"),
    "broker_killed_committing": ("broker killed", "node"),
    "queue_just_declared": ("broker killed", "node"),
    "unroutable": ("no fault", "nothing"),
    "requeued": ("given back", "nothing"),
    "rejected": ("given back", "nothing"),
    "requester_cut": ("lost reply", "link"),
    "requester_killed": ("worker killed", "worker"),
    "closed_in_hand": ("given back", "nothing"),
    "closed_unconfirmed": ("no fault", "nothing"),
    "shortened_in_use": ("limit reached", "nothing"),
    "heartbeats_missed": ("heartbeats missed", "worker"),
    "channel_closed_beside": ("no fault", "nothing"),
    "channel_broken_beside": ("no fault", "nothing"),
    "handed_over": ("given back", "nothing"),
    "two_consumers": ("no fault", "nothing"),
    "length_reached": ("limit reached", "nothing"),
    "limited_in_use": ("limit reached", "nothing"),
    "dead_letters_moved": ("limit reached", "nothing"),
    "publish_refused": ("limit reached", "nothing"),
    "expired": ("limit reached", "nothing"),
    "message_timed": ("limit reached", "nothing"),
    "delivery_limit_reached": ("limit reached", "nothing"),
    "handed_out_often": ("limit reached", "nothing"),
    "dead_lettered": ("limit reached", "nothing"),
    "dead_letters_refused": ("limit reached", "nothing"),
}

FACTS = {
    **dict.fromkeys(
        ("process", "lane", "error", "message", "without", "node", "other", "group"), "x"
    ),
    **dict.fromkeys(("topic", "place", "key", "transaction", "newer", "name", "value"), "t"),
    **dict.fromkeys(
        (
            "publishes",
            "operations",
            "messages",
            "deliveries",
            "after_ms",
            "partitions",
            "timeout_ms",
            "lock_ms",
            "count",
            "request_ms",
            "requests",
            "gone",
            "position",
            "silent_ms",
            "heartbeat_s",
        ),
        2,
    ),
    **dict.fromkeys(
        (
            *("error_ns", "killed_ns", "down_ns", "aborted_ns", "moved_ns", "lost_ns"),
            *("failed_ns", "changed_ns", "fenced_ns", "asked_ns", "open_ns", "handed_ns"),
            *(
                "timed_out_ns",
                "purged_ns",
                "deleted_ns",
                "committed_ns",
                "closed_ns",
                "back_ns",
                "sought_ns",
                "paused_ns",
                "left_ns",
                "since_ns",
            ),
        ),
        5,
    ),
    **dict.fromkeys(("queue", "target", "reasons"), "q"),
    **dict.fromkeys(("length_max", "delivery_limit", "consumers"), 2),
}


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
