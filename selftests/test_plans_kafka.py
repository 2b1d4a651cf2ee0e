"""The Kafka model keeps what is applicable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from deliverycheck.plans import (
    AbortTransaction,
    AddPartitions,
    Arm,
    Await,
    Chooser,
    Close,
    CommitPolicy,
    CommitTransaction,
    Consumer,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Direction,
    FaultKind,
    Flush,
    Heal,
    Hold,
    HoldPoint,
    Inject,
    Kill,
    Pause,
    Publish,
    Release,
    Restart,
    Resume,
    Seeks,
    Sink,
    Subject,
    TopicReady,
    Wait,
    Work,
)
from deliverycheck.plans.kafka import COPIES, KafkaModel
from deliverycheck.plans.kafka_applicable import BROKER_FAULTS_MAX, MESSAGES_MAX, REFRESH
from deliverycheck.plans.kafka_state import NODE
from properties.kafka.claims import CLAIMS
from properties.kafka.strategies import plans
from selftests.plan_samples import LOG_ONLY, RICH_PLAN, WITH_GROUP, any_steps

MODEL = KafkaModel()
WITH_MORE_NEW_TOPICS, WITH_MORE_TOPICS = MODEL.amplifiers
FRESH = Subject(producer={"acks": "all"}, topic_ready=TopicReady.CREATED)
TRANSACTIONAL = Subject(producer={"transactional.id": "x"})
SEEKING = Subject(consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, seeks=Seeks.AT_WILL))
subjects = st.sampled_from([WITH_GROUP, LOG_ONLY, FRESH, TRANSACTIONAL, SEEKING])
LOSE = Inject(lane="link p1", fault=FaultKind.LOSE_REPLY)
HOLE = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)

ARM = Arm(lane="p1", point=HoldPoint.ON_DELIVERY)


def normalised(*steps, subject=WITH_GROUP):
    return MODEL.normalise(subject, steps).steps


def is_sublist(part, whole):
    rest = iter(whole)
    return all(one in rest for one in part)


@given(subjects, any_steps)
def test_normalised_plan_normalises_to_itself(subject, steps):
    once = MODEL.normalise(subject, steps)
    assert MODEL.normalise(subject, once.steps) == once


@given(st.sampled_from([claim.subject for claim in CLAIMS]).flatmap(plans))
@settings(max_examples=25)
def test_drawn_plan_is_applicable_as_it_stands(plan):
    assert MODEL.normalise(plan.subject, plan.steps) == plan
    assert sum(step.count for step in plan.steps if isinstance(step, Publish)) <= MESSAGES_MAX


@given(subjects.flatmap(plans), st.data())
@settings(max_examples=25)
def test_any_sublist_of_steps_normalises_to_a_plan_made_of_them(plan, data):
    kept = data.draw(st.lists(st.booleans(), min_size=len(plan.steps), max_size=len(plan.steps)))
    part = [step for step, keep in zip(plan.steps, kept, strict=True) if keep]
    smaller = MODEL.normalise(plan.subject, part)
    assert is_sublist(smaller.steps, part)
    assert MODEL.normalise(plan.subject, smaller.steps) == smaller


def without_places(steps):
    """Whatever a compacted topic takes gets a key, which chooses the partition."""
    place = {"key": None, "partition": 0, "chosen_by": Chooser.DEFAULT}
    return [structs.replace(step, **place) if isinstance(step, Publish) else step for step in steps]


@given(subjects.flatmap(plans), st.sampled_from([claim.subject for claim in CLAIMS]))
@settings(max_examples=25)
def test_plan_of_one_subject_normalises_under_every_other(plan, subject):
    other = MODEL.normalise(subject, plan.steps)
    assert other.subject == subject
    assert is_sublist(without_places(other.steps), without_places(plan.steps))


@given(subjects, any_steps)
def test_whatever_was_asked_for_a_normalised_plan_is_one_that_can_be_told(subject, steps):
    plan = MODEL.normalise(subject, steps)
    assert MODEL.seconds(plan) > 0
    assert len(MODEL.features(plan)) >= bool(plan.steps)
    assert MODEL.broker_wide(plan) == any(getattr(step, "lane", "") == NODE for step in plan.steps)
    assert sum(isinstance(one, (Kill, Pause)) and one.lane == NODE for one in plan.steps) <= (
        BROKER_FAULTS_MAX
    )


@pytest.mark.parametrize("amplify", MODEL.amplifiers, ids=["new-topics", "topics"])
@given(plan=subjects.flatmap(plans))
@settings(max_examples=25)
def test_amplified_plan_does_all_that_the_plan_does_in_its_order(amplify, plan):
    more = amplify(plan)
    left = iter(more.steps)
    assert all(step in left for step in plan.steps)
    assert MODEL.normalise(plan.subject, more.steps) == more
    if plan.subject.consumer is not None:
        assert more == plan


def test_copies_are_published_side_by_side_on_topics_of_their_own():
    plan = MODEL.normalise(LOG_ONLY, (Publish(count=2), LOSE, Publish(wait=Wait.CONFIRMED)))
    more = WITH_MORE_TOPICS(plan)
    created = [step.topic for step in more.steps if isinstance(step, CreateTopic)]
    assert created == [f"t{number}" for number in range(2, 2 + COPIES - 1)]
    for topic in ("t1", *created):
        counts = [
            step.count
            for step in more.steps
            if getattr(step, "lane", "") == "p1"
            and isinstance(step, Publish)
            and step.topic == topic
        ]
        assert counts == [2, 1]
    assert more.steps[-1] == plan.steps[-1]
    assert [
        step for step in more.steps if isinstance(step, Publish) and step.wait is not Wait.RETURNED
    ] == [plan.steps[-1]]


def test_there_are_only_as_many_copies_as_leave_room_for_the_plan_itself():
    plan = MODEL.normalise(LOG_ONLY, (Publish(count=12), Hold(ms=60), Publish(count=12)))
    more = WITH_MORE_TOPICS(plan)
    published = [step for step in more.steps if isinstance(step, Publish)]
    assert sum(step.count for step in published) == MESSAGES_MAX // 24 * 24
    assert sum(step.topic == "t1" for step in published) == 2
    alone = MODEL.normalise(LOG_ONLY, (Publish(count=MESSAGES_MAX - 1),))
    assert WITH_MORE_TOPICS(alone) == alone


def test_what_is_done_to_a_new_topic_is_done_to_more_of_them_one_after_the_other():
    steps = (Publish(), CreateTopic(topic="t2"), Publish(topic="t2", count=30), Publish())
    plan = MODEL.normalise(LOG_ONLY, steps)
    more = WITH_MORE_NEW_TOPICS(plan).steps
    assert more[:4] == plan.steps
    assert [type(step) for step in more[4:]] == [CreateTopic, Publish] * 3
    assert [step.count for step in more[4:] if isinstance(step, Publish)] == [30] * 3


def test_topics_that_a_plan_creates_have_no_copies_side_by_side():
    steps = (CreateTopic(topic="t2"), Publish(topic="t2"), Publish(count=2))
    more = WITH_MORE_TOPICS(MODEL.normalise(LOG_ONLY, steps)).steps
    counts = [step.count for step in more if isinstance(step, Publish)]
    assert sorted(counts) == [1] + [2] * COPIES


def test_plan_that_creates_no_topic_has_no_more_new_ones():
    plan = MODEL.normalise(LOG_ONLY, (Publish(), LOSE, Publish()))
    assert WITH_MORE_NEW_TOPICS(plan) is plan


def test_where_a_new_topic_is_a_hazard_no_other_topic_is_made_for_copies():
    plan = MODEL.normalise(FRESH, (Publish(), LOSE, Publish()))
    assert WITH_MORE_TOPICS(plan) == plan


def test_long_hold_is_for_who_says_when_a_message_is_given_up():
    steps = (Publish(), Hold(ms=4400), Publish())
    patient = Subject(producer={"message.timeout.ms": 6000})
    assert MODEL.normalise(patient, steps).steps == steps
    assert MODEL.normalise(LOG_ONLY, steps).steps == (Publish(), Publish())


DROPPED = {
    "work-before-any-message": (Work(),),
    "flush-of-nothing": (Flush(),),
    "kill-of-who-was-never-started": (Kill(lane="p1"), Kill(lane="c1")),
    "node-fault-before-any-message": (Kill(lane=NODE), Pause(lane=NODE)),
    "topic-that-nobody-created": (Publish(topic="t2"),),
    "topic-that-is-there-already": (CreateTopic(topic="t1"),),
    "partition-that-the-topic-has-not": (Publish(partition=3),),
    "publish-by-a-consumer": (Publish(lane="c1"),),
    "message-too-many": (Publish(count=MESSAGES_MAX + 1),),
    "heal-of-a-sound-link": (Heal(lane="link p1"),),
    "hold-with-nothing-pending": (Hold(ms=60),),
    "fault-on-a-link-that-nobody-uses": (Inject(lane="link c1", fault=FaultKind.REFUSE),),
    "fault-on-a-process": (Inject(lane="p1", fault=FaultKind.REFUSE),),
    "restart-of-a-node-that-is-up": (Restart(), Resume(lane=NODE)),
    "await-of-nothing": (Await(lane="c1"),),
    "release-of-nobody": (Release(lane="c1"),),
}


@pytest.mark.parametrize("steps", DROPPED.values(), ids=DROPPED)
def test_step_that_is_not_applicable_is_dropped(steps):
    assert normalised(*steps) == ()


AFTERWARDS = {
    "second-fault-on-a-link": ((Publish(), LOSE), HOLE),
    "second-node-fault": ((Publish(), Kill(lane=NODE), Restart(), Publish()), Pause(lane=NODE)),
    "publish-by-a-paused-producer": ((Publish(), Pause(lane="p1")), Publish()),
    "work-by-a-paused-consumer": ((Publish(), Work(), Pause(lane="c1")), Work()),
    "kill-of-a-killed-consumer": ((Publish(), Work(), Kill(lane="c1")), Kill(lane="c1")),
    "second-hold-in-a-row": ((Publish(), LOSE, Hold(ms=60)), Hold(ms=300)),
    "work-while-a-call-is-under-way": ((Publish(), Work(wait=Wait.SENT)), Work()),
    "second-arming": ((Publish(), ARM), ARM),
    "topic-made-twice": ((CreateTopic(topic="t2"),), CreateTopic(topic="t2")),
    "topic-while-the-node-is-down": ((Publish(), Kill(lane=NODE)), CreateTopic(topic="t2")),
    "partitions-while-the-node-is-down": ((Publish(), Kill(lane=NODE)), AddPartitions()),
    "deletion-while-the-node-is-down": ((Publish(), Kill(lane=NODE)), DeleteRecords()),
    "deletion-where-nothing-was-written": ((Publish(),), DeleteRecords(partition=1)),
    "deletion-of-a-topic-without-messages": ((CreateTopic(topic="t2"),), DeleteTopic(topic="t2")),
    "second-deletion-of-a-topic": ((Publish(), DeleteTopic(), Publish()), DeleteTopic()),
    "partitions-of-a-deleted-topic": ((Publish(), DeleteTopic()), AddPartitions()),
    "records-of-a-deleted-topic": ((Publish(), DeleteTopic()), DeleteRecords()),
    "partitions-that-the-group-would-not-see": ((Publish(),), AddPartitions()),
    "second-instance-without-a-transactional-id": ((Publish(),), Publish(lane="p2")),
}


@pytest.mark.parametrize(("before", "step"), AFTERWARDS.values(), ids=AFTERWARDS)
def test_step_that_is_no_longer_applicable_is_dropped(before, step):
    last = Publish(partition=2)  # So that the tail hides nothing.
    assert normalised(*before, step, last) == normalised(*before, last)


def test_consumer_steps_fall_away_where_only_the_log_is_judged():
    steps = (Publish(), Work(), Kill(lane="c1"), Close(lane="c2"), Publish(partition=1))
    assert normalised(*steps, subject=LOG_ONLY) == (Publish(), Publish(partition=1))


def test_group_that_asks_for_new_partitions_is_given_some_but_no_more_than_a_scan_can_read():
    consumer = Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={REFRESH: 100})
    grown = (Publish(), AddPartitions(count=8), Publish(partition=10), Work())
    steps = (*grown[:2], AddPartitions(count=2), *grown[2:])
    assert normalised(*steps, subject=Subject(consumer=consumer)) == grown


def test_what_a_compacted_topic_takes_has_a_key_by_which_the_partitioner_chooses():
    steps = (Publish(partition=1), Publish(key="k1", tombstone=True))
    kept = normalised(*steps, subject=Subject(topic={"cleanup.policy": "compact,delete"}))
    assert kept == (Publish(key="k2"), steps[1])
    assert normalised(*steps) == steps


def test_records_of_a_topic_that_is_only_compacted_cannot_be_deleted():
    steps = (Publish(key="k1"), DeleteRecords(), Publish(key="k1"))
    for policy, kept in (("compact", (steps[0], steps[2])), ("compact,delete", steps)):
        subject = Subject(topic={"cleanup.policy": policy})
        assert normalised(*steps, subject=subject) == kept


def test_deleted_topic_is_made_again_with_the_partitions_that_it_had_at_first():
    steps = (Publish(), AddPartitions(), DeleteTopic(), CreateTopic(topic="t1"))
    assert normalised(*steps, Publish(partition=3), Publish(), subject=LOG_ONLY) == (
        *steps,
        Publish(),
    )


def test_topics_of_transactions_and_of_databases_are_left_alone():
    sink = Consumer(commit=CommitPolicy.AFTER_EFFECT, sink=Sink.SQLITE)
    for subject in (TRANSACTIONAL, Subject(consumer=sink)):
        assert normalised(Publish(), DeleteTopic(), Publish(), subject=subject) == (Publish(),) * 2


def test_second_instance_has_a_transaction_and_a_life_of_its_own():
    second = (Publish(lane="p2"), CommitTransaction(lane="p2"), Kill(lane="p2"))
    steps = (Publish(), *second, CommitTransaction())
    assert normalised(*steps, subject=TRANSACTIONAL) == steps
    dead = (Publish(), CommitTransaction(lane="p2"), Flush(lane="p2"), Kill(lane="p2"))
    assert normalised(*dead, subject=TRANSACTIONAL) == (Publish(),)


def test_tail_that_the_driver_repeats_is_cut_off():
    steps = (Publish(), HOLE, Publish(), Hold(ms=60), Heal(lane="link p1"), Flush())
    assert normalised(*steps) == steps[:3]


def test_direction_is_dropped_where_the_fault_has_its_own_and_set_where_it_is_needed():
    lost = Inject(lane="link p1", fault=FaultKind.LOSE_REPLY, direction=Direction.UPSTREAM)
    stall = Inject(lane="link p1", fault=FaultKind.STALL)
    assert normalised(Publish(), lost) == (Publish(), LOSE)
    assert normalised(Publish(), stall)[1].direction is Direction.UPSTREAM


def test_killed_worker_can_be_played_again_and_owes_nothing():
    steps = (Publish(), Pause(lane="p1"), Kill(lane="p1"), Publish(), Flush(), Publish())
    assert normalised(*steps) == steps
    killed = (Publish(), Kill(lane="p1"), Flush(), Publish())
    assert normalised(*killed) == (Publish(), Kill(lane="p1"), Publish())


@pytest.mark.parametrize("end", [CommitTransaction(), AbortTransaction()])
def test_transaction_ends_once_and_only_if_something_began_it(end):
    steps = (end, Publish(), end, end, Publish(), Kill(lane="p1"), end, Publish(), end)
    assert normalised(*steps, subject=TRANSACTIONAL) == (
        *(Publish(), end, Publish(), Kill(lane="p1")),
        *(Publish(), end),
    )
    assert not any(step == end for step in normalised(*steps, subject=LOG_ONLY))


def test_transaction_that_ended_has_nothing_left_to_flush():
    steps = (Publish(), CommitTransaction(), Flush(), Publish())
    assert normalised(*steps, subject=TRANSACTIONAL) == (steps[0], steps[1], steps[3])


def test_state_in_which_a_step_happens_is_a_feature_of_its_own():
    quiet = MODEL.features(MODEL.normalise(LOG_ONLY, (Publish(), Flush(), Publish())))
    disturbed = MODEL.features(MODEL.normalise(LOG_ONLY, (Publish(), Flush(), LOSE, Publish())))
    assert any("link p1:lose_reply" in feature for feature in disturbed - quiet)
    assert not any("lose_reply" in feature for feature in quiet)


def test_plan_that_waits_and_disturbs_takes_longer():
    short = MODEL.normalise(LOG_ONLY, (Publish(),))
    held = MODEL.normalise(LOG_ONLY, (Publish(), HOLE, Hold(ms=2000), Publish()))
    node = MODEL.normalise(LOG_ONLY, (Publish(), Kill(lane=NODE), Publish()))
    assert MODEL.seconds(short) < 1 < MODEL.seconds(held)
    assert MODEL.seconds(node) > MODEL.seconds(short)


def test_rich_plan_of_the_samples_is_applicable():
    assert MODEL.normalise(RICH_PLAN.subject, RICH_PLAN.steps) == RICH_PLAN
