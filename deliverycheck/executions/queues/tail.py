"""The quiet tail of plans about queues: heal, settle, drain, scan. Loss is judged only after it."""

from math import ceil

from deliverycheck.brokers import Scan
from deliverycheck.executions.consumer import Called
from deliverycheck.executions.queues.client import QueueLane
from deliverycheck.executions.queues.consumer import TAIL_RECEIVE_MS, ConsumerOfQueueLane
from deliverycheck.executions.queues.place import QueuePlace
from deliverycheck.executions.queues.publisher import PublisherLane
from deliverycheck.executions.queues.reconnecting import ReconnectingLane
from deliverycheck.executions.queues.requester import RequesterLane
from deliverycheck.executions.queues.transacting import TransactingLane
from deliverycheck.executions.run import NS_PER_S, Run
from deliverycheck.executions.stage import Stage
from deliverycheck.executions.tail import (
    DRAIN_DEADLINE_S,
    FLUSH_DEADLINE_S,
    GONE_DEADLINE_S,
    RECEIVES_A_TURN,
    heal_all,
)
from deliverycheck.history import Action, Invoke, Ok, Phase, PhaseMark
from deliverycheck.plans import DeadLettering

IDLE_TURNS = 3
"""So often in a row every consumer finds nothing, each time for `TAIL_RECEIVE_MS`."""

GONE_POLL_S = 0.02
"""A look costs some ms, for the machine's table of sockets is read."""

DEAD_LETTER_WAIT_S_MAX = 10.0
"""So long dead letters that come late are waited for: 5 s with our brokers, 361 s with default
settings."""


def bring_to_rest(run: Run, stage: Stage, place: QueuePlace) -> None:
    """Everything is healed, every confirm waited for, the consumers' work done, the rest read.

    The history's last line says what was reached and, if something was not, why.

    Raises:
        InfrastructureError: the infrastructure failed.
    """
    run.phase(Phase.SETTLE)
    heal_all(run, stage)
    _finish_publishers(run)
    run.phase(Phase.DRAIN)
    drained = _drain(run, _consumers(run))
    drained = _hear_out(run) and drained
    _dismiss_all(run)
    run.phase(Phase.SCAN)
    scan = _scan(run, place)
    drained = _nothing_left(run, scan) and drained
    scanned = _came_to_an_end(run, place)
    run.recorder.write(
        PhaseMark(
            phase=Phase.DONE,
            ns=run.recorder.now(),
            drained=drained,
            scanned=scanned,
            reason="; ".join(run.reasons) or None,
        )
    )


def _finish_publishers(run: Run) -> None:
    """Every publisher has its confirms, and closed unless it waits for replies."""
    for lane in run.lanes.values():
        if not isinstance(lane, PublisherLane):
            continue
        if isinstance(lane, ReconnectingLane):
            lane.discard_if_gone()
        if isinstance(lane, TransactingLane):
            lane.close_transaction()
        if lane.lives:
            left = lane.flush_out(FLUSH_DEADLINE_S)
            if left:
                run.reasons.append(f"{lane.process}: {left} messages without an outcome")
            if not isinstance(lane, RequesterLane):
                lane.dismiss()
    _await_gone(run)


def _await_gone(run: Run) -> None:
    """Connections that did not end in order are gone from the proxy, with what it held of them.

    One that was closed in order is: the broker answered the close.
    """
    lanes = [
        lane
        for lane in run.lanes.values()
        if isinstance(lane, QueueLane) and lane.leaves_traces and not lane.lives and not lane.mates
    ]
    if lanes:
        slots = [lane.slot for lane in lanes]
        run.require(
            lambda: run.target.queue_broker.clients_gone(slots),
            GONE_DEADLINE_S,
            f"the end of all connections of {', '.join(lane.name for lane in lanes)}",
            poll_s=GONE_POLL_S,
        )


def _consumers(run: Run) -> list[ConsumerOfQueueLane]:
    """Those that go on; of each queue at least one, also where the plan used none."""
    lanes = [lane for lane in run.lanes.values() if isinstance(lane, ConsumerOfQueueLane)]
    goes_on: list[ConsumerOfQueueLane] = []
    for queue in sorted({lane.queue for lane in lanes}):
        own = [lane for lane in lanes if lane.queue == queue]
        used = [lane for lane in own if lane.incarnation and not lane.closed] or own[:1]
        goes_on += used
    for lane in goes_on:
        lane.receive_ms = TAIL_RECEIVE_MS
    return goes_on


def _drain(run: Run, consumers: list[ConsumerOfQueueLane]) -> bool:
    """The consumers have worked everything off; whether they have."""
    for lane in consumers:
        if lane.lives:
            lane.finish_in_hand()
    deadline_ns = run.recorder.now() + int(DRAIN_DEADLINE_S * NS_PER_S)
    idle_turns = 0
    while run.recorder.now() < deadline_ns:
        idle = [_work_off(lane) for lane in consumers]
        idle_turns = idle_turns + 1 if all(idle) else 0
        if idle_turns >= IDLE_TURNS:
            return True
    waiting = [lane.process for lane in consumers if not lane.idle]
    run.reasons.append(f"{waiting} found no end within {DRAIN_DEADLINE_S:.0f} s")
    return False


