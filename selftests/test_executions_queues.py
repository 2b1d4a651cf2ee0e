"""The driver on queues: it makes the calls that a plan asks for and brings everything to rest."""

import pytest
from msgspec.structs import replace

from deliverycheck.clients import commands
from deliverycheck.executions.queues import place as places
from deliverycheck.executions.run import Run
from deliverycheck.guarantees import check
from deliverycheck.history import Action, Outcome
from deliverycheck.plans import (
    Bind,
    Binding,
    Close,
    CloseChannel,
    CommitPolicy,
    Consumer,
    CrashLoop,
    DeadLettering,
    Declare,
    Direction,
    Exchange,
    ExchangeKind,
    FaultKind,
    Heal,
    Inject,
    Kill,
    MissHeartbeats,
    Overflow,
    Pause,
    Pick,
    Queue,
    QueueKind,
    ReliesOn,
    Resume,
    Send,
    SetPolicy,
    Settle,
    Settlement,
    Silence,
    Starve,
    Take,
    TopicReady,
    Topology,
    Unbind,
    Wait,
    Work,
)
from selftests.memory_queues import MemoryQueueTarget, MemoryQueueWorker
from selftests.queue_driver import WITH_DEAD, broken, calls_of, runner, subject, valid

CYCLE = {
    CommitPolicy.AFTER_EFFECT: ["receive", "effect", "ack"],
    CommitPolicy.BEFORE_EFFECT: ["receive", "ack", "effect"],
    CommitPolicy.AUTO: ["receive", "effect"],
}


@pytest.fixture
def run(tmp_path):
    return runner(tmp_path)


@pytest.mark.parametrize("policy", CYCLE)
def test_consumer_makes_the_calls_of_its_cycle_in_their_order(policy, run):
    history, _ = run(subject(policy), Send(), Work(calls=len(CYCLE[policy])))
    assert calls_of(history, "c1#1")[1:][: len(CYCLE[policy])] == CYCLE[policy]
    assert not broken(history)
    assert "at_most_once_in_effect" in valid(history)


def test_ack_is_open_until_a_round_trip_and_done_at_the_end(run):
    history, _ = run(subject(), Send(count=2), Work(calls=6))
    acks = list(history.select(Action.ACK))
    assert [one.outcome for one in acks] == [Outcome.OK] * 2
    assert acks[0].completed_ns < acks[1].invoked_ns, "proven before the next receive"


def test_what_nobody_consumes_is_read_at_the_end(run):
    history, target = run(subject(policy=None), Send(count=3))
    assert [one.delivery.message for one in history.log] == ["p1#1-1", "p1#1-2", "p1#1-3"]
    assert history.drained
    assert history.scanned
    assert target.calls[-1] == "retire"
    assert "at_least_once_in_queue" in valid(history)
    assert not broken(history)


def test_password_stands_in_no_file_of_the_execution(run, tmp_path):
    run(subject(), Send(), Work(calls=3))
    files = [path for path in (tmp_path / "execution").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"secret" in path.read_bytes()]


def test_message_to_no_queue_comes_back_and_the_history_knows_that_it_had_no_route(run):
    history, _ = run(subject(), Send(key="nowhere"), Send())
    lost, kept = history.select(Action.PUBLISH)
    assert (lost.routes, lost.returned_unroutable, lost.outcome) == ((), True, Outcome.FAIL)
    assert (kept.routes, kept.outcome) == (("q1",), Outcome.OK)
    assert not broken(history)


def test_bindings_change_what_the_history_expects_from_then_on(run):
    topology = Topology(
        queues=(Queue(name="q1"),), exchanges=(Exchange(name="x1", kind=ExchangeKind.TOPIC),)
    )
    binding = Binding(source="x1", destination="q1", key="a.*")
    to_it = Send(exchange="x1", key="a.b")
    steps = (to_it, Bind(binding=binding), to_it, Unbind(binding=binding), to_it)
    history, _ = run(subject(topology=topology), *steps)
    assert [one.routes for one in history.select(Action.PUBLISH)] == [(), ("q1",), ()]


