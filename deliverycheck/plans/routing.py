"""Which queues a message comes to, by the rules of AMQP 0-9-1 and their common extensions.

Sources: AMQP 0-9-1 specification, 3.1.3 (exchange types); RabbitMQ documentation, "Alternate
Exchanges", "Exchange to Exchange Bindings", "Headers Exchange"; what the pages leave open (empty
words, empty keys, a header without a value) was measured on RabbitMQ 3.10, 4.0 and 4.3.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from deliverycheck.plans.topology import (
    DEFAULT_EXCHANGE,
    Binding,
    Destination,
    Exchange,
    ExchangeKind,
    Headers,
    HeaderValue,
    Match,
    Topology,
)

_ANY = frozenset({Match.ANY, Match.ANY_WITH_X})
_WITH_X = frozenset({Match.ALL_WITH_X, Match.ANY_WITH_X})


class NoSuchExchangeError(LookupError):
    """A message was published to an exchange that is not there; brokers close the channel."""


def routes(topology: Topology, exchange: str, key: str, headers: Headers = ()) -> frozenset[str]:
    """The queues that the message comes to, once each; none where it is unroutable.

    Raises:
        NoSuchExchangeError: the exchange is not declared.
    """
    if exchange != DEFAULT_EXCHANGE and topology.exchange(exchange) is None:
        raise NoSuchExchangeError(exchange)
    found: set[str] = set()
    todo, seen = [exchange], {exchange}
    while todo:
        queues, exchanges = _step(topology, todo.pop(), key, headers)
        found |= queues
        todo += sorted(exchanges - seen)
        seen |= exchanges
    return frozenset(found)


def _step(
    topology: Topology, name: str, key: str, headers: Headers
) -> tuple[frozenset[str], frozenset[str]]:
    """What one exchange sends the message to: queues, and further exchanges."""
    if name == DEFAULT_EXCHANGE:
        return frozenset({key} if topology.queue(key) else ()), frozenset()
    exchange = topology.exchange(name)
    if exchange is None:  # An alternate or dead letter exchange that nobody declared.
        return frozenset(), frozenset()
    chosen = [
        binding
        for binding in topology.bindings
        if binding.source == name and _chooses(exchange, binding, key, headers)
    ]
    if not chosen and exchange.alternate is not None:
        return frozenset(), frozenset({exchange.alternate})
    by_kind: dict[Destination, set[str]] = {kind: set() for kind in Destination}
    for binding in chosen:
        by_kind[binding.to].add(binding.destination)
    return frozenset(by_kind[Destination.QUEUE]), frozenset(by_kind[Destination.EXCHANGE])


def _chooses(exchange: Exchange, binding: Binding, key: str, headers: Headers) -> bool:
    if exchange.kind is ExchangeKind.FANOUT:
        return True
    if exchange.kind is ExchangeKind.HEADERS:
        return headers_match(binding.match, binding.headers, dict(headers))
    if exchange.kind is ExchangeKind.TOPIC:
        return topic_matches(binding.key, key)
    return binding.key == key


def topic_matches(pattern: str, key: str) -> bool:
    """Whether the key's words fit: ``*`` is one word, ``#`` any number; an empty text has none."""
    return _words_match(_words(pattern), _words(key))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")) if text else ()


@lru_cache(maxsize=10_000)
def _words_match(pattern: tuple[str, ...], words: tuple[str, ...]) -> bool:
    if not pattern:
        return not words
    first, *rest = pattern
    if first == "#":
        return any(_words_match(tuple(rest), words[taken:]) for taken in range(len(words) + 1))
    return bool(words) and first in {"*", words[0]} and _words_match(tuple(rest), words[1:])


def headers_match(match: Match, wanted: Headers, headers: Mapping[str, HeaderValue]) -> bool:
    """Whether the message has all, or any, of the binding's headers, of the same type and value.

    Without any wanted header ``all`` takes every message and ``any`` takes none.
    """
    counted = [
        (name, value) for name, value in wanted if match in _WITH_X or not name.startswith("x-")
    ]
    fits = (name in headers and _equal(value, headers[name]) for name, value in counted)
    return any(fits) if match in _ANY else all(fits)


def _equal(wanted: HeaderValue, value: HeaderValue) -> bool:
    return wanted is None or (type(wanted) is type(value) and wanted == value)


def with_binding(topology: Topology, binding: Binding) -> Topology:
    """The topology with one binding more; one that is there already is no second one."""
    if binding in topology.bindings:
        return topology
    return msgspec.structs.replace(topology, bindings=(*topology.bindings, binding))


def without_binding(topology: Topology, binding: Binding) -> Topology:
    """The topology without the binding."""
    left = tuple(each for each in topology.bindings if each != binding)
    return msgspec.structs.replace(topology, bindings=left)


def dead_letter_routes(topology: Topology, queue: str, key: str) -> frozenset[str]:
    """The queues to which that queue's dead letters come, of messages published with that key."""
    declared = topology.queue(queue)
    if declared is None or declared.dead_letter_exchange is None:
        return frozenset()
    own = key if declared.dead_letter_key is None else declared.dead_letter_key
    try:
        return routes(topology, declared.dead_letter_exchange, own)
    except NoSuchExchangeError:
        return frozenset()
