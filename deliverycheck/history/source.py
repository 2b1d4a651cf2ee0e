"""What a topic, queue or stream was declared to be."""

import msgspec

from deliverycheck.history.numbers import Natural, Several


class Source(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What a topic, queue or stream was declared to be. All times in milliseconds.

    A misspelt field would make a promise unsaid, so one that is not known is an error.

    Attributes:
        kind: ``log`` (read by position), ``queue`` (each message to one consumer) or
            ``stream`` (items of one answer, in order).
        compacted: the log keeps the latest value of each key only.
        retention_ms: the log may drop what is older; ``None`` for never.
        expires_ms: the queue drops a message that waited so long; ``None`` for never.
        length_max: messages that the queue holds; ``None`` for any number.
        overflow: at `length_max`: ``drop_head``, ``reject_publish``.
        dead_letter: the source to which dropped and rejected messages go.
        delivery_limit: deliveries of a message before it is dropped.
        priorities: levels of priority; ``None`` for none.
        limited_later: limits may be set while it is in use: what it keeps is not known.
        requeue: where a requeued message comes again: ``original`` place, ``back`` of the
            queue, or ``None`` if the broker promises neither.
    """

    kind: str = "log"
    compacted: bool = False
    retention_ms: Natural | None = None
    expires_ms: Natural | None = None
    length_max: Natural | None = None
    overflow: str | None = None
    dead_letter: str | None = None
    delivery_limit: Natural | None = None
    priorities: Several | None = None
    requeue: str | None = None
    limited_later: bool = False
