"""When a process has paused a partition: nothing is to come from it then."""

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from operator import attrgetter

import msgspec

from deliverycheck.guarantees.delivery.members import Place, place_at
from deliverycheck.guarantees.log.moves import end_ns, is_about, is_moving
from deliverycheck.guarantees.log.sources import not_logs
from deliverycheck.guarantees.reached import why_not_whole
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Operation, Outcome, Reading, indexed

_NAME = "paused_partitions"


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A partition of one process that is surely paused.

    Attributes:
        pause: the operation that paused it.
        receives: what the process asked for, and was answered, meanwhile.
    """

    pause: Operation
    place: Place
    receives: tuple[Operation, ...]


def paused_partitions(history: History) -> Verdict:
    """A process is handed nothing from a partition that it has paused, until it wants it again.

    Sound: a receive counts that was called after the pause had taken effect, and answered before
    a resumption was called, or anything that may move the process and so end the pause: an
    assignment, a revocation, a loss, a subscription, a receive of which nothing is known.

    Complete for what is recorded. A history that was cut is UNKNOWN without an anomaly.
    """
    all_pauses = pauses(history)
    found = [anomaly for pause in all_pauses for anomaly in _handed(pause)]
    examined = sum(len(pause.receives) for pause in all_pauses)
    if not examined:
        return unknown(_NAME, "nothing to examine: nobody asked for more with a partition paused")
    if (reason := why_not_whole(history)) and not found:
        return unknown(_NAME, reason, examined=examined)
    return judge(_NAME, found, examined=examined)


@indexed
def pauses(history: History) -> tuple[Pause, ...]:
    """One for each pause that took effect and each partition of a log that it names."""
    found = []
    others, moving, receives = not_logs(history), _moving(history), _receives(history)
    for pause in sorted(history.select(Action.PAUSE_PARTITIONS), key=attrgetter("op")):
        if pause.outcome is not Outcome.OK:
            continue
        for place in sorted({place_at(one) for one in pause.covers if one.source not in others}):
            until_ns = _until_ns(moving.get(pause.process, []), pause, place)
            own = tuple(_within(receives.get(pause.process, []), pause, until_ns))
            found.append(Pause(pause=pause, place=place, receives=own))
    return tuple(found)


def _moving(history: History) -> dict[str, list[Operation]]:
    """By process what may end a pause; a seek does not."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for one in history.operations:
        if one.action is Action.RESUME_PARTITIONS or (
            is_moving(one) and one.action is not Action.SEEK
        ):
            found[one.process].append(one)
    return dict(found)


def _receives(history: History) -> dict[str, list[Operation]]:
    """Those that ended well, but for bulk ones, of which not every delivery is looked at."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for one in sorted(history.select(Action.RECEIVE), key=attrgetter("op")):
        if one.outcome is Outcome.OK and not one.delivery_runs:
            found[one.process].append(one)
    return dict(found)


def _until_ns(moving: list[Operation], pause: Operation, place: Place) -> float:
    ends = (
        max(one.invoked_ns, pause.invoked_ns)
        for one in moving
        if end_ns(one) >= pause.invoked_ns and is_about(one, *place)
    )
    return min(ends, default=inf)


def _within(receives: list[Operation], pause: Operation, until_ns: float) -> Iterator[Operation]:
    for receive in receives:
        if receive.invoked_ns >= end_ns(pause) and end_ns(receive) < until_ns:
            yield receive


def _handed(pause: Pause) -> Iterator[Anomaly]:
    for receive in pause.receives:
        for delivery in receive.deliveries:
            if (delivery.source, delivery.partition) == pause.place:
                reading = Reading(
                    op=receive.op,
                    process=receive.process,
                    ns=receive.completed_ns or receive.invoked_ns,
                    delivery=delivery,
                )
                yield _anomaly(pause, reading)


def _anomaly(pause: Pause, reading: Reading) -> Anomaly:
    delivery = reading.delivery
    return Anomaly(
        name="handed_while_paused",
        message=delivery.message or None,
        witnesses=(pause.pause.op, reading.op),
        source=delivery.source,
        partition=delivery.partition,
        position=delivery.position,
        facts={
            "kind": "paused",
            "process": reading.process,
            "paused_ns": pause.pause.completed_ns or pause.pause.invoked_ns,
            "ns": reading.ns,
        },
    )