def _hear_out(run: Run) -> bool:
    """Every requester has taken the replies that there were, and closed; whether each could."""
    heard = True
    for lane in run.lanes.values():
        if isinstance(lane, RequesterLane) and lane.lives:
            heard = _hear(lane) and heard
            lane.dismiss()
    return heard


def _hear(lane: RequesterLane) -> bool:
    """Nothing comes any more, several times in a row; whether the requester could tell."""
    idle_turns = 0
    while lane.unanswered and idle_turns < IDLE_TURNS:
        lane.discard_if_gone()
        if lane.gone or lane.busy:
            lane.run.reasons.append(f"{lane.process} could not take its replies")
            return False
        idle_turns = 0 if lane.take_replies(TAIL_RECEIVE_MS) else idle_turns + 1
    return True


def _work_off(lane: ConsumerOfQueueLane) -> bool:
    """A turn of the consumer; whether it found nothing."""
    lane.discard_if_gone()
    if not lane.lives:
        lane.open()
    for _ in range(3 * RECEIVES_A_TURN):
        if not lane.lives or lane.gone:
            return False
        called = lane.step()
        if called is Called.BLOCKED:
            return False
        if called is Called.RECEIVE and lane.idle:
            return not lane.gone
    return False


def _dismiss_all(run: Run) -> None:
    """No consumer holds anything; what was settled is known to be."""
    for lane in run.lanes.values():
        if isinstance(lane, ConsumerOfQueueLane):
            if lane.lives and not lane.busy and not lane.gone:
                lane.prove()
            lane.dismiss()
    _await_gone(run)


def _scan(run: Run, place: QueuePlace) -> Scan:
    """Fresh readers have taken what was left in every queue, until nothing more comes."""
    found = _read(run, place)
    dead = any(queue.dead_letter_exchange is not None for queue in place.topology.queues)
    while dead and any(found.deliveries.values()):
        more = _read_later(run, place)
        if not any(more.deliveries.values()):
            break
        found = _both(found, more)
    return found


def _both(first: Scan, more: Scan) -> Scan:
    """What two readings found together."""
    keys = {**first.deliveries, **more.deliveries}
    found = {key: (*first.deliveries.get(key, ()), *more.deliveries.get(key, ())) for key in keys}
    return Scan(deliveries=found, ends=first.ends)


def _read_later(run: Run, place: QueuePlace) -> Scan:
    """What came to the queues since they were read, if it came in the time that it may take."""
    take_s = min(_dead_letters_take_s(run, place), DEAD_LETTER_WAIT_S_MAX)
    looks = ceil(take_s)
    more = Scan()
    for _ in range(looks):
        run.pass_time(take_s / looks)
        more = _read(run, place)
        if any(more.deliveries.values()):
            break
    return more


def _dead_letters_take_s(run: Run, place: QueuePlace) -> float:
    """Until what nobody took is surely tried again: at the second look of two, and a second more.

    RabbitMQ looks every so often, and passes over what it sent a moment less than that ago
    (rabbit_fifo_dlx_worker.erl, redeliver_messages).
    """
    waits = any(
        queue.dead_lettering is DeadLettering.AT_LEAST_ONCE for queue in place.topology.queues
    )
    return 2 * run.target.queue_broker.dead_letter_retry_s + 1 if waits else 0.05


def _came_to_an_end(run: Run, place: QueuePlace) -> bool:
    """Whether what the scan found is all there is: dead letters may be waiting for their place."""
    take_s = _dead_letters_take_s(run, place)
    if take_s > DEAD_LETTER_WAIT_S_MAX:
        run.reasons.append(
            f"this broker tries dead letters that nobody took again within {take_s:.0f} s only: "
            "what is left is not known"
        )
    return take_s <= DEAD_LETTER_WAIT_S_MAX


def _read(run: Run, place: QueuePlace) -> Scan:
    recorder, names = run.recorder, [queue.name for queue in place.topology.queues]
    op = recorder.next_op()
    asked = Invoke(
        op=op,
        process=f"scan#{op}",
        action=Action.RECEIVE,
        ns=recorder.now(),
        isolation=place.isolation,
    )
    recorder.write(asked)
    scan = run.target.queue_broker.read_queues(place.namespace, names)
    deliveries = tuple(each for many in scan.deliveries.values() for each in many)
    recorder.write(Ok(op=op, ns=recorder.now(), deliveries=deliveries))
    return scan


def _nothing_left(run: Run, scan: Scan) -> bool:
    """Whether the consumers left nothing of what they have to work off."""
    worked = {lane.queue for lane in run.lanes.values() if isinstance(lane, ConsumerOfQueueLane)}
    left = sorted(
        source for (source, _), many in scan.deliveries.items() if many and source in worked
    )
    if left:
        run.reasons.append(f"something was left in {', '.join(left)} when its consumers found none")
    return not left
