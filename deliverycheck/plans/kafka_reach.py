"""The hazards that a Kafka plan may bring about, as far as its steps tell."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from deliverycheck.history import Whence
from deliverycheck.plans.kafka_state import (
    CONSUMERS,
    GROUP_TOPIC,
    MOMENT_MS_MAX,
    PRODUCERS,
    Place,
    PlanState,
    ProducerState,
    place_of,
    walk,
)
from deliverycheck.plans.kafka_topic import LARGEST, SMALL_BYTES, is_compacted, is_timed, kept_ms_of
from deliverycheck.plans.plan import Plan
from deliverycheck.plans.steps import (
    AbortTransaction,
    Close,
    CommitTransaction,
    DeleteRecords,
    FaultKind,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Purge,
    Purged,
    Seek,
    Settling,
    Step,
    Unsubscribe,
    Work,
)
from deliverycheck.plans.subject import (
    SHARE_LOCK_MS,
    TRANSACTION_TIMEOUT,
    CommitPolicy,
    Consumer,
    Subject,
    TopicReady,
)

INSTANCE_ID = "group.instance.id"
"""The name by which a static member is known to its group when it comes back."""

_FAULT_HAZARDS = {
    FaultKind.LOSE_REPLY: "lost_reply",
    FaultKind.LOSE_REQUEST: "lost_request",
    FaultKind.TORN_REQUEST: "lost_request",
    FaultKind.BLACK_HOLE: "black_hole",
    FaultKind.STALL: "stall",
    FaultKind.DELAY: "delay",
    FaultKind.REFUSE: "refuse",
}

_LATE = frozenset({FaultKind.STALL, FaultKind.DELAY, FaultKind.BLACK_HOLE})
"""Faults that keep an answer away for longer than a request may take."""

PROFILE_TRANSACTION_MS = 2000
"""transaction.timeout.ms of the fast profile: a transaction that was left open ends in a plan."""

_POLL_INTERVAL_MS = 300_000
"""librdkafka's default of max.poll.interval.ms: who polls less often leaves the group."""

_QUEUE_SETTING, _QUEUE_MESSAGES = "queue.buffering.max.messages", 100_000
"""With librdkafka's default: produce() refuses one message more."""


TIMESTAMP_AHEAD_MS_MAX = 3_600_000
"""Kafka's default of message.timestamp.after.max.ms: what lies further ahead is refused."""


def hazards_in_reach(plan: Plan) -> frozenset[str]:
    """Each hazard that some step, in its state, may bring about; ``none`` without a disturbance."""
    found: set[str] = set()
    for state, step in walk(plan):
        found.update(_hazards_of(state, step))
    disturbed = any(isinstance(step, (Inject, Kill, Pause)) for step in plan.steps)
    if not disturbed and any(isinstance(step, Publish) for step in plan.steps):
        found.add("none")
    return frozenset(found)


def _hazards_of(state: PlanState, step: Step) -> Iterator[str]:
    """Hazards that this step, in this state, may bring about."""
    if isinstance(step, (Publish, Work)):
        if fault := state.faults.get(f"link {step.lane}"):
            yield _FAULT_HAZARDS[fault]
        if state.node != "up":
            yield "broker_killed" if state.node == "down" else "broker_paused"
    if isinstance(step, Inject) and _unflushed(state, step.lane.removeprefix("link ")):
        yield _FAULT_HAZARDS[step.fault]
    if isinstance(step, AbortTransaction):
        yield "transaction_aborted"
    if isinstance(step, CommitTransaction):
        yield from _hazards_of_commit(state, step)
    if isinstance(step, (AbortTransaction, CommitTransaction)):
        fault = state.faults.get(f"link {step.lane}")
        yield from () if fault is None else (_FAULT_HAZARDS[fault],)
        if fault in _LATE or state.node == "paused":
            yield "end_late"
    more = _MORE.get(type(step))
    if more is not None:
        yield from more(state, step)


def _hazards_of_commit(state: PlanState, step: CommitTransaction) -> Iterator[str]:
    if len(state.producers) > 1:
        yield "instance_fenced"
    if state.producers[step.lane].open_ms >= _timeout_ms(state.subject):
        yield "transaction_timed_out"


def _timeout_ms(subject: Subject) -> int:
    """How long a transaction may be open; without a setting what our profile says."""
    return int(subject.producer.get(TRANSACTION_TIMEOUT, PROFILE_TRANSACTION_MS))


