"""What members of groups may do in a plan: go elsewhere, want nothing for a time, leave."""

from deliverycheck.plans import (
    ChangeConfig,
    CommitPolicy,
    Consumer,
    DeleteTopic,
    Kill,
    PausePartitions,
    Publish,
    ResumePartitions,
    Seek,
    Seeks,
    Subject,
    Subscribe,
    Unsubscribe,
    Work,
)
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.kafka_applicable import END_EVENTS
from selftests.plan_samples import WITH_GROUP

SEEKING = Subject(consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, seeks=Seeks.AT_WILL))


def normalised(*steps, subject=WITH_GROUP):
    return KafkaModel().normalise(subject, steps).steps


def test_member_seeks_only_where_its_application_does_that_at_all_and_while_it_lives():
    steps = (Seek(), Publish(), Work(calls=3), Seek(), Kill(lane="c1"), Seek())
    assert normalised(*steps, subject=SEEKING) == (*steps[1:5],)
    assert Seek() not in normalised(*steps)


def test_topic_of_who_seeks_at_will_is_not_deleted():
    steps = (Publish(), Work(calls=3), DeleteTopic())
    assert normalised(*steps, subject=SEEKING) == steps[:2]


def test_partitions_are_paused_by_a_member_that_lives_and_resumed_where_they_are_paused():
    steps = (ResumePartitions(), Publish(), Work(), PausePartitions(), PausePartitions(), Work())
    assert normalised(*steps, ResumePartitions(), Work()) == (
        *(*steps[1:4], Work()),
        *(ResumePartitions(), Work()),
    )


def test_next_incarnation_has_nothing_paused():
    steps = (Publish(), Work(), PausePartitions(), Kill(lane="c1"), ResumePartitions(), Work())
    assert ResumePartitions() not in normalised(*steps)


def test_member_unsubscribes_once_and_subscribes_where_it_had_unsubscribed():
    steps = (Publish(), Work(calls=3), Subscribe(), Unsubscribe(), Unsubscribe(), Seek(), Work())
    assert normalised(*steps, Subscribe(), Seek(), Work(), subject=SEEKING) == (
        *(*steps[:2], Unsubscribe(), Work()),
        *(Subscribe(), Seek(), Work()),
    )


def test_next_incarnation_has_its_topic():
    steps = (Publish(), Work(), Unsubscribe(), Kill(lane="c1"), Subscribe(), Work())
    assert Subscribe() not in normalised(*steps)


def test_member_whose_library_commits_by_itself_does_not_unsubscribe():
    automatic = Subject(consumer=Consumer(commit=CommitPolicy.AUTO))
    steps = (Publish(), Work(), Unsubscribe(), Work())
    assert Unsubscribe() not in normalised(*steps, subject=automatic)


def test_setting_is_changed_that_the_subject_names_to_a_value_that_the_model_knows():
    changing = Subject(topic={"min.insync.replicas": 1})
    change = ChangeConfig(name="min.insync.replicas", value=2)
    steps = (Publish(), change, Publish())
    assert normalised(*steps, subject=changing) == steps
    for other in (
        ChangeConfig(name="min.insync.replicas", value=3),
        ChangeConfig(name="max.message.bytes", value=2000),
        ChangeConfig(name="min.insync.replicas", value=2, topic="t2"),
    ):
        assert other not in normalised(Publish(), other, Publish(), subject=changing)
    assert change not in normalised(*steps)


def test_topic_of_who_is_told_of_no_ends_is_not_deleted():
    untold = Subject(
        consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={END_EVENTS: False})
    )
    steps = (Publish(), Work(calls=3), DeleteTopic())
    assert normalised(*steps, subject=untold) == steps[:2]
