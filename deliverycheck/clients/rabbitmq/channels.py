"""One channel of a RabbitMQ worker: its numbers, what it holds, and what it has to prove."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from deliverycheck.clients.protocol import InfoEvent, OkEvent, WorkerEvent
from deliverycheck.clients.rabbitmq.connecting import Connection, error_name, told
from deliverycheck.clients.rabbitmq.publishes import Publishes
from deliverycheck.clients.worker_loop import Holds, Outbox
from deliverycheck.history import Position
from deliverycheck.plans import HoldPoint

TAGS_OF_A_CHANNEL = 10**9
"""Delivery tags begin anew on each channel: those of the next one that the process opens are
counted on from here, so that a position means one delivery of the process."""

_REPLIABLE_MAX = 10_000


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a delivery while it may still be settled or answered."""

    source: str
    reply_to: str | None = None
    correlation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSettlement:
    """A settlement that was sent and is not proven.

    Attributes:
        covers: what it settled, where its command did not name each delivery.
    """

    op: int
    covers: tuple[Position, ...] = ()

    def settled(self) -> OkEvent:
        """It took effect."""
        return OkEvent(op=self.op, covers=self.covers)


@dataclass(slots=True, kw_only=True)
class Proof:
    """A round trip under way, and what its answer completes.

    Attributes:
        publishes: how many that nothing else answers, beside those of earlier round trips.
    """

    settling: list[OpenSettlement] = field(default_factory=list)
    publishes: int = 0
    given: bool = False


class Channel:
    """An open channel, or one that has ended.

    Attributes:
        ordinal: how many the process had opened before it.
        offset: what its delivery tags have added to be positions.
        unsettled: by position, in the order in which they came.
        repliable: deliveries that ask for a reply, whether or not they are settled.
        transactional: what is published and settled takes effect with a commit.
        prefetch: as it was last asked for, with whether it is the whole channel's.
        settling: settlements that no round trip has followed yet.
        bulk_answered: hears of confirms (number, multiple, nack) while a bulk publish is under way.
    """

    def __init__(
        self, connection: Connection, outbox: Outbox, holds: Holds, *, number: int, ordinal: int
    ) -> None:
        self.connection = connection
        self.number = number
        self.ordinal = ordinal
        self.offset = ordinal * TAGS_OF_A_CHANNEL
        self._outbox = outbox
        self._holds = holds
        with connection.bounded():
            self.blocking = connection.blocking.channel(number)
        # As of the connection: its callbacks come at once, in the order of the frames.
        self.impl: Any = self.blocking._impl  # noqa: SLF001
        self.publishes = Publishes()
        self.unsettled: dict[int, Held] = {}
        self.repliable: dict[int, Held] = {}
        self.transactional = False
        self.prefetch = (0, False)
        self.settling: list[OpenSettlement] = []
        self.bulk_answered: Callable[[int, bool, bool], None] | None = None
        self._proofs: deque[Proof] = deque()
        self.has_ended = False
        self.impl.add_on_close_callback(self._ended)
        self.impl.add_on_return_callback(self._returned)

    @property
    def is_open(self) -> bool:
        return bool(self.blocking.is_open)

    def close(self, timeout_s: float) -> None:
        """Closed in order, what was settled on it proven before; the connection goes on.

        Acks that are followed by the close at once need not reach their queues
        (rabbitmq-website docs/channels), so a round trip stands between them.
        """
        if self.settling and not self.transactional:
            self.prove(timeout_s)
        if self.is_open:
            with self.connection.bounded(timeout_s):
                self.blocking.close()

    # Deliveries.

    def position_of(self, tag: int) -> int:
        return self.offset + tag

    def tag_of(self, position: int) -> int:
        return position - self.offset

    def hold(self, position: int, held: Held, *, automatic_ack: bool) -> None:
        """It was delivered; whoever settles or answers it finds it."""
        if not automatic_ack:
            self.unsettled[position] = held
        if held.reply_to is not None and len(self.repliable) < _REPLIABLE_MAX:
            self.repliable[position] = held

    def up_to(self, position: int | None) -> tuple[Position, ...]:
        """What one call for several settles: all unsettled up to there, or all."""
        return tuple(
            Position(source=held.source, position=one)
            for one, held in self.unsettled.items()
            if position is None or one <= position
        )

    # Proofs.

    def prove(self, timeout_s: float) -> bool:
        """Whether the broker answered a call on the channel in time: it handled all before it.

        The call asks for the prefetch that the channel has, which changes nothing. An answer that
        comes later proves it then.
        """
        if not self.is_open:
            return False
        proof = Proof()
        if not self.transactional:  # There only the end of the transaction proves anything.
            proof.settling = self.take_settling()
            proof.publishes = self.publishes.unnumbered - self._in_proof
        self._proofs.append(proof)
        count, of_channel = self.prefetch
        self.impl.basic_qos(prefetch_count=count, global_qos=of_channel, callback=self._proven)
        self.connection.wait(lambda: proof.given or self.has_ended, timeout_s)
        return proof.given

    @property
    def _in_proof(self) -> int:
        return sum(proof.publishes for proof in self._proofs)

    def _proven(self, _: object) -> None:
        """The answers come in the order of the calls."""
        proof = self._proofs.popleft()
        proof.given = True
        over: list[WorkerEvent] = [one.settled() for one in proof.settling]
        # What would have come back has done so: the frames of a channel are in order.
        over += [
            one.answered() if one.returned else InfoEvent(op=one.op)
            for one in self.publishes.take_unnumbered(proof.publishes)
        ]
        self._outbox.say_all(over)

    def take_settling(self) -> list[OpenSettlement]:
        """The settlements without a proof; they are over, as the caller says."""
        taken, self.settling = self.settling, []
        return taken

    # Callbacks of the library.

    def answered(self, frame: Any) -> None:  # noqa: ANN401  # pika.frame.Method
        """The broker confirmed or refused publishes."""
        self._holds.reached(HoldPoint.ON_DELIVERY)
        method = frame.method
        if self.bulk_answered is not None:
            is_nack = method.NAME == "Basic.Nack"
            self.bulk_answered(method.delivery_tag, method.multiple, is_nack)
            return
        self._outbox.say_all(
            self.publishes.answer(
                method.delivery_tag, multiple=method.multiple, nack=method.NAME == "Basic.Nack"
            )
        )

    def _returned(self, _: object, __: object, ___: object, body: bytes) -> None:
        self.publishes.give_back(body)

    def _ended(self, _: object, error: Exception) -> None:
        """Nothing that was open on it can be known any more, nothing in hand be settled."""
        self.has_ended = True
        name = error_name(error)
        if isinstance(error, AMQPConnectionError):
            self.connection.tell_end(error)
        over = self.publishes.abandon(name)
        left = [*self.take_settling(), *(one for each in self._proofs for one in each.settling)]
        self._proofs.clear()
        over += [InfoEvent(op=one.op, error=name) for one in left]
        if isinstance(error, ChannelClosedByBroker):
            self._outbox.say(told(error, self.number))
        self._outbox.say_all(over)
