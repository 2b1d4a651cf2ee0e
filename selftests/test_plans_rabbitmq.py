"""The model of RabbitMQ plans: what is applicable, what normalises, what is in reach."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.plans import (
    Bind,
    Binding,
    BreakChannel,
    Close,
    CloseChannel,
    CommitPolicy,
    CommitTransaction,
    Connection,
    Consumer,
    CrashLoop,
    DeadLettering,
    Declare,
    Exchange,
    FaultKind,
    Flush,
    Inject,
    Kill,
    MissHeartbeats,
    Overflow,
    Pause,
    Plan,
    Queue,
    QueueKind,
    Resume,
    Send,
    SetPolicy,
    Settle,
    Settlement,
    Starve,
    Subject,
    Take,
    TopicReady,
    Topology,
    Unbind,
    Wait,
    Work,
    plan_of,
)
from deliverycheck.plans.describe import describe_step
from deliverycheck.plans.plan import PlanFormatError
from deliverycheck.plans.rabbitmq import RabbitDraft, RabbitModel
from properties.rabbitmq.claims import CLAIMS
from properties.rabbitmq.pool import QUEUES, REQUESTING, ROUTING, make_pool
from properties.rabbitmq.strategies import plans

MODEL = RabbitModel()
SUBJECTS = st.sampled_from([claim.subject for claim in CLAIMS])
PLANS = st.sampled_from([QUEUES, ROUTING, REQUESTING]).flatmap(plans)
READING = Consumer(commit=CommitPolicy.AFTER_EFFECT)


def subject(**fields):
    fields.setdefault("consumer", READING)
    fields.setdefault("topology", Topology(queues=(Queue(name="q1"),)))
    return Subject(**fields)


def reach(*steps, **fields):
    return MODEL.hazards_in_reach(MODEL.normalise(subject(**fields), steps))


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    plan=PLANS,
    other=SUBJECTS,
)
def test_every_sub_list_of_steps_normalises_to_a_plan_that_stays_as_it_is(data, plan, other):
    kept = data.draw(st.lists(st.booleans(), min_size=len(plan.steps), max_size=len(plan.steps)))
    some = [step for step, keep in zip(plan.steps, kept, strict=True) if keep]
    once = MODEL.normalise(other, some)
    assert MODEL.normalise(other, once.steps) == once


@settings(max_examples=60, deadline=None)
@given(plan=PLANS)
def test_every_plan_reads_back_as_it_was_written_and_each_step_has_words(plan):
    assert plan_of(plan.to_json()) == plan
    assert plan_of(plan.to_json()).digest == plan.digest
    assert all(describe_step(step) for step in plan.steps)
    assert MODEL.features(plan) or not plan.steps


def test_pool_is_the_same_for_the_same_seed():
    assert make_pool(3, 40) == make_pool(3, 40)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_hazard_of_every_claim_is_in_reach_of_the_pool(claim):
    plans_ = [MODEL.normalise(claim.subject, steps) for steps in POOL]
    found = set().union(*map(MODEL.hazards_in_reach, plans_))
    assert set(claim.hazards) <= found


POOL = make_pool(0, 600)


def test_claims_have_ids_of_their_own_and_pairs_of_the_other_stance():
    by_id = {claim.id: claim for claim in CLAIMS}
    assert len(by_id) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.id.startswith("rabbitmq-")
        assert claim.pair is None or by_id[claim.pair].stance != claim.stance


def test_message_to_a_name_that_nothing_has_is_unroutable():
    assert "unroutable" in reach(Send(key="nowhere"))
    assert "unroutable" not in reach(Send(key="q1"))


def test_consumer_killed_between_receive_and_ack_has_a_message_in_hand():
    assert "consumer_killed_in_hand" in reach(Send(), Work(calls=1), Kill(lane="c1"))
    assert "consumer_killed_in_hand" not in reach(Send(), Work(calls=3), Kill(lane="c1"))


def test_crash_loop_passes_a_delivery_limit_with_one_crash_more():
    topology = Topology(queues=(Queue(name="q1", delivery_limit=2),))
    assert "delivery_limit_reached" in reach(Send(), CrashLoop(cycles=3), topology=topology)
    assert "delivery_limit_reached" not in reach(Send(), CrashLoop(cycles=2), topology=topology)


def test_automatic_ack_leaves_nothing_to_refuse():
    automatic = subject(consumer=Consumer(commit=CommitPolicy.AUTO))
    steps = (Send(), Take(), Settle(how=Settlement.NACK))
    assert MODEL.normalise(automatic, steps).steps == steps[:2]
    assert MODEL.normalise(subject(), steps).steps == steps


def test_only_what_is_bound_can_be_unbound_and_no_broker_takes_three_hashes():
    exchanges = Topology(queues=(Queue(name="q1"),), exchanges=(Exchange(name="x1"),))
    draft = RabbitDraft(subject(topology=exchanges))
    binding = Binding(source="x1", destination="q1", key="a")
    assert not draft.offer(Unbind(binding=binding))
    assert draft.offer(Bind(binding=binding))
    assert not draft.offer(Bind(binding=binding))
    assert draft.offer(Unbind(binding=binding))
    assert not draft.offer(Bind(binding=Binding(source="x1", destination="q1", key="#.a.#.b.#")))


def test_node_fails_once_and_only_with_messages_in_its_queues():
    draft = RabbitDraft(subject())
    assert not draft.offer(Kill(lane="b1"))
    assert draft.offer(Send())
    assert draft.offer(Kill(lane="b1"))
    assert not draft.offer(Kill(lane="b1"))
    assert not draft.offer(Declare(queue=Queue(name="q5")))


def test_link_of_who_never_came_cannot_be_disturbed():
    draft = RabbitDraft(subject())
    draft.offer(Send())
    assert draft.offer(Inject(lane="link p1", fault=FaultKind.REFUSE))
    assert not draft.offer(Inject(lane="link c1", fault=FaultKind.REFUSE))


@pytest.mark.parametrize(
    ("topology", "message"),
    [
        (b'{"queues":[{"name":"q1","durabel":false}]}', "'durabel'"),
        (b'{"queues":[],"bindings":[{"source":"x","destination":"q"}]}', "exchange 'x'"),
        (b'{"queues":[{"name":"q"},{"name":"q"}]}', "two declarations of queue 'q'"),
    ],
    ids=["field-misspelt", "binding-from-nothing", "declared-twice"],
)
def test_topology_that_cannot_be_meant_is_refused_with_its_part_named(topology, message):
    whole = Plan(system="rabbitmq", subject=subject(), steps=()).to_json()
    broken = whole.replace(b'{"queues":[{"name":"q1"}]}', topology)
    assert broken != whole
    with pytest.raises(PlanFormatError, match=message):
        plan_of(broken)


def test_crash_loop_passes_the_limit_that_a_broker_has_by_itself_with_21_crashes():
    assert "handed_out_often" in reach(Send(), CrashLoop(cycles=21))
    assert "handed_out_often" not in reach(Send(), CrashLoop(cycles=20))


LATER = Topology(queues=(Queue(name="q1", length_max=5),), limited_later=("q1",))


def test_only_queues_that_may_be_limited_later_get_policies():
    policy = SetPolicy(definition={"length_max": 3})
    assert not MODEL.normalise(subject(), (Send(), policy)).steps[1:]
    assert "limited_in_use" in reach(Send(), policy, Send(), topology=LATER)
    assert "limited_in_use" not in reach(policy, Send(), topology=LATER)
    assert "limited_in_use" not in reach(Send(), SetPolicy(), Send(), topology=LATER)
    assert "shortened_in_use" in reach(Send(count=4), policy, topology=LATER)
    assert "shortened_in_use" not in reach(Send(count=3), policy, topology=LATER)


@pytest.mark.parametrize(
    ("limits", "count", "reached"),
    [((3,), 4, True), ((3,), 3, False), ((9,), 6, True), ((1, 5), 4, False), ((3, None), 5, False)],
    ids=["lower", "not-passed", "own-is-lower", "the-last-counts", "taken-away"],
)
def test_lower_of_two_limits_counts_and_the_policy_before_is_gone(limits, count, reached):
    policies = [
        SetPolicy(definition={} if each is None else {"length_max": each}) for each in limits
    ]
    assert ("length_reached" in reach(*policies, Send(count=count), topology=LATER)) is reached


@pytest.mark.parametrize("ready", TopicReady)
@pytest.mark.parametrize("kind", [QueueKind.CLASSIC, QueueKind.QUORUM])
def test_plans_about_young_queues_declare_none_of_another_kind(ready, kind):
    declares = Declare(queue=Queue(name="q5", kind=kind))
    kept = MODEL.normalise(subject(topic_ready=ready), (Send(), declares)).steps
    foreign = ready is TopicReady.CREATED and kind is QueueKind.QUORUM
    assert (declares in kept) is not foreign


def test_node_is_starved_once_and_has_its_memory_back_with_resume():
    starved = (Send(), Starve(), Send())
    assert "broker_starved" in reach(*starved)
    assert "broker_starved" not in reach(Send(), Starve(), Resume(lane="b1"), Send())
    kept = MODEL.normalise(subject(), (*starved, Kill(lane="b1"), Starve(), Send())).steps
    assert kept == (*starved, Send())
    assert MODEL.broker_wide(MODEL.normalise(subject(), starved))


@pytest.mark.parametrize("close", [Close, CloseChannel])
def test_publisher_closes_with_what_it_did_not_wait_for(close):
    assert "closed_unconfirmed" in reach(Send(), close(lane="p1"))
    assert "closed_unconfirmed" not in reach(Send(wait=Wait.CONFIRMED), close(lane="p1"))
    assert "closed_unconfirmed" not in reach(Send(), Send(lane="p2"), Flush(), close(lane="p1"))
    assert not MODEL.normalise(subject(), (close(lane="p1"),)).steps


SHARED = {"connection": Connection.SHARED}
BOTH = (Send(), Work(calls=1))


def test_what_ends_a_connection_ends_all_its_channels_and_what_ends_a_channel_does_not():
    for end in (Kill(lane="p1"), Close(lane="p1")):
        shared, own = reach(*BOTH, end, **SHARED), reach(*BOTH, end)
        assert ("consumer_killed_in_hand" in shared) is isinstance(end, Kill)
        assert "consumer_killed_in_hand" not in own
        draft = RabbitDraft(subject(**SHARED))
        assert all(map(draft.offer, (*BOTH, end)))
        assert not draft.offer(Kill(lane="c1")), "it went with the connection"
    assert "channel_closed_beside" in reach(*BOTH, CloseChannel(lane="c1"), **SHARED)
    assert "channel_closed_beside" not in reach(*BOTH, CloseChannel(lane="c1"))
    assert "channel_closed_beside" not in reach(Send(), CloseChannel(lane="p1"), **SHARED)


def test_channel_breaks_where_others_have_the_same_connection_and_no_fault_is_on_it():
    assert "channel_broken_beside" in reach(*BOTH, BreakChannel(lane="c1"), **SHARED)
    assert not MODEL.normalise(subject(), (*BOTH, BreakChannel(lane="c1"))).steps[2:]
    stalled = Inject(lane="link p1", fault=FaultKind.STALL)
    assert "channel_broken_beside" not in reach(*BOTH, stalled, BreakChannel(lane="c1"), **SHARED)


def test_channels_of_one_connection_have_one_link_and_stand_still_together():
    draft = RabbitDraft(subject(**SHARED))
    assert all(map(draft.offer, BOTH))
    assert not draft.offer(Inject(lane="link c1", fault=FaultKind.STALL))
    assert draft.offer(Inject(lane="link p1", fault=FaultKind.STALL))
    assert draft.offer(Pause(lane="c1"))
    assert not draft.offer(Send())
    assert not draft.offer(Resume(lane="p1")), "it was c1 that was stopped"
    assert draft.offer(Resume(lane="c1"))
    assert draft.offer(Send())
    assert not draft.offer(CrashLoop())


BEATING = {"consumer": Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"heartbeat": 1})}


def test_only_who_asked_for_heartbeats_misses_them_and_once_since_it_takes_its_time():
    missed = (Send(), Take(), MissHeartbeats(), Send())
    assert "heartbeats_missed" in reach(*missed, **BEATING)
    assert MODEL.normalise(subject(), missed).steps == (Send(), Take(), Send())
    twice = MODEL.normalise(subject(**BEATING), (*missed, MissHeartbeats(), Send()))
    assert twice.steps == (*missed, Send())
    assert MODEL.seconds(twice) > 3.5
    slow = Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"heartbeat": 60})
    assert "heartbeats_missed" not in reach(*missed, consumer=slow)
    stalled = Inject(lane="link c1", fault=FaultKind.STALL)
    assert "heartbeats_missed" not in reach(Send(), Take(), stalled, MissHeartbeats(), **BEATING)


def test_policy_counts_where_the_declaration_left_it_to_the_broker():
    policy = SetPolicy(definition={"overflow": "reject_publish", "dead_lettering": "at_least_once"})
    queue = policy.limited(Queue(name="q1"))
    assert queue.overflow is Overflow.REJECT_PUBLISH
    assert queue.dead_lettering is DeadLettering.AT_LEAST_ONCE
    own = Queue(name="q1", overflow=Overflow.REJECT_PUBLISH)
    assert SetPolicy(definition={"overflow": "drop_head"}).limited(own) == own


TO_DEAD = SetPolicy(definition={"dead_letter_exchange": "", "dead_letter_key": "dead"})
PLACES = Topology(queues=(Queue(name="q1"), Queue(name="dead")), limited_later=("q1",))
REFUSED = (Take(), Settle(how=Settlement.REJECT))


def test_dead_letters_move_where_messages_that_stand_die_after_a_policy():
    assert "dead_letters_moved" in reach(Send(), TO_DEAD, *REFUSED, topology=PLACES)
    assert "dead_letters_moved" not in reach(TO_DEAD, Send(), *REFUSED, topology=PLACES)
    assert "dead_letters_moved" not in reach(Send(), *REFUSED, TO_DEAD, topology=PLACES)
    limits = SetPolicy(definition={"length_max": 3})
    assert "dead_letters_moved" not in reach(Send(), limits, *REFUSED, topology=PLACES)


def test_place_for_the_dead_that_a_queue_was_declared_with_overrules_a_policy():
    declared = Queue(name="q1", dead_letter_exchange="", dead_letter_key="own")
    assert TO_DEAD.limited(declared) == declared
    assert TO_DEAD.limited(Queue(name="q1")).dead_letter_key == "dead"
    own = Topology(queues=(declared, Queue(name="dead")), limited_later=("q1",))
    assert "dead_letters_moved" not in reach(Send(), TO_DEAD, *REFUSED, topology=own)


def test_consumer_may_hold_what_came_to_its_queue_from_one_in_which_it_waited():
    waits = Queue(name="q1", expires_ms=60, dead_letter_exchange="", dead_letter_key="work")
    delayed = Topology(queues=(waits, Queue(name="work")))
    consumer = Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"queue": "work"})
    taken = reach(Send(), *REFUSED, topology=delayed, consumer=consumer)
    assert "rejected" in taken
    stays = Topology(queues=(Queue(name="q1"), Queue(name="work")))
    assert "rejected" not in reach(Send(), *REFUSED, topology=stays, consumer=consumer)


def test_broker_is_killed_committing_where_nobody_waited_for_the_commit():
    transacting = {"producer": {"transactional": True}}
    for wait, reached in ((Wait.SENT, True), (Wait.RETURNED, False)):
        steps = (Send(), CommitTransaction(wait=wait), Kill(lane="b1"), Send())
        assert ("broker_killed_committing" in reach(*steps, **transacting)) is reached
