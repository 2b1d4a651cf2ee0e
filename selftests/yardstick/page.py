"""The table of `docs/search.md`, between two marks; what stands around it stays."""

from pathlib import Path

from selftests.yardstick.figures import Figure

PAGE = Path("docs/search.md")
BEGIN, END = "<!-- yardstick -->", "<!-- end of yardstick -->"


def write_table(figures: dict[str, Figure], seeds: int) -> None:
    """The page shows these figures."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    counted = "1 seed" if seeds == 1 else f"{seeds} seeds"
    rows = [f"| figure ({counted}) | goal | measured | |", "|---|---|---|---|"]
    rows += [
        f"| `{name}`, {figure.unit} | {figure.goal or ''} | {figure.value:g} | {_word(figure)} |"
        for name, figure in figures.items()
    ]
    PAGE.write_text("\n".join([f"{before}{BEGIN}", *rows, f"{END}{after}"]))


def _word(figure: Figure) -> str:
    return {True: "holds", False: "OPEN", None: ""}[figure.holds]