def test_subset_in_hand_is_settled_as_the_step_says_and_known_to_be(run):
    steps = (
        Send(count=4),
        Take(count=3),
        Settle(how=Settlement.NACK, requeue=True, pick=Pick.EVERY_SECOND),
        Settle(how=Settlement.REJECT, pick=Pick.FIRST),
    )
    history, _ = run(subject(topology=WITH_DEAD), *steps)
    (first, second), (reject,) = history.select(Action.NACK), history.select(Action.REJECT)
    assert [one.covers[0].position for one in (first, second, reject)] == [1, 3, 2]
    assert {one.outcome for one in (first, second, reject)} == {Outcome.OK}
    dead = [one.delivery.message for one in history.log if one.delivery.source == "dead"]
    assert dead == ["p1#1-2"]
    assert not broken(history)
    assert {"dead_lettering", "settlement", "accounted_for"} <= valid(history)


def test_all_up_to_the_last_are_settled_in_one_call(run):
    history, _ = run(subject(), Send(count=3), Take(count=3), Settle(pick=Pick.UP_TO_LAST))
    (ack,) = history.select(Action.ACK)
    assert [one.position for one in ack.covers] == [1, 2, 3]
    assert len(list(history.select(Action.EFFECT))) == 3


def test_killed_consumer_leaves_its_messages_to_the_next_one(run):
    history, target = run(subject(), Send(), Work(calls=2), Kill(lane="c1"))
    assert broken(history) == {"at_most_once_in_effect", "exactly_once_in_effect"}
    assert "gone 1?" in target.calls, "a killed client leaves traces"
    again = [one.delivery.redelivered for one in history.receipts]
    assert again == [False, True]


def test_clients_that_close_in_order_leave_no_traces_to_wait_for(run):
    _, target = run(subject(), Send(), Work(calls=3), Close(lane="c1"))
    assert not [call for call in target.calls if call.startswith("gone")]


@pytest.mark.parametrize("close", [Close, CloseChannel])
@pytest.mark.parametrize("count", [0, 2], ids=["all-confirmed", "two-without-a-confirm"])
def test_publisher_that_closes_knows_nothing_of_what_has_no_confirm(close, count, run, monkeypatch):
    monkeypatch.setattr(MemoryQueueWorker, "late_confirms", count)
    history, target = run(subject(), Send(count=3), close(lane="p1"), Send())
    sent = [(one.process, str(one.outcome)) for one in history.select(Action.PUBLISH)]
    assert sent == [*[("p1#1", "ok")] * (3 - count), *[("p1#1", "info")] * count, ("p1#2", "ok")]
    assert len(history.receipts) == 4, "what was sent before the close came to the queue"
    assert ("gone 1?" in target.calls) is bool(count)
    assert not broken(history)


def test_channel_that_is_closed_gives_back_what_was_in_hand(run):
    history, _ = run(subject(), Send(), Take(), CloseChannel(lane="c1"))
    assert [one.delivery.redelivered for one in history.receipts] == [False, True]
    assert not broken(history)


def test_crash_loop_takes_a_message_and_dies_as_often_as_it_says(run):
    history, _ = run(subject(), Send(), CrashLoop(cycles=3))
    killed = [one.process for one in history.processes if one.what == "killed"]
    assert killed == ["c1#1", "c1#2", "c1#3"]
    assert len(history.receipts) == 4


def test_client_whose_connection_is_lost_makes_room_for_the_next(run, monkeypatch):
    lost = MemoryQueueTarget.lease

    def lease(self, process):
        worker = lost(self, process)
        worker.lost = process == "p1#1"
        return worker

    monkeypatch.setattr(MemoryQueueTarget, "lease", lease)
    history, _ = run(subject(), Send(), Send())
    assert [one.process for one in history.select(Action.PUBLISH)] == ["p1#2"]


def test_call_on_a_disturbed_link_is_blocked_and_its_outcome_recorded_after_the_heal(run):
    steps = (
        Send(),
        Inject(lane="link p1", fault=FaultKind.REFUSE),
        Send(wait=Wait.SENT),
        Heal(lane="link p1"),
    )
    plan_steps = (*steps, Send())
    history, target = run(subject(), *plan_steps, hits=(commands.Send,))
    assert [one.outcome for one in history.select(Action.PUBLISH)] == [Outcome.OK] * 3
    assert target.calls.index("inject refuse") < target.calls.index("heal")


def test_paused_consumer_goes_on_in_the_tail(run):
    history, _ = run(subject(), Send(), Take(), Pause(lane="c1"), Send())
    assert {one.fault for one in history.faults} == {"pause"}
    assert history.drained
    assert not broken(history)


