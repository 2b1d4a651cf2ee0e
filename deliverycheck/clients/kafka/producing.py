"""The producer of a Kafka worker: one produce() per message, its report as the completion."""

import time
from functools import partial

from deliverycheck.clients.commands import (
    Connect,
    Flush,
    Message,
    OpenProducer,
    Poll,
    Publish,
    Pump,
)
from deliverycheck.clients.kafka.library import KafkaError, KafkaException, Producer
from deliverycheck.clients.kafka.library import Message as Report
from deliverycheck.clients.kafka.outcomes import Attempts, Call, outcome_of, outcome_of_report
from deliverycheck.clients.protocol import (
    ClientErrorEvent,
    CompletionEvent,
    FailEvent,
    InfoEvent,
    OkEvent,
    Reply,
    ReturnedEvent,
)
from deliverycheck.clients.worker_loop import Deadline, WorkerLoop
from deliverycheck.history import Body, Outcome, encode_body, padding_of
from deliverycheck.plans import HoldPoint, Setting

EVENTS: dict[Outcome, type[CompletionEvent]] = {
    Outcome.OK: OkEvent,
    Outcome.FAIL: FailEvent,
    Outcome.INFO: InfoEvent,
}
ANY_PARTITION = -1  # RD_KAFKA_PARTITION_UA: the partitioner chooses.
_RETRIES = ("retries", "message.send.max.retries")
_ACKS = ("acks", "request.required.acks")


def error_name(error: Exception) -> str:
    """The library's own name of an error: ``_QUEUE_FULL`` for the BufferError that hides it."""
    if isinstance(error, BufferError):
        return "_QUEUE_FULL"
    if isinstance(error, KafkaException) and error.args and isinstance(error.args[0], KafkaError):
        return str(error.args[0].name())
    return type(error).__name__


class Producing:
    """An open producer. Settings decide what its reports prove."""

    def __init__(self, loop: WorkerLoop, command: OpenProducer) -> None:
        self._loop = loop
        self.say = loop.outbox.say
        self._settings = command.settings
        self.acks = _setting(command.settings, _ACKS, "-1")
        self.attempts = (
            Attempts.ONE if _setting(command.settings, _RETRIES, "") == "0" else Attempts.MANY
        )
        self.producer = Producer({**command.settings, "error_cb": self._client_error})
        if command.connect is Connect.WARM:
            for topic in command.topics or (None,):
                self.producer.list_topics(topic, timeout=command.timeout_ms / 1000)

    def publish(self, identity: int, command: Publish) -> Reply:
        """Each message was handed over or refused; reports that were there are told."""
        for message in command.messages:
            self._hand_over(message, command.execution)
        self.serve()
        return Reply(re=identity)

    def flush(self, identity: int, command: Flush) -> Reply:
        try:
            remaining = self.producer.flush(command.timeout_ms / 1000)
        except KafkaException as error:  # As in `serve`.
            self._client_error(error.args[0])
            remaining = len(self.producer)
        self.say(OkEvent(op=command.op, remaining=remaining))
        return Reply(re=identity, remaining=remaining)

    def poll(self, identity: int, command: Poll) -> Reply:
        self.serve(command.timeout_ms / 1000)
        return Reply(re=identity, remaining=len(self.producer))

    def pump(self, identity: int, command: Pump) -> Reply:
        """Served until the deadline or the next command."""
        deadline = Deadline(command.timeout_ms)
        while not deadline.passed() and not self._loop.inbox.wait(0):
            self.serve(min(0.005, deadline.left_s()))
        return Reply(re=identity, remaining=len(self.producer))

    def serve(self, timeout_s: float = 0) -> None:
        """Reports and errors that came, or come in that time, were told.

        A fatal error is raised and not told to the callback: confluent-kafka
        src/confluent_kafka/src/confluent_kafka.c error_cb.
        """
        try:
            self.producer.poll(timeout_s)
        except KafkaException as error:
            self._client_error(error.args[0])

    def close(self) -> None:
        """Flushed as far as the library gets it, and closed."""
        self.producer.close()

    def drop(self) -> None:
        """Closed without waiting for a confirm; its connections are gone when this returns.

        Dropping the last reference would not do: the error callback makes a cycle,
        and an uncollected producer keeps its connections.
        """
        self.producer.purge()
        self.producer.close()

    def _hand_over(self, message: Message, execution: str) -> None:
        shift_ms = message.timestamp_shift_ms
        timestamp_ms = int(time.time() * 1000) + shift_ms if shift_ms else None
        body = Body(
            execution=execution,
            message=message.message,
            target=message.topic,
            attempt=message.attempt,
            partition=message.partition,
            key=message.key,
            headers=message.headers or {},
            timestamp_ms=timestamp_ms,
            padding=padding_of(message.message, message.bytes),
        )
        try:
            self.producer.produce(
                message.topic,
                None if message.tombstone else encode_body(body),
                key=message.key,
                headers=list(message.headers.items()) if message.headers else None,
                partition=ANY_PARTITION if message.partition is None else message.partition,
                timestamp=timestamp_ms or 0,
                on_delivery=partial(self._report, message.op),
            )
        except (KafkaException, BufferError) as error:
            name = error_name(error)
            outcome = outcome_of(Call.PRODUCE, name)
            self.say(EVENTS[outcome](op=message.op, error=name))
            return
        self.say(ReturnedEvent(op=message.op))

    def _report(self, op: int, error: KafkaError | None, report: Report) -> None:
        self._loop.holds.reached(HoldPoint.ON_DELIVERY)
        name = None if error is None else error.name()
        outcome = outcome_of_report(name, acks=self.acks, attempts=self.attempts)
        self.say(
            EVENTS[outcome](
                op=op,
                confirmed=name is None,
                partition=_known(report.partition()),
                position=_known(report.offset()) if name is None else None,
                error=name,
            )
        )

    def _client_error(self, error: KafkaError) -> None:
        self.say(ClientErrorEvent(error=error.name(), text=error.str()))


def _known(number: int | None) -> int | None:
    """A partition or position; librdkafka has negative numbers for what it does not know."""
    return number if number is not None and number >= 0 else None


def _setting(settings: dict[str, Setting], names: tuple[str, ...], default: str) -> str:
    """The value under any of its names, as librdkafka reads it; the later one wins there too."""
    found = [str(value) for name, value in settings.items() if name in names]
    return found[-1] if found else default
