"""Streams and their readers told call by call, for tests, and what is expected of them."""

from deliverycheck.guarantees import Anomaly
from deliverycheck.history import Delivery, Position, Source
from selftests import verdicts

GUARANTEE = "gapless_stream"
STREAMS = {"s": Source(kind="stream"), "s2": Source(kind="stream")}
CUT = "the history was cut before its end: what is missing may have come later"


def both_ways(story):
    return verdicts.both_ways(story, GUARANTEE)


def convicted(examined, *anomalies):
    return verdicts.convicted(GUARANTEE, examined, *anomalies)


def valid(examined):
    return verdicts.valid(GUARANTEE, examined)


def unknown(reason):
    return verdicts.unknown(GUARANTEE, reason)


def item(message, position=None, *, to=None, source="s", partition=None, **fields):
    return Delivery(
        message=message,
        source=source,
        partition=partition,
        position=position,
        correlation=to,
        **fields,
    )


def handed(story, *items, process="c1#1", how="ok", **fields):
    op = story.invoke(process, "receive", target="s", **fields)
    getattr(story, how)(op, deliveries=items)
    return op


def asked(story, message, *items, process="c1#1", how="ok", **fields):
    op = story.invoke(process, "request", message=message, target="rpc", **fields)
    getattr(story, how)(op, deliveries=items)
    return op


def moved(story, action, *places, process="c1#1"):
    """`places` are of stream, partition and position; without any, it moves everything."""
    covers = tuple(Position(source=s, partition=part, position=pos) for s, part, pos in places)
    op = story.invoke(process, action, covers=covers)
    story.ok(op)
    return op


def published(story, message, process="p1#1", how="ok", position=None, **fields):
    op = story.publish(message, target="s", process=process, **fields)
    getattr(story, how)(op, position=position)
    return op


def replied(story, message, how="ok", position=None, **fields):
    given = {"process": "p1#1", "correlation": "a"} | fields
    op = story.invoke(action="reply", message=message, target="s", **given)
    getattr(story, how)(op, position=position)
    return op


def gap(*witnesses, message=None, partition=None, stream="s", process="c1#1", **facts):
    return Anomaly(
        name="stream_gap",
        message=message,
        witnesses=witnesses,
        source="s",
        partition=partition,
        facts={"process": process, "stream": stream, **facts},
    )


def disorder(*witnesses, message, partition=None, stream="s", process="c1#1", **facts):
    return Anomaly(
        name="stream_disorder",
        message=message,
        witnesses=witnesses,
        source="s",
        partition=partition,
        facts={"process": process, "stream": stream, **facts},
    )
