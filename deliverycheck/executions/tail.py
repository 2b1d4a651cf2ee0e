"""The quiet tail that ends every plan: heal, settle, scan, drain. Loss is judged only after it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from deliverycheck.brokers import SCAN_ISOLATION, Scan
from deliverycheck.clients import commands
from deliverycheck.executions.consumer import TAIL_RECEIVE_MS, Called, ConsumerLane
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.live import InconclusiveError
from deliverycheck.executions.producer import ProducerLane
from deliverycheck.executions.run import Run
from deliverycheck.executions.sharing import SharingLane, is_worked_off
from deliverycheck.executions.stage import Stage
from deliverycheck.executions.topics import bring_back, restore_configs
from deliverycheck.executions.transactional import TransactionalLane
from deliverycheck.executions.transformer import OUTPUT, TransformerLane
from deliverycheck.history import Action, Fail, Invoke, Ok, Phase, PhaseMark, Position
from deliverycheck.plans import Settling

JOIN_DEADLINE_S = 20.0
"""A synchronous commit that met a fault returns within its request timeouts after the heal."""

FLUSH_DEADLINE_S = 12.0
"""Above message.timeout.ms of the profile (10 s): by then every message has its outcome."""

GONE_DEADLINE_S = 5.0
"""A dead publisher's connections vanish within 12 ms; a proxy lets held bytes go at the heal."""

DRAIN_DEADLINE_S = 20.0
"""A group takes over from a killed member after its session (0.5 s) and a rebalance."""

RECEIVES_A_TURN = 40
"""A member works off what it has before the others' turn; bounded, so that each is polled."""


@dataclass(slots=True)
class Reached:
    """How far the tail came."""

    drained: bool = False
    scanned: bool = False


def bring_to_rest(run: Run, stage: Stage) -> None:
    """Everything is healed, every confirm waited for, the log read, the group's work done.

    The history's last line says what was reached and, if something was not, why.

    Raises:
        InconclusiveError, BrokerError: the infrastructure failed.
    """
    reached = Reached()
    run.phase(Phase.SETTLE)
    heal_all(run, stage)
    consumers = _consumers(run)
    for lane in consumers:
        if not lane.lives and not lane.closed:
            lane.open()  # First, so that the wait for the dead member's session overlaps the rest.
    _finish_publishers(run)
    run.phase(Phase.SCAN)
    scan = _scan(run, {name: topic for name, topic in run.topics.items() if name != OUTPUT})
    reached.scanned = True
    if run.plan.subject.consumer is not None:
        run.phase(Phase.DRAIN)
        reached.drained = _drain(run, consumers, scan)
    if OUTPUT in run.topics:
        _finish_outputs(run)
    done = PhaseMark(
        phase=Phase.DONE,
        ns=run.recorder.now(),
        drained=reached.drained,
        scanned=reached.scanned,
        reason="; ".join(run.reasons) or None,
    )
    run.recorder.write(done)


def heal_all(run: Run, stage: Stage) -> None:
    """All is there again, nobody stands still, and every call has come back or was given up."""
    for lane in run.lanes.values():
        if lane.link in stage.disturbances.on_links:
            stage.disturbances.heal(lane)
    for lane in run.lanes.values():
        if lane.paused:
            stage.resume_worker(lane)
        if lane.lives and lane.held:
            lane.held = False
            lane.send(commands.Release())
    stage.disturbances.bring_node_back("b1")
    bring_back(run)
    restore_configs(run)
    for lane in run.lanes.values():
        if lane.lives and not lane.join(JOIN_DEADLINE_S):
            run.note(lane.process, "blocked", evidence={"after": "the last heal"})
            stage.kill_for_good(lane)


def _consumers(run: Run) -> list[ConsumerLane]:
    """The members that go on; of each group at least one, also where the plan used none."""
    goes_on: list[ConsumerLane] = []
    for lanes in _groups(lane for lane in run.lanes.values() if isinstance(lane, ConsumerLane)):
        used = [lane for lane in lanes if lane.incarnation and not lane.closed]
        if not used:
            lanes[0].closed = False
            used = lanes[:1]
        goes_on += used
    for lane in goes_on:
        lane.receive_ms = TAIL_RECEIVE_MS
        lane.wants_all()
        if isinstance(lane, SharingLane):
            lane.settling = Settling.ACCEPT
    return goes_on


def _groups(lanes: Iterable[ConsumerLane]) -> list[list[ConsumerLane]]:
    """The members of each group."""
    found: dict[str, list[ConsumerLane]] = {}
    for lane in lanes:
        found.setdefault(lane.group, []).append(lane)
    return list(found.values())


def _finish_publishers(run: Run) -> None:
    """Every publisher has flushed and closed, and its connections are gone from the proxy."""
    publishers = [lane for lane in run.lanes.values() if isinstance(lane, ProducerLane)]
    for lane in publishers:
        if isinstance(lane, TransactionalLane):
            lane.close_transaction(FLUSH_DEADLINE_S)
        if lane.lives:
            left = lane.flush_out(FLUSH_DEADLINE_S)
            if left:
                run.reasons.append(f"{lane.process}: {left} messages without an outcome")
            lane.dismiss()
    _await_gone(run, publishers)


