"""Steps on queues in words."""

from collections.abc import Callable
from typing import Any

from deliverycheck.plans.queue_steps import (
    Bind,
    BreakChannel,
    CloseChannel,
    CrashLoop,
    Declare,
    MissHeartbeats,
    Pick,
    Request,
    Send,
    SetPolicy,
    Settle,
    Settlement,
    Starve,
    Take,
    Unbind,
)
from deliverycheck.plans.topology import Binding, Match, Queue

_PICKED = {
    Pick.ALL: "all in hand",
    Pick.FIRST: "the first in hand",
    Pick.LAST: "the last in hand",
    Pick.EVERY_SECOND: "every second in hand",
    Pick.BACKWARDS: "all in hand, the last first",
    Pick.UP_TO_LAST: "all in hand in one call",
}


def describe_queue(queue: Queue) -> str:
    """What it was declared to be, unless it is the plainest: ``q1 (quorum, length_max=3)``."""
    plain = Queue(name=queue.name)
    words = [] if queue.kind == plain.kind else [queue.kind.value]
    for field in queue.__struct_fields__:
        value = getattr(queue, field)
        if field not in {"name", "kind"} and value != getattr(plain, field):
            words.append(_told(field, value))
    return f"{queue.name} ({', '.join(words)})" if words else queue.name


def _told(field: str, value: object) -> str:
    if isinstance(value, bool):
        return field if value else f"not {field}"
    return f"{field}={value}"


def describe_binding(binding: Binding) -> str:
    """The way that it is: ``x1 to q1 by a.#``."""
    words = [f"{binding.source} to {binding.destination}"]
    words += [f"by {binding.key}"] if binding.key else []
    if binding.headers:
        match = "" if binding.match is Match.ALL else f"{binding.match.value} of "
        words.append(
            f"with {match}{', '.join(f'{name}={value}' for name, value in binding.headers)}"
        )
    return " ".join(words)


def _send(step: Send) -> str:
    messages = "1 message" if step.count == 1 else f"{step.count} messages"
    place = step.key if not step.exchange else f"{step.exchange} with key {step.key!r}"
    with_ = [f"{step.bytes} bytes each"] if step.bytes else []
    with_ += [f"header {name}={value}" for name, value in step.headers]
    with_ += [f"expires after {step.expires_ms} ms"] if step.expires_ms is not None else []
    with_ += [f"priority {step.priority}"] if step.priority is not None else []
    more = f" ({', '.join(with_)})" if with_ else ""
    return f"publish {messages} to {place}{more}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _take(step: Take) -> str:
    return f"take up to {step.count} message{'' if step.count == 1 else 's'}"


def _settle(step: Settle) -> str:
    again = "" if step.how is Settlement.ACK else f", {'' if step.requeue else 'do not '}requeue"
    return f"{step.how.value} {_PICKED[step.pick]}{again}"


def _set_policy(step: SetPolicy) -> str:
    limits = ", ".join(f"{name}={value}" for name, value in step.definition.items())
    return f"policy on {step.queue}: {limits or 'none'}"


QUEUE_WORDS: dict[type, Callable[[Any], str]] = {
    Send: _send,
    Take: _take,
    Settle: _settle,
    CloseChannel: lambda _: "close the channel, open another",
    BreakChannel: lambda _: "make a call for which the broker closes the channel",
    Starve: lambda _: "no memory is left: who publishes is blocked",
    MissHeartbeats: lambda step: f"be {step.by.value} until its heartbeats are missed",
    CrashLoop: lambda step: f"take a message and crash, {_times(step.cycles)}",
    Declare: lambda step: f"declare queue {describe_queue(step.queue)}",
    Bind: lambda step: f"bind {describe_binding(step.binding)}",
    Unbind: lambda step: f"unbind {describe_binding(step.binding)}",
    SetPolicy: _set_policy,
    Request: lambda step: f"ask {step.queue} {_times(step.count)}, take what is replied by then",
}
"""By kind of step, how it is told without its lane."""
