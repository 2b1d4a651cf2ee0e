"""What the matrix can be narrowed down to: systems, guarantees, faults, how it came out."""

from dataclasses import dataclass

from deliverycheck.plans.campaign import Campaign
from reports.matrix import Mark, Matrix

_WORDS = {Mark.QUIET: "stated to break, unbroken", Mark.FOUND: "found, as stated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The choices; those of which there is one only are none.

    Attributes:
        systems: name and title.
        marks: how cells came out, from the worst to the best, and in words.
    """

    systems: tuple[tuple[str, str], ...]
    guarantees: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]
    rows: int


def filters_of(matrix: Matrix, campaign: Campaign) -> Filters:
    """What is in the matrix."""
    systems = tuple((one.system, one.broker) for one in campaign.targets)
    present = {cell.mark for group in matrix.groups for row in group.rows for cell in row.cells}
    marks = [mark for mark in reversed(Mark) if mark in present - {Mark.NOT_CLAIMED}]
    return Filters(
        systems=systems if len(systems) > 1 else (),
        guarantees=tuple((one.guarantee, one.title) for one in matrix.groups),
        columns=matrix.columns,
        marks=tuple((mark.value, _WORDS.get(mark, mark.value)) for mark in marks),
        rows=sum(len(group.rows) for group in matrix.groups),
    )
