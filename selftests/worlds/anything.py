"""Histories that make no sense and are well-formed: what a reader accepts, no checker may refuse.

They are read off a string of bytes, which Hypothesis draws and shrinks a hundred times faster than
as many fields one by one; a byte that is missing is 0, the plainest choice.
"""

from hypothesis import strategies as st
from msgspec import structs

from deliverycheck.history import (
    FORMAT,
    VERSION,
    Action,
    Delivery,
    DeliveryRun,
    Fail,
    FaultEvent,
    FaultMoment,
    Header,
    Info,
    Invoke,
    NodeEvent,
    NodeState,
    Ok,
    Phase,
    PhaseMark,
    Position,
    ProcessEvent,
    PublishRun,
    Returned,
    Source,
)

OPERATIONS_MAX = 12
BYTES_MIN, BYTES_MAX = 200, 1_000

# Few of each, so that they meet. The first is the plainest.
PROCESSES = ("p1#1", "c1#1", "scan#1", "scan#1", "p1#2", "c1#2", "scan#2", "odd")
MESSAGES = ("p1#1-1", "p1#1-2", "p1#1-3", "p1#2-1", "phantom", "-", "p1#1-x", "")
SOURCES = ("t", "t", "q", "q", "dead", "s", "")
GROUPS = ("g", None, "", "h")
NAMES = (None, "x1", "x2", "")
SMALL = (0, 1, 2, 3, 4)
SEVERAL = (1, 2, 3, 4)
MAYBE = (0, 0, 0, None, 1, 2)
ODD = (0, None, 1, 2, 3, 4, 2**62)
NONE_OR_SEVERAL = (1, None, 2, 3, 2**62)
FLAGS = (None, True, False)
ENDINGS = (Ok, Ok, Ok, Fail, Info, None)
# Most calls are those that checkers look at.
ACTIONS = (*[Action.PUBLISH] * 8, *[Action.RECEIVE] * 8, *[Action.EFFECT] * 3, *Action)
FAULT_MOMENTS = tuple(FaultMoment)


class Bytes:
    """Choices, one byte each."""

    def __init__(self, data):
        self._left = iter(data)

    def of(self, choices):
        return choices[next(self._left, 0) % len(choices)]

    def ns(self):
        return next(self._left, 0) % 40 * 1_000_000

    def count(self, most):
        return next(self._left, 0) % (most + 1)

    def some(self, fields, usual=()):
        """About one in 8 of these fields, and most of the usual ones.

        Each is drawn from its choices, or made by what makes one.
        """
        return {
            name: choices(self) if callable(choices) else self.of(choices)
            for name, choices in fields.items()
            if (next(self._left, 0) % 8 == 1) != (name in usual)
        }


def tuple_of(make, most):
    def several(choices):
        return tuple(make(choices) for _ in range(choices.count(most)))

    return several


def position(choices):
    return Position(
        source=choices.of(SOURCES),
        position=choices.of((0, 1, 2, 3, 4, 2**62)),
        partition=choices.of(MAYBE),
    )


DELIVERY = {
    "position": ODD,
    "partition": MAYBE,
    "attempt": SEVERAL,
    "epoch": MAYBE,
    "redelivered": FLAGS,
    "deliveries": NONE_OR_SEVERAL,
    "mangled": ((), ("key",), ("body", "headers"), ("timestamp",)),
    "target": (*SOURCES, None),
    "execution": (None, "x1", "x2"),
    "correlation": (*MESSAGES, None),
    "reason": (None, "rejected", "expired", "maxlen", "delivery_limit", "odd"),
}


def delivery(choices):
    message, source = choices.of(MESSAGES), choices.of(SOURCES)
    fields = choices.some(DELIVERY, usual=("position", "partition"))
    return Delivery(message=message, source=source, **fields)


def publish_run(choices):
    first_sequence, partition, first_position = (choices.of(SMALL) for _ in range(3))
    return PublishRun(
        first_sequence=first_sequence,
        partition=partition,
        first_position=first_position,
        count=choices.of(SEVERAL),
    )


def delivery_run(choices):
    process, source = choices.of(PROCESSES), choices.of(SOURCES)
    first_sequence, partition, first_position = (choices.of(SMALL) for _ in range(3))
    return DeliveryRun(
        process=process,
        first_sequence=first_sequence,
        source=source,
        partition=partition,
        first_position=first_position,
        count=choices.of(SEVERAL),
    )


