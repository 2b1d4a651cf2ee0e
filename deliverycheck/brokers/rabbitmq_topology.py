"""A topology of ours in RabbitMQ's words, and declared."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace
from pika.exceptions import ChannelClosedByBroker

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.plans import (
    Binding,
    DeadLettering,
    Destination,
    Exchange,
    Match,
    Overflow,
    Queue,
    QueueKind,
    Setting,
    Topology,
)

_OVERFLOW = {Overflow.DROP_HEAD: "drop-head", Overflow.REJECT_PUBLISH: "reject-publish"}
_DEAD_LETTERING = {
    DeadLettering.AT_MOST_ONCE: "at-most-once",
    DeadLettering.AT_LEAST_ONCE: "at-least-once",
}
_MATCH = {
    Match.ALL: "all",
    Match.ANY: "any",
    Match.ALL_WITH_X: "all-with-x",
    Match.ANY_WITH_X: "any-with-x",
}
# Field of `Queue`: RabbitMQ's name of it in a policy; as an argument it has an "x-" before it.
_LIMITS = {
    "queue_expires_ms": "expires",
    "expires_ms": "message-ttl",
    "length_max": "max-length",
    "dead_letter_exchange": "dead-letter-exchange",
    "dead_letter_key": "dead-letter-routing-key",
    "delivery_limit": "delivery-limit",
    "overflow": "overflow",
    "dead_lettering": "dead-letter-strategy",
}


def declare(channel: Any, topology: Topology) -> None:  # noqa: ANN401  # Of pika, which has no types.
    """Exchanges, queues, then bindings are there.

    Raises:
        BrokerError: one was refused; says which, and why.
    """
    for exchange in topology.exchanges:
        with _Asking(f"exchange {exchange.name!r}"):
            channel.exchange_declare(
                exchange=exchange.name,
                exchange_type=exchange.kind.value,
                durable=exchange.durable,
                auto_delete=exchange.auto_delete,
                internal=exchange.internal,
                arguments=exchange_arguments(exchange),
            )
    for queue in map(partial(_by_arguments, topology), topology.queues):
        with _Asking(f"{queue.kind} queue {queue.name!r}"):
            channel.queue_declare(
                queue=queue.name,
                durable=queue.durable,
                exclusive=queue.exclusive,
                auto_delete=queue.auto_delete,
                arguments=queue_arguments(queue),
            )
    for binding in topology.bindings:
        with _Asking(_words(binding)):
            _bind(channel, binding)


def unbind(channel: Any, binding: Binding) -> None:  # noqa: ANN401
    """The binding is gone; raises as `declare` does."""
    arguments = binding_arguments(binding)
    with _Asking(f"to unbind {_words(binding)}"):
        if binding.to is Destination.QUEUE:
            channel.queue_unbind(
                queue=binding.destination,
                exchange=binding.source,
                routing_key=binding.key,
                arguments=arguments,
            )
        else:
            channel.exchange_unbind(
                destination=binding.destination,
                source=binding.source,
                routing_key=binding.key,
                arguments=arguments,
            )


def exchange_arguments(exchange: Exchange) -> dict[str, Any]:
    """What ``exchange.declare`` takes beside its own fields."""
    return {} if exchange.alternate is None else {"alternate-exchange": exchange.alternate}


def queue_arguments(queue: Queue) -> dict[str, Any]:
    """What ``queue.declare`` takes beside its own fields: nothing for what the broker chooses."""
    definition = policy_definition(limits_of(queue))
    arguments = {f"x-{name}": value for name, value in definition.items()}
    if queue.kind is not QueueKind.CLASSIC:
        arguments["x-queue-type"] = queue.kind.value
    if queue.priorities_max is not None:
        arguments["x-max-priority"] = queue.priorities_max
    if queue.single_active:
        arguments["x-single-active-consumer"] = True
    return arguments


def limits_of(queue: Queue) -> dict[str, Setting]:
    """What a policy may set of the queue, by its fields: nothing for what the broker chooses."""
    usual = Queue(name=queue.name)
    return {
        name: getattr(queue, name)
        for name in _LIMITS
        if getattr(queue, name) != getattr(usual, name)
    }


def _by_arguments(topology: Topology, queue: Queue) -> Queue:
    """The queue without what a policy is to set."""
    if queue.name not in topology.by_policy:
        return queue
    usual = Queue(name=queue.name)
    return replace(queue, **{name: getattr(usual, name) for name in limits_of(queue)})


def binding_arguments(binding: Binding) -> dict[str, Any]:
    """What a binding takes beside its key; without any, a headers exchange matches all as well."""
    if binding.match is Match.ALL and not binding.headers:
        return {}
    return {"x-match": _MATCH[binding.match], **dict(binding.headers)}


def policy_definition(limits: Mapping[str, Setting]) -> dict[str, Any]:
    """What a policy sets, in RabbitMQ's words, from fields of `Queue`.

    Raises:
        BrokerError: a field that no policy sets.
    """
    unknown = sorted(limits.keys() - _LIMITS.keys())
    if unknown:
        message = f"no policy sets {unknown[0]}; one may set {', '.join(sorted(_LIMITS))}"
        raise BrokerError(message)
    return {_LIMITS[name]: _value(name, value) for name, value in limits.items()}


def _value(name: str, value: Setting) -> Any:  # noqa: ANN401  # A number or a text.
    if name == "overflow":
        return _OVERFLOW[Overflow(str(value))]
    if name == "dead_lettering":
        return _DEAD_LETTERING[DeadLettering(str(value))]
    return value


def _bind(channel: Any, binding: Binding) -> None:  # noqa: ANN401
    arguments = binding_arguments(binding)
    if binding.to is Destination.QUEUE:
        channel.queue_bind(
            queue=binding.destination,
            exchange=binding.source,
            routing_key=binding.key,
            arguments=arguments,
        )
    else:
        channel.exchange_bind(
            destination=binding.destination,
            source=binding.source,
            routing_key=binding.key,
            arguments=arguments,
        )


def _words(binding: Binding) -> str:
    return f"binding of {binding.to} {binding.destination!r} to exchange {binding.source!r}"


class _Asking:
    """A call that the broker may refuse, and what it is for."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ChannelClosedByBroker):
            message = f"RabbitMQ refused {self._what}: {error.reply_code} {error.reply_text}"
            raise BrokerError(message) from error
