"""The consumer of a RabbitMQ worker: it subscribes or asks, and keeps what comes until taken."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
from pika.exceptions import AMQPError

from deliverycheck.clients.commands import Cancel, OpenConsumer, Pump, Receive, Until
from deliverycheck.clients.protocol import ClientErrorEvent, DeliveryEvent, OkEvent, Remedy, Reply
from deliverycheck.clients.rabbitmq.channels import Channel, Held
from deliverycheck.clients.rabbitmq.connecting import error_name
from deliverycheck.clients.rabbitmq.names import ConsumerSettings, Taking
from deliverycheck.clients.rabbitmq.publishing import MS_PER_S
from deliverycheck.clients.worker_loop import Deadline, WorkerLoop
from deliverycheck.history import Delivery, delivery_of_letter

# Bounds how late a receive by `get` sees what came into an empty queue.
_ASK_AGAIN_S = 0.01
_SLICE_S = 0.005  # A command that comes must not wait long for a pump.


class Kept(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A message as the library handed it over, from which queue by which channel."""

    channel: Channel
    queue: str
    automatic_ack: bool
    method: Any  # pika.spec.Basic.Deliver or GetOk
    properties: Any  # pika.BasicProperties
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One reading of a queue: by a consumer of the broker with a tag, or by asking."""

    channel: Channel
    queue: str
    settings: ConsumerSettings
    tag: str | None = None


class Consuming:
    """Subscriptions of one worker, and what came by them.

    Attributes:
        in_hand: what the last receive returned is still being worked on.
        last_channel: of the subscription that was made last; ``None`` before the first.
        kept: what came unasked, in its order.
    """

    def __init__(self, loop: WorkerLoop) -> None:
        self._loop = loop
        self.say = loop.outbox.say
        self.kept: deque[Kept] = deque()
        self.subscriptions: list[Subscription] = []
        self.in_hand = False
        self.last_channel: Channel | None = None
        self._receiving = False
        self._taker: Callable[[Kept], None] | None = None
        self._asked = 0

    @property
    def serves_in_hand(self) -> bool:
        """Whether the connection is served while a message is being worked on."""
        return all(one.settings.heartbeat_in_hand for one in self.subscriptions)

    def subscribe(
        self, channel: Channel, command: OpenConsumer, settings: ConsumerSettings
    ) -> None:
        """The queues are read by that channel, one after the other if they are asked."""
        self._forget_ended()
        self.last_channel = channel
        if settings.take is Taking.PUSH and settings.prefetch:
            channel.prefetch = (settings.prefetch, settings.prefetch_of_channel)
            with channel.connection.bounded():
                channel.blocking.basic_qos(
                    prefetch_count=settings.prefetch, global_qos=settings.prefetch_of_channel
                )
        for queue in command.topics or (settings.queue,):
            asking = settings.take is Taking.GET
            tag = None if asking else self._consume(channel, queue, settings)
            self.subscriptions.append(
                Subscription(channel=channel, queue=queue, settings=settings, tag=tag)
            )

    def receive(self, identity: int, command: Receive) -> Reply:
        """Up to `max` were taken: what is kept, else what comes first; then no more is awaited."""
        told = {id(one) for one in self.kept}
        self._receiving = True
        taken = self._take(command)
        self._receiving = False
        self.in_hand = bool(taken)
        deliveries = tuple(self.delivery_of(one) for one in taken)
        self.say(OkEvent(op=command.op, deliveries=deliveries))
        for one in self.kept:
            if id(one) not in told:
                self._tell(one)
        return self.reply(identity, len(taken), command.channel)

    def pump(self, identity: int, command: Pump) -> Reply:
        deadline = Deadline(command.timeout_ms)
        while len(self.kept) < command.deliveries and self.is_open and not deadline.passed():
            if self._loop.inbox.wait(0):
                break
            self.serve(min(_SLICE_S, deadline.left_s()))
        return self.reply(identity, len(self.kept))

    def serve(self, timeout_s: float = 0) -> None:
        """What came was kept; what the closed channels had sent is gone."""
        for connection in {one.channel.connection for one in self.subscriptions}:
            connection.serve(timeout_s)
        self._forget_ended()

    def cancel(self, command: Cancel) -> None:
        """The subscription is over; what it kept and nobody took goes back, as pika does it.

        pika refuses, of a manual subscription, what its own callbacks had not been told of; what
        they were told of it leaves to the application.
        """
        for one in list(self.subscriptions):
            if one.queue == command.queue and one.channel.number == command.channel:
                self.subscriptions.remove(one)
                if one.tag is not None and one.channel.is_open:
                    with one.channel.connection.bounded(command.timeout_ms / MS_PER_S):
                        one.channel.blocking.basic_cancel(one.tag)

    @contextmanager
    def taking(self, taker: Callable[[Kept], None]) -> Iterator[None]:
        """What is pushed inside goes to the taker at once, who also settles it."""
        self._taker = taker
        try:
            yield
        finally:
            self._taker = None

    @property
    def is_open(self) -> bool:
        return self._is_open(None)

    def _is_open(self, channel: int | None) -> bool:
        return any(one.channel.is_open for one in self._subscribed(channel))

    def _subscribed(self, channel: int | None) -> list[Subscription]:
        """The subscriptions by that channel, or all of them."""
        return [one for one in self.subscriptions if channel in {None, one.channel.number}]

    def take_kept(self, count_max: int, channel: int | None = None) -> list[Kept]:
        """What came unasked, by that channel or any, now asked for."""
        self._forget_ended()
        wanted = (one for one in self.kept if channel in {None, one.channel.number})
        taken = list(islice(wanted, count_max))
        gone = {id(one) for one in taken}
        self.kept = deque(one for one in self.kept if id(one) not in gone)
        return taken

    def reply(self, identity: int, count: int, channel: int | None = None) -> Reply:
        """The reply of all commands that may have brought something."""
        remedy = None if self._is_open(channel) else Remedy.DISCARD
        return Reply(re=identity, count=count, remedy=remedy)

    def _tell(self, kept: Kept) -> None:
        self.say(DeliveryEvent(delivery=self.delivery_of(kept), channel=kept.channel.number))

    def delivery_of(self, kept: Kept) -> Delivery:
        """What the library handed over, for the history."""
        return delivery_of_letter(
            value=kept.body,
            source=kept.queue,
            position=kept.channel.position_of(kept.method.delivery_tag),
            redelivered=bool(kept.method.redelivered),
            key=kept.method.routing_key,
            properties=kept.properties,
        )

    def _take(self, command: Receive) -> list[Kept]:
        deadline, channel = Deadline(command.timeout_ms), command.channel
        taken = self.take_kept(command.max, channel)
        while len(taken) < command.max:
            one = self._next(0.0 if taken else deadline.left_s(), channel)
            if one is not None:
                taken.append(one)
            elif taken or deadline.passed() or self._is_over(command):
                break
        return taken

    def _next(self, timeout_s: float, channel: int | None) -> Kept | None:
        """What comes first, in that time; ``None`` says nothing of the time after it."""
        asked = [one for one in self._subscribed(channel) if one.settings.take is Taking.GET]
        if not asked:
            self.serve(timeout_s)
        else:
            self._asked += 1
            if (found := self._ask(asked[self._asked % len(asked)])) is not None:
                return found
            if timeout_s:
                self.serve(min(_ASK_AGAIN_S, timeout_s))
        return next(iter(self.take_kept(1, channel)), None)

    def _is_over(self, command: Receive) -> bool:
        """Whether nothing can come, or every queue that is asked was found empty once."""
        subscribed = self._subscribed(command.channel)
        asked = [one for one in subscribed if one.settings.take is Taking.GET]
        found_empty = command.until is Until.END and 0 < len(asked) <= self._asked
        return found_empty or not self._is_open(command.channel)

    def _ask(self, one: Subscription) -> Kept | None:
        """One `basic.get`; an error of it is told, and ends the channel or the connection."""
        channel = one.channel
        try:
            with channel.connection.bounded():
                method, properties, body = channel.blocking.basic_get(
                    one.queue, auto_ack=one.settings.automatic_ack
                )
        except AMQPError as error:
            name = error_name(error)
            self.say(ClientErrorEvent(error=name, text="basic.get", channel=channel.number))
            return None
        if method is None:
            return None
        self._asked = 0
        kept = Kept(
            channel=channel,
            queue=one.queue,
            automatic_ack=one.settings.automatic_ack,
            method=method,
            properties=properties,
            body=body,
        )
        self._hold(kept)
        return kept

    def _consume(self, channel: Channel, queue: str, settings: ConsumerSettings) -> str:
        """The tag of a new consumer of that queue."""
        automatic_ack = settings.automatic_ack

        def came(_: object, method: Any, properties: Any, body: bytes) -> None:  # noqa: ANN401  # pika's
            kept = Kept(
                channel=channel,
                queue=queue,
                automatic_ack=automatic_ack,
                method=method,
                properties=properties,
                body=body,
            )
            if self._taker is not None:
                self._taker(kept)
                return
            self._hold(kept)
            self.kept.append(kept)
            if not self._receiving:
                self._tell(kept)

        with channel.connection.bounded():
            tag: str = channel.blocking.basic_consume(
                queue,
                came,
                auto_ack=settings.automatic_ack,
                exclusive=settings.exclusive,
                arguments=_arguments(settings),
            )
        channel.blocking.add_on_cancel_callback(self._cancelled)
        return tag

    def _hold(self, kept: Kept) -> None:
        position = kept.channel.position_of(kept.method.delivery_tag)
        properties = kept.properties
        held = Held(
            source=kept.queue,
            reply_to=properties.reply_to,
            correlation=properties.correlation_id,
        )
        kept.channel.hold(position, held, automatic_ack=kept.automatic_ack)

    def _cancelled(self, frame: Any) -> None:  # noqa: ANN401  # pika.frame.Method
        """The broker ended a subscription: its queue is gone, or it held a message for too long."""
        tag = frame.method.consumer_tag
        queues = [one.queue for one in self.subscriptions if one.tag == tag]
        self.subscriptions = [one for one in self.subscriptions if one.tag != tag]
        text, channel = ", ".join(queues), frame.channel_number
        self.say(ClientErrorEvent(error="ConsumerCancelled", text=text, channel=channel))

    def _forget_ended(self) -> None:
        """As pika does with what it has not told its callbacks when their channel ends."""
        if any(one.channel.has_ended for one in self.subscriptions):
            self.subscriptions = [one for one in self.subscriptions if not one.channel.has_ended]
            self.kept = deque(one for one in self.kept if not one.channel.has_ended)


def _arguments(settings: ConsumerSettings) -> dict[str, Any] | None:
    arguments: dict[str, Any] = {}
    if settings.priority is not None:
        arguments["x-priority"] = settings.priority
    if (offset := settings.stream_offset) is not None:
        arguments["x-stream-offset"] = int(offset) if offset.isdigit() else offset
    return arguments or None
