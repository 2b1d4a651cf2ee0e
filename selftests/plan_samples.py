"""Plans for tests: strategies over every kind of step, and a few by hand."""

from hypothesis import strategies as st

from deliverycheck.history import Whence
from deliverycheck.plans import (
    AbortTransaction,
    AddPartitions,
    AfterError,
    Arm,
    Await,
    ChangeConfig,
    Close,
    CommitPolicy,
    CommitTransaction,
    Consumer,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Direction,
    ErrorMeans,
    FaultKind,
    Flush,
    Heal,
    Hold,
    HoldPoint,
    Inject,
    Kill,
    Member,
    Pause,
    PausePartitions,
    Plan,
    Publish,
    Release,
    ReliesOn,
    Restart,
    Resume,
    ResumePartitions,
    Seek,
    Seeks,
    Subject,
    Subscribe,
    TopicReady,
    Unsubscribe,
    Wait,
    Work,
)
from deliverycheck.plans.kafka_topic import CHANGES

LANES = ("p1", "c1", "c2")
NODE = "b1"
TOPICS = ("t1", "t2", "t3")

workers = st.sampled_from(LANES)
consumers = st.sampled_from(LANES[1:])
players = st.sampled_from((*LANES, NODE))
links = st.sampled_from([f"link {lane}" for lane in LANES])
topics = st.sampled_from(TOPICS)
waits = st.sampled_from(Wait)

setting_values = (
    st.booleans()
    | st.integers(-5, 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)

STEPS = {
    Publish: st.builds(
        Publish,
        topic=topics,
        partition=st.integers(0, 3),
        key=st.none() | st.sampled_from(["k1", "Ä ✗", '"\\']),
        count=st.integers(1, 30),
        headers=st.sampled_from([(), (("h1", "v1"), ("h2", ""))]),
        bytes=st.sampled_from([0, 1, 1_000_000]),
        timestamp_shift_ms=st.sampled_from([0, -1, 600_000]),
        wait=waits,
    ),
    Flush: st.builds(Flush, wait=waits),
    CommitTransaction: st.builds(CommitTransaction),
    AbortTransaction: st.builds(AbortTransaction),
    Work: st.builds(Work, lane=consumers, calls=st.integers(1, 8), wait=waits),
    Seek: st.builds(Seek, lane=consumers, to=st.sampled_from(Whence), back=st.integers(0, 5)),
    PausePartitions: st.builds(PausePartitions, lane=consumers),
    ResumePartitions: st.builds(ResumePartitions, lane=consumers),
    Unsubscribe: st.builds(Unsubscribe, lane=consumers),
    Subscribe: st.builds(Subscribe, lane=consumers),
    Close: st.builds(Close, lane=workers),
    Kill: st.builds(Kill, lane=players),
    Pause: st.builds(Pause, lane=players),
    Resume: st.builds(Resume, lane=players),
    Restart: st.builds(Restart),
    Inject: st.builds(
        Inject,
        lane=links,
        fault=st.sampled_from(FaultKind),
        direction=st.none() | st.sampled_from(Direction),
    ),
    Heal: st.builds(Heal, lane=links),
    Hold: st.builds(Hold, ms=st.integers(1, 2000)),
    CreateTopic: st.builds(CreateTopic, topic=topics),
    DeleteTopic: st.builds(DeleteTopic, topic=topics),
    AddPartitions: st.builds(AddPartitions, topic=topics, count=st.integers(1, 8)),
    DeleteRecords: st.builds(
        DeleteRecords, topic=topics, partition=st.integers(0, 3), keep=st.integers(0, 3)
    ),
    ChangeConfig: st.builds(
        ChangeConfig, topic=topics, name=st.sampled_from(sorted(CHANGES)), value=setting_values
    ),
    Arm: st.builds(Arm, lane=workers, point=st.sampled_from(HoldPoint)),
    Release: st.builds(Release, lane=workers),
    Await: st.builds(Await, lane=workers),
}
"""Steps of every kind, applicable anywhere or nowhere."""

any_step = st.one_of(*STEPS.values())
any_steps = st.lists(any_step, max_size=14).map(tuple)

some_settings = st.dictionaries(
    st.sampled_from(["acks", "linger.ms", "transactional.id", "x.y"]), setting_values, max_size=3
)
consumer_parts = st.builds(
    Consumer,
    commit=st.sampled_from([one for one in CommitPolicy if one is not CommitPolicy.IN_TRANSACTION]),
    settings=some_settings,
    handling_ms=st.integers(0, 100),
    seeks=st.sampled_from(Seeks),
) | st.builds(
    Consumer,
    commit=st.sampled_from(
        [CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT, CommitPolicy.IN_TRANSACTION]
    ),
    output=some_settings.map(lambda settings: {**settings, "transactional.id": "out"}),
    member=st.sampled_from(Member),
)
subjects = st.builds(
    Subject,
    partitions=st.integers(1, 4),
    producer=some_settings,
    consumer=st.none() | consumer_parts,
    relies_on=st.sampled_from(ReliesOn),
    error_means=st.sampled_from(ErrorMeans),
    after_error=st.sampled_from(AfterError),
    topic_ready=st.sampled_from(TopicReady),
)
any_plans = st.builds(Plan, system=st.just("kafka"), subject=subjects, steps=any_steps)

WITH_GROUP = Subject(producer={"acks": "all"}, consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT))
LOG_ONLY = Subject(producer={"acks": "all"})

RICH_PLAN = Plan(
    system="kafka",
    subject=WITH_GROUP,
    steps=(
        Publish(count=3),
        Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM),
        Publish(key="k1", wait=Wait.CONFIRMED),
        Hold(ms=60),
        Heal(lane="link p1"),
        Work(calls=2),
        Kill(lane="c1"),
    ),
)
