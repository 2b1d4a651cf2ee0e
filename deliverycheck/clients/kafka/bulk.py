"""Bulk calls: one operation for many messages, told as runs of consecutive positions.

The price of a message here is what the history needs of it: its position, kept
from the callback, and on the way back the comparison of its whole body. Every
shortcut falls back to the plain way for a message that does not fit.
"""

from array import array
from functools import partial

from deliverycheck.clients.commands import PublishBulk, ReceiveBulk
from deliverycheck.clients.kafka.consuming import Consuming, delivery_of_message, place_of
from deliverycheck.clients.kafka.library import KafkaError, KafkaException, Producer
from deliverycheck.clients.kafka.library import Message as Received
from deliverycheck.clients.kafka.outcomes import outcome_of_report
from deliverycheck.clients.kafka.producing import ANY_PARTITION, EVENTS, Producing, error_name
from deliverycheck.clients.protocol import OkEvent, Reply
from deliverycheck.clients.worker_loop import Deadline
from deliverycheck.history import (
    Body,
    Delivery,
    DeliveryRun,
    Outcome,
    PublishRun,
    encode_body,
)

_BATCH = 1000
_UNKNOWN = -1
_SLICE_S = 0.05


def publish_bulk(producing: Producing, identity: int, command: PublishBulk) -> Reply:
    """All were handed over and confirmed, or the deadline passed; one completion says which."""
    confirms = _Confirms(command.count)
    refused = _hand_over(producing.producer, command, confirms)
    deadline = Deadline(command.timeout_ms)
    while confirms.open and not deadline.passed():
        producing.producer.poll(min(_SLICE_S, deadline.left_s()))
    error = refused or confirms.error
    if confirms.open:
        error = error or "_TIMED_OUT"
    outcome = outcome_of_report(error, acks=producing.acks, attempts=producing.attempts)
    if outcome is Outcome.FAIL:  # Some of them may well be there.
        outcome = Outcome.INFO
    producing.say(
        EVENTS[outcome](
            op=command.op,
            confirmed=error is None,
            runs=confirms.runs(command.first_sequence),
            remaining=confirms.open,
            error=error,
        )
    )
    return Reply(re=identity, remaining=confirms.open)


class _Confirms:
    """Positions as the delivery reports brought them, by the number of the message."""

    def __init__(self, count: int) -> None:
        self.handed_over = 0
        self.reported = 0
        self.error: str | None = None
        self._partitions = array("q", [_UNKNOWN]) * count
        self._positions = array("q", [_UNKNOWN]) * count

    @property
    def open(self) -> int:
        return self.handed_over - self.reported

    def report(self, number: int, error: KafkaError | None, report: Received) -> None:
        self.reported += 1
        if error is None:
            self._positions[number] = report.offset()  # type: ignore[assignment]
            self._partitions[number] = report.partition()  # type: ignore[assignment]
        elif self.error is None:
            self.error = error.name()

    def runs(self, first_sequence: int) -> tuple[PublishRun, ...]:
        """The confirmed messages whose position is known, as few runs as they make."""
        runs: list[PublishRun] = []
        start = 0
        partitions, positions = self._partitions, self._positions
        for number in range(1, len(positions) + 1):
            consecutive = (
                number < len(positions)
                and positions[number] == positions[start] + number - start
                and partitions[number] == partitions[start]
            )
            if consecutive:
                continue
            if positions[start] >= 0:
                runs.append(
                    PublishRun(
                        first_sequence=first_sequence + start,
                        partition=partitions[start],
                        first_position=positions[start],
                        count=number - start,
                    )
                )
            start = number
        return tuple(runs)


def _hand_over(producer: Producer, command: PublishBulk, confirms: _Confirms) -> str | None:
    """Hand the messages over, at most `window` in flight; the error that stopped it, if any."""
    bodies = _Bodies(command)
    partition = ANY_PARTITION if command.partition is None else command.partition
    deadline = Deadline(command.timeout_ms)
    for number in range(command.count):
        body = bodies.body(command.first_sequence + number)
        while True:
            try:
                producer.produce(
                    command.topic,
                    body,
                    partition=partition,
                    on_delivery=partial(confirms.report, number),
                )
            except BufferError:
                producer.poll(_SLICE_S)
                if deadline.passed():
                    return "_QUEUE_FULL"
                continue
            except KafkaException as error:
                return error_name(error)
            break
        confirms.handed_over += 1
        if number % _BATCH == 0:
            producer.poll(0)
            while confirms.open >= command.window and not deadline.passed():
                producer.poll(_SLICE_S)
    return None


