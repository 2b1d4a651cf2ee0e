"""Hazards of queues: what they were given to hold, and what made them give it up."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from deliverycheck.guarantees.delivery.queued import is_queue
from deliverycheck.guarantees.hazard import WITNESSES_MAX, Evidence, ops_of
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    NodeState,
    Operation,
    Outcome,
    Position,
    Reading,
    incarnation_lane,
    is_scanner,
)

_NS_PER_MS = 1_000_000

JUST_DECLARED_NS = 500_000_000
"""0.5 s after its declaration a queue is not new any more: so often ra saves its directory."""

FAILURES_BY_DEFAULT = 20
"""So many deliveries of a message may fail in a quorum queue that was told no limit, from RabbitMQ
4.0 on (RabbitMQ 4.3, Quorum Queues, Poison Message Handling). Classic queues have no limit."""

Facts = dict[str, str | int]

_TAKEN = frozenset({Action.ACK, Action.NACK, Action.REJECT})


def node_killed(history: History) -> tuple[Evidence, ...]:
    """A node was killed after somebody published: what it had not written down may be undone."""
    if not any(history.select(Action.PUBLISH)):
        return ()
    return tuple(
        Evidence(kind="killed", ns=event.ns, facts={"node": event.node, "down_ns": event.ns})
        for event in history.nodes
        if event.state is NodeState.KILLED
    )


def broker_killed_holding(history: History) -> tuple[Evidence, ...]:
    """A node was killed when queues held confirmed messages that no consumer had settled."""
    found: list[Evidence] = []
    for event in history.nodes:
        kept = [] if event.state is not NodeState.KILLED else held(history, event.ns)
        if kept:
            facts: Facts = {"node": event.node, "down_ns": event.ns, "messages": len(kept)}
            found.append(Evidence(kind="held", ns=event.ns, facts=facts, witnesses=ops_of(kept)))
    return tuple(found)


def broker_killed_committing(history: History) -> tuple[Evidence, ...]:
    """A node was killed while the commit of a transaction was under way."""
    found: list[Evidence] = []
    for event in history.nodes:
        open_ = [
            one
            for one in by_number(history, Action.COMMIT_TRANSACTION)
            if event.state is NodeState.KILLED
            and one.invoked_ns <= event.ns
            and (one.completed_ns is None or one.completed_ns > event.ns)
        ]
        if open_:
            facts: Facts = {"node": event.node, "down_ns": event.ns, "process": open_[0].process}
            found.append(Evidence(kind="open", ns=event.ns, facts=facts, witnesses=ops_of(open_)))
    return tuple(found)


def queue_just_declared(history: History) -> tuple[Evidence, ...]:
    """A node was killed so soon after a declaration, with confirmed messages in that queue."""
    found: list[Evidence] = []
    for event in history.nodes:
        if event.state is not NodeState.KILLED:
            continue
        declares = [
            one
            for one in history.select(Action.DECLARE)
            if one.completed_ns is not None
            and one.completed_ns <= event.ns <= one.completed_ns + JUST_DECLARED_NS
        ]
        if declares and (kept := held(history, event.ns)):
            since_ns = max(one.completed_ns or 0 for one in declares)
            facts: Facts = {
                "node": event.node,
                "after_ms": (event.ns - since_ns) // _NS_PER_MS,
                "messages": len(kept),
            }
            found.append(Evidence(kind="young", ns=event.ns, facts=facts, witnesses=ops_of(kept)))
    return tuple(found)


def held(history: History, ns: int) -> list[Operation]:
    """Publishes to queues that were confirmed by then, of messages nobody had settled by then."""
    settled = _settled_by(history, ns)
    return [
        one
        for one in by_number(history, Action.PUBLISH)
        if one.outcome is Outcome.OK
        and one.completed_ns is not None
        and one.completed_ns <= ns
        and _comes_to(history, one)
        and one.message not in settled
    ]


def _settled_by(history: History, ns: int) -> frozenset[str]:
    said = {
        (operation.process, covered.source, covered.position)
        for operation in history.operations
        if operation.action in _TAKEN and operation.invoked_ns <= ns and not operation.requeue
        for covered in operation.covers
    }
    return frozenset(
        one.delivery.message
        for one in history.receipts
        if (one.process, one.delivery.source, one.delivery.position) in said
    )


def unroutable(history: History) -> tuple[Evidence, ...]:
    """Messages were published that no binding led to any queue."""
    nowhere = [one for one in by_number(history, Action.PUBLISH) if one.routes == ()]
    return _of_publishes("unroutable", nowhere)


def requeued(history: History) -> tuple[Evidence, ...]:
    """A consumer gave messages back for another delivery."""
    return _of_settlements(history, "requeued", requeue=True)


def rejected(history: History) -> tuple[Evidence, ...]:
    """A consumer refused messages for good."""
    return _of_settlements(history, "rejected", requeue=False)


def _of_settlements(history: History, kind: str, *, requeue: bool) -> tuple[Evidence, ...]:
    by_process: dict[str, list[Operation]] = defaultdict(list)
    for action in (Action.NACK, Action.REJECT):
        for one in by_number(history, action):
            if one.outcome is Outcome.OK and bool(one.requeue) is requeue:
                by_process[one.process].append(one)
    return tuple(
        Evidence(
            kind=kind,
            ns=those[0].invoked_ns,
            facts={"process": process, "messages": sum(len(one.covers) for one in those)},
            witnesses=ops_of(those),
        )
        for process, those in sorted(by_process.items())
    )


def length_reached(history: History) -> tuple[Evidence, ...]:
    """More messages were confirmed by a queue than it may hold, or it refused one."""
    found: list[Evidence] = []
    for name, source in sorted(history.header.sources.items()):
        if source.length_max is None:
            continue
        came = [one for one in by_number(history, Action.PUBLISH) if may_come(one, name)]
        if len(came) > source.length_max:
            facts: Facts = {"queue": name, "messages": len(came), "length_max": source.length_max}
            ns = came[source.length_max].invoked_ns
            found.append(Evidence(kind="length", ns=ns, facts=facts, witnesses=ops_of(came)))
    return tuple(found)


def publish_refused(history: History) -> tuple[Evidence, ...]:
    """The broker refused publishes, and said so."""
    refused = [
        one
        for one in by_number(history, Action.PUBLISH)
        if one.outcome is Outcome.FAIL and not one.returned_unroutable
    ]
    return _of_publishes("refused", refused)


def expired(history: History) -> tuple[Evidence, ...]:
    """A message with a time to wait was confirmed, and nobody was handed it in that time."""
    handed = {one.delivery.message: one.ns for one in reversed(_in_order(history.receipts))}
    end_ns = history.done.ns if history.done else 0
    late: list[Operation] = []
    for one in by_number(history, Action.PUBLISH):
        ms = _waits_ms(history, one)
        if ms is None or one.completed_ns is None or one.outcome is not Outcome.OK:
            continue
        if handed.get(one.message or "", end_ns) > one.completed_ns + ms * _NS_PER_MS:
            late.append(one)
    return _of_publishes("expired", late)


def message_timed(history: History) -> tuple[Evidence, ...]:
    """A message was published with a time to wait of its own."""
    timed = [one for one in by_number(history, Action.PUBLISH) if one.expires_ms is not None]
    return _of_publishes("timed", timed)


def delivery_limit_reached(history: History) -> tuple[Evidence, ...]:
    """A message was handed out more often than its queue's limit allows failures."""
    found: list[Evidence] = []
    for name, source in sorted(history.header.sources.items()):
        if source.delivery_limit is None:
            continue
        handings: dict[str, list[Reading]] = defaultdict(list)
        for one in _in_order(history.receipts):
            if one.delivery.source == name:
                handings[one.delivery.message].append(one)
        for message, those in handings.items():
            if len(those) > source.delivery_limit:
                facts: Facts = {
                    "queue": name,
                    "message": message,
                    "deliveries": len(those),
                    "delivery_limit": source.delivery_limit,
                }
                witnesses = tuple(dict.fromkeys(one.op for one in those))
                ns = those[-1].ns
                found.append(Evidence(kind="limit", ns=ns, facts=facts, witnesses=witnesses[:20]))
    return tuple(found)


