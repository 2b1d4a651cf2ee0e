"""Bulk calls: one operation for many messages, told as runs of consecutive positions.

The price of a message here is what the history needs of it: its position, kept
from the callback, and on the way back the comparison of its whole body. Every
shortcut falls back to the plain way for a message that does not fit.
"""

from array import array
from collections.abc import Callable
from functools import partial

from deliverycheck.clients.bulk_bodies import Template, no_garbage_collection, template_of
from deliverycheck.clients.commands import PublishBulk, ReceiveBulk
from deliverycheck.clients.kafka.consuming import Consuming
from deliverycheck.clients.kafka.library import KafkaError, KafkaException
from deliverycheck.clients.kafka.library import Message as Received
from deliverycheck.clients.kafka.outcomes import outcome_of_report
from deliverycheck.clients.kafka.places import delivery_of_message, place_of
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
_UNREPORTED, _NO_POSITION, _FAILED = -1, -2, -3
_SLICE_S = 0.05
_CONSUME_S = 0.004  # consume() waits all of it unless the batch is full.


def publish_bulk(producing: Producing, identity: int, command: PublishBulk) -> Reply:
    """All were handed over and confirmed, or the deadline passed; one completion says which."""
    deadline = Deadline(command.timeout_ms)
    confirms = _Confirms(command)
    with no_garbage_collection():
        refused = _hand_over(producing, command, confirms, deadline)
        while len(producing.producer) and not deadline.passed():
            producing.serve(min(_SLICE_S, deadline.left_s()))
    remaining = confirms.unreported()
    error = refused or confirms.error or ("_TIMED_OUT" if remaining else None)
    outcome = outcome_of_report(error, acks=producing.acks, attempts=producing.attempts)
    if outcome is Outcome.FAIL:  # Some of them may well be there.
        outcome = Outcome.INFO
    producing.say(
        EVENTS[outcome](
            op=command.op,
            confirmed=error is None,
            runs=confirms.runs(command.first_sequence),
            remaining=remaining,
            error=error,
        )
    )
    return Reply(re=identity, remaining=remaining)


class _Confirms:
    """Positions as the delivery reports brought them, by the number of the message."""

    def __init__(self, command: PublishBulk) -> None:
        self.handed_over = 0
        self.error: str | None = None
        asked = ANY_PARTITION if command.partition is None else command.partition
        self._asked = command.partition is not None
        self._partitions = array("q", [asked]) * command.count
        self._positions = array("q", [_UNREPORTED]) * command.count

    def reporter(self) -> Callable[[int, KafkaError | None, Received], None]:
        """The delivery callback, made of local names because it is called so often."""
        positions, partitions, asked = self._positions, self._partitions, self._asked

        def report(number: int, error: KafkaError | None, message: Received) -> None:
            if error is not None:
                positions[number] = _FAILED
                self.error = self.error or error.name()
                return
            position = message.offset()
            positions[number] = _NO_POSITION if position is None else position
            if not asked:
                partitions[number] = message.partition()  # type: ignore[assignment]

        return report

    def unreported(self) -> int:
        """Messages handed over of which nothing was heard."""
        return self._positions[: self.handed_over].count(_UNREPORTED)

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
                and positions[start] >= 0
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


def _hand_over(
    producing: Producing, command: PublishBulk, confirms: _Confirms, deadline: Deadline
) -> str | None:
    """Hand the messages over, at most `window` in flight; the error that stopped it, if any."""
    producer = producing.producer
    produce, report = producer.produce, confirms.reporter()
    topic, first = command.topic, command.first_sequence
    partition = ANY_PARTITION if command.partition is None else command.partition
    template = _template(command)
    while (done := confirms.handed_over) < command.count:
        end = min(command.count, done + _BATCH, template.end(first + done) - first)
        body = template.of(first + done)
        try:
            for number in range(done, end):
                report_it = partial(report, number)
                produce(topic, body % (first + number), partition=partition, on_delivery=report_it)
                confirms.handed_over = number + 1
        except BufferError:
            producing.serve(_SLICE_S)
        except KafkaException as error:
            return error_name(error)
        producing.serve()
        while len(producer) >= command.window and not deadline.passed():
            producing.serve(_SLICE_S)
        if deadline.passed():
            return "_TIMED_OUT"
    return None


def _template(command: PublishBulk) -> Template:
    def encode(sequence: int) -> bytes:
        body = Body(
            execution=command.execution,
            message=f"{command.process}-{sequence}",
            target=command.topic,
            partition=command.partition,
        )
        return encode_body(body, bytes_min=command.bytes)

    return Template(command.process, encode)


def receive_bulk(consuming: Consuming, identity: int, command: ReceiveBulk) -> Reply:
    """`command.count` were received, or the end or the deadline was reached."""
    deadline = Deadline(command.timeout_ms)
    runs = _Runs(command.execution)
    received = runs.add(consuming.take_kept(command.count))
    with no_garbage_collection():
        while received < command.count:
            batch = consuming.consumer.consume(min(_BATCH, command.count - received), _CONSUME_S)
            messages = [one for one in batch if one.error() is None or consuming.note(one)]
            received += runs.add(messages)
            consuming.passed(runs.last_positions())
            if not batch and (deadline.passed() or consuming.is_over(command.until)):
                break
    consuming.say(OkEvent(op=command.op, deliveries=tuple(runs.others), delivery_runs=runs.runs()))
    return consuming.state(identity, received)


class _Place:
    """One partition of one source: the run that grows, and what its next body looks like.

    `body` is formatted with a sequence number. It was made from a body that was
    compared in full, from this very place: an equal one says the same.
    """

    def __init__(self, source: str, partition: int) -> None:
        self.source = source
        self.partition = partition
        self.body = b""
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

    def add(self, messages: list[Received]) -> int:
        """How many there were."""
        places = self._places
        for message in messages:
            place = places.get((message.topic(), message.partition()))  # type: ignore[arg-type]
            if (
                place is not None
                and message.offset() == place.first_position + place.count
                and message.value() == place.body % (place.first_sequence + place.count)
                and message.key() is None
            ):
                place.count += 1
            else:
                self._add_unexpected(message)
        return len(messages)

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

    def _add_unexpected(self, message: Received) -> None:
        """Compare the body in full; if it is plain, its run goes on or a new one begins."""
        delivery = delivery_of_message(message)
        process, _, digits = delivery.message.rpartition("-")
        body = template_of(message.value() or b"", process, digits)
        if body is None or not digits.isdigit() or not self._is_plain(delivery):
            self.others.append(delivery)
            return
        source, partition = key = place_of(message)
        place = self._places.setdefault(key, _Place(source, partition))
        self._extend(place, process, int(digits), delivery.position or 0)
        place.body = body

    def _extend(self, place: _Place, process: str, sequence: int, position: int) -> None:
        goes_on = (
            place.process == process
            and place.first_sequence + place.count == sequence
            and place.first_position + place.count == position
        )
        if not goes_on:
            if place.count:
                self._done.append(place.run())
            place.process, place.count = process, 0
            place.first_sequence, place.first_position = sequence, position
        place.count += 1

    def _is_plain(self, delivery: Delivery) -> bool:
        """Nothing but what a run can say of it."""
        return delivery == Delivery(
            message=delivery.message,
            source=delivery.source,
            partition=delivery.partition,
            position=delivery.position,
            epoch=delivery.epoch,
            execution=self._execution,
        )
