"""The hazards that a plan for Kafka may bring about, as its steps tell."""

import msgspec
import pytest

from deliverycheck.plans import (
    AbortTransaction,
    AddPartitions,
    CommitPolicy,
    CommitTransaction,
    Consumer,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Direction,
    FaultKind,
    Flush,
    GroupKind,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Purge,
    Purged,
    Settling,
    Subject,
    TopicReady,
    Wait,
    Work,
)
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.kafka_state import NODE
from properties.kafka.claims import CLAIMS
from selftests.plan_samples import LOG_ONLY, WITH_GROUP
from selftests.reach_of_members import REACH_OF_MEMBERS

MODEL = KafkaModel()
FRESH = Subject(producer={"acks": "all"}, topic_ready=TopicReady.CREATED)
TRANSACTIONAL = Subject(producer={"transactional.id": "x"})
SLOW = Subject(
    consumer=Consumer(
        commit=CommitPolicy.AFTER_EFFECT,
        settings={"max.poll.interval.ms": 600},
        handling_ms=601,
    )
)
TWO_GROUPS = Subject(consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, groups=2))


def sharing(handling_ms=0):
    after = CommitPolicy.AFTER_EFFECT
    return Subject(consumer=Consumer(commit=after, kind=GroupKind.SHARE, handling_ms=handling_ms))


BRIEF_TRANSACTIONS = Subject(producer={"transactional.id": "x", "transaction.timeout.ms": 1000})
TWO_PRODUCERS = Subject(second_producer={})
SMALL_QUEUE = Subject(producer={"queue.buffering.max.messages": 2})
LOSE = Inject(lane="link p1", fault=FaultKind.LOSE_REPLY)
HOLE = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)
STALL = Inject(lane="link p1", fault=FaultKind.STALL, direction=Direction.UPSTREAM)
PATIENT = Subject(producer={"message.timeout.ms": 6000})
GIVING_UP = (STALL, Publish(), Hold(ms=4400), Publish(partition=1), Hold(ms=2900), Publish())


