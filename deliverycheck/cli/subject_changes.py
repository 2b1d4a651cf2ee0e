"""``--set producer.acks=all``: a subject with some of its settings changed."""

import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec

from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import Consumer, Setting, Subject

_PRODUCER, _CONSUMER, _QUEUE, _TOPIC = "producer.", "consumer.", "queue.", "topic."
_OWN_OF_CONSUMER = frozenset(Consumer.__struct_fields__) - {"settings"}
_OWN_OF_SUBJECT = frozenset(Subject.__struct_fields__) - {"producer", "consumer", "topic"}


def changed(subject: Subject, changes: Sequence[str]) -> Subject:
    """The subject after each ``name=value``; no value gives a setting its default back.

    ``producer.NAME`` and ``consumer.NAME`` are settings of the clients, or fields of the
    consumer, ``queue.NAME`` a field of the first queue, ``topic.NAME`` settings of topics; any
    other name is a field of the subject.

    Raises:
        UsageError: a change is written otherwise, or names what there is not.
    """
    content = msgspec.to_builtins(subject)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            msg = f"--set {change!r}: expected name=value, such as producer.acks=all"
            raise UsageError(msg)
        holder, key = _holder(content, name)
        if value:
            holder[key] = _setting(value)
        else:
            holder.pop(key, None)
    try:
        return msgspec.convert(content, Subject)
    except msgspec.ValidationError as error:
        msg = f"--set {' '.join(changes)}: {error}"
        raise UsageError(msg) from None


def _holder(content: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The object that holds the setting, and its name there."""
    if name.startswith(_PRODUCER):
        return content.setdefault("producer", {}), name.removeprefix(_PRODUCER)
    if name.startswith(_TOPIC):
        return content.setdefault("topic", {}), name.removeprefix(_TOPIC)
    if name.startswith(_CONSUMER):
        consumer = content.get("consumer")
        if consumer is None:
            msg = f"--set {name}: the plan's subject has no consumer"
            raise UsageError(msg)
        key = name.removeprefix(_CONSUMER)
        return (consumer if key in _OWN_OF_CONSUMER else consumer.setdefault("settings", {})), key
    if name.startswith(_QUEUE):
        topology = content.get("topology")
        if not topology:
            msg = f"--set {name}: the plan's subject has no queue"
            raise UsageError(msg)
        return topology["queues"][0], name.removeprefix(_QUEUE)
    if name not in _OWN_OF_SUBJECT:
        msg = (
            f"--set {name}: no such setting; there are: {', '.join(sorted(_OWN_OF_SUBJECT))}, "
            "producer.NAME, consumer.NAME, topic.NAME and queue.NAME"
        )
        raise UsageError(msg)
    return content, name


def _setting(text: str) -> Setting:
    """The value as JSON has it, else the text itself: 5, 0.5, true, all."""
    with contextlib.suppress(msgspec.DecodeError):
        value = msgspec.json.decode(text)
        if isinstance(value, str | int | float | bool):
            return value
    return text