class _Bodies:
    """Bodies that differ in the sequence number only, encoded once for each of its lengths."""

    def __init__(self, command: PublishBulk) -> None:
        self._command = command
        self._digits = 0
        self._template = b""

    def body(self, sequence: int) -> bytes:
        digits = len(str(sequence))
        if digits != self._digits:
            self._digits = digits
            self._template = self._encode(sequence)
        return self._template % sequence

    def _encode(self, sequence: int) -> bytes:
        command = self._command
        message = f"{command.process}-{sequence}"
        body = Body(
            execution=command.execution,
            message=message,
            target=command.topic,
            partition=command.partition,
        )
        encoded = encode_body(body, bytes_min=command.bytes).replace(b"%", b"%%")
        before, after = encoded.split(b'"' + message.replace("%", "%%").encode() + b'"', 1)
        own = f'"{command.process}-'.replace("%", "%%").encode()
        return before + own + b'%d"' + after


def receive_bulk(consuming: Consuming, identity: int, command: ReceiveBulk) -> Reply:
    """`command.count` were received, or the end or the deadline was reached."""
    deadline = Deadline(command.timeout_ms)
    runs = _Runs(command.execution)
    received = 0
    for delivery in consuming.take_kept():
        runs.add_other(delivery)
        received += 1
    while received < command.count:
        messages = consuming.consumer.consume(min(_BATCH, command.count - received), 0.004)
        for message in messages:
            if message.error() is None or consuming.note(message):
                runs.add(message)
                received += 1
        consuming.passed(runs.last_positions())
        if not messages and (deadline.passed() or consuming.is_over(command.until)):
            break
    consuming.say(OkEvent(op=command.op, deliveries=tuple(runs.others), delivery_runs=runs.runs()))
    return consuming.state(identity, received)


class _Place:
    """One partition of one source: the run that grows, and what its bodies look like.

    `head` and `tail` surround the sequence number in a body that was compared in
    full; a body with the same surroundings, from the same place, says the same.
    """

    def __init__(self, source: str, partition: int) -> None:
        self.source = source
        self.partition = partition
        self.head = b"\0"  # Fits no body of ours.
        self.tail = b""
        self.process = ""
        self.first_sequence = 0
        self.first_position = 0
        self.count = 0

    def run(self) -> DeliveryRun:
        return DeliveryRun(
            process=self.process,
            first_sequence=self.first_sequence,
            source=self.source,
            partition=self.partition,
            first_position=self.first_position,
            count=self.count,
        )


class _Runs:
    """Deliveries of one bulk receive: runs of our own plain messages, all others one by one."""

    def __init__(self, execution: str) -> None:
        self.others: list[Delivery] = []
        self._execution = execution
        self._done: list[DeliveryRun] = []
        self._places: dict[tuple[str, int], _Place] = {}

    def add(self, message: Received) -> None:
        key = place_of(message)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place(*key)
        value = message.value() or b""
        head, tail = place.head, place.tail
        if value.startswith(head) and value.endswith(tail) and message.key() is None:
            digits = value[len(head) : len(value) - len(tail)]
            if digits.isdigit():
                self._extend(place, int(digits), message.offset() or 0)
                return
        self._learn(place, message, value)

    def add_other(self, delivery: Delivery) -> None:
        self.others.append(delivery)

    def last_positions(self) -> dict[tuple[str, int], int]:
        """Where each partition's run stands."""
        return {
            key: place.first_position + place.count - 1
            for key, place in self._places.items()
            if place.count
        }

    def runs(self) -> tuple[DeliveryRun, ...]:
        growing = [place.run() for place in self._places.values() if place.count]
        return (*self._done, *growing)

    def _extend(self, place: _Place, sequence: int, position: int) -> None:
        count = place.count
        if sequence != place.first_sequence + count or position != place.first_position + count:
            if count:
                self._done.append(place.run())
            place.first_sequence, place.first_position, place.count = sequence, position, 0
        place.count += 1

    def _learn(self, place: _Place, message: Received, value: bytes) -> None:
        """Compare the body in full; if it is plain, the next ones are compared with it."""
        delivery = delivery_of_message(message)
        process, _, digits = delivery.message.rpartition("-")
        own = f'"message":"{process}-'.encode()
        plain = delivery == Delivery(
            message=f"{process}-{digits}",
            source=place.source,
            partition=place.partition,
            position=delivery.position,
            epoch=delivery.epoch,
            execution=self._execution,
        )
        if not (plain and digits.isdigit() and own + digits.encode() + b'"' in value):
            self.others.append(delivery)
            return
        if place.count:
            self._done.append(place.run())
            place.count = 0
        start = value.index(own) + len(own)
        place.process = process
        place.head, place.tail = value[:start], value[start + len(digits) :]
        self._extend(place, int(digits), message.offset() or 0)
