"""The settings that a subject may give to clients of queues, by names of ours: pika has none.

What pika takes as arguments of its calls stands here once, with the default that an application
gets which says nothing.
"""

from enum import StrEnum

import msgspec

from deliverycheck.clients.queue_commands import CHANNEL


class Confirms(StrEnum):
    """How a publisher learns that the broker took a message."""

    NONE = "none"
    SYNCHRONOUS = "synchronous"
    PIPELINED = "pipelined"


class Taking(StrEnum):
    """How a consumer comes by messages."""

    PUSH = "push"
    GET = "get"


class _Known(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A name that is not known is refused, so that a misspelt one is not ignored."""


class ConnectionSettings(_Known, frozen=True, kw_only=True, omit_defaults=True):
    """What every client may be told of its connection.

    Attributes:
        heartbeat: seconds; ``None`` leaves it to the broker, 0 is none.
        call_timeout_s: a call that is not answered for so long ends the connection; pika itself
            waits for ever.
        blocked_connection_timeout_s: a connection that the broker blocks for so long is ended;
            ``None`` for never.
        channel: its number.
    """

    host: str = "127.0.0.1"
    port: int = 5672
    virtual_host: str = "/"
    username: str = "guest"
    password: str = "guest"  # noqa: S105  # The broker's own default, which is no secret.
    heartbeat: int | None = None
    call_timeout_s: float = 10.0
    blocked_connection_timeout_s: float | None = None
    channel: int = CHANNEL


class PublisherSettings(ConnectionSettings, frozen=True, kw_only=True, omit_defaults=True):
    """What a publisher may be told.

    Attributes:
        confirms: ``pipelined`` is pika's callback API, ``synchronous`` its blocking publish.
        transactional: it sends in transactions of its channel, and needs no confirms.
        mandatory: whether its messages come back if no queue gets them.
        persistent: whether durable queues keep its messages over a restart.
        reply_to: where a requester takes its replies: the broker's direct reply address, or the
            first part of the name of its queue. Without it nothing is asked.
    """

    confirms: Confirms = Confirms.NONE
    transactional: bool = False
    mandatory: bool = False
    persistent: bool = False
    reply_to: str | None = None


class StreamSettings(_Known, frozen=True, kw_only=True, omit_defaults=True):
    """What a client of a stream, by its own protocol, may be told.

    Attributes:
        name: of the publisher; without one the broker drops nothing.
        call_timeout_s: a call that is not answered for so long has failed for the client.
        heartbeat: seconds.
    """

    host: str = "127.0.0.1"
    port: int = 5552
    virtual_host: str = "/"
    username: str = "guest"
    password: str = "guest"  # noqa: S105  # As above.
    name: str | None = None
    call_timeout_s: float = 10.0
    heartbeat: int = 60


class ConsumerSettings(ConnectionSettings, frozen=True, kw_only=True, omit_defaults=True):
    """What a consumer may be told.

    Attributes:
        queue: the one that it reads, where its command names none.
        take: whether the broker pushes messages, or the consumer asks for each one.
        automatic_ack: the broker takes a message for done when it has sent it.
        prefetch: deliveries that it may hold unsettled; 0 for any number.
        prefetch_of_channel: the bound is that of all consumers of the channel together.
        exclusive: nobody else may read the queue.
        priority: the consumer with the highest one is served first.
        stream_offset: where the reading of a stream begins: ``first``, ``last``, ``next``, or a
            number as text.
        heartbeat_in_hand: whether the connection is served while a message is being worked on;
            without it an application that works inside its callback is played.
    """

    queue: str = "q1"
    take: Taking = Taking.PUSH
    automatic_ack: bool = False
    prefetch: int = 0
    prefetch_of_channel: bool = False
    exclusive: bool = False
    priority: int | None = None
    stream_offset: str | None = None
    heartbeat_in_hand: bool = True
