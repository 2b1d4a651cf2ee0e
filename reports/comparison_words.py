"""A comparison in sentences, which the terminal, the page and Markdown show alike."""

from dataclasses import dataclass

from deliverycheck.plans.campaign import Tally
from deliverycheck.plans.claim import Stance
from reports.comparison import Change, Comparison, Difference
from reports.matrix import DASH, title_of, titled
from reports.words import counted, some

ROWS_MAX = 200
"""Of one section; the rest is counted, and stands in compare.json."""

NAMES_MAX = 12

_CONTROL = "tries of a control"
_TITLES = {
    Change.WORSE: "Worse: breaks more often",
    Change.NEWLY_BROKEN: "Broken in the second only, and too seldom to call it worse",
    Change.NOT_EXERCISED_ANY_MORE: "Not exercised any more",
    Change.NEWLY_EXERCISED: "Newly exercised",
    Change.NOT_BROKEN_AGAIN: "Broken in the first only, and too seldom to call it better",
    Change.BETTER: "Better: breaks less often",
}
_NEWS = {Change.WORSE: "bad", Change.NEWLY_BROKEN: "doubt", Change.BETTER: "good"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One claim under one hazard in words."""

    setting: str
    place: str
    first: str
    second: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What changed in one way.

    Attributes:
        news: ``bad``, ``doubt``, ``good`` or empty: how it is to be shown.
        left_out: rows that are counted only.
    """

    title: str
    news: str
    rows: tuple[Row, ...]
    left_out: int


def sections_of(comparison: Comparison) -> tuple[Section, ...]:
    """The kinds of change that occurred, the worst first."""
    found = ((change, comparison.of(change)) for change in Change)
    return tuple(
        Section(
            title=_TITLES[change],
            news=_NEWS.get(change, ""),
            rows=tuple(map(_row, some[:ROWS_MAX])),
            left_out=max(0, len(some) - ROWS_MAX),
        )
        for change, some in found
        if some
    )


def answer_of(comparison: Comparison) -> str:
    """One sentence: how many differences there are of each kind."""
    names = {
        Change.WORSE: "worse",
        Change.NEWLY_BROKEN: "broken in the second only",
        Change.BETTER: "better",
        Change.NOT_BROKEN_AGAIN: "broken in the first only",
        Change.NEWLY_EXERCISED: "newly exercised",
        Change.NOT_EXERCISED_ANY_MORE: "not exercised any more",
    }
    counts = {name: len(comparison.of(change)) for change, name in names.items()}
    told = [f"{count} {name}" for name, count in counts.items() if count]
    between = f"{comparison.first.id} {DASH} {comparison.second.id}"
    nothing = "no difference" if comparison.compared else "nothing was judged in both"
    return f"{between}: {', '.join(told) or nothing}."


def news_of(comparison: Comparison) -> str:
    """How the answer is to be shown: as good only where something was judged and none is worse."""
    if comparison.is_worse:
        return "bad"
    unsure = comparison.of(Change.NEWLY_BROKEN) or not comparison.compared
    return "doubt" if unsure else "good"


def changed_in(comparison: Comparison) -> tuple[str, ...]:
    """In what the two campaigns differ besides their results."""
    return tuple(
        f"{fact.name}: {fact.first or 'none'} → {fact.second or 'none'}"
        for fact in comparison.changed
    )


def basis_of(comparison: Comparison) -> str:
    """How much was compared, and what counts as a difference."""
    pairs = counted(comparison.compared, "pair")
    return (
        f"{pairs} of claim and situation were judged in both, and {comparison.same} show no "
        "difference. Rates differ only where their 95 % intervals (Wilson) are apart; of many "
        "pairs one may be so by chance, so run again what surprises you."
    )


def notes_of(comparison: Comparison) -> tuple[str, ...]:
    """Campaigns that did not come to their end; claims that could not be compared as they stand."""
    stopped = (
        f"{one.id} was stopped before its end: what it did not come to is not exercised."
        for one in (comparison.first, comparison.second)
        if one.interrupted
    )
    lists = {
        "In the first only": comparison.only_first,
        "In the second only": comparison.only_second,
        "Of one name, but with other settings in the second": comparison.other_settings,
    }
    named = (
        f"{title}: {some(names, most=NAMES_MAX, between=', ')}."
        for title, names in lists.items()
        if names
    )
    return (*stopped, *named)


def _row(one: Difference) -> Row:
    return Row(
        setting=one.setting,
        place=f"{title_of(one.guarantee)}; {titled(one.hazard) if one.hazard else _CONTROL}",
        first=_rate(one.first),
        second=_rate(one.second),
        note=_note(one),
    )


def _note(one: Difference) -> str:
    if one.stance is Stance.HOLDS:
        return "stated to hold"
    if one.change in {Change.BETTER, Change.NOT_BROKEN_AGAIN}:
        return "stated to break: the system has become better, or the suite blind"
    return "stated to break"


def _rate(rate: Tally) -> str:
    if not rate.executions:
        return "not exercised"
    interval = f"{100 * rate.low:.0f}{DASH}{100 * rate.high:.0f} %"
    return f"{rate.convictions} of {rate.executions} broken ({interval})"
