"""The commands of workers whose broker has queues and exchanges; `PROTOCOL.md` says what each does.

A worker has one connection, which its first client opens, and channels on it by number. What names
no channel is meant for the publisher that was opened last, or for all consumers.
"""

from enum import StrEnum

import msgspec

from deliverycheck.clients.command import WorkerCommand
from deliverycheck.history import Position

HeaderValue = str | int | bool | None
"""What a header holds; its type is part of it, for the broker too."""

CHANNEL = 1
"""The channel that a worker uses unless told otherwise."""


class Settlement(StrEnum):
    """What a consumer says of a delivery."""

    ACK = "ack"
    NACK = "nack"
    REJECT = "reject"


class Letter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to an exchange, and the operation that it is.

    Attributes:
        exchange: ``""`` is the default exchange, whose key is the name of a queue.
        key: the routing key.
        headers: name and value of each, in any order.
        mandatory: whether it shall come back if no queue gets it; ``None``: as the publisher's
            settings say.
        persistent: whether a durable queue keeps it over a restart; ``None``: as the publisher's
            settings say.
        expires_ms: how long it may wait in a queue.
        correlation: what a reply to it will bear.
        reply_to: the queue that replies shall go to.
        answers: the delivery of this worker that it replies to: correlation and, without an
            `exchange` and a `key` of its own, the queue that it goes to are taken from there.
        refusable: a nack of the broker proves that it is nowhere: the only queue that it can go to
            refuses messages when it is full.
        publishing_id: by which a stream drops what a publisher of the same name has sent before:
            they rise. ``None`` lets the client number.
        bytes: of padding in the body, see `padding_of`.
    """

    op: int
    message: str
    exchange: str = ""
    key: str = ""
    attempt: int = 1
    headers: tuple[tuple[str, HeaderValue], ...] = ()
    mandatory: bool | None = None
    persistent: bool | None = None
    expires_ms: int | None = None
    priority: int | None = None
    correlation: str | None = None
    reply_to: str | None = None
    answers: Position | None = None
    refusable: bool = False
    publishing_id: int | None = None
    bytes: int = 0

    @property
    def target(self) -> str:
        """What it goes to: the exchange, or the queue that the default exchange reaches."""
        return self.exchange or self.key


class Send(WorkerCommand, frozen=True, kw_only=True, tag="send", omit_defaults=True):
    """Hand over messages to exchanges, one call each.

    Attributes:
        execution: stands in each body.
    """

    messages: tuple[Letter, ...]
    execution: str
    channel: int | None = None


class Settle(WorkerCommand, frozen=True, kw_only=True, tag="settle", omit_defaults=True):
    """Settle deliveries, in the order of `covers`.

    Nobody answers a settlement: it `returned`, and only a round trip on its channel (`Prove`,
    `CloseChannel`, `Close`, the end of a transaction) completes it.

    Attributes:
        covers: positions of deliveries, as they came.
        requeue: whether what is refused shall come again; an ack does not ask for it.
        multiple: one call for all deliveries of the channel up to the last of `covers`; without
            `covers` for all that are unsettled. A reject has no such call.
    """

    op: int
    covers: tuple[Position, ...]
    how: Settlement = Settlement.ACK
    requeue: bool = False
    multiple: bool = False


class Prove(WorkerCommand, frozen=True, kw_only=True, tag="prove", omit_defaults=True):
    """Make a round trip on the channel: what was settled before it is completed."""

    channel: int = CHANNEL
    timeout_ms: int = 1000


class Cancel(WorkerCommand, frozen=True, kw_only=True, tag="cancel", omit_defaults=True):
    """End the subscription to a queue; what was delivered by it can still be settled."""

    queue: str
    channel: int = CHANNEL
    timeout_ms: int = 1000


class CloseChannel(
    WorkerCommand, frozen=True, kw_only=True, tag="close_channel", omit_defaults=True
):
    """Close a channel in order; the connection goes on."""

    channel: int = CHANNEL
    timeout_ms: int = 1000


class BreakChannel(
    WorkerCommand, frozen=True, kw_only=True, tag="break_channel", omit_defaults=True
):
    """Ask for a queue that is not there, so that the broker closes the channel with an error."""

    channel: int = CHANNEL
    timeout_ms: int = 1000
