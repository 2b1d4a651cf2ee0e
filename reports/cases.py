"""Claims as test cases: what every program that counts tests is told of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.plans.campaign import Campaign, Cell, ClaimResult, ClaimState, Violation
from reports import words
from reports.cards import Card, cards_of
from reports.matrix import column_of

WHOLE = "the whole campaign"
"""The case that stands for no claim, but for what none of them tells."""

COUNTS = ("executions", "valid", "invalid", "unknown", "inconclusive", "needed")
"""What is counted of each claim, by the names of the fields of its result."""


class Status(StrEnum):
    """How a claim came out, for those who know tests."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


_STATUS = {
    ClaimState.HELD: Status.PASSED,
    ClaimState.FOUND: Status.PASSED,
    ClaimState.VIOLATED: Status.FAILED,
    ClaimState.NOT_FOUND: Status.FAILED,
    ClaimState.NOT_EXERCISED: Status.SKIPPED,
}


_TOLD_BY = {1: Status.FAILED, 4: Status.SKIPPED}
"""Which cases already say what an exit code says; nothing tells of trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One claim.

    Attributes:
        message: in one line why it failed or was skipped, or what a control found.
        story: plan, witnesses and replay of its violation; empty without one.
        facts: name and value of what its program may want to filter by.
    """

    result: ClaimResult
    status: Status
    message: str
    story: str
    facts: tuple[tuple[str, str], ...]
    violation: Violation | None


def cases_of(campaign: Campaign) -> tuple[Case, ...]:
    """A case for each claim, in the campaign's order.

    A claim that came out otherwise than stated failed, one that was not exercised is
    skipped; a conviction of a `breaks` claim passes.
    """
    cards = {card.violation.id: card for card in cards_of(campaign)}
    return tuple(_case(one, cards.get(one.violation or "")) for one in campaign.results)


def untold_of(campaign: Campaign, cases: tuple[Case, ...]) -> str:
    """Why the exit code is not 0, where no case says so; else empty.

    Whoever reads the cases alone would take such a campaign for a good one: a broker died, most
    executions were inconclusive, a situation of a claim that held was not reached.
    """
    teller = _TOLD_BY.get(campaign.exit_code)
    if campaign.exit_code == 0 or any(case.status is teller for case in cases):
        return ""
    return "\n".join((words.exit_of(campaign), *campaign.notes))


def _case(result: ClaimResult, card: Card | None) -> Case:
    status = _STATUS[result.state]
    return Case(
        result=result,
        status=status,
        message=_message(result, status, card),
        story=_story(card.violation) if card else "",
        facts=tuple(_facts(result, card)),
        violation=card.violation if card else None,
    )


def _message(result: ClaimResult, status: Status, card: Card | None) -> str:
    if status is Status.SKIPPED:
        return result.note or "not exercised"
    if card:
        return card.heading
    return f"{result.claim.id}: {result.state.value}" if status is Status.FAILED else ""


def counts_of(result: ClaimResult) -> str:
    """``12 executions: 9 valid, 3 invalid, 0 unknown, 0 inconclusive``."""
    return (
        f"{result.executions} executions: {result.valid} valid, {result.invalid} invalid, "
        f"{result.unknown} unknown, {result.inconclusive} inconclusive"
    )


def _facts(result: ClaimResult, card: Card | None) -> Iterator[tuple[str, str]]:
    claim = result.claim
    yield "setting", claim.setting
    yield "stance", claim.stance.value
    yield "state", result.state.value
    yield "guarantee", claim.guarantee
    yield "faults", ", ".join(dict.fromkeys(column_of(hazard) for hazard in claim.hazards))
    yield "source", claim.source
    for count in COUNTS:
        yield count, str(getattr(result, count))
    for cell in result.cells:
        yield f"hazard.{cell.hazard}", _cell(cell)
    if card:
        yield "violation", card.violation.id
        yield "anomaly", card.violation.anomaly
        yield "measured", card.measured
        yield "replay", card.violation.replay


def _cell(cell: Cell) -> str:
    told = f"{cell.state.value}: {cell.valid} valid, {cell.invalid} invalid, {cell.unknown} unknown"
    return told if cell.reachable else f"{told}; out of this backend's reach"


def _story(violation: Violation) -> str:
    steps = (
        f"  {step.number} {step.lane}: {step.text}" + (f" -> {step.result}" if step.result else "")
        for step in violation.steps
    )
    lines = (
        *violation.sentences,
        *steps,
        *(f"    {operation}" for operation in violation.operations),
        f"Who promised what: {violation.promise} [{violation.source}]",
        *([f"Holds instead: {violation.instead}"] if violation.instead else []),
        f"Again: {violation.replay}",
    )
    return "\n".join(lines)
