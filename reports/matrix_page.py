"""A page for readers of the project: the matrix of a campaign, and below it each line's plan."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from deliverycheck.plans.campaign import Campaign, ClaimResult, StepLine, Tally, Violation
from deliverycheck.plans.claim import Claim, Stance
from reports import words
from reports.cards import Card, Kind, cards_of
from reports.matrix import Group, Mark, Matrix, MatrixCell, matrix_of, titled
from reports.summary import code, escaped, row_of
from reports.visible import all_visible


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan of the corpus in words.

    Attributes:
        file: its path as the project's readers type it.
        rate: how often it convicted when it was kept.
    """

    claim: str
    file: str
    steps: tuple[StepLine, ...]
    rate: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the page tells beside the campaign.

    Attributes:
        kept: plans that a reader of the page can replay.
        claimed: every claim of the system: those that the campaign did not run are named.
        machine: where the campaign ran, in words, before what the campaign itself noted.
    """

    kept: tuple[KeptPlan, ...] = ()
    claimed: tuple[Claim, ...] = ()
    machine: str | None = None


NOTHING_BESIDE = Beside()


def matrix_page_of(campaign: Campaign, beside: Beside = NOTHING_BESIDE) -> str:
    """Markdown whose every number is the campaign's or the corpus's."""
    lines = [*_Page(all_visible(campaign), beside).lines()]
    told = [line for line, next_ in zip(lines, [*lines[1:], ""], strict=True) if line or next_]
    return "\n".join(told).rstrip() + "\n"


class _Page:
    """What the parts of one page share."""

    def __init__(self, campaign: Campaign, beside: Beside) -> None:
        self.campaign = campaign
        self.beside = beside
        self.matrix = matrix_of(campaign)
        self.results = {result.claim.id: result for result in campaign.results}
        self.cards = cards_of(campaign)

    def lines(self) -> Iterator[str]:
        target = self.campaign.target
        yield f"# {escaped(target.broker)}: the matrix as the suite produced it"
        yield ""
        yield f"{escaped(words.answer_of(self.campaign))} {alarms_of(self.campaign)}"
        yield ""
        yield "Made by `deliverycheck report FOLDER --page FILE` from what the campaign and the"
        yield "corpus hold; nothing here is written by hand."
        yield ""
        yield from self._facts()
        yield from _LEGEND
        for sentence in words.shortfalls_of(self.campaign):
            yield f"- ✗ **{escaped(sentence)}**"
        for card in self.cards:
            if card.kind is Kind.ALARM:
                yield from self._alarm(card)
        for group in self.matrix.groups:
            yield from self._group(group)
        yield from self._end()

    def _facts(self) -> Iterator[str]:
        campaign, target = self.campaign, self.campaign.target
        inconclusive = f", {campaign.inconclusive} inconclusive" if campaign.inconclusive else ""
        machine = "; ".join(part for part in (self.beside.machine, target.machine) if part)
        facts = {
            "broker": f"{target.broker}, {target.backend}",
            "client": target.client,
            "proxy": target.proxy,
            "machine": machine,
            "date": campaign.started.partition("T")[0],
            "campaign": f"profile {campaign.profile}, seed {campaign.seed}",
            "executions": f"{campaign.executions:,} in {lasting(campaign.duration_s)}"
            + inconclusive,
        }
        yield row_of(["", ""])
        yield row_of(["---", "---"])
        for name, value in facts.items():
            yield row_of([name, escaped(value)])
        yield ""

    def _group(self, group: Group) -> Iterator[str]:
        yield f"## {escaped(_sentence(group.title).rstrip('.'))}"
        yield ""
        if group.promise:
            yield f"{escaped(_sentence(group.promise))} (`{group.guarantee}`)"
            yield ""
        yield from _table(self.matrix.within(group))
        for stance, part in ((Stance.HOLDS, self._holding), (Stance.BREAKS, self._breaking)):
            for row in group.rows:
                if row.stance is stance:
                    yield from part(self.results[row.claim])
            yield ""

    def _holding(self, result: ClaimResult) -> Iterator[str]:
        claim = result.claim
        broken = result.invalid or "none"
        seen = f"{words.counted(result.valid, 'valid execution')}, {broken} violated."
        told = f"{claim.setting}: {claim.promise} ({claim.source}). "
        told += seen if result.executions else "Not run."
        if claim.unless:
            told += f" Nothing is said of executions in which {_any_of(claim.unless)}."
        yield f"- {escaped(told)}"

    def _breaking(self, result: ClaimResult) -> Iterator[str]:
        claim = result.claim
        yield f"### Breaks: {escaped(claim.setting)}"
        yield ""
        yield f"{_name(claim.id)}: {escaped(claim.promise)} ({escaped(claim.source)})."
        yield ""
        found = [one for one in self.cards if one.violation.claim == claim.id]
        smallest = min(found, key=lambda one: len(one.violation.steps), default=None)
        if smallest is None:
            yield from self._not_seen(result)
        else:
            yield from self._found(smallest, result)
        yield ""

    def _found(self, card: Card, result: ClaimResult) -> Iterator[str]:
        violation = card.violation
        yield code(_told(violation), language="")
        yield ""
        seen = f"{result.invalid:,} of {words.counted(result.executions, 'execution')}"
        yield escaped(f"Broken here in {seen}. The plan: {card.measured}.")
        if violation.instead:
            yield escaped(f"Holds instead: {violation.instead}.")
        yield ""
        yield from self._again(violation)

    def _again(self, violation: Violation) -> Iterator[str]:
        mine = self._kept(violation.claim)
        if any(one.file == violation.plan_file for one in mine):
            yield code(violation.replay)
            return
        yield "The corpus has not this plan. " + (
            "The one that it has for the claim:" if mine else "What looks for it again:"
        )
        yield ""
        yield code(replay_of(mine[0]) if mine else f"deliverycheck run --claim {violation.claim}")

    def _not_seen(self, result: ClaimResult) -> Iterator[str]:
        tried = words.counted(result.executions, "execution")
        yield f"Not seen in {tried} of this campaign."
        for kept in self._kept(result.claim.id)[:1]:
            yield f"The plan that the corpus keeps, {escaped(words.rate_of(kept.rate))}:"
            yield ""
            yield code(in_lines(kept.steps), language="")
            yield ""
            yield code(replay_of(kept))

    def _kept(self, claim: str) -> list[KeptPlan]:
        """The plans that the corpus has for the claim, the smallest first."""
        mine = [one for one in self.beside.kept if one.claim == claim]
        return sorted(mine, key=lambda one: (len(one.steps), one.file))

    def _alarm(self, card: Card) -> Iterator[str]:
        yield f"- ✗ **{escaped(card.heading)}**: {escaped(card.place)}, {escaped(card.measured)}"
        yield ""
        yield code(_told(card.violation), language="")
        yield ""

    def _end(self) -> Iterator[str]:
        yield "## What to know beside it"
        yield ""
        yield f"- {words.CRASH}"
        if rest := [one.id for one in self.beside.claimed if one.id not in self.results]:
            yield f"- Claimed, and not run by this campaign: {', '.join(map(_name, rest))}."
        told_above = words.exceptions_of(self.campaign)
        for note in words.notes_of(self.campaign):
            if note in told_above:
                continue
            yield f"- {escaped(_sentence(note))}"
        if self.campaign.target.deviations:
            yield "- What differs from the defaults, with the default in brackets: " + escaped(
                ", ".join(self.campaign.target.deviations) + "."
            )
        yield f"- {escaped(words.exit_of(self.campaign))}"


_LEGEND = (
    "`held n`: n valid executions in which what the column names occurred, none of them broken;",
    "0 of n leaves a rate of at most 3/n (95 %). `FOUND k of n`: breaks, as stated, in k of n; it",
    "is tried until it does, so this is no rate: that of its plan stands below. `k of n`: none",
    "broken, but n are wanted. `unbroken n`: stated to break, and did not there. Empty: not",
    "claimed. Of several situations in one column the one with the least is shown.",
    "",
)


def _table(matrix: Matrix) -> Iterator[str]:
    yield row_of(["setting", "claim", "stance", *map(escaped, matrix.columns)])
    yield row_of(["---", "---", "---", *("--:" for _ in matrix.columns)])
    for row in matrix.groups[0].rows:
        head = [escaped(row.setting), _name(row.claim), row.stance.value]
        yield row_of([*head, *map(_cell, row.cells)])
    yield ""


def _cell(cell: MatrixCell) -> str:
    counts = cell.counts
    tried = f"{counts.valid + counts.invalid + counts.unknown:,}" if counts else ""
    told = {
        Mark.HELD: f"held {cell.text}",
        Mark.QUIET: f"unbroken {cell.text}",
        Mark.FOUND: f"**FOUND** {counts.invalid if counts else 0:,} of {tried}",
        Mark.VIOLATED: f"**VIOLATED** {counts.invalid if counts else 0:,} of {tried}",
        Mark.NOT_FIRED: f"**NOT FOUND** 0 of {tried}",
        Mark.NOT_EXERCISED: "not exercised",
    }
    return told.get(cell.mark, cell.text)


def _told(violation: Violation) -> str:
    """The steps with what became of each, then what was broken."""
    return "\n".join([in_lines(violation.steps), "", *violation.sentences])


def in_lines(steps: Sequence[StepLine]) -> str:
    """Steps as a plan is shown: number, lane, what is done, what became of it."""
    lane = max((len(step.lane) for step in steps), default=0)
    text = max((len(step.text) for step in steps), default=0)
    return "\n".join(
        f"{step.number:>2}  {step.lane:<{lane}}  {step.text:<{text}}  {step.result}".rstrip()
        for step in steps
    )


def replay_of(kept: KeptPlan) -> str:
    """The line that runs a plan of the corpus again."""
    return f"deliverycheck replay {kept.file} --claim {kept.claim} --times 10"


def alarms_of(campaign: Campaign) -> str:
    """How many executions could have been a false alarm, and how many broke what must hold.

    An execution is judged for every claim of its settings and counted once: claims of other
    settings are claims of other executions.
    """
    holding = [one for one in campaign.results if one.claim.stance is Stance.HOLDS]
    valid: dict[bytes, int] = {}
    for one in holding:
        settings = msgspec.json.encode(one.claim.subject)
        valid[settings] = max(valid.get(settings, 0), one.valid)
    broken = sum(one.invalid for one in holding)
    count = f"{sum(valid.values()):,} valid executions of `holds` claims"
    verdicts = f"{sum(one.valid for one in holding):,} verdicts: one for each claim of its settings"
    if broken:
        return f"{count} ({verdicts}), and {words.counted(broken, 'verdict')} of a violation."
    return f"{count}, none violated ({verdicts})."


def lasting(seconds: float) -> str:
    """``2 h 3 min``, ``4 min 9 s``, ``37 s``."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _name(claim: str) -> str:
    return f"`{escaped(claim)}`"


def _any_of(hazards: Sequence[str]) -> str:
    """The situations, each once, as a clause."""
    told = list(dict.fromkeys(titled(hazard) for hazard in hazards))
    return " or ".join([*([", ".join(told[:-1])] if told[1:] else []), told[-1]])


def _sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return re.sub(r"(?<![.!?])$", ".", text[:1].upper() + text[1:])
