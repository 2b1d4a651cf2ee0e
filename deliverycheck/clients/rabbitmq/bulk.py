"""Bulk calls on queues: one operation for many messages, told as runs of consecutive tags.

The price of a message here is what the history needs of it: that it was confirmed, and on the way
back the comparison of its whole body. A message that does not fit takes the plain way.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from pika import BasicProperties
from pika.exceptions import AMQPError

from deliverycheck.clients.bulk_bodies import Template, no_garbage_collection, template_of
from deliverycheck.clients.commands import PublishBulk, ReceiveBulk
from deliverycheck.clients.protocol import InfoEvent, OkEvent, Reply
from deliverycheck.clients.rabbitmq.connecting import error_name
from deliverycheck.clients.rabbitmq.consuming import Consuming, Kept
from deliverycheck.clients.rabbitmq.names import Confirms
from deliverycheck.clients.rabbitmq.publishing import PERSISTENT, Publishing
from deliverycheck.clients.worker_loop import Deadline
from deliverycheck.history import (
    Delivery,
    DeliveryRun,
    Properties,
    encode_body,
    letter_body,
)

_SERVE_EVERY = 100
_ACK_EVERY = 100
_SLICE_S = 0.05
_TIMED_OUT, _REFUSED = "TimedOut", "NackError"


def publish_bulk(publishing: Publishing, identity: int, command: PublishBulk) -> Reply:
    """All were sent to the queue `topic` and confirmed, or the deadline passed; which, is told.

    Without confirms they were handed over. A confirm of the broker bears no position, so an
    ``ok`` stands for all of them.
    """
    deadline = Deadline(command.timeout_ms)
    properties = BasicProperties(  # type: ignore[no-untyped-call]  # pika has no types here.
        delivery_mode=PERSISTENT if publishing.settings.persistent else None
    )
    template = _template(command, properties)
    bulk = _Bulk(publishing, command, template, properties, deadline)
    with no_garbage_collection():
        error = bulk.run()
    confirms = publishing.settings.confirms is not Confirms.NONE
    confirmed = confirms and error is None and not bulk.remaining
    kind = OkEvent if confirmed else InfoEvent
    error = error or (_TIMED_OUT if bulk.remaining else None)
    publishing.say(kind(op=command.op, confirmed=confirmed, remaining=bulk.remaining, error=error))
    return Reply(re=identity, remaining=bulk.remaining)


class _Bulk:
    """One bulk publish: the loop, and the confirms as they come."""

    def __init__(
        self,
        publishing: Publishing,
        command: PublishBulk,
        template: Template,
        properties: BasicProperties,
        deadline: Deadline,
    ) -> None:
        self._channel = publishing.channel
        self._command = command
        self._template = template
        self._properties = properties
        self._deadline = deadline
        self._later = publishing.confirms_later
        self._confirmed = bytearray(command.count)
        self._lowest = 0  # All before it are confirmed.
        self._refused = False
        self._done = 0

    @property
    def remaining(self) -> int:
        """Messages handed over that wait for a confirm."""
        return self._confirmed[: self._done].count(0) if self._later else 0

    def run(self) -> str | None:
        """Hand all over and wait for their confirms; the error that stopped it, if any."""
        before = self._channel.publishes.count
        if self._later:
            self._channel.bulk_answered = partial(self._answered, before)
        try:
            self._hand_over()
            self._channel.connection.wait(self._is_over, self._deadline.left_s())
        except AMQPError as error:
            return error_name(error)
        finally:
            self._channel.bulk_answered = None
            self._channel.publishes.count = before + (self._done if self._later else 0)
        return _REFUSED if self._refused else None

    def _is_over(self) -> bool:
        return self._channel.has_ended or not self._later or self._lowest >= self._done

    def _hand_over(self) -> None:
        command, first, template = self._command, self._command.first_sequence, self._template
        impl, connection = self._channel.impl, self._channel.connection
        publish = impl.basic_publish if self._later else self._channel.blocking.basic_publish
        topic, properties = command.topic, self._properties
        while self._done < command.count and not self._deadline.passed():
            done = self._done
            end = min(command.count, done + _SERVE_EVERY, template.end(first + done) - first)
            body = template.of(first + done)
            for number in range(done, end):
                publish("", topic, body % (first + number), properties, False)  # noqa: FBT003
                self._done = number + 1
            connection.serve()
            connection.wait(self._has_room, self._deadline.left_s())

    def _has_room(self) -> bool:
        in_flight = self._done - self._lowest if self._later else 0
        return in_flight < self._command.window or self._channel.has_ended

    def _answered(self, before: int, tag: int, multiple: bool, nack: bool) -> None:  # noqa: FBT001
        number = tag - before  # Counted from 1, as the broker does.
        self._refused = self._refused or nack
        confirmed, first = self._confirmed, self._lowest if multiple else number - 1
        confirmed[first:number] = b"\x01" * (number - first)
        if first == self._lowest:
            lowest = confirmed.find(0, number)
            self._lowest = len(confirmed) if lowest < 0 else lowest


def _template(command: PublishBulk, properties: BasicProperties) -> Template:
    def encode(sequence: int) -> bytes:
        body = letter_body(
            execution=command.execution,
            message=f"{command.process}-{sequence}",
            attempt=1,
            exchange="",
            key=command.topic,
            properties=cast("Properties", properties),
        )
        return encode_body(body, bytes_min=command.bytes)

    return Template(command.process, encode)


def receive_bulk(consuming: Consuming, identity: int, command: ReceiveBulk) -> Reply:
    """`command.count` were taken, and acked in long strides, or the deadline was reached."""
    deadline = Deadline(command.timeout_ms)
    runs = _Runs(command, consuming.delivery_of)
    for kept in consuming.take_kept(command.count):
        runs.add(kept)
    with no_garbage_collection(), consuming.taking(runs.add):
        while runs.received < command.count and consuming.is_open and not deadline.passed():
            consuming.serve(min(_SLICE_S, deadline.left_s()))
    runs.settle()
    consuming.say(OkEvent(op=command.op, deliveries=tuple(runs.others), delivery_runs=runs.runs()))
    return consuming.reply(identity, runs.received)


@dataclass(kw_only=True)
class _Run:
    """Consecutive messages from one queue by one channel, and what the next one looks like.

    `body` is formatted with a sequence number. It was made from a body that was compared in full,
    from this very queue, with the same properties: an equal one says the same.
    """

    process: str
    first_sequence: int
    source: str
    first_position: int
    body: bytes
    mode: int | None
    count: int = 1

    def told(self) -> DeliveryRun:
        return DeliveryRun(
            process=self.process,
            first_sequence=self.first_sequence,
            source=self.source,
            partition=0,
            first_position=self.first_position,
            count=self.count,
        )


@dataclass(kw_only=True)
class _Acks:
    """What a channel has brought since its last ack."""

    since: int = 0
    last: int = 0
    fresh: dict[str, _Run] = field(default_factory=dict)


class _Runs:
    """Deliveries of one bulk receive: runs of our own plain messages, all others one by one."""

    def __init__(self, command: ReceiveBulk, delivery_of: Callable[[Kept], Delivery]) -> None:
        self.others: list[Delivery] = []
        self.received = 0
        self._execution = command.execution
        self._delivery_of = delivery_of
        self._done: list[DeliveryRun] = []
        self._of_channel: dict[Any, _Acks] = {}

    def add(self, kept: Kept) -> None:
        """One more."""
        self.received += 1
        acks = self._of_channel.get(kept.channel)
        if acks is None:
            acks = self._of_channel[kept.channel] = _Acks()
        method, properties = kept.method, kept.properties
        tag = method.delivery_tag
        run = acks.fresh.get(kept.queue)
        if (
            run is not None
            and tag + kept.channel.offset == run.first_position + run.count
            and kept.body == run.body % (run.first_sequence + run.count)
            and not method.redelivered
            and properties.delivery_mode == run.mode
            and _is_bare(properties)
            and method.routing_key == kept.queue
        ):
            run.count += 1
        else:
            self._add_unexpected(acks, kept)
        if not kept.automatic_ack:
            acks.since, acks.last = acks.since + 1, tag
            if acks.since >= _ACK_EVERY:
                self._ack(kept.channel, acks)

    def settle(self) -> None:
        """All that came is acknowledged, and the broker has handled it, if it answers."""
        for channel, acks in self._of_channel.items():
            if acks.since and channel.is_open:
                self._ack(channel, acks)
                channel.prove(_SLICE_S * 10)

    def runs(self) -> tuple[DeliveryRun, ...]:
        growing = [run.told() for acks in self._of_channel.values() for run in acks.fresh.values()]
        return (*self._done, *growing)

    @staticmethod
    def _ack(channel: Any, acks: _Acks) -> None:  # noqa: ANN401  # Channel
        channel.impl.basic_ack(acks.last, multiple=True)
        acks.since = 0

    def _add_unexpected(self, acks: _Acks, kept: Kept) -> None:
        """Compare the body in full; if it is plain, a new run begins."""
        if (ended := acks.fresh.pop(kept.queue, None)) is not None:
            self._done.append(ended.told())
        delivery = self._delivery_of(kept)
        process, _, digits = delivery.message.rpartition("-")
        body = template_of(kept.body or b"", process, digits) if digits.isdigit() else None
        if body is None or not self._is_plain(delivery, kept):
            self.others.append(delivery)
            return
        acks.fresh[kept.queue] = _Run(
            process=process,
            first_sequence=int(digits),
            source=kept.queue,
            first_position=delivery.position or 0,
            body=body,
            mode=kept.properties.delivery_mode,
        )

    def _is_plain(self, delivery: Delivery, kept: Kept) -> bool:
        """Nothing but what a run can say of it."""
        return _is_bare(kept.properties) and delivery == Delivery(
            message=delivery.message,
            source=delivery.source,
            position=delivery.position,
            redelivered=False,
            execution=self._execution,
        )


def _is_bare(properties: Any) -> bool:  # noqa: ANN401  # pika.BasicProperties
    """Nothing is set that makes one message differ from the next."""
    return (
        properties.headers is None
        and properties.priority is None
        and properties.expiration is None
        and properties.correlation_id is None
        and properties.reply_to is None
    )
