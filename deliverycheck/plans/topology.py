"""Exchanges, queues and bindings: where messages go that are published to a name and a key."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import msgspec

DEFAULT_EXCHANGE = ""
"""The one that every broker has: it sends a message to the queue that its key names."""

HeaderValue = str | int | bool | None
"""In a binding nothing (``None``) asks for the header alone, whatever its value."""

Headers = tuple[tuple[str, HeaderValue], ...]
"""Name and value of each."""

Natural = Annotated[int, msgspec.Meta(ge=0)]
Several = Annotated[int, msgspec.Meta(ge=1)]
Level = Annotated[int, msgspec.Meta(ge=1, le=255)]


class ExchangeKind(StrEnum):
    """How an exchange chooses among its bindings."""

    DIRECT = "direct"
    TOPIC = "topic"
    FANOUT = "fanout"
    HEADERS = "headers"


class QueueKind(StrEnum):
    """How a queue keeps what it holds."""

    CLASSIC = "classic"
    QUORUM = "quorum"
    STREAM = "stream"


class Overflow(StrEnum):
    """What a full queue does."""

    DROP_HEAD = "drop_head"
    REJECT_PUBLISH = "reject_publish"


class DeadLettering(StrEnum):
    """Whether a dead letter may be lost on its way, or come twice."""

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"


class Destination(StrEnum):
    """What a binding leads to."""

    QUEUE = "queue"
    EXCHANGE = "exchange"


class Match(StrEnum):
    """Which headers of a binding a message must have; `with_x`: those named ``x-…`` too."""

    ALL = "all"
    ANY = "any"
    ALL_WITH_X = "all_with_x"
    ANY_WITH_X = "any_with_x"


class _Declared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all share. Texts are interned: a default is left out where it is the very object."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if type(value) is str:
                msgspec.structs.force_setattr(self, name, sys.intern(value))


class Exchange(_Declared, frozen=True, kw_only=True, omit_defaults=True):
    """An exchange.

    Attributes:
        internal: only other exchanges publish to it.
        alternate: the exchange that gets what this one has no place for.
    """

    name: str
    kind: ExchangeKind = ExchangeKind.DIRECT
    durable: bool = True
    auto_delete: bool = False
    internal: bool = False
    alternate: str | None = None


class Queue(_Declared, frozen=True, kw_only=True, omit_defaults=True):
    """A queue. What is ``None`` is left to the broker.

    Attributes:
        exclusive: it is gone with the connection that declared it.
        auto_delete: it is gone with its last consumer.
        queue_expires_ms: it is gone when nobody used it for so long.
        expires_ms: a message may wait so long.
        length_max: so many messages may be ready.
        dead_letter_exchange: where messages go that died; ``""`` is the default exchange.
        dead_letter_key: their routing key; without one they keep their own.
        priorities_max: the highest priority that it tells apart.
        single_active: one consumer at a time is served.
        delivery_limit: a message dies after so many failed deliveries.
    """

    name: str
    kind: QueueKind = QueueKind.CLASSIC
    durable: bool = True
    exclusive: bool = False
    auto_delete: bool = False
    queue_expires_ms: Several | None = None
    expires_ms: Natural | None = None
    length_max: Natural | None = None
    overflow: Overflow = Overflow.DROP_HEAD
    dead_letter_exchange: str | None = None
    dead_letter_key: str | None = None
    dead_lettering: DeadLettering = DeadLettering.AT_MOST_ONCE
    priorities_max: Level | None = None
    single_active: bool = False
    delivery_limit: Natural | None = None


class Binding(_Declared, frozen=True, kw_only=True, omit_defaults=True):
    """A way from an exchange to a queue or to another exchange."""

    source: str
    destination: str
    to: Destination = Destination.QUEUE
    key: str = ""
    match: Match = Match.ALL
    headers: Headers = ()


class Topology(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is declared before the first step. Bindings lead from and to what is declared here.

    An alternate or dead letter exchange need not exist: brokers take that, and lose messages.

    Attributes:
        limited_later: queues that plans may give other limits, or another place for their
            dead, while they are in use.
        by_policy: queues whose limits, and place for the dead, a policy sets that is there before
            the first step, and no argument of their declaration.
    """

    queues: tuple[Queue, ...]
    exchanges: tuple[Exchange, ...] = ()
    bindings: tuple[Binding, ...] = ()
    limited_later: tuple[str, ...] = ()
    by_policy: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError: two have one name, or something leads from or to nothing."""
        queues = _names("queue", self.queues)
        exchanges = _names("exchange", self.exchanges)
        if DEFAULT_EXCHANGE in exchanges:
            message = "the default exchange, '', is there without being declared"
            raise ValueError(message)
        for name in self.by_policy:
            if name not in queues or name in self.limited_later:
                message = f"by_policy: expected a queue that no later policy limits; got {name!r}"
                raise ValueError(message)
        for binding in self.bindings:
            ends = queues if binding.to is Destination.QUEUE else exchanges
            if binding.source not in exchanges:
                message = f"a binding from exchange {binding.source!r}, which is not declared"
                raise ValueError(message)
            if binding.destination not in ends:
                kind = binding.to.value
                message = f"a binding to {kind} {binding.destination!r}, which is not declared"
                raise ValueError(message)

    def queue(self, name: str) -> Queue | None:
        """The queue of that name, if it is declared."""
        return next((queue for queue in self.queues if queue.name == name), None)

    def exchange(self, name: str) -> Exchange | None:
        """The exchange of that name, if it is declared."""
        return next((exchange for exchange in self.exchanges if exchange.name == name), None)


def _names(kind: str, declared: Iterable[Queue | Exchange]) -> frozenset[str]:
    names: set[str] = set()
    for each in declared:
        if each.name in names:
            message = f"two declarations of {kind} {each.name!r}"
            raise ValueError(message)
        names.add(each.name)
    return frozenset(names)
