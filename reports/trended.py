"""A trend shown: on a terminal, as `trend.html` and `trend.json`."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deliverycheck.plans.campaign import Tally
from reports.matrix import DASH
from reports.page import rendered
from reports.trend import Sight, SignatureTrend, Trend, TrendCampaign
from reports.words import counted, some
from reports.writing import made, write, write_json

SIGHTS_SHOWN_MAX = 60
"""Campaigns in a row of the picture: the newest; the figures are of all."""

_LETTERS = {Sight.SEEN: "●", Sight.NOT_SEEN: "○", Sight.NOT_EXERCISED: "·"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One signature in words."""

    title: str
    signature: str
    standing: str
    first_seen: str
    last_seen: str
    seen_in: str
    broken: str
    sights: tuple[Sight, ...]

    @property
    def line(self) -> str:
        """The sights in a row of characters."""
        return "".join(_LETTERS[sight] for sight in self.sights)

    @property
    def picture(self) -> str:
        """The sights in words, for who does not see them."""
        return ", ".join(sight.replace("_", " ") for sight in self.sights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Alarms, or what is stated to break."""

    title: str
    mark: str
    rows: tuple[Row, ...]


def answer_of(trend: Trend) -> str:
    """One sentence: how many alarms there are, and which of them are new or still there."""
    alarms = [one for one in trend.signatures if one.is_alarm]
    told = [
        counted(len(alarms), "alarm"),
        f"{sum(one.is_new for one in alarms)} new in the newest",
        f"{sum(one.in_last for one in alarms)} seen in it",
    ]
    controls = len(trend.signatures) - len(alarms)
    rest = f"; {counted(controls, 'violation')} as stated" if controls else ""
    heading = ", ".join(told if alarms else ["no alarm"])
    return f"{counted(len(trend.campaigns), 'campaign')}: {heading}{rest}."


def news_of(trend: Trend) -> str:
    """How the answer is to be shown: an alarm that the newest does not show may not be over."""
    alarms = [one for one in trend.signatures if one.is_alarm]
    if any(one.in_last for one in alarms):
        return "bad"
    return "doubt" if alarms else "good"


def sections_of(trend: Trend) -> tuple[Section, ...]:
    """Those that have something to show."""
    alarms = tuple(_row(one) for one in trend.signatures if one.is_alarm)
    stated = tuple(_row(one) for one in trend.signatures if not one.is_alarm)
    return tuple(
        section
        for section in (
            Section(title="Alarms: what must hold was broken", mark="seen", rows=alarms),
            Section(title="Stated to break, and found", mark="stated", rows=stated),
        )
        if section.rows
    )


def span_of(trend: Trend) -> str:
    """From which campaign to which."""
    first, last = trend.campaigns[0], trend.campaigns[-1]
    return f"{_when(first)} {DASH} {_when(last)} · {last.brokers}"


def notes_of(trend: Trend) -> tuple[str, ...]:
    """What was left out, and what is not known of the campaigns."""
    more = len(trend.campaigns) - SIGHTS_SHOWN_MAX
    cut = (f"The pictures show the newest {SIGHTS_SHOWN_MAX} campaigns.",) if more > 0 else ()
    stopped = [one.folder for one in trend.campaigns if one.interrupted]
    undated = [one.folder for one in trend.campaigns if not one.started]
    told = {
        "Stopped before their end, so a violation may have another signature there": stopped,
        "Without the moment of their start, so they stand first, whenever they were": undated,
    }
    named = (f"{what}: {some(folders, between=', ')}" for what, folders in told.items() if folders)
    return (*cut, *named, *(f"Left out: {why}" for why in trend.left_out))


def print_trend(trend: Trend, console: Console) -> None:
    """Show it, alarms first."""

    def show(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), highlight=False, markup=False)

    show(answer_of(trend), "bold")
    show(span_of(trend), "dim")
    for section in sections_of(trend):
        show(f"\n{section.title}", "bold red" if section.mark == "seen" else "bold")
        for row in section.rows:
            show(f"  {row.line}  {row.title}")
            show(f"    {row.signature} · {row.standing} · {row.seen_in} · {row.broken}", "dim")
            show(f"    first {row.first_seen} · last {row.last_seen}", "dim")
    show("\n● seen  ○ tried, not seen  · not tried; oldest first", "dim")
    for note in notes_of(trend):
        show(note)


def write_trend(trend: Trend, folder: Path) -> Path:
    """Write page and JSON into a folder, made if need be; the page's path.

    Raises:
        ReportError: they cannot be written.
    """
    made(folder)
    page = folder / "trend.html"
    write(page, html_of_trend(trend).encode())
    write_json(folder / "trend.json", trend)
    return page


def html_of_trend(trend: Trend) -> str:
    """The page: one file that asks no network for anything."""
    return rendered(
        "trend.html.j2",
        answer=answer_of(trend),
        news=news_of(trend),
        span=span_of(trend),
        sections=sections_of(trend),
        notes=notes_of(trend),
    )


def _row(one: SignatureTrend) -> Row:
    return Row(
        title=one.title,
        signature=one.signature,
        standing=_standing(one),
        first_seen=_when(one.first_seen),
        last_seen=_when(one.last_seen),
        seen_in=f"{one.seen.convictions} of {counted(one.seen.executions, 'campaign')} "
        f"({_interval(one.seen)})",
        broken=f"{one.broken.convictions} of {one.broken.executions} ({_interval(one.broken)})",
        sights=one.sights[-SIGHTS_SHOWN_MAX:],
    )


def _standing(one: SignatureTrend) -> str:
    if one.is_new:
        return "new"
    if one.in_last:
        return "still there"
    after = one.sights[::-1].index(Sight.SEEN)
    tried = sum(sight is Sight.NOT_SEEN for sight in one.sights[len(one.sights) - after :])
    return f"not seen in the {tried} tries since" if tried else "not tried since"


def _when(told: TrendCampaign) -> str:
    return f"{told.started.partition('T')[0]} ({told.folder})" if told.started else told.folder


def _interval(rate: Tally) -> str:
    return f"95 %: {100 * rate.low:.0f}{DASH}{100 * rate.high:.0f} %"