def test_resumed_consumer_works_on(run):
    steps = (Send(), Take(), Pause(lane="c1"), Send(), Resume(lane="c1"), Settle())
    history, _ = run(subject(), *steps)
    assert len(list(history.select(Action.ACK))) == 2
    assert not broken(history)


def test_node_is_killed_only_when_its_queues_are_old_enough_unless_that_is_the_point(
    run, monkeypatch
):
    monkeypatch.setattr("deliverycheck.executions.queues.stage.OLD_ENOUGH_S", 0.3)
    assert places.OLD_ENOUGH_S > 0.5
    ages = {}
    for ready in TopicReady:
        quorum = Topology(queues=(Queue(name="q1", kind=QueueKind.QUORUM),))
        history, _ = run(
            subject(topic_ready=ready, topology=quorum),
            Send(wait=Wait.CONFIRMED),
            Kill(lane="b1"),
            Send(),
        )
        killed = next(one.ns for one in history.nodes if one.state == "killed")
        ages[ready] = killed - next(history.select(Action.DECLARE)).completed_ns
    assert ages[TopicReady.ANSWERED] >= 300_000_000 > ages[TopicReady.CREATED]


def test_queue_declared_on_the_way_is_read_too(run):
    history, _ = run(subject(), Send(), Declare(queue=Queue(name="q5")), Send(key="q5"))
    assert [one.delivery.source for one in history.log] == ["q5"]
    assert "q5" in history.header.sources, "or nobody would judge what becomes of its messages"


def test_time_is_promised_to_publishers_that_wait_for_confirms_and_nothing_was_swallowed(run):
    alone = subject(policy=None)
    swallowed = Inject(lane="link p1", fault=FaultKind.BLACK_HOLE, direction=Direction.UPSTREAM)
    cut = Inject(lane="link p1", fault=FaultKind.REFUSE)
    promised = [(alone, Send()), (alone, Send(), cut, Send())]
    others = [
        (subject(), Send()),
        (alone, Send(), swallowed, Send()),
        (subject(policy=None, producer={"transactional": True}), Send()),
    ]
    for steps, within_ms in [*((one, 8_000) for one in promised), *((one, None) for one in others)]:
        history, _ = run(*steps)
        assert history.header.within_ms == within_ms
        assert ("resolved_in_time" in valid(history)) is (within_ms is not None)


DEFECTS = {
    "loses": {"at_least_once_in_queue", "routed_confirms", "accounted_for", "routed_as_bound"},
    "unflagged": {"settlement", "routed_as_bound"},
    "resurrects": {"settlement"},
    "everywhere": {"routed_as_bound"},
}
WORKLOAD = (
    Send(count=4),
    Take(count=2),
    Settle(how=Settlement.NACK, requeue=True),
    Work(calls=9),
    Kill(lane="c1"),
    Work(calls=3),
)
TWO = Topology(queues=(Queue(name="q1"), Queue(name="q2")))


@pytest.mark.parametrize("defect", DEFECTS)
def test_broker_with_a_defect_is_convicted_of_it(defect, run):
    history, _ = run(subject(topology=TWO), *WORKLOAD, defect=defect)
    assert DEFECTS[defect] <= broken(history)


def test_same_broker_without_a_defect_is_accused_of_nothing_but_repetition(run):
    history, _ = run(subject(topology=TWO), *WORKLOAD)
    assert broken(history) <= {"at_most_once_in_effect", "exactly_once_in_effect"}


def test_who_relies_on_its_calls_does_not_wait_for_a_proof(run):
    careless = subject(CommitPolicy.BEFORE_EFFECT, relies_on=ReliesOn.CALL_RETURNED)
    history, _ = run(careless, Send(), Work(calls=3))
    (ack,), (effect,) = history.select(Action.ACK), history.select(Action.EFFECT)
    assert ack.completed_ns > effect.invoked_ns


