"""`make yardstick`: measure, write `yardstick.json`, print it. Exit code 1: a goal is missed."""

import os
import sys
import time
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console

from selftests.yardstick.figures import figures_of
from selftests.yardstick.measure import measure
from selftests.yardstick.page import write_table

OUT = Path("reports/out/yardstick.json")
SEEDS = 10


def main(arguments):
    seeds = range(int(arguments[0])) if arguments else range(SEEDS)
    began_s = time.monotonic()
    say = Console(soft_wrap=True, highlight=False).print
    values, trials = measure(seeds, min(2, os.cpu_count() or 1), say)
    figures = figures_of(values)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    write_table(figures, len(seeds))
    for name, figure in figures.items():
        verdict = {True: "holds", False: "OPEN", None: ""}[figure.holds]
        say(f"{name:40} {figure.value:8g} {figure.unit:12} {figure.goal or '':8} {verdict}")
    for row in _rows(trials):
        say(row)
    say(f"{time.monotonic() - began_s:.0f} s")
    return int(any(figure.holds is False for figure in figures.values()))


def _rows(trials):
    """Each mutant at each probability: found, after how many, shrunk in how many, how near."""
    for name in dict.fromkeys(one.mutant for one in trials["p1"]):
        cells = []
        for some in trials.values():
            mine = [one for one in some if one.mutant == name]
            found = [one for one in mine if one.found_after is not None]
            cells.append(
                f"{len(found)}/{len(mine)} after {median(one.found_after for one in found):g}, "
                f"shrunk in {median(one.shrink for one in found):g} "
                f"to +{median(one.surplus for one in found):g}"
                if found
                else f"0/{len(mine)}"
            )
        yield f"{name:38} {' | '.join(f'{cell:40}' for cell in cells)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
