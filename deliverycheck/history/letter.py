"""A message by way of an exchange: how its body tells what it was sent with.

A broker adds headers of its own, changes key and expiration of a dead letter, and leaves the
rest as it was. So all of that is told in the body, and compared by whoever is handed it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from deliverycheck.history.body import Body, decode_body, is_whole, padding_of
from deliverycheck.history.operation import Delivery

_OF_THE_BROKER = "x-"
_NAMED_BY_THE_BROKER = "amq."  # Such an address to reply to is replaced by another one.
_DEATHS, _LAST_REASON = "x-death", "x-last-death-reason"
_PERSISTENT = "2"
_ACQUIRED, _FAILED = "x-acquired-count", "x-delivery-count"


class Properties(Protocol):
    """What a client library hands over beside the body; nothing is ``None``."""

    headers: Mapping[str, Any] | None
    priority: int | None
    expiration: str | None
    delivery_mode: int | None
    correlation_id: str | None
    reply_to: str | None


def letter_body(  # noqa: PLR0913 - what one message is sent with, by name
    *,
    execution: str,
    message: str,
    attempt: int,
    exchange: str,
    key: str,
    properties: Properties,
    bytes_of_padding: int = 0,
) -> Body:
    """The body of a message that is sent to that exchange, with that key and these properties."""
    return Body(
        execution=execution,
        message=message,
        target=exchange or key,
        attempt=attempt,
        key=key if exchange else None,
        headers=_header_texts(properties.headers or {}),
        properties=_property_texts(properties),
        padding=padding_of(message, bytes_of_padding),
    )


def delivery_of_letter(  # noqa: PLR0913 - facts of one delivery, by name
    *,
    value: bytes | None,
    source: str,
    position: int | None,
    redelivered: bool | None,
    key: str,
    properties: Properties,
) -> Delivery:
    """What a reader of a queue was handed, compared with what the body says of itself.

    Of a dead letter neither key nor expiration are compared: both are the broker's; and what was
    not sent as persistent may come as such. What bears
    a `correlation` asks for no reply itself: a request is not the answer to one.
    """
    headers = properties.headers or {}
    reason = _reason(headers)
    body = decode_body(value)
    if body is None:
        return Delivery(
            message="",
            source=source,
            position=position,
            redelivered=redelivered,
            mangled=("body",),
            reason=reason,
        )
    return Delivery(
        message=body.message,
        source=source,
        position=position,
        attempt=body.attempt,
        redelivered=redelivered,
        deliveries=_deliveries(headers),
        mangled=_mangled(body, key, properties, is_dead_letter=reason is not None),
        target=body.target if body.target != source else None,
        execution=body.execution,
        correlation=properties.correlation_id if properties.reply_to is None else None,
        reason=reason,
    )


def _mangled(
    body: Body, key: str, properties: Properties, *, is_dead_letter: bool
) -> tuple[str, ...]:
    known = {
        name: value
        for name, value in (properties.headers or {}).items()
        if name in body.headers or not name.startswith(_OF_THE_BROKER)
    }
    sent, came = dict(body.properties), _property_texts(properties)
    if is_dead_letter:
        sent.pop("expiration", None)
        came.pop("expiration", None)
    if sent.get("delivery_mode") != _PERSISTENT:
        # Measured: a stream calls everything persistent, for it keeps everything.
        sent.pop("delivery_mode", None)
        came.pop("delivery_mode", None)
    expected_key = body.target if body.key is None else body.key
    return tuple(
        part
        for part, is_as_sent in (
            ("key", is_dead_letter or key == expected_key),
            ("headers", _header_texts(known) == body.headers),
            ("properties", came == sent),
            ("body", is_whole(body)),
        )
        if not is_as_sent
    )


def _deliveries(headers: Mapping[str, Any]) -> int | None:
    """How often it was handed out, this time included, where the broker counts.

    RabbitMQ 4.3 counts in `x-acquired-count` how often it was handed out before, and in
    `x-delivery-count` how often that failed; before it, `x-delivery-count` is all there is.
    Measured: neither header stands at the first delivery in 4.x.
    """
    before = headers.get(_ACQUIRED, headers.get(_FAILED))
    return int(before) + 1 if isinstance(before, int) else None


def _reason(headers: Mapping[str, Any]) -> str | None:
    """Why it was put here last; ``None`` if it is no dead letter.

    The header of its own is newer than 3.10; the table of deaths has the last one first.
    """
    if _LAST_REASON in headers:
        return str(headers[_LAST_REASON])
    deaths = headers.get(_DEATHS)
    return str(deaths[0]["reason"]) if isinstance(deaths, list) and deaths else None


def _header_texts(headers: Mapping[str, Any]) -> dict[str, str]:
    """Each value with its type, by name: the broker tells 1, "1" and true apart."""
    return {name: _text(headers[name]) for name in sorted(headers)}


def _text(value: object) -> str:
    if value is None:
        return "void"
    if isinstance(value, bool):
        return f"bool {value}"
    if isinstance(value, int):
        return f"int {int(value)}"  # A library may have a class of its own for long ones.
    return f"{type(value).__name__} {value}"


def _property_texts(properties: Properties) -> dict[str, str]:
    """All that is set, but for a reply address that the broker replaces."""
    reply_to = properties.reply_to
    own = reply_to is None or not reply_to.startswith(_NAMED_BY_THE_BROKER)
    set_to = {
        "correlation_id": properties.correlation_id,
        "delivery_mode": properties.delivery_mode,
        "expiration": properties.expiration,
        "priority": properties.priority,
        "reply_to": reply_to if own else None,
    }
    return {name: str(value) for name, value in set_to.items() if value is not None}
