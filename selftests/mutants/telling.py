"""What a run of mutants tells: to who waits for it, and to a file."""

import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

import msgspec

SHARE_MIN = 1.0
EQUIVALENT_SHARE_MAX = 0.05
MEAN_S_MAX = 3.0
_begun = time.monotonic()


def say(line):
    sys.stdout.write(f"[{time.monotonic() - _begun:6.1f} s] {line}\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Told:
    """What is known when every mutant has been tried.

    Attributes:
        lived: those that no test found and that no list names.
        listed: keys of the list that name a mutant.
        found_though_listed: keys of the list that a test finds.
        stale: keys of the list that no longer name a mutant.
        slowest: seconds of the slowest mutant, and its key.
        seconds: of the processor, for all of them.
    """

    by_file: dict = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    lived: list = field(default_factory=list)
    listed: set = field(default_factory=set)
    found_though_listed: list = field(default_factory=list)
    stale: list = field(default_factory=list)
    troubles: list = field(default_factory=list)
    slowest: tuple = (0.0, None)
    seconds: float = 0.0

    def count(self, mutant, entry, reason):
        """One more mutant, with its entry and the reason of its listing or ``None``."""
        row = self.by_file[mutant.file]
        row[0] += 1
        if reason is not None:
            self.listed.add(mutant.key)
        if entry["outcome"] == "killed":
            row[1] += 1
            if reason is not None:
                self.found_though_listed.append(mutant.key)
        elif reason is not None:
            row[2] += 1
        else:
            self.lived.append((mutant, entry))
        self.seconds += entry["seconds"]
        self.slowest = max(self.slowest, (entry["seconds"], mutant.key), key=lambda one: one[0])

    @property
    def totals(self):
        """All, killed, listed."""
        return tuple(sum(row[place] for row in self.by_file.values()) for place in range(3))

    @property
    def killed_share(self):
        every, killed, listed = self.totals
        return killed / (every - listed) if every > listed else 0.0

    @property
    def is_met(self):
        every, _, listed = self.totals
        few = listed <= EQUIVALENT_SHARE_MAX * every
        return few and not (self.lived or self.stale or self.found_though_listed or self.troubles)


def tell(told):
    """A table by file, then each mutant that needs somebody."""
    write = sys.stdout.write
    write(f"\n{'file':<42}{'all':>6}{'killed':>8}{'listed':>8}{'lived':>7}\n")
    for file, (every, killed, listed) in sorted(told.by_file.items()):
        lived = every - killed - listed
        write(f"{file:<42}{every:>6}{killed:>8}{listed:>8}{lived or '':>7}\n")
    for mutant, _ in told.lived:
        write(f"\nlived: {mutant.file}:{mutant.line} in {mutant.function}\n")
        for mark, text in (("-", mutant.before), ("+", mutant.after)):
            write("".join(f"  {mark} {line}\n" for line in text.splitlines()))
        write(f"  number = {mutant.number}\n" if mutant.number > 1 else "")
    for what, keys in (
        ("listed as equivalent, but a test finds it", told.found_though_listed),
        ("listed as equivalent, but there is no such mutant", told.stale),
        ("no verdict", told.troubles),
    ):
        write("".join(f"\n{what}: {key}\n" for key in keys))
    every, killed, listed = told.totals
    write(
        f"\n{killed} killed, {listed} listed, {every} all; mutation_killed_share "
        f"{told.killed_share:.4f}; slowest mutant {told.slowest[0]:.1f} s\n"
    )


def figures(told):
    """As in `bench.json`, for those who read all figures of a checkout."""
    # Only at the end: it imports the checkers, and a mutant has to be the first of them.
    from deliverycheck.cli.bench.figures import Figure  # noqa: PLC0415

    every, killed, listed = told.totals
    load = round(os.getloadavg()[0], 2)

    def figure(value, unit, goal=None, holds=None):
        return Figure(
            value=value,
            unit=unit,
            goal=goal,
            holds=holds,
            load=load,
            others=0.0,
            samples=(value,),
            trouble=str(told.troubles[0]) if told.troubles else None,
        )

    few = listed <= EQUIVALENT_SHARE_MAX * every
    mean = told.seconds / (every or 1)
    found = {
        "mutation_killed_share": figure(
            round(told.killed_share, 4), "of the mutants not listed", ">= 1", told.is_met
        ),
        "mutants_all": figure(every, "mutants"),
        "mutants_killed": figure(killed, "mutants"),
        "mutants_listed": figure(listed, "mutants", f"<= {EQUIVALENT_SHARE_MAX:g} of all", few),
        "mutant_s": figure(round(mean, 3), "s", f"<= {MEAN_S_MAX:g}", mean <= MEAN_S_MAX),
        "mutant_slowest_s": figure(told.slowest[0], "s"),
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=1)