def _hazards_of_publish(state: PlanState, step: Publish) -> Iterator[str]:
    producer = state.producers.get(step.lane, ProducerState())
    if state.node == "down" and _are_first(state, producer, [place_of(step)]):
        yield "first_write_broker_killed"
    if is_compacted(state.subject.topic):
        if (step.topic, step.key) in state.keys:
            yield "compacted"
        if state.tombstones and not step.tombstone:
            yield "tombstone_gone"
    yield from _hazards_of_topic(state, step)
    if step.key is not None and state.wrote_with_key(step):
        yield "key_shared"
    if step.timestamp_shift_ms > TIMESTAMP_AHEAD_MS_MAX:
        yield "definite_failure"
    if step.count > int(state.subject.producer.get(_QUEUE_SETTING, _QUEUE_MESSAGES)):
        yield "definite_failure"


def _hazards_of_topic(state: PlanState, step: Publish) -> Iterator[str]:
    """What was done to the topic that is written to."""
    if step.topic in state.grown:
        yield "partitions_added"
    if any(topic == step.topic for topic, _ in state.changed):
        yield "config_changed"
    if state.changed.get((step.topic, LARGEST)) == SMALL_BYTES <= step.bytes:
        yield "definite_failure"
    if step.topic in state.deleted:
        yield "written_while_deleted"
    if step.topic in state.remade:
        yield "topic_remade"
        if step.topic == GROUP_TOPIC and state.carried and step.count > 1:
            yield "remade_under_member"
            if any(calls % _cycle_of(state) for calls in state.carried.values()):
                yield "committed_to_remade"
    if step.topic in state.fresh:
        awaited = state.subject.topic_ready is TopicReady.ANSWERED
        yield "topic_answered" if awaited else "topic_just_created"


def _hazards_of_work(state: PlanState, step: Work) -> Iterator[str]:
    """What one member's work may do to the partitions of another, or to its own."""
    if state.shares:
        yield from _hazards_of_sharing(state, step)
        return
    consumer = state.subject.consumer
    others = [
        lane
        for lane in state.calls
        if consumer
        and lane != step.lane
        and consumer.group_of(lane) == consumer.group_of(step.lane)
    ]
    if step.lane in state.silent and state.for_group:
        yield "partitions_paused"
    if others:
        yield "partitions_moved"
        yield from ("revoked_uncommitted",) if _commits_late(state) else ()
        yield from ("member_fenced",) if _are_twins(consumer) else ()
    writing = state.subject.of_output
    if writing is not None:
        stood_ms = state.stood_ms.get(step.lane, 0)
        yield from ("transaction_timed_out",) if stood_ms >= _timeout_ms(writing) else ()
        yield from ("end_late",) if state.faults.get(f"link {step.lane}") in _LATE else ()
    if any(lane in state.paused for lane in others):
        yield from ("member_paused", "lost_unfinished")
    if consumer is not None and consumer.handling_ms > _poll_interval_ms(consumer):
        yield "lost_unfinished"


def _are_twins(consumer: Consumer | None) -> bool:
    """Whether all members of a group have one name; only of classic groups the last one stays."""
    if consumer is None or consumer.settings.get("group.protocol", "classic") != "classic":
        return False
    return "{lane}" not in str(consumer.settings.get(INSTANCE_ID, "{lane}"))


def _commits_late(state: PlanState) -> bool:
    """Whether members may have worked something off and not committed it yet."""
    consumer = state.subject.consumer
    return consumer is not None and consumer.commit_every > 1 and state.served > _cycle(consumer)


def _hazards_of_close(state: PlanState, step: Close) -> Iterator[str]:
    if state.calls.get(step.lane, 0) > 1 and _commits_late(state):
        yield "revoked_uncommitted"


def _hazards_of_unsubscribing(state: PlanState, _: Unsubscribe) -> Iterator[str]:
    """What it had goes on with another member, or with itself when it is back."""
    if state.for_group:
        yield "unsubscribed"
        yield from ("revoked_uncommitted",) if _commits_late(state) else ()


def _hazards_of_sharing(state: PlanState, step: Work) -> Iterator[str]:
    """What a member of a share group may do to a record that it holds."""
    consumer = state.subject.consumer
    handling_ms = 0 if consumer is None else consumer.handling_ms
    stood_ms = state.stood_ms.get(step.lane, 0)
    if max(handling_ms, stood_ms) >= SHARE_LOCK_MS:
        yield "lock_expired"
    if step.settling is Settling.RELEASE and state.for_group:
        yield from ("given_back", "given_back_at_limit")


