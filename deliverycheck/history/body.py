"""The body of each message we publish: it says itself what it is and where it belongs.

So a message that turns up in another topic, queue or execution, or with another
key, is seen by whoever reads it.
"""

from collections.abc import Sequence
from hashlib import shake_128

import msgspec

from deliverycheck.history.operation import Delivery

IDENTITY_HEADER = "deliverycheck-body"
"""A tombstone has no value that could say what it is: this header says it."""


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a message says of itself.

    Attributes:
        partition: the partition asked for; ``None`` where the client chose.
        headers: those that the message was published with.
        properties: what else it was published with, by name; see `letter`.
        timestamp_ms: since 1970; ``None`` where the client chose.
        tombstone: the message has no value, and this stands in a header.
        padding: fills the body to the size asked for: dots, or as `padding_of` makes it.
    """

    execution: str
    message: str
    target: str
    attempt: int = 1
    partition: int | None = None
    key: str | None = None
    transaction: str | None = None
    headers: dict[str, str] = {}
    properties: dict[str, str] = {}
    timestamp_ms: int | None = None
    tombstone: bool = False
    padding: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Body)


def encode_body(body: Body, *, bytes_min: int = 0) -> bytes:
    """The body as JSON of at least `bytes_min` bytes."""
    encoded = _encoder.encode(body)
    missing = bytes_min - len(encoded)
    if missing <= 0:
        return encoded
    overhead = len(b',"padding":""')
    return _encoder.encode(msgspec.structs.replace(body, padding="." * max(1, missing - overhead)))


def decode_body(value: bytes | None) -> Body | None:
    """What the message says of itself; ``None`` if it is none of ours."""
    try:
        return _decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def padding_of(message: str, characters: int) -> str:
    """What fills a body and hardly compresses: the same for the same message, hex digits."""
    return shake_128(message.encode()).hexdigest((characters + 1) // 2)[:characters]


def delivery_of(  # noqa: PLR0913 - facts of one delivery, by name
    *,
    value: bytes | None,
    source: str,
    partition: int | None,
    position: int | None,
    key: bytes | None = None,
    epoch: int | None = None,
    headers: Sequence[tuple[str, bytes | None]] = (),
    timestamp_ms: int | None = None,
    deliveries: int | None = None,
) -> Delivery:
    """What a reader was handed, compared with what the body says of itself.

    A `timestamp_ms` of ``None`` is not the publisher's own, and compared with nothing.
    A body that is not ours gives a delivery without a message id, mangled in ``body``.
    """
    named = next((said for name, said in headers if name == IDENTITY_HEADER), None)
    body = decode_body(value or named)
    if body is None:
        return Delivery(
            message="",
            source=source,
            partition=partition,
            position=position,
            epoch=epoch,
            deliveries=deliveries,
            mangled=("body",),
        )
    misplaced = body.partition is not None and body.partition != partition
    return Delivery(
        message=body.message,
        source=source,
        partition=partition,
        position=position,
        attempt=body.attempt,
        epoch=epoch,
        deliveries=deliveries,
        mangled=tuple(
            part
            for part, is_as_sent in (
                ("key", key == (None if body.key is None else body.key.encode())),
                ("headers", _own(headers) == [(k, v.encode()) for k, v in body.headers.items()]),
                ("body", body.tombstone == (not value) and is_whole(body)),
                ("timestamp", timestamp_ms is None or body.timestamp_ms in {None, timestamp_ms}),
            )
            if not is_as_sent
        ),
        target=body.target if body.target != source or misplaced else None,
        execution=body.execution,
    )


def _own(headers: Sequence[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    return [header for header in headers if header[0] != IDENTITY_HEADER]


def is_whole(body: Body) -> bool:
    """Whether its padding came back as it was made."""
    dots = not body.padding.strip(".")
    return dots or body.padding == padding_of(body.message, len(body.padding))
