"""Guarantee on streams: what a reader was handed is a gapless prefix, in order."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from deliverycheck.guarantees.conversations.stream_calls import Calls
from deliverycheck.guarantees.conversations.stream_rows import Item, Row, StreamKey, rows_of
from deliverycheck.guarantees.reached import why_not_whole
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Source

_Facts = dict[str, str | int | list[str] | list[int]]
_Place = tuple[int, Item]
_Numbered = list[_Place]


def gapless_stream(history: History) -> Verdict:
    """What a reader is handed of a stream is its items in order, each once, none left out.

    By positions where all of a reader's items have one, since the items of a stream count up by
    one; else by the order of the calls of each sender. An answer to a request begins at its first
    item; another stream where its reader was told to begin (assign, seek), or did.

    Sound: a receive whose outcome is unknown may have handed over what is missing, so it
    excuses a gap across it, and what it did hand over may come again. By calls, only an item
    whose send is confirmed can be missing, and one that was sent twice has no place. A request
    that was sent again may be answered again, so its answers are not judged. Nor is what the
    members of a group share out, nor a gap in a stream that drops what is old. What was cut off
    may be a second send, so calls are compared, and answers judged, in whole histories only.

    Complete for whole histories; one that was cut, without an anomaly, is UNKNOWN. How far a
    reader came is not judged: a prefix is enough.
    """
    name = "gapless_stream"
    streams = {name for name, source in history.header.sources.items() if source.kind == "stream"}
    if not streams:
        return unknown(name, "nothing to examine: the header declares no stream")
    anomalies, examined = _found(history, streams)
    if anomalies:
        return judge(name, anomalies, examined=examined)
    if reason := why_not_whole(history):
        return unknown(name, reason)
    if not examined:
        return unknown(name, "nothing to examine: no reader was handed an item that has a place")
    return judge(name, (), examined=examined)


def _found(history: History, streams: set[str]) -> tuple[list[Anomaly], int]:
    """The anomalies, and how many items were compared."""
    rows, calls = rows_of(history, streams), Calls(history, streams)
    placed = [row for row in rows if row.is_placed]
    first = _first_positions(placed, calls)
    found = [anomaly for row in placed for anomaly in _by_position(row, first)]
    examined = sum(len(row.items) for row in placed)
    for row in () if history.cut else rows:
        for sender, numbered in _by_sender(row, calls).items():
            found += _by_calls(row, sender, numbered, calls)
            examined += len(numbered)
    dropping = {name for name in streams if _may_drop(history.header.sources[name])}
    return [
        one for one in found if one.name != "stream_gap" or one.source not in dropping
    ], examined


def _may_drop(source: Source) -> bool:
    """Whether an item may be gone from the stream before a reader comes to it."""
    return source.compacted or (source.retention_ms, source.length_max) != (None, None)


def _first_positions(placed: list[Row], calls: Calls) -> dict[StreamKey, int]:
    """The first position that is known of each answer."""
    first: dict[StreamKey, int] = {}
    handed = ((row.key, position) for row in placed for position, _ in row.placed)
    for key, position in (*handed, *calls.positions()):
        if key[2] is not None:
            first[key] = min(position, first.get(key, position))
    return first


def _by_position(row: Row, first: dict[StreamKey, int]) -> Iterator[Anomaly]:
    handed = dict(reversed(row.placed))
    order = sorted(handed)
    begin = row.begins_at if row.begins_at is not None else first.get(row.key, order[0])
    if order[0] > begin and not row.unknown_around([handed[order[0]]]):
        facts: _Facts = {"first": begin, "behind": order[0], "missing": order[0] - begin}
        told = () if row.begun_by is None else ((None, row.begun_by),)
        yield _gap(row, "head", [handed[order[0]]], facts, sent=told)
    for before, behind in pairwise(order):
        around = [handed[before], handed[behind]]
        if behind > before + 1 and not row.unknown_around(around):
            facts = {"before": before, "behind": behind, "missing": behind - before - 1}
            yield _gap(row, "positions", around, facts)
    for kind, (ahead, ahead_item), (behind, item) in _going_back(row.placed):
        yield _disorder(row, kind, ahead_item, item, {"ahead": ahead, "behind": behind})


def _going_back(numbered: _Numbered) -> Iterator[tuple[str, _Place, _Place]]:
    """Every item that does not stand behind all before it, behind the furthest of those."""
    furthest, *rest = numbered
    seen = {furthest[0]}
    for here in rest:
        if here[0] > furthest[0]:
            furthest = here
        else:
            yield ("again" if here[0] in seen else "back"), furthest, here
        seen.add(here[0])


def _by_sender(row: Row, calls: Calls) -> dict[str, _Numbered]:
    """The items of a row without positions, as their senders numbered them."""
    by_sender: dict[str, _Numbered] = defaultdict(list)
    for item in () if row.is_placed else row.items:
        if (found := calls.number_of(row, item)) is not None:
            sender, number = found
            by_sender[sender].append((number, item))
    return by_sender


def _by_calls(row: Row, sender: str, numbered: _Numbered, calls: Calls) -> Iterator[Anomaly]:
    """One sender's items against the order of its calls."""
    order = sorted(dict(reversed(numbered)).items())
    if row.correlation is not None:
        yield from _left_out(row, sender, order[:1], calls)
    for around in pairwise(order):
        yield from _left_out(row, sender, [*around], calls)
    for kind, (_, ahead), (_, behind) in _going_back(numbered):
        facts: _Facts = {"sender": sender, "ahead": ahead.message}
        yield _disorder(row, f"calls_{kind}", ahead, behind, facts)


def _left_out(row: Row, sender: str, around: _Numbered, calls: Calls) -> Iterator[Anomaly]:
    """What the sender surely sent between two neighbours, or before the first item."""
    confirmed = calls.confirmed_by(row, sender)
    start = bisect_right(confirmed, around[0][0]) if len(around) > 1 else 0
    end = bisect_left(confirmed, around[-1][0])
    items = [item for _, item in around]
    if start < end and not row.unknown_around(items):
        message, op = calls.message_and_op(confirmed[start])
        facts: _Facts = {"sender": sender, "before": items[0].message, "behind": items[-1].message}
        facts |= {"more": end - start - 1} if end - start > 1 else {}
        kind = "calls" if len(around) > 1 else "calls_head"
        yield _gap(row, kind, items, facts, sent=((message, op),))


def _gap(
    row: Row,
    kind: str,
    around: list[Item],
    facts: _Facts,
    *,
    sent: tuple[tuple[str | None, int], ...] = (),
) -> Anomaly:
    witnesses = (*(op for _, op in sent), *(item.op for item in around))
    message = sent[0][0] if sent else None
    return _anomaly("stream_gap", row, message, witnesses, {"kind": kind, **facts})


def _disorder(row: Row, kind: str, ahead: Item, behind: Item, facts: _Facts) -> Anomaly:
    message = behind.message or None
    witnesses = (ahead.op, behind.op)
    return _anomaly("stream_disorder", row, message, witnesses, {"kind": kind, **facts})


def _anomaly(
    name: str, row: Row, message: str | None, witnesses: tuple[int, ...], facts: _Facts
) -> Anomaly:
    return Anomaly(
        name=name,
        message=message,
        witnesses=tuple(dict.fromkeys(witnesses)),
        source=row.source,
        partition=row.partition,
        facts={"process": row.process, "stream": row.name, **facts},
    )