def _poll_interval_ms(consumer: Consumer) -> int:
    return int(consumer.settings.get("max.poll.interval.ms", _POLL_INTERVAL_MS))


def _hazards_of_kill(state: PlanState, step: Kill) -> Iterator[str]:
    if step.lane in PRODUCERS:
        yield "producer_killed"
        if _unflushed(state, step.lane):
            yield "producer_killed_unflushed"
    elif step.lane in CONSUMERS and (consumer := state.subject.consumer) is not None:
        yield from _hazards_of_killed_consumer(state, consumer, state.calls[step.lane])
    else:
        yield from ["broker_killed"] if state.unflushed else []
        if any(_are_first(state, each, each.unconfirmed) for each in state.producers.values()):
            yield "first_write_broker_killed"


def _hazards_of_killed_consumer(state: PlanState, consumer: Consumer, calls: int) -> Iterator[str]:
    """What is likely: each cycle finds a message while there is one."""
    cycles, begun = divmod(calls, _cycle(consumer))
    if state.for_group and calls:
        yield "consumer_killed"
        yield from () if state.shares else ("partitions_moved",)
        if begun and cycles < state.for_group:
            yield "consumer_killed_in_hand"


def _hazards_of_deletion(state: PlanState, step: DeleteRecords) -> Iterator[str]:
    """What a group that is there may have worked off, or not."""
    consumer = state.subject.consumer
    if consumer is None or step.topic != GROUP_TOPIC or not state.served:
        return
    worked_off = state.served // _cycle(consumer)
    if worked_off < state.for_group:
        yield "records_deleted"
    if worked_off:
        yield "read_records_deleted"


def _hazards_of_seek(state: PlanState, step: Seek) -> Iterator[str]:
    """What the member was handed it is handed again, as far as it is there."""
    if not state.for_group or step.to is Whence.END:
        return
    yield "replayed"
    if step.to is Whence.POSITION and any(topic == GROUP_TOPIC for topic, _ in state.shortened):
        yield "sought_deleted"


def _cycle(consumer: Consumer) -> int:
    """Calls for one message: receive, handle, effect, and what the commit policy adds."""
    handles = bool(consumer.handling_ms)
    if consumer.output is not None:
        return 5 + handles  # Receive, begin, write, commit the position, end.
    own = consumer.commit is not CommitPolicy.AUTO and not consumer.stores_positions
    commits = own and consumer.commit_every == 1
    return 2 + handles + commits


def _unflushed(state: PlanState, lane: str) -> bool:
    return lane in state.producers and state.producers[lane].unflushed > 0


def _are_first(state: PlanState, producer: ProducerState, places: Iterable[Place]) -> bool:
    """Whether one of them may be the producer's first to its partition."""
    return any(
        (topic, number) not in producer.confirmed
        for topic, partition in places
        for number in (range(state.topics[topic]) if partition is None else (partition,))
    )


def _hazards_of_hold(state: PlanState, step: Hold) -> Iterator[str]:
    """Who waits so long gives a message up, and may have another one on its way by then."""
    several = any(len(producer.unconfirmed) > 1 for producer in state.producers.values())
    if state.written and _expires_within(state.subject, step.ms):
        yield "records_expired"
        if state.served and state.served // _cycle_of(state) < state.for_group:
            yield "expired_unread"
    if step.ms > MOMENT_MS_MAX and several and (state.faults or state.node != "up"):
        yield "timed_out_beside_others"


def _expires_within(subject: Subject, ms: int) -> bool:
    """Whether what stands in a topic is too old by then, or too much."""
    return is_timed(subject.topic) and kept_ms_of(subject.topic) < ms


def _cycle_of(state: PlanState) -> int:
    consumer = state.subject.consumer
    return 1 if consumer is None else _cycle(consumer)


def _hazards_of_purge(state: PlanState, step: Purge) -> Iterator[str]:
    if _unflushed(state, step.lane):
        yield "purged"
    several = step.lane in state.producers and state.producers[step.lane].unflushed > 1
    if several and step.what is Purged.IN_FLIGHT and (state.faults or state.node != "up"):
        yield "purged_beside_others"


_MORE: dict[type[Step], Callable[[PlanState, Any], Iterator[str]]] = {
    Hold: _hazards_of_hold,
    Publish: _hazards_of_publish,
    Purge: _hazards_of_purge,
    Work: _hazards_of_work,
    Kill: _hazards_of_kill,
    DeleteRecords: _hazards_of_deletion,
    Seek: _hazards_of_seek,
    Close: _hazards_of_close,
    Unsubscribe: _hazards_of_unsubscribing,
}