def handed_out_often(history: History) -> tuple[Evidence, ...]:
    """A message was handed out of a queue more often than a broker may allow by itself."""
    handings: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for one in _in_order(history.receipts):
        if is_queue(history, one.delivery.source):
            handings[one.delivery.source, one.delivery.message].append(one)
    return tuple(
        Evidence(
            kind="often",
            ns=those[-1].ns,
            facts={"queue": queue, "message": message, "deliveries": len(those)},
            witnesses=tuple(dict.fromkeys(one.op for one in those))[:WITNESSES_MAX],
        )
        for (queue, message), those in sorted(handings.items())
        if len(those) > FAILURES_BY_DEFAULT
    )


def dead_lettered(history: History) -> tuple[Evidence, ...]:
    """Messages were handed out that say why they died."""
    read = _in_order((*history.receipts, *history.log))
    dead = [one for one in read if one.delivery.reason is not None]
    if not dead:
        return ()
    reasons = sorted({str(one.delivery.reason) for one in dead})
    return (
        Evidence(
            kind="dead",
            ns=min(one.ns for one in dead),
            facts={"messages": len(dead), "reasons": ", ".join(reasons)},
            witnesses=tuple(dict.fromkeys(one.op for one in dead))[:20],
        ),
    )


def dead_letters_refused(history: History) -> tuple[Evidence, ...]:
    """Messages were to go to a place for the dead that no queue is, or to one that was full."""
    dying = set(_dying(history))
    found: list[Evidence] = []
    for name, source in sorted(history.header.sources.items()):
        target = source.dead_letter
        if target is None or name not in dying:
            continue
        declared = history.header.sources.get(target)
        full = declared is not None and declared.length_max is not None
        if declared is None or full:
            facts: Facts = {"queue": name, "target": target}
            found.append(Evidence(kind="full" if full else "unbound", ns=0, facts=facts))
    return tuple(found)


