"""Histories told call by call, for tests: the clock moves 1 ms with each line."""

from deliverycheck.history import (
    FORMAT,
    VERSION,
    Action,
    Delivery,
    Event,
    Fail,
    FaultEvent,
    FaultMoment,
    Header,
    History,
    Info,
    Invoke,
    NodeEvent,
    NodeState,
    Ok,
    Phase,
    PhaseMark,
    Position,
    ProcessEvent,
    Returned,
    encode,
    history_of,
)

MUST_SAY = {"publish": {"message": "m-1", "target": "t"}, "effect": {"group": "g"}}
"""What a reader wants of a call, by its action, for tests to which it does not matter."""
_MS = 1_000_000


def at(message, position, *, source="t", partition=0, **fields):
    """A delivery; its body's attempt and the rest come by name."""
    return Delivery(
        message=message, source=source, partition=partition, position=position, **fields
    )


class Story:
    """Lines of a history in the order in which they are told."""

    def __init__(self, *, relies_on="confirm", groups=None, execution="x1", **header):
        self.events: list[Event] = [
            Header(
                format=FORMAT,
                version=VERSION,
                execution=execution,
                relies_on=relies_on,
                groups=groups or {},
                **header,
            )
        ]
        self.ms = 0
        self._ops = 0

    def _now(self):
        self.ms += 1
        return self.ms * _MS

    def invoke(self, process, action, **fields):
        """A call begins; its number comes back."""
        self._ops += 1
        op = self._ops - 1
        now = self._now()
        self.events.append(Invoke(op=op, process=process, action=Action(action), ns=now, **fields))
        return op

    def returned(self, op):
        self.events.append(Returned(op=op, ns=self._now()))

    def ok(self, op, **fields):
        self.events.append(Ok(op=op, ns=self._now(), **fields))

    def fail(self, op, **fields):
        self.events.append(Fail(op=op, ns=self._now(), **fields))

    def info(self, op, **fields):
        self.events.append(Info(op=op, ns=self._now(), **fields))

    def publish(self, message, *, target="t", **fields):
        """A publish begins, by the process that the message's id names."""
        process = fields.pop("process", message.rpartition("-")[0])
        return self.invoke(process, "publish", message=message, target=target, **fields)

    def published(self, message, position=None, *, partition=0, **fields):
        """A publish from its call to its confirm."""
        op = self.publish(message, **fields)
        self.ok(op, partition=partition, position=position)
        return op

    def scanned(self, *found, process="scan#1"):
        """A fresh reader finds these messages, or deliveries, in partition 0 of t."""
        op = self.invoke(process, "receive", target="t")
        deliveries = tuple(
            each if isinstance(each, Delivery) else at(each, position)
            for position, each in enumerate(found)
        )
        self.ok(op, deliveries=deliveries)
        return op

    def received(self, process, *deliveries, group="g"):
        op = self.invoke(process, "receive", group=group)
        self.ok(op, deliveries=deliveries)
        return op

    def effect(self, process, delivery, *, outcome="ok", group="g"):
        op = self.invoke(process, "effect", group=group, deliveries=(delivery,))
        getattr(self, outcome)(op)
        return op

    def committed(self, process, position, *, source="t", partition=0, group="g"):
        """A commit of the next position to read."""
        covers = (Position(source=source, partition=partition, position=position),)
        op = self.invoke(process, "commit", group=group, covers=covers)
        self.ok(op)
        return op

    def deleted(self, below, *, partition=0, outcome="ok"):
        """Everything below this position of t is deleted."""
        covers = (Position(source="t", partition=partition, position=below),)
        op = self.invoke("admin#1", "delete_records", covers=covers)
        getattr(self, outcome)(op)
        return op

    def topic_deleted(self, *, outcome="ok"):
        """All of t is gone; what is written to it from now on stands in another t."""
        op = self.invoke("admin#1", "delete", target="t")
        getattr(self, outcome)(op)
        return op

    def topic_made(self):
        op = self.invoke("admin#1", "declare", target="t")
        self.ok(op)
        return op

    def subscribed(self, process, group="g"):
        op = self.invoke(process, "subscribe", target="t", group=group)
        self.ok(op)
        return op

    def fault(self, moment, fault, lane, **fields):
        self.events.append(
            FaultEvent(moment=FaultMoment(moment), fault=fault, lane=lane, ns=self._now(), **fields)
        )

    def injected(self, fault, lane, **fields):
        self.fault("inject", fault, lane, **fields)
        self.fault("injected", fault, lane)

    def healed(self, fault, lane):
        self.fault("heal", fault, lane)
        self.fault("healed", fault, lane)

    def process(self, process, what, **fields):
        self.events.append(ProcessEvent(process=process, what=what, ns=self._now(), **fields))

    def node(self, node, state):
        self.events.append(NodeEvent(node=node, state=NodeState(state), ns=self._now()))

    def done(self, *, scanned=True, drained=True, reason=None):
        self.events.append(
            PhaseMark(
                phase=Phase.DONE, ns=self._now(), scanned=scanned, drained=drained, reason=reason
            )
        )
        return self

    def lines(self) -> list[bytes]:
        return [encode(event) for event in self.events]

    def history(self) -> History:
        return history_of(b"".join(self.lines()))