INVOKED = {
    "parent": MAYBE,
    "message": MESSAGES,
    "attempt": SEVERAL,
    "count": SEVERAL,
    "target": SOURCES,
    "partition": MAYBE,
    "key": ("k1", None, "", "k2"),
    "headers": (None, {}, {"a": "b"}),
    "transaction": NAMES,
    "group": GROUPS,
    "deliveries": tuple_of(delivery, 3),
    "covers": tuple_of(position, 3),
    "transactional_id": NAMES,
    "isolation": (None, "read_committed", "read_uncommitted", "strict_serializable"),
    "tombstone": (True, False),
    "priority": ODD,
    "expires_ms": ODD,
    "requeue": FLAGS,
    "prefetch": ODD,
    "correlation": (*MESSAGES, None),
}
COMPLETED = {
    "confirmed": (True, False),
    "partition": MAYBE,
    "position": ODD,
    "runs": tuple_of(publish_run, 2),
    "deliveries": tuple_of(delivery, 4),
    "delivery_runs": tuple_of(delivery_run, 2),
    "covers": tuple_of(position, 3),
    "remaining": ODD,
    "error": (None, "", "TimedOut"),
    "returned_unroutable": (True, False),
    "starts": tuple_of(position, 2),
    "ends": tuple_of(position, 2),
}
USUAL = {
    Action.DELETE: ("target",),
    Action.PUBLISH: ("message", "target"),
    Action.RECEIVE: ("group",),
    Action.EFFECT: ("group", "deliveries"),
    Action.SUBSCRIBE: ("group", "target"),
    Action.REQUEST: ("message", "target"),
    Action.REPLY: ("message", "correlation"),
    Action.BEGIN_TRANSACTION: ("transaction", "transactional_id"),
    Action.COMMIT_TRANSACTION: ("transaction", "transactional_id"),
    Action.ABORT_TRANSACTION: ("transaction", "transactional_id"),
}
USUAL_AT_THE_END = {
    Action.PUBLISH: ("partition", "position"),
    Action.RECEIVE: ("deliveries",),
    Action.REQUEST: ("deliveries",),
}
DECLARED = {
    "kind": ("queue", "queue", "stream", "log"),
    "compacted": (True, False),
    "retention_ms": ODD,
    "expires_ms": ODD,
    "length_max": ODD,
    "overflow": (None, "drop_head", "reject_publish"),
    "dead_letter": (*SOURCES, None),
    "delivery_limit": ODD,
    "priorities": NONE_OR_SEVERAL,
    "requeue": (None, "original", "back"),
}


def header(choices):
    return Header(
        format=FORMAT,
        version=VERSION,
        execution=choices.of(("x1", "")),
        relies_on=choices.of(("confirm", "call_returned")),
        error_means=choices.of(("unknown", "absent")),
        groups={
            choices.of(("g", "", "h")): tuple_of(lambda one: one.of(SOURCES), 3)(choices)
            for _ in range(choices.count(2))
        },
        sources={
            choices.of(SOURCES): Source(**choices.some(DECLARED, usual=("kind",)))
            for _ in range(choices.count(4))
        },
        within_ms=choices.of((None, *ODD)),
    )


def call(choices, op):
    process, action, ending = choices.of(PROCESSES), choices.of(ACTIONS), choices.of(ENDINGS)
    fields = choices.some(INVOKED, usual=USUAL.get(action, ("group", "covers")))
    yield Invoke(op=op, process=process, action=action, ns=choices.ns(), **fields)
    if choices.count(3) == 3:
        yield Returned(op=op, ns=choices.ns())
    if ending is not None:
        given = choices.some(COMPLETED, usual=USUAL_AT_THE_END.get(action, ()))
        yield ending(op=op, ns=choices.ns(), **given)


def with_sense(events):
    """The events with what each must say, and no answer before its call."""
    began = {event.op: event.ns for event in events if isinstance(event, Invoke)}
    return [_with_sense(event, began) for event in events]


def _with_sense(event, began):
    if isinstance(event, (Returned, Ok, Fail, Info)):
        return structs.replace(event, ns=max(event.ns, began[event.op]))
    if not isinstance(event, Invoke):
        return event
    needed = {}
    if event.action is Action.PUBLISH:
        needed["message"] = event.message or "p1#1-1"
        needed["target"] = "t" if event.target is None else event.target
    if event.action is Action.DELETE:
        needed["target"] = event.target or "t"
    if event.action is Action.EFFECT:
        needed["group"] = event.group or "g"
        needed["message"] = event.message if event.deliveries else None
    event = structs.replace(event, **needed)
    counted_on = (event.message or "").rpartition("-")[2].isdigit()
    return event if counted_on else structs.replace(event, count=1)


def aside(choices):
    """What is no operation."""
    what = choices.count(2)
    if what == 0:
        return ProcessEvent(
            process=choices.of(PROCESSES),
            what=choices.of(("started", "killed", "closed", "died", "error", "blocked", "odd")),
            ns=choices.ns(),
            op=choices.of(ODD),
        )
    if what == 1:
        return NodeEvent(node="b1", state=choices.of(tuple(NodeState)), ns=choices.ns())
    return PhaseMark(phase=choices.of(tuple(Phase)), ns=choices.ns())


def history_off(data):
    """Events of a history that a reader accepts, read off any bytes."""
    choices = Bytes(data)
    events = [header(choices)]
    events += [
        FaultEvent(moment=moment, fault="lose_reply", lane="link p1", ns=choices.ns())
        for moment in FAULT_MOMENTS[: choices.count(len(FAULT_MOMENTS))]
    ]
    for op in range(choices.count(OPERATIONS_MAX)):
        events += call(choices, op)
    events += [aside(choices) for _ in range(choices.count(3))]
    if choices.count(3):
        scanned, drained = choices.of((True, False)), choices.of((True, False))
        done = PhaseMark(phase=Phase.DONE, ns=choices.ns(), scanned=scanned, drained=drained)
        events.append(done)
    return with_sense(events)


ANYTHING = st.binary(min_size=BYTES_MIN, max_size=BYTES_MAX).map(history_off)
"""Events of a history that a reader accepts."""