def _await_gone(run: Run, lanes: Sequence[Lane]) -> None:
    """The connections of the lanes are gone from the proxy."""
    for lane in lanes:
        run.require(
            partial(run.target.broker.publishers_gone, lane.slot),
            GONE_DEADLINE_S,
            f"the end of all connections of {lane.name}",
            poll_s=0.003,
        )


def _finish_outputs(run: Run) -> None:
    """What members wrote has been read, and each effect is told as what it was.

    Raises:
        InconclusiveError: a transaction could not be ended, so that outputs may be hidden.
    """
    members = [lane for lane in run.lanes.values() if isinstance(lane, TransformerLane)]
    for lane in members:
        if not lane.end_what_is_open():
            message = f"the transaction that {lane.process} left open could not be ended"
            raise InconclusiveError(message)
    _await_gone(run, members)
    consumer = run.plan.subject.consumer
    asked = SCAN_ISOLATION if consumer is None else consumer.output_isolation
    scan = _scan(run, {OUTPUT: run.topics[OUTPUT]}, asked)
    found = {delivery.message for many in scan.deliveries.values() for delivery in many}
    for lane in members:
        for message, op in lane.effects.items():
            ending = Ok if message in found else Fail
            run.recorder.write(ending(op=op, ns=run.recorder.now()))


def _scan(run: Run, topics: Mapping[str, str], isolation: str = SCAN_ISOLATION) -> Scan:
    """Fresh readers have read these topics of the execution from start to end."""
    partitions = {topic: run.partitions[topic] for topic in topics.values()}
    recorder = run.recorder
    for topic, many in partitions.items():
        if topic != run.subject_topic:  # One that was never awaited may still be on its way.
            run.target.log_broker.await_topic(topic, many)
    op = recorder.next_op()
    invoked = Invoke(
        op=op,
        process="scan#1",
        action=Action.RECEIVE,
        ns=recorder.now(),
        isolation=isolation,
    )
    recorder.write(invoked)
    dropping = run.dropping & partitions.keys()
    scan = run.target.log_broker.scan(partitions, isolation, dropping)
    found = tuple(delivery for many in scan.deliveries.values() for delivery in many)
    starts = tuple(
        Position(source=source, partition=partition, position=start)
        for (source, partition), start in scan.starts.items()
    )
    recorder.write(Ok(op=op, ns=recorder.now(), deliveries=found, starts=starts))
    if scan.moved:
        raise InconclusiveError(_moved(scan.moved))
    return scan


def _moved(partitions: Sequence[str]) -> str:
    others = f" and {len(partitions) - 1} more" if len(partitions) > 1 else ""
    return f"{partitions[0]}{others} lost the leader for a moment, which the plan did not ask for"


def _drain(run: Run, consumers: list[ConsumerLane], scan: Scan) -> bool:
    """Each group has worked everything off; whether they have."""
    ends, past = _ends(run, scan), _past_last(run, scan)
    deadline_ns = run.recorder.now() + int(DRAIN_DEADLINE_S * 1e9)
    while run.recorder.now() < deadline_ns:
        for lane in consumers:
            _work_off(lane)
        if all(_is_done(group, ends, past, scan) for group in _groups(consumers)):
            return True
    seen = {lane.process: (sorted(lane.assigned), lane.ends or lane.stands) for lane in consumers}
    run.reasons.append(
        f"not every group reached the ends {ends} within {DRAIN_DEADLINE_S:.0f} s: {seen}"
    )
    return False


def _ends(run: Run, scan: Scan) -> dict[int, int]:
    """Where each partition of the group's topic ended."""
    return {part: end for (source, part), end in scan.ends.items() if source == run.subject_topic}


def _past_last(run: Run, scan: Scan) -> dict[int, int]:
    """Of each partition that holds anything the position behind its last message."""
    return {
        partition: 1 + max(one.position or 0 for one in found)
        for (source, partition), found in scan.deliveries.items()
        if source == run.subject_topic and found
    }


def _is_done(
    group: list[ConsumerLane], ends: dict[int, int], past: dict[int, int], scan: Scan
) -> bool:
    sharing = [lane for lane in group if isinstance(lane, SharingLane)]
    if sharing:
        return is_worked_off(sharing, scan.deliveries)
    present = [lane for lane in group if not lane.closed]
    assigned = frozenset[int]().union(*(lane.assigned for lane in present))
    return assigned == ends.keys() and all(lane.reached(ends, past) for lane in present)


def _work_off(lane: ConsumerLane) -> None:
    received = 0
    if lane.closed:
        return
    if not lane.lives:
        lane.open()
    while received < RECEIVES_A_TURN and lane.lives:
        called = lane.step()
        if called is Called.BLOCKED:
            return
        if called is Called.RECEIVE:
            received += 1
            if lane.idle:
                return
