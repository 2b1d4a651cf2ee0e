"""Whether who seeks is handed what stands there, from where it asked to begin."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate, chain
from operator import attrgetter

from deliverycheck.guarantees.delivery.members import assignments, given_before, group_of
from deliverycheck.guarantees.delivery.stretches import Stretch, stretches
from deliverycheck.guarantees.log.known import known
from deliverycheck.guarantees.log.sources import Partition
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.sentences import place as told_place
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Reading, Whence, indexed

_NAME = "replay"
_ENDS = frozenset({"killed", "closed", "died"})
_ASKED = {
    Whence.BEGINNING: "the beginning of {partition}",
    Whence.POSITION: "{place}",
    Whence.TIME: "the time of {place}",
    Whence.END: "the end of {partition}",
}


def replay(history: History) -> Verdict:
    """Whoever seeks to a beginning, a position, a time or an end is handed what stands from there.

    Sound: what a process is handed after a seek counts until something else may have moved it.
    Left out can only be what a reader was handed, or a confirm puts there, for good, and what the
    log did not drop (see `known`). A position counts if somebody had read up to it when it was
    sought, and before the end stands what somebody had read. The time of a message begins at that
    message at the latest. Where a log is written to in transactions, readers come to its end
    before that, and nothing is said of it.

    Complete for scanned histories; any other without an anomaly is UNKNOWN. What comes to a member
    after its last message counts in drained ones. Topics that were deleted are not judged.
    """
    found: list[Anomaly] = []
    examined = 0
    for stretch in stretches(history):
        found += _judged(history, stretch)
        examined += len(stretch.handed) + _reads_to_the_end(history, stretch)
    reason = why_not_scanned(history)
    if reason and not found:
        return unknown(_NAME, reason)
    if not examined and not found:
        return unknown(_NAME, "nothing to examine: nobody was handed anything after a seek")
    return judge(_NAME, found, examined=max(examined, len(found)))


def _judged(history: History, stretch: Stretch) -> Iterator[Anomaly]:
    first = stretch.handed[0] if stretch.handed else None
    begin = _begin(history, stretch)
    if stretch.whence is Whence.END:
        if first is not None and _stood_at_the_seek(history, stretch, first):
            yield _elsewhere(stretch, first, "before_the_end", position=_position(first))
    elif _is_behind_its_time(history, stretch, begin):
        yield _elsewhere(stretch, None, "behind_the_time", position=begin or 0)
    elif first is not None and begin is not None and _position(first) < begin:
        yield _elsewhere(stretch, first, "before_the_position", position=_position(first))
    yield from _left_out(history, stretch, begin)
    yield from _conflicts(history, stretch)


def _begin(history: History, stretch: Stretch) -> int | None:
    """The position from which everything has to come; ``None`` if it is not known."""
    if stretch.whence is Whence.BEGINNING:
        return 0
    if stretch.whence is Whence.TIME:
        return stretch.seek.position
    asked = stretch.to.position
    is_there = stretch.whence is Whence.POSITION and asked <= _end_at_the_seek(history, stretch)
    return asked if is_there else None


def _is_behind_its_time(history: History, stretch: Stretch, begin: int | None) -> bool:
    """Whether the broker named a later position than that of a message that stands there."""
    if stretch.whence is not Whence.TIME or begin is None or begin <= stretch.to.position:
        return False
    there = known(history).get(stretch.place)
    return there is not None and stretch.to.position in there.standing


def _left_out(history: History, stretch: Stretch, begin: int | None) -> Iterator[Anomaly]:
    """Each gap with what stands in it: before the first message, between two, behind the last."""
    there = known(history).get(stretch.place)
    if there is None:
        return
    reached = None if begin is None else begin - 1
    for reading in stretch.handed:
        if there.until_ns is not None and reading.ns > there.until_ns:
            return
        position = _position(reading)
        if reached is not None:
            yield from _gap(history, stretch, range(reached + 1, position), reading)
        reached = position if reached is None else max(reached, position)
    if reached is not None and there.until_ns is None and _reads_to_the_end(history, stretch):
        end = there.positions[-1] + 1 if there.positions else 0
        yield from _gap(history, stretch, range(reached + 1, end), None)


def _gap(
    history: History, stretch: Stretch, gap: range, after: Reading | None
) -> Iterator[Anomaly]:
    there = known(history)[stretch.place]
    left_out = there.standing_in(gap)
    if gap.start >= gap.stop or not left_out:
        return
    position, others = there.positions[left_out[0]], len(left_out) - 1
    standing = there.standing[position]
    facts: dict[str, str | int | list[str] | list[int]] = {"kind": "to_the_end", **_seek(stretch)}
    if after is not None:
        facts |= {"kind": "replayed", "after": _position(after), "after_ns": after.ns}
    if others:
        facts["others"] = others
    witnesses = (stretch.seek.op, standing.op, *(() if after is None else (after.op,)))
    yield Anomaly(
        name="skipped",
        message=standing.message,
        witnesses=tuple(dict.fromkeys(witnesses)),
        source=stretch.to.source,
        partition=stretch.to.partition,
        position=position,
        facts=facts,
    )


def _conflicts(history: History, stretch: Stretch) -> Iterator[Anomaly]:
    for reading in stretch.handed:
        delivery = reading.delivery
        told = _read_at(history).get((stretch.place, _position(reading)), {})
        others = (one for message, one in told.items() if message != delivery.message)
        other = next(others, None) if delivery.message else None
        if other is not None:
            yield Anomaly(
                name="conflicting_position",
                message=delivery.message,
                witnesses=tuple(dict.fromkeys((other.op, stretch.seek.op, reading.op))),
                source=delivery.source,
                partition=delivery.partition,
                position=delivery.position,
                facts={
                    "kind": "replayed",
                    "holds": other.delivery.message,
                    "read_by": other.process,
                    "read_ns": other.ns,
                    "ns": reading.ns,
                    **_seek(stretch),
                },
            )


def _elsewhere(stretch: Stretch, first: Reading | None, kind: str, *, position: int) -> Anomaly:
    handed = {} if first is None else {"ns": first.ns}
    return Anomaly(
        name="sought_elsewhere",
        message=None if first is None else first.delivery.message or None,
        witnesses=(stretch.seek.op, *(() if first is None else (first.op,))),
        source=stretch.to.source,
        partition=stretch.to.partition,
        position=position,
        facts={"kind": kind, **_seek(stretch), **handed},
    )


def _seek(stretch: Stretch) -> dict[str, str | int]:
    to = stretch.to
    asked = _ASKED[stretch.whence].format(
        partition=told_place(to.source, to.partition),
        place=told_place(to.source, to.partition, to.position),
    )
    seek = stretch.seek
    return {"process": seek.process, "asked": asked, "sought_ns": seek.invoked_ns}


def _reads_to_the_end(history: History, stretch: Stretch) -> bool:
    """Whether a member read on undisturbed until its group had come to the end."""
    process, done = stretch.seek.process, history.done
    group = group_of(history, stretch.seek)
    if done is None or not history.drained or stretch.is_cut_short or group is None:
        return False
    sources = history.header.groups.get(group, ())
    sought_ns = stretch.seek.invoked_ns
    given = given_before(history, process, stretch.place, sought_ns)
    passed_on = any(
        other != process and move.ns >= sought_ns
        for other, move in assignments(history).get((group, stretch.place), ())
    )
    ended = any(
        one.process == process and one.what in _ENDS and one.ns <= done.ns
        for one in history.processes
    )
    return stretch.to.source in sources and given is not None and not passed_on and not ended


def _stood_at_the_seek(history: History, stretch: Stretch, first: Reading) -> bool:
    """Whether the log surely had it then, and showed it."""
    if stretch.to.source in _written_in_transactions(history):
        return False
    stood_ns = _stood(history).get(stretch.place, {}).get(_position(first))
    return stood_ns is not None and stood_ns < stretch.seek.invoked_ns


def _end_at_the_seek(history: History, stretch: Stretch) -> int:
    """The position after the highest that the log surely had then."""
    moments, ends = _growth(history).get(stretch.place, ([], []))
    number = bisect_left(moments, stretch.seek.invoked_ns)
    return ends[number - 1] if number else 0


@indexed
def _written_in_transactions(history: History) -> frozenset[str]:
    inside = (one for one in history.select(Action.PUBLISH) if one.transaction is not None)
    return frozenset(one.target or "" for one in inside)


@indexed
def _stood(history: History) -> dict[Partition, dict[int, int]]:
    """By partition and position, by when a message was first read there.

    What was only confirmed may not have been there for readers yet.
    """
    found: dict[Partition, dict[int, int]] = defaultdict(dict)
    for reading in chain(history.receipts, history.log):
        delivery = reading.delivery
        if delivery.position is not None:
            here = found[delivery.source, delivery.partition]
            here[delivery.position] = min(reading.ns, here.get(delivery.position, reading.ns))
    return dict(found)


@indexed
def _growth(history: History) -> dict[Partition, tuple[list[int], list[int]]]:
    """By partition the moments at which it was known to be longer, and how long."""
    found = {}
    for place, here in _stood(history).items():
        rows = sorted((ns, position + 1) for position, ns in here.items())
        found[place] = ([ns for ns, _ in rows], list(accumulate((end for _, end in rows), max)))
    return found


@indexed
def _read_at(history: History) -> dict[tuple[Partition, int], dict[str, Reading]]:
    """By place each message that was read there, with its first reading."""
    found: dict[tuple[Partition, int], dict[str, Reading]] = defaultdict(dict)
    for reading in sorted(chain(history.log, history.receipts), key=attrgetter("op")):
        delivery = reading.delivery
        if delivery.message and delivery.position is not None:
            place = ((delivery.source, delivery.partition), delivery.position)
            found[place].setdefault(delivery.message, reading)
    return dict(found)


def _position(reading: Reading) -> int:
    return reading.delivery.position or 0