def test_policy_is_set_and_told_and_nothing_is_concluded_of_what_the_queue_keeps(run):
    later = Topology(queues=(Queue(name="q1"), Queue(name="q2")), limited_later=("q1",))
    steps = (Send(), Send(key="q2"), SetPolicy(definition={"length_max": 1}), Send())
    history, target = run(subject(policy=None, topology=later), *steps)
    (told,) = history.select(Action.SET_LIMITS)
    assert (told.target, told.outcome) == ("q1", Outcome.OK)
    assert "policy" in target.calls
    assert history.header.sources["q1"].limited_later
    assert "at_least_once_in_queue" in valid(history), "of q2"
    (kept,) = (one for one in check(history, ("at_least_once_in_queue",)))
    assert kept.examined == 1


PLACES = Topology(
    queues=(Queue(name="q1"), Queue(name="d1"), Queue(name="d2")), limited_later=("q1",)
)
MOVES = tuple(
    step
    for place in ("d1", "d2")
    for step in (
        SetPolicy(definition={"dead_letter_exchange": "", "dead_letter_key": place}),
        Send(),
        Take(),
        Settle(how=Settlement.REJECT),
    )
)


def test_what_a_policy_makes_of_a_queue_is_told(run):
    history, _ = run(subject(topology=PLACES), *MOVES)
    told = [one.becomes.dead_letter for one in history.select(Action.SET_LIMITS)]
    assert told == ["d1", "d2"]


def test_dead_letters_stand_where_the_policy_of_that_moment_says(run):
    history, _ = run(subject(topology=PLACES), *MOVES)
    assert "dead_lettering" in valid(history)
    history, _ = run(subject(topology=PLACES), *MOVES, defect="remembers")
    assert "dead_lettering" in broken(history)
    (verdict,) = check(history, ("dead_lettering",))
    assert [one.name for one in verdict.anomalies] == ["misrouted"]


def test_consumer_that_opens_after_a_policy_works_off_the_same_queue(run):
    history, _ = run(subject(topology=PLACES), MOVES[0], Send(), Work(calls=1))
    assert {one.delivery.source for one in history.receipts} == {"q1"}


@pytest.mark.parametrize(
    ("by", "fault"), [(Silence.STOPPED, ("pause", "c1")), (Silence.STALLED, ("stall", "link c1"))]
)
def test_client_that_misses_its_heartbeats_is_silent_for_long_enough(by, fault, run, monkeypatch):
    waited = []
    monkeypatch.setattr(Run, "pass_time", lambda _, seconds: waited.append(seconds))
    consumer = Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"heartbeat": 2})
    of = replace(subject(), consumer=consumer)
    history, _ = run(of, Send(), Take(), MissHeartbeats(by=by), Send())
    assert waited[0] > 2 * 3
    (span,) = history.faults
    assert (span.fault, span.lane, span.healed_ns is not None) == (*fault, True)
    (started,) = [
        one for one in history.processes if (one.process, one.what) == ("c1#1", "started")
    ]
    assert started.evidence["heartbeat_s"] == 2


def test_starved_node_is_fed_in_the_quiet_tail_and_both_are_told(run):
    history, target = run(subject(), Send(), Starve(), Send())
    assert [event.state for event in history.nodes] == ["starved", "resumed"]
    (span,) = history.faults
    assert (span.fault, span.lane, span.healed_ns is not None) == ("starve", "b1", True)
    assert target.calls.count("node b1") == 2
    assert history.done.drained


WAITING = Topology(
    queues=(
        Queue(
            name="q1",
            kind=QueueKind.QUORUM,
            overflow=Overflow.REJECT_PUBLISH,
            dead_letter_exchange="",
            dead_letter_key="dead",
            dead_lettering=DeadLettering.AT_LEAST_ONCE,
        ),
        Queue(name="dead"),
    )
)


@pytest.mark.parametrize(("retry_s", "known"), [(2.0, True), (180.0, False)])
def test_what_is_left_is_known_only_where_dead_letters_can_be_waited_for(run, retry_s, known):
    history, _ = run(subject(topology=WAITING), Send(), retry_s=retry_s)
    assert history.done.scanned is known
    assert ("tries dead letters" in (history.done.reason or "")) is not known


def test_dead_letters_that_wait_for_their_place_are_looked_for_again_after_two_tries(run):
    reject = Settle(how=Settlement.REJECT)
    history, _ = run(subject(topology=WAITING), Send(), Take(), reject, retry_s=0.2)
    first, second, *_ = [
        one for one in history.select(Action.RECEIVE) if one.process.startswith("scan")
    ]
    assert second.invoked_ns - first.completed_ns > 400e6  # ns
