"""What one process is handed from a partition, one after the other."""

from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from deliverycheck.guarantees.copies import standing
from deliverycheck.guarantees.log.known import known
from deliverycheck.guarantees.log.moves import moves
from deliverycheck.guarantees.log.sources import not_logs
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Delivery, History, Outcome, Reading

_NAME = "gapless_reading"


class _Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Two deliveries of one partition to one process, one after the other.

    Attributes:
        highest: the highest position that the process had reached since it was last moved.
    """

    before: Reading
    after: Reading
    highest: int


def gapless_reading(history: History) -> Verdict:
    """What a process is handed from a partition has rising positions and leaves no message out.

    Sound: only positions count that some reader was handed, or a confirm names, with a message of
    this execution that is in no transaction but a committed one. Between two deliveries nothing
    is concluded if the process may have been moved meanwhile: it was assigned or subscribed,
    sought, put something back, was revoked or lost the partition, had something handed again by
    the broker's word (redelivered), has a receive that did not end well, or is a member of a
    group and tells of no assignments. Where a log drops what it holds, only what fresh readers
    found later counts.

    Complete for scanned histories; any other without an anomaly is UNKNOWN. Queues and fresh
    readers are not judged here.
    """
    steps = list(_steps(history))
    found = [anomaly for step in steps for anomaly in _judged(history, step)]
    reason = why_not_scanned(history)
    if reason and not found:
        return unknown(_NAME, reason)
    if not steps:
        return unknown(_NAME, "nothing to examine: no process was handed two messages in a row")
    return judge(_NAME, found, examined=len(steps))


def _steps(history: History) -> Iterator[_Step]:
    """Every step that no move explains."""
    moved, by_op = moves(history), history.by_op
    for handed in _handed(history):
        of_one = moved.of(by_op[handed[0].op], handed[0].delivery)
        run: tuple[Reading, int] | None = None  # The last one, and the highest position so far.
        for reading in handed:
            position = _position(reading)
            if _comes_again(reading.delivery):
                run = None
            elif run is None or of_one.between(by_op[run[0].op], by_op[reading.op]):
                run = (reading, position)
            else:
                last, highest = run
                yield _Step(before=last, after=reading, highest=highest)
                run = (reading, max(highest, position))


def _handed(history: History) -> list[list[Reading]]:
    """By process and partition of a log, what was handed in the order of the receives."""
    others, by_op = not_logs(history), history.by_op
    handed: dict[tuple[str, str, str, int], list[Reading]] = defaultdict(list)
    for reading in sorted(history.receipts, key=attrgetter("op")):
        delivery, receive = reading.delivery, by_op[reading.op]
        if delivery.position is None or delivery.source in others:
            continue
        if receive.outcome is Outcome.OK:
            source, partition, _ = standing(delivery)
            handed[reading.process, str(receive.group), source, partition].append(reading)
    return [_in_order(history, handed[whose]) for whose in sorted(handed)]


def _in_order(history: History, handed: list[Reading]) -> list[Reading]:
    """Bulk receives tell runs and single deliveries apart: how those followed is not known."""

    def order(reading: Reading) -> tuple[int, int]:
        is_bulk = bool(history.by_op[reading.op].delivery_runs)
        return (reading.op, is_bulk and _position(reading))

    return sorted(handed, key=order)


def _comes_again(delivery: Delivery) -> bool:
    return bool(delivery.redelivered) or (delivery.deliveries or 1) > 1


def _judged(history: History, step: _Step) -> Iterator[Anomaly]:
    before, after = _position(step.before), _position(step.after)
    if after <= before:
        yield _nonmonotonic(step, "again" if after == before else "back")
    elif gap := range(step.highest + 1, after):
        yield from _skipped(history, step, gap)


def _nonmonotonic(step: _Step, kind: str) -> Anomaly:
    delivery = step.after.delivery
    return Anomaly(
        name="nonmonotonic",
        message=delivery.message or None,
        witnesses=tuple(dict.fromkeys((step.before.op, step.after.op))),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts={
            "kind": f"{kind}_{_reach(step)}",
            "process": step.after.process,
            "before": _position(step.before),
            "before_ns": step.before.ns,
            "after_ns": step.after.ns,
        },
    )


def _skipped(history: History, step: _Step, gap: range) -> Iterator[Anomaly]:
    delivery = step.after.delivery
    there = known(history).get((delivery.source, delivery.partition))
    if there is None or (there.until_ns is not None and step.after.ns > there.until_ns):
        return
    if left_out := there.standing_in(gap):
        position, others = there.positions[left_out[0]], len(left_out) - 1
        first = there.standing[position]
        yield Anomaly(
            name="skipped",
            message=first.message,
            witnesses=tuple(dict.fromkeys((first.op, step.before.op, step.after.op))),
            source=delivery.source,
            partition=delivery.partition,
            position=position,
            facts={
                "kind": _reach(step),
                "process": step.after.process,
                "before": _position(step.before),
                "after": _position(step.after),
                "after_ns": step.after.ns,
                **({"others": others} if others else {}),
            },
        )


def _reach(step: _Step) -> str:
    return "within" if step.before.op == step.after.op else "across"


def _position(reading: Reading) -> int:
    return reading.delivery.position or 0
