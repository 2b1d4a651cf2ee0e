"""The matrix: setting by guarantee by fault column, as data that every renderer shows alike."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from deliverycheck.guarantees import GUARANTEES, HAZARDS, FaultColumn
from deliverycheck.plans.campaign import (
    INCONCLUSIVE_SHARE_MAX,
    Campaign,
    Cell,
    ClaimResult,
    ClaimState,
)
from deliverycheck.plans.claim import Stance

DASH = "\N{EN DASH}"

WHATEVER = "whatever_occurred"
"""The place of a claim that came out otherwise in none of its situations: all its executions."""


class Mark(StrEnum):
    """What a cell says, from the best news to the worst."""

    NOT_CLAIMED = "not claimed"
    HELD = "held"
    QUIET = "quiet"
    FOUND = "found"
    TOO_FEW = "too few"
    NOT_EXERCISED = "not exercised"
    INCONCLUSIVE = "inconclusive"
    NOT_FIRED = "not fired"
    VIOLATED = "violated"


_WORDS = {
    Mark.NOT_CLAIMED: "",
    Mark.FOUND: "FOUND",
    Mark.NOT_EXERCISED: DASH,
    Mark.INCONCLUSIVE: "?",
    Mark.NOT_FIRED: "NOT FIRED",
    Mark.VIOLATED: "VIOLATED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """One place of the matrix.

    Attributes:
        text: what stands in it: a count, a word, a dash or nothing.
        told: the same in a sentence, for who points at it.
        violation: id of the violation that it stands for.
        counts: those of the hazard that it shows.
    """

    mark: Mark
    text: str
    told: str
    violation: str | None = None
    counts: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One claim: a setting with its stance, a cell for each column."""

    claim: str
    system: str
    setting: str
    stance: Stance
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows of one guarantee."""

    guarantee: str
    title: str
    promise: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Columns are the faults that some claim is about, in the catalogue's order."""

    columns: tuple[str, ...]
    groups: tuple[Group, ...]

    def within(self, group: Group) -> "Matrix":
        """One guarantee alone, without the columns in which it claims nothing."""
        kept = [
            place
            for place in range(len(self.columns))
            if any(row.cells[place].mark is not Mark.NOT_CLAIMED for row in group.rows)
        ]
        rows = tuple(
            replace(row, cells=tuple(row.cells[place] for place in kept)) for row in group.rows
        )
        columns = tuple(self.columns[place] for place in kept)
        return Matrix(columns=columns, groups=(replace(group, rows=rows),))


def matrix_of(campaign: Campaign) -> Matrix:
    """All claims of the campaign, grouped by guarantee in the catalogue's order."""
    present = {column_of(cell.hazard) for result in campaign.results for cell in cells_of(result)}
    known = [column.value for column in FaultColumn if column.value in present]
    columns = (*known, *sorted(present - set(known)))
    names, systems = list(GUARANTEES), [target.system for target in campaign.targets]
    titles = {one.system: one.broker.partition(" ")[0] for one in campaign.targets}

    def rank(result: ClaimResult) -> tuple[int, str, int]:
        name = result.claim.guarantee
        system = systems.index(result.claim.system) if result.claim.system in systems else 0
        return (names.index(name) if name in GUARANTEES else len(names), name, system)

    if len(titles) == 1:
        titles = {}
    grouped = groupby(sorted(campaign.results, key=rank), key=lambda one: one.claim.guarantee)
    return Matrix(
        columns=columns,
        groups=tuple(_group(name, tuple(results), columns, titles) for name, results in grouped),
    )


def column_of(hazard: str) -> str:
    """The column of a hazard; one that the catalogue does not know has its own name."""
    known = HAZARDS.get(hazard)
    return known.fault_column.value if known else hazard.replace("_", " ")


def titled(hazard: str) -> str:
    """What occurred, as a clause."""
    known = HAZARDS.get(hazard)
    return known.title if known else column_of(hazard)


def title_of(guarantee: str) -> str:
    """What a table calls the guarantee."""
    known = GUARANTEES.get(guarantee)
    return known.title if known else guarantee.replace("_", " ")


def cells_of(result: ClaimResult) -> tuple[Cell, ...]:
    """A cell for each situation; one more for a claim that none of them shows as it came out.

    What holds can break, and a control stay silent, in executions in which no situation of the
    claim occurred: its row would look as if nothing had been found.
    """
    alarming = result.state in {ClaimState.VIOLATED, ClaimState.NOT_FOUND}
    if not alarming or any(cell.state is result.state for cell in result.cells):
        return result.cells
    whatever = Cell(
        hazard=WHATEVER,
        state=result.state,
        valid=result.valid,
        invalid=result.invalid,
        unknown=result.unknown,
    )
    return (*result.cells, whatever)


