"""The publisher of a RabbitMQ worker: one publish per message, its confirm as the completion."""

from collections.abc import Mapping
from typing import cast

from pika import BasicProperties
from pika.exceptions import (
    AMQPError,
    ChannelWrongStateError,
    ConnectionWrongStateError,
    NackError,
    UnroutableError,
)

from deliverycheck.clients.commands import Flush, Letter, Poll, Pump, Send
from deliverycheck.clients.protocol import InfoEvent, OkEvent, Remedy, Reply, ReturnedEvent
from deliverycheck.clients.rabbitmq.channels import TAGS_OF_A_CHANNEL, Channel, Held
from deliverycheck.clients.rabbitmq.connecting import error_name
from deliverycheck.clients.rabbitmq.names import Confirms, PublisherSettings
from deliverycheck.clients.rabbitmq.outcomes import Call, outcome_of
from deliverycheck.clients.rabbitmq.publishes import EVENTS, OpenPublish
from deliverycheck.clients.worker_loop import Deadline, WorkerLoop
from deliverycheck.history import Properties, encode_body, letter_body

PERSISTENT = 2
MS_PER_S = 1000
DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"  # A queue without a queue, of one channel.
_SLICE_S = 0.005  # A command that comes must not wait long for a pump.


class Publishing:
    """A publisher on a channel. Its settings decide what its calls prove."""

    def __init__(
        self,
        loop: WorkerLoop,
        channels: Mapping[int, Channel],
        channel: Channel,
        settings: PublisherSettings,
    ) -> None:
        """The channel, one of those of the worker, is in the mode that the settings ask for."""
        self._loop = loop
        self._channels = channels
        self.say = loop.outbox.say
        self.channel = channel
        self.settings = settings
        if settings.transactional:
            with channel.connection.bounded():
                channel.blocking.tx_select()
            channel.transactional = True
        elif settings.confirms is Confirms.SYNCHRONOUS:
            with channel.connection.bounded():
                channel.blocking.confirm_delivery()
        elif settings.confirms is Confirms.PIPELINED:
            self._confirm_by_callback()

    @property
    def confirms_later(self) -> bool:
        return self.settings.confirms is Confirms.PIPELINED

    def send(self, identity: int, command: Send) -> Reply:
        """Each message was handed over or refused; confirms that were there are told."""
        for letter in command.messages:
            self._hand_over(letter, command.execution)
        self.channel.connection.serve()
        return self.reply(identity)

    def flush(self, identity: int, command: Flush) -> Reply:
        """As many confirms as came in time. Without confirms what may come back has done so."""
        channel, timeout_s = self.channel, command.timeout_ms / MS_PER_S
        if channel.publishes.unnumbered and not channel.transactional:
            channel.prove(timeout_s)
        channel.connection.wait(lambda: not self.remaining or channel.has_ended, timeout_s)
        self.say(OkEvent(op=command.op, remaining=self.remaining))
        return self.reply(identity)

    def poll(self, identity: int, command: Poll) -> Reply:
        self.channel.connection.serve(command.timeout_ms / MS_PER_S)
        return self.reply(identity)

    def pump(self, identity: int, command: Pump) -> Reply:
        """Served until the deadline or the next command."""
        deadline = Deadline(command.timeout_ms)
        connection = self.channel.connection
        while connection.is_open and not deadline.passed() and not self._loop.inbox.wait(0):
            connection.serve(min(_SLICE_S, deadline.left_s()))
        return self.reply(identity)

    @property
    def remaining(self) -> int:
        """Messages without a confirm."""
        return self.channel.publishes.remaining

    def reply(self, identity: int) -> Reply:
        """What the application should know: what is open, and whether it needs another channel."""
        remedy = None if self.channel.is_open else Remedy.DISCARD
        return Reply(re=identity, remaining=self.remaining, remedy=remedy)

    def _hand_over(self, letter: Letter, execution: str) -> None:
        channel = self.channel
        was_open = channel.is_open
        exchange, key, properties = self._addressed(letter)
        body = letter_body(
            execution=execution,
            message=letter.message,
            attempt=letter.attempt,
            exchange=exchange,
            key=key,
            properties=cast("Properties", properties),
            bytes_of_padding=letter.bytes,
        )
        mandatory = self.settings.mandatory if letter.mandatory is None else letter.mandatory
        publish = OpenPublish(
            op=letter.op,
            message=letter.message,
            attempt=letter.attempt,
            refusable=letter.refusable,
            replying=not exchange and key.startswith(DIRECT_REPLY_TO),
        )
        try:
            self._publish(publish, exchange, key, encode_body(body), properties, mandatory)
        except AMQPError as error:
            self._failed(publish, error, was_open=was_open)

    def _publish(  # noqa: PLR0913, PLR0917 - the arguments of basic_publish, and whose they are
        self,
        publish: OpenPublish,
        exchange: str,
        key: str,
        body: bytes,
        properties: BasicProperties,
        mandatory: bool,  # noqa: FBT001
    ) -> None:
        """The call of the mode; its events, unless it raises."""
        channel = self.channel
        if self.settings.confirms is Confirms.SYNCHRONOUS:
            with channel.connection.bounded():
                channel.blocking.basic_publish(exchange, key, body, properties, mandatory)
            self.say(OkEvent(op=publish.op, confirmed=True))
            return
        if self.confirms_later:
            channel.impl.basic_publish(exchange, key, body, properties, mandatory)
            channel.publishes.add_numbered(publish)
            self.say(ReturnedEvent(op=publish.op))
            return
        with channel.connection.bounded():
            channel.blocking.basic_publish(exchange, key, body, properties, mandatory)
        self.say(ReturnedEvent(op=publish.op))
        if mandatory or channel.transactional:
            channel.publishes.add(publish)
        else:
            self.say(InfoEvent(op=publish.op))

    def _failed(self, publish: OpenPublish, error: AMQPError, *, was_open: bool) -> None:
        """The call raised; what that proves depends on whether it had begun to send."""
        if isinstance(error, UnroutableError):
            publish.returned = True
            self.say(publish.answered())
            return
        if isinstance(error, NackError):
            publish.returned = bool(error.messages)
            self.say(publish.answered(nack=True))
            return
        name = error_name(error)
        wrong_state = isinstance(error, ChannelWrongStateError | ConnectionWrongStateError)
        sent = was_open and wrong_state
        outcome = outcome_of(Call.PUBLISH if sent else Call.BEFORE_SENDING, name)
        self.say(EVENTS[outcome](op=publish.op, error=name))

    def _addressed(self, letter: Letter) -> tuple[str, str, BasicProperties]:
        """Exchange, key and properties; those of a reply come from what it answers."""
        key, correlation = letter.key, letter.correlation
        if letter.answers is not None:
            asked = self._asked_at(letter.answers.position)
            correlation = correlation or asked.correlation
            key = key if letter.exchange or key else (asked.reply_to or "")
        persistent = self.settings.persistent if letter.persistent is None else letter.persistent
        properties = BasicProperties(  # type: ignore[no-untyped-call]  # pika has no types here.
            headers=dict(letter.headers) or None,
            delivery_mode=PERSISTENT if persistent else None,
            priority=letter.priority,
            expiration=None if letter.expires_ms is None else str(letter.expires_ms),
            correlation_id=correlation,
            reply_to=letter.reply_to,
        )
        return letter.exchange, key, properties

    def _asked_at(self, position: int) -> Held:
        """The delivery there, which asks for a reply."""
        channel = self._channels.get(position // TAGS_OF_A_CHANNEL)
        asked = None if channel is None else channel.repliable.get(position)
        if asked is None:
            msg = f"nothing that came at position {position} asks for a reply"
            raise ValueError(msg)
        return asked

    def _confirm_by_callback(self) -> None:
        channel = self.channel
        selected: list[object] = []
        channel.impl.confirm_delivery(channel.answered, callback=selected.append)
        timeout_s = self.settings.call_timeout_s
        channel.connection.wait(lambda: bool(selected) or channel.has_ended, timeout_s)
        if not selected:
            msg = "the broker did not answer confirm.select"
            raise ChannelWrongStateError(msg)