COMPACTED = Subject(topic={"cleanup.policy": "compact"})
TIMED = msgspec.structs.replace(WITH_GROUP, topic={"retention.ms": 1500})
REACH = {
    **REACH_OF_MEMBERS,
    "nothing-disturbed": ((Publish(),), WITH_GROUP, {"none"}),
    "nothing-published": ((CreateTopic(topic="t2"),), LOG_ONLY, set()),
    "reply-lost-of-what-comes-later": (
        (Publish(), Flush(), LOSE, Publish()),
        LOG_ONLY,
        {"lost_reply"},
    ),
    "reply-lost-of-what-is-under-way": ((Publish(), LOSE), LOG_ONLY, {"lost_reply"}),
    "fault-with-nothing-under-it": ((Publish(), Flush(), LOSE), LOG_ONLY, set()),
    "message-given-up-beside-another": (GIVING_UP, PATIENT, {"stall", "timed_out_beside_others"}),
    "message-given-up-alone": (
        (STALL, Publish(), Hold(ms=6000), Publish()),
        PATIENT,
        {"stall"},
    ),
    "torn-request": (
        (Publish(), Inject(lane="link p1", fault=FaultKind.TORN_REQUEST), Publish()),
        LOG_ONLY,
        {"lost_request"},
    ),
    "black-hole": ((Publish(), HOLE, Publish()), LOG_ONLY, {"black_hole"}),
    "stall": (
        (Publish(), Inject(lane="link p1", fault=FaultKind.STALL, direction=Direction.UPSTREAM)),
        LOG_ONLY,
        {"stall"},
    ),
    "delay": (
        (Publish(), Inject(lane="link p1", fault=FaultKind.DELAY, direction=Direction.UPSTREAM)),
        LOG_ONLY,
        {"delay"},
    ),
    "message-too-many-for-the-queue": (
        (Publish(count=2), Publish(count=3)),
        SMALL_QUEUE,
        {"none", "definite_failure"},
    ),
    "record-handled-for-longer-than-its-lock": (
        (Publish(), Work(calls=3)),
        sharing(handling_ms=1300),
        {"none", "lock_expired"},
    ),
    "record-handled-in-time": ((Publish(), Work(calls=3)), sharing(handling_ms=80), {"none"}),
    "record-given-back": (
        (Publish(), Work(calls=2, settling=Settling.RELEASE)),
        sharing(),
        {"none", "given_back", "given_back_at_limit"},
    ),
    "record-given-up": (
        (Publish(), Work(calls=2, settling=Settling.REJECT)),
        sharing(),
        {"none"},
    ),
    "member-of-a-share-group-killed": (
        (Publish(), Work(calls=2), Kill(lane="c1")),
        sharing(),
        {"consumer_killed", "consumer_killed_in_hand"},
    ),
    "key-of-two-producers": (
        (Publish(key="k1"), Publish(lane="p2", key="k1")),
        TWO_PRODUCERS,
        {"none", "key_shared"},
    ),
    "key-of-each-producer": (
        (Publish(key="k1"), Publish(lane="p2", key="k2")),
        TWO_PRODUCERS,
        {"none"},
    ),
    "purged-with-a-message-unconfirmed": ((Publish(), Purge()), LOG_ONLY, {"none", "purged"}),
    "purged-on-its-way-beside-another": (
        (LOSE, Publish(count=2), Purge(what=Purged.IN_FLIGHT)),
        LOG_ONLY,
        {"lost_reply", "purged", "purged_beside_others"},
    ),
    "purged-on-its-way-alone": (
        (LOSE, Publish(), Purge(what=Purged.IN_FLIGHT)),
        LOG_ONLY,
        {"lost_reply", "purged"},
    ),
    "timestamp-too-far-ahead": (
        (Publish(timestamp_shift_ms=7_200_000),),
        LOG_ONLY,
        {"none", "definite_failure"},
    ),
    "timestamp-not-too-far-ahead": ((Publish(timestamp_shift_ms=600_000),), LOG_ONLY, {"none"}),
    "transaction-outlasted": (
        (Publish(), Hold(ms=1400), CommitTransaction()),
        BRIEF_TRANSACTIONS,
        {"none", "transaction_timed_out"},
    ),
    "transaction-ended-in-time": (
        (
            *(Publish(), Hold(ms=900), CommitTransaction()),
            *(Publish(), Hold(ms=900), CommitTransaction()),
        ),
        BRIEF_TRANSACTIONS,
        {"none"},
    ),
    "end-of-a-transaction-into-a-stall": (
        (
            Publish(),
            Inject(lane="link p1", fault=FaultKind.STALL, direction=Direction.UPSTREAM),
            AbortTransaction(),
        ),
        BRIEF_TRANSACTIONS,
        {"stall", "end_late", "transaction_aborted"},
    ),
    "as-many-as-the-queue-takes": ((Publish(count=2),), SMALL_QUEUE, {"none"}),
    "producer-killed-in-time": (
        (Publish(), Kill(lane="p1")),
        LOG_ONLY,
        {"producer_killed", "producer_killed_unflushed"},
    ),
    "producer-killed-too-late": (
        (Publish(), Flush(), Kill(lane="p1")),
        LOG_ONLY,
        {"producer_killed"},
    ),
    "consumer-killed": (
        (Publish(), Work(calls=2), Kill(lane="c1")),
        WITH_GROUP,
        {"consumer_killed", "consumer_killed_in_hand", "partitions_moved"},
    ),
    "node-killed-before-more": (
        (Publish(), Flush(), Kill(lane=NODE), Publish()),
        LOG_ONLY,
        {"broker_killed"},
    ),
    "node-killed-before-a-first-confirm": (
        (Publish(), Kill(lane=NODE), Publish()),
        LOG_ONLY,
        {"broker_killed", "first_write_broker_killed"},
    ),
    "first-write-to-a-node-that-is-down": (
        (Publish(wait=Wait.CONFIRMED), Kill(lane=NODE), Publish(partition=1)),
        LOG_ONLY,
        {"broker_killed", "first_write_broker_killed"},
    ),
    "node-killed-with-more-for-a-known-partition": (
        (Publish(wait=Wait.CONFIRMED), Publish(), Kill(lane=NODE), Publish()),
        LOG_ONLY,
        {"broker_killed"},
    ),
    "partition-that-the-client-chooses": (
        (Publish(wait=Wait.CONFIRMED), Kill(lane=NODE), Publish(key="k1")),
        LOG_ONLY,
        {"broker_killed", "first_write_broker_killed"},
    ),
    "next-incarnation-is-unknown-everywhere": (
        (Publish(wait=Wait.CONFIRMED), Kill(lane="p1"), Kill(lane=NODE), Publish()),
        LOG_ONLY,
        {
            "producer_killed",
            "producer_killed_unflushed",
            "broker_killed",
            "first_write_broker_killed",
        },
    ),
    "consumer-killed-after-its-cycle": (
        (Publish(), Work(calls=3), Kill(lane="c1")),
        WITH_GROUP,
        {"consumer_killed", "partitions_moved"},
    ),
    "consumer-killed-when-all-is-read": (
        (Publish(), Work(calls=4), Kill(lane="c1")),
        WITH_GROUP,
        {"consumer_killed", "partitions_moved"},
    ),
    "consumer-killed-with-nothing-for-its-group": (
        (CreateTopic(topic="t2"), Publish(topic="t2"), Work(calls=2), Kill(lane="c1")),
        WITH_GROUP,
        {"topic_answered"},
    ),
    "node-paused": ((Publish(), Pause(lane=NODE), Publish()), LOG_ONLY, {"broker_paused"}),
    "topic-just-created": (
        (CreateTopic(topic="t2"), Publish(topic="t2")),
        FRESH,
        {"none", "topic_just_created"},
    ),
    "topic-that-answers": (
        (CreateTopic(topic="t2"), Publish(topic="t2")),
        LOG_ONLY,
        {"none", "topic_answered"},
    ),
    "partitions-added-between-two-publishes": (
        (Publish(), AddPartitions(), Publish()),
        LOG_ONLY,
        {"none", "partitions_added"},
    ),
    "partitions-added-to-another-topic": (
        (Publish(), CreateTopic(topic="t2"), AddPartitions(topic="t2"), Publish()),
        LOG_ONLY,
        {"none"},
    ),
    "second-instance-and-the-first-goes-on": (
        (Publish(), Publish(lane="p2"), CommitTransaction()),
        TRANSACTIONAL,
        {"none", "instance_fenced"},
    ),
    "second-member": (
        (Publish(), Work(), Work(lane="c2")),
        WITH_GROUP,
        {"none", "partitions_moved"},
    ),
    "member-of-another-group": (
        (Publish(), Work(), Pause(lane="c1"), Work(lane="c2")),
        TWO_GROUPS,
        set(),
    ),
    "member-that-stands-still": (
        (Publish(), Work(), Pause(lane="c1"), Work(lane="c2")),
        WITH_GROUP,
        {"partitions_moved", "member_paused", "lost_unfinished"},
    ),
    "handling-longer-than-a-member-may-take": (
        (Publish(), Work()),
        SLOW,
        {"none", "lost_unfinished"},
    ),
    "deletion-of-what-nobody-reads": ((Publish(), DeleteRecords()), WITH_GROUP, {"none"}),
    "deletion-behind-a-member-and-before-it": (
        (Publish(count=2), Work(calls=3), DeleteRecords()),
        WITH_GROUP,
        {"none", "records_deleted", "read_records_deleted"},
    ),
    "deletion-of-what-was-worked-off": (
        (Publish(), Work(calls=3), DeleteRecords()),
        WITH_GROUP,
        {"none", "read_records_deleted"},
    ),
    "messages-that-become-too-old": (
        (Publish(), Hold(ms=2000), Publish()),
        TIMED,
        {"none", "records_expired"},
    ),
    "messages-that-become-too-old-before-a-member-comes-to-them": (
        (Publish(count=2), Work(calls=3), Hold(ms=2000), Work()),
        TIMED,
        {"none", "records_expired", "expired_unread"},
    ),
    "messages-that-become-too-old-when-a-member-is-done": (
        (Publish(), Work(calls=3), Hold(ms=2000), Work()),
        TIMED,
        {"none", "records_expired"},
    ),
    "topic-made-again": (
        (Publish(), DeleteTopic(), CreateTopic(topic="t1"), Publish(count=2)),
        LOG_ONLY,
        {"none", "topic_remade", "topic_answered"},
    ),
    "topic-made-again-under-a-member": (
        (Publish(), Work(calls=3), DeleteTopic(), CreateTopic(topic="t1"), Publish(count=2)),
        WITH_GROUP,
        {"none", "topic_remade", "topic_answered", "remade_under_member"},
    ),
    "topic-made-again-under-a-member-with-a-message-in-hand": (
        (Publish(), Work(calls=4), DeleteTopic(), CreateTopic(topic="t1"), Publish(count=2)),
        WITH_GROUP,
        {"none", "topic_remade", "topic_answered", "remade_under_member", "committed_to_remade"},
    ),
    "topic-made-again-and-a-member-that-is-new": (
        (
            *(Publish(), Work(calls=3), DeleteTopic(), Kill(lane="c1")),
            *(CreateTopic(topic="t1"), Publish(count=2)),
        ),
        WITH_GROUP,
        {"consumer_killed", "partitions_moved", "topic_remade", "topic_answered"},
    ),
    "topic-written-to-while-it-is-gone": (
        (Publish(), DeleteTopic(), Publish()),
        LOG_ONLY,
        {"none", "topic_remade", "written_while_deleted"},
    ),
    "key-that-is-written-again-in-a-compacted-topic": (
        (Publish(key="k1"), Publish(key="k2"), Publish(key="k1")),
        COMPACTED,
        {"none", "compacted"},
    ),
    "key-that-is-deleted-before-others-are-written": (
        (Publish(key="k1", tombstone=True), Publish(key="k2")),
        COMPACTED,
        {"none", "tombstone_gone"},
    ),
    "a transaction that is aborted": (
        (Publish(), AbortTransaction()),
        TRANSACTIONAL,
        {"none", "transaction_aborted"},
    ),
}


@pytest.mark.parametrize(("steps", "subject", "hazards"), REACH.values(), ids=REACH)
def test_hazards_in_reach(steps, subject, hazards):
    plan = MODEL.normalise(subject, steps)
    assert plan.steps == steps
    assert MODEL.hazards_in_reach(plan) == hazards


def test_each_claims_hazards_are_in_reach_of_some_plan():
    within_reach = {hazard for _, _, hazards in REACH.values() for hazard in hazards}
    refused = (Publish(), Inject(lane="link p1", fault=FaultKind.REFUSE), Publish())
    within_reach |= MODEL.hazards_in_reach(MODEL.normalise(LOG_ONLY, refused))
    assert {hazard for claim in CLAIMS for hazard in claim.hazards} <= within_reach