def _group(
    name: str,
    results: tuple[ClaimResult, ...],
    columns: tuple[str, ...],
    titles: dict[str, str],
) -> Group:
    known = GUARANTEES.get(name)
    holding_first = sorted(results, key=lambda one: one.claim.stance is Stance.BREAKS)
    return Group(
        guarantee=name,
        title=title_of(name),
        promise=known.promise if known else "",
        rows=tuple(_row(result, columns, titles) for result in holding_first),
    )


def _row(result: ClaimResult, columns: tuple[str, ...], titles: dict[str, str]) -> Row:
    """Of a campaign against several systems with the system's name before the setting."""
    title = titles.get(result.claim.system)
    return Row(
        claim=result.claim.id,
        system=result.claim.system,
        setting=f"{title}: {result.claim.setting}" if title else result.claim.setting,
        stance=result.claim.stance,
        cells=tuple(
            _column_cell([c for c in cells_of(result) if column_of(c.hazard) == column], result)
            for column in columns
        ),
    )


def _column_cell(cells: list[Cell], result: ClaimResult) -> MatrixCell:
    """Several hazards of one column show the worst of them: a column is held when all are."""
    if not cells:
        return MatrixCell(mark=Mark.NOT_CLAIMED, text="", told="not claimed")
    told = "; ".join(told_of(cell, result) for cell in cells)
    order = list(Mark)
    worst = max(cells, key=lambda cell: (order.index(mark_of(cell, result)), -cell.valid))
    mark = mark_of(worst, result)
    points = mark in {Mark.FOUND, Mark.VIOLATED}
    return MatrixCell(
        mark=mark,
        text=_text(mark, worst, result),
        told=told,
        violation=result.violation if points else None,
        counts=worst,
    )


def mark_of(cell: Cell, result: ClaimResult) -> Mark:
    """What one hazard's cell says.

    A must-break control convicts with any of its hazards, so a quiet hazard beside
    one that convicted is no failure.
    """
    if cell.state is ClaimState.NOT_FOUND and result.state is not ClaimState.NOT_FOUND:
        return Mark.QUIET if cell.valid else Mark.NOT_EXERCISED
    troubled = result.inconclusive > INCONCLUSIVE_SHARE_MAX * result.executions
    if troubled and cell.reachable and cell.state is result.state is ClaimState.NOT_EXERCISED:
        return Mark.INCONCLUSIVE
    if cell.state is ClaimState.NOT_EXERCISED and cell.valid and cell.reachable:
        return Mark.TOO_FEW if result.claim.stance is Stance.HOLDS else Mark.QUIET
    if cell.state is ClaimState.HELD and result.claim.stance is Stance.BREAKS:
        return Mark.QUIET
    return MARKS[cell.state]


MARKS = {
    ClaimState.HELD: Mark.HELD,
    ClaimState.VIOLATED: Mark.VIOLATED,
    ClaimState.FOUND: Mark.FOUND,
    ClaimState.NOT_FOUND: Mark.NOT_FIRED,
    ClaimState.NOT_EXERCISED: Mark.NOT_EXERCISED,
}
"""What a state alone says: that of a claim, or of a cell beside which nothing changes it."""


def _text(mark: Mark, cell: Cell, result: ClaimResult) -> str:
    if mark is Mark.TOO_FEW:
        return f"{cell.valid} of {cell.needed or result.needed}"
    return _WORDS.get(mark, str(cell.valid))


def told_of(cell: Cell, result: ClaimResult) -> str:
    """What the cell says, as a sentence."""
    mark = mark_of(cell, result)
    match mark:
        case Mark.HELD:
            what = f"held in {cell.valid} valid executions{_bound(cell.valid)}"
        case Mark.QUIET:
            what = f"no violation in {cell.valid} valid executions; expected to break elsewhere"
        case Mark.FOUND:
            what = "breaks, as stated: the suite found it"
        case Mark.TOO_FEW:
            needed = cell.needed or result.needed
            what = f"{cell.valid} valid executions, {needed} needed to say that it holds"
        case Mark.INCONCLUSIVE:
            what = (
                f"inconclusive: {cell.valid} valid executions, and trouble with the infrastructure "
                f"in {result.inconclusive} of {result.executions} of the claim"
            )
        case Mark.NOT_EXERCISED if not cell.reachable:
            what = "not exercised: this backend cannot bring it about"
        case Mark.NOT_EXERCISED:
            what = "not exercised: no valid execution in which it occurred"
        case Mark.NOT_FIRED:
            what = "stated to break, and the suite did not find it"
        case _:
            what = f"broken in {cell.invalid} executions although it must hold"
    unknown = f" ({cell.unknown} more unknown)" if cell.unknown else ""
    return f"{titled(cell.hazard)}: {what}{unknown}"


def _bound(valid: int) -> str:
    """The rule of three: 0 of n leaves at most 3/n, with 95 % confidence."""
    return (
        f", so at most {min(1.0, 3 / valid):.0%} of such executions break it (95 %)"
        if valid
        else ""
    )