def _dying(history: History) -> Iterator[str]:
    """The queues that surely gave up messages that were to be dead letters."""
    for action in (Action.NACK, Action.REJECT):
        for one in history.select(action):
            if not one.requeue and one.outcome is Outcome.OK:
                yield from (covered.source for covered in one.covers)
    for evidence in (*length_reached(history), *delivery_limit_reached(history)):
        yield str(evidence.facts["queue"])
    for name, source in history.header.sources.items():
        if source.expires_ms is not None and expired(history):
            yield name


def two_consumers(history: History) -> tuple[Evidence, ...]:
    """Two consumers were handed messages of one queue."""
    found: list[Evidence] = []
    handed: dict[str, dict[str, Reading]] = defaultdict(dict)
    for one in _in_order(history.receipts):
        if is_queue(history, one.delivery.source):
            handed[one.delivery.source].setdefault(incarnation_lane(one.process), one)
    for queue, firsts in sorted(handed.items()):
        if len(firsts) > 1:
            ns = max(one.ns for one in firsts.values())
            facts: Facts = {"queue": queue, "consumers": len(firsts)}
            witnesses = tuple(one.op for one in firsts.values())
            found.append(Evidence(kind="both", ns=ns, facts=facts, witnesses=witnesses))
    return tuple(found)


def closed_in_hand(history: History) -> tuple[Evidence, ...]:
    """A client was closed in order while it held deliveries that it had not settled."""
    settled: set[tuple[str, str, int]] = {
        (operation.process, covered.source, covered.position)
        for operation in history.operations
        if operation.action in _TAKEN
        for covered in operation.covers
    }
    found: list[Evidence] = []
    for close in by_number(history, Action.CLOSE):
        held = [
            one
            for one in history.receipts
            if one.process == close.process
            and one.ns <= close.invoked_ns
            and is_queue(history, one.delivery.source)
            and _tag(one.process, one.delivery) not in settled
        ]
        if held:
            facts: Facts = {
                "process": close.process,
                "closed_ns": close.invoked_ns,
                "messages": len(held),
            }
            found.append(
                Evidence(kind="closed", ns=close.invoked_ns, facts=facts, witnesses=(close.op,))
            )
    return tuple(found)


def _tag(process: str, at: Delivery | Position) -> tuple[str, str, int]:
    return (process, at.source, at.position or 0)


def _of_publishes(kind: str, publishes: list[Operation]) -> tuple[Evidence, ...]:
    """One piece of evidence for each process."""
    by_process: dict[str, list[Operation]] = defaultdict(list)
    for one in publishes:
        by_process[one.process].append(one)
    return tuple(
        Evidence(
            kind=kind,
            ns=those[0].invoked_ns,
            facts={"process": process, "messages": len(those)},
            witnesses=ops_of(those),
        )
        for process, those in sorted(by_process.items())
    )


def by_number(history: History, action: Action) -> list[Operation]:
    """All such calls of the application, in the order in which they were made."""
    chosen = (one for one in history.select(action) if not is_scanner(one.process))
    return sorted(chosen, key=lambda operation: operation.op)


def _in_order(readings: Iterable[Reading]) -> list[Reading]:
    """The same however the lines of processes interleave."""
    return sorted(readings, key=lambda one: (one.ns, one.op))


def _comes_to(history: History, publish: Operation) -> bool:
    """Whether it surely came to some declared queue."""
    if publish.routes is not None:
        return any(is_queue(history, name) for name in publish.routes)
    return is_queue(history, publish.target or "")


def may_come(publish: Operation, name: str) -> bool:
    """Whether the publish may have come to that queue."""
    if publish.outcome is Outcome.FAIL and publish.returned_unroutable:
        return False
    return publish.target == name if publish.routes is None else name in publish.routes


def _waits_ms(history: History, publish: Operation) -> int | None:
    """How long it may wait in any queue that it comes to; ``None`` for ever."""
    names = (publish.target or "",) if publish.routes is None else publish.routes
    sources = (history.header.sources.get(name) for name in names)
    known = [each.expires_ms for each in sources if each and each.expires_ms is not None]
    known += [] if publish.expires_ms is None else [publish.expires_ms]
    return min(known, default=None)
