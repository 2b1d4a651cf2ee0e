"""A comparison for people: a table on the terminal, and a page of Markdown."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from deliverycheck.cli.compare_versions.record import Compared, Comparison, Difference, Seen
from deliverycheck.cli.free import in_words
from deliverycheck.plans.campaign import StepLine, Tally


def print_comparison(comparison: Comparison, console: Console) -> None:
    """What tells the versions apart, a row each."""
    numbers = [one.number for one in comparison.versions]
    table = Table("guarantee", "shows", *numbers, "smallest plan", box=None)
    for one in comparison.differences:
        rates = [_share(one.rates.get(number)) for number in numbers]
        table.add_row(one.guarantee, one.shows, *rates, one.plan_file)
    console.print(_summary(comparison), markup=False, highlight=False)
    if comparison.differences:
        console.print(table)
    for line in _left_out(comparison):
        console.print(line, style="dim", markup=False, highlight=False)


def page_of(comparison: Comparison) -> str:
    """The page, from the versions to what they share."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    target = comparison.target
    executed = f"{target.broker} ({target.backend}), {target.proxy}, {target.machine}"
    yield f"# How do versions of {comparison.what} differ?"
    yield ""
    yield _summary(comparison)
    yield f"Run against {executed}."
    yield ""
    yield "| version | what it says it is | median execution |"
    yield "|---|---|---|"
    for one in comparison.versions:
        yield f"| {one.number} | {one.name} | {one.median_s:.1f} s |"
    yield ""
    yield from _left_out(comparison)
    for number, difference in enumerate(comparison.differences, start=1):
        yield from _section(number, difference, comparison.versions)
    yield from _table("Alike in all versions", comparison.alike)
    yield from _table("Apart once, and not again", comparison.once)


def _summary(comparison: Comparison) -> str:
    count = len(comparison.differences)
    told = "1 difference" if count == 1 else f"{count} differences"
    return (
        f"{told} among {len(comparison.versions)} versions: {comparison.plans} plans (seed "
        f"{comparison.seed}), {comparison.replayed} of them replayed 10 times with each version, "
        f"{comparison.executions} executions."
    )


def _left_out(comparison: Comparison) -> Iterator[str]:
    for one in comparison.versions:
        for said, plans in one.not_applicable.items():
            yield f"{one.number}: plans that are not applicable: {plans}. It says: {said}."
        for why, count in one.inconclusive.items():
            yield f"{one.number}: {count} executions were inconclusive: {why}."


def _section(number: int, one: Difference, versions: Sequence[Compared]) -> Iterator[str]:
    numbers = [each.number for each in versions]
    yield ""
    yield f"## {number}. `{one.guarantee}`: `{one.shows}` with {_listed(one.more)}"
    yield ""
    yield f"Rarer with {_listed(one.fewer)}. Plans of the pool that tell them apart: {one.plans}."
    if one.also:
        yield f"The same plans show it of {', '.join(f'`{name}`' for name in one.also)}."
    yield ""
    yield f"| {' | '.join(numbers)} |"
    yield f"|{'---|' * len(numbers)}"
    yield f"| {' | '.join(_share(one.rates.get(each)) for each in numbers)} |"
    yield ""
    yield f"Settings: {in_words(one.subject)}"
    yield ""
    yield "```"
    yield from map(_step, one.steps)
    yield "```"
    yield ""
    yield from (f"- {sentence}" for sentence in one.sentences)
    yield ""
    option = next(each.option for each in versions if each.number == one.more[0])
    yield f"`deliverycheck replay {one.plan_file} {option} --times 10`"


def _table(title: str, rows: Sequence[Seen]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"## {title}"
    yield ""
    yield "| guarantee | shows | plans |"
    yield "|---|---|---|"
    yield from (f"| `{one.guarantee}` | `{one.shows}` | {one.plans} |" for one in rows)


def _share(rate: Tally | None) -> str:
    if rate is None:
        return "not applicable"
    return f"{rate.convictions} of {rate.executions} ({rate.low:.0%}-{rate.high:.0%})"


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers)


def _step(line: StepLine) -> str:
    return f"{line.number:>2}  {line.lane:<9} {line.text}  {line.result}".rstrip()
