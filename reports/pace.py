"""How many calls ended and how long they took, over the time of an execution."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from deliverycheck.history import Action, Operation, Outcome
from reports.axis import moment
from reports.disturbances import Disturbance

ROWS = 10
"""Equal stretches of the whole time: enough to see a fault begin and end."""

CALLS_MIN = 20
"""Fewer are read one by one, in the table of operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceRow:
    """One stretch of time.

    Attributes:
        ended: calls that were answered in it: took effect, did not, unknown.
        publishes: publish calls among them; the two latencies are theirs.
        faults: what disturbed the execution meanwhile.
    """

    begun: str
    over: str
    ended: tuple[int, int, int]
    publishes: int
    median: str
    longest: str
    faults: str


def pace_of(
    operations: Sequence[Operation], disturbances: Sequence[Disturbance]
) -> tuple[PaceRow, ...]:
    """The rows of the whole time; none of an execution of few calls."""
    answered = [one for one in operations if one.completed_ns is not None]
    if len(answered) < CALLS_MIN:
        return ()
    return tuple(_rows(answered, disturbances))


def _rows(answered: list[Operation], disturbances: Sequence[Disturbance]) -> Iterator[PaceRow]:
    end_ns = max(one.completed_ns or 0 for one in answered) + 1
    stretches: list[list[Operation]] = [[] for _ in range(ROWS)]
    for one in answered:
        stretches[(one.completed_ns or 0) * ROWS // end_ns].append(one)
    for number, ended in enumerate(stretches):
        begun_ns, over_ns = end_ns * number // ROWS, end_ns * (number + 1) // ROWS
        lasting = [_lasting_ns(one) for one in ended if one.action is Action.PUBLISH]
        yield PaceRow(
            begun=moment(begun_ns),
            over=moment(over_ns),
            ended=tuple(sum(one.outcome is what for one in ended) for what in Outcome),  # type: ignore[arg-type]  # There are three.
            publishes=len(lasting),
            median=moment(int(median(lasting))) if lasting else "",
            longest=moment(max(lasting)) if lasting else "",
            faults="; ".join(
                dict.fromkeys(
                    f"{one.lane}: {one.label}"
                    for one in disturbances
                    if one.start_ns < over_ns and (one.end_ns is None or one.end_ns > begun_ns)
                )
            ),
        )


def _lasting_ns(operation: Operation) -> int:
    return max(0, (operation.completed_ns or 0) - operation.invoked_ns)
