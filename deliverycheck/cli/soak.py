"""`deliverycheck soak`: the harness killed at random moments, then hours of a campaign."""

import shutil
import time
from pathlib import Path
from random import Random
from threading import Event

from deliverycheck.cli.console import Progress
from deliverycheck.cli.kills import Aftermath, Harness

INTO_START_S_MAX = 6.0
INTO_RUN_S_MAX = 5.0
"""Past it a smoke run does more of the same: hundreds of executions, some with a dead broker."""


def kill_again_and_again(
    kills: int, seed: int, folder: Path, progress: Progress, stop: Event
) -> tuple[Aftermath, ...]:
    """A run is killed so many times, each at another moment; folders of clean ends are removed."""
    chance = Random(seed)  # noqa: S311  # Nothing secret hangs on it.
    found: list[Aftermath] = []
    for number in range(1, kills + 1):
        if stop.is_set():
            break
        harness = Harness(folder / f"kill-{number}", ("--seed", str(seed + number)))
        try:
            when = await_moment(harness, chance, in_start=number % 4 == 0)
        finally:
            aftermath = harness.kill()
        found.append(aftermath)
        progress.say(f"kill {number} of {kills}, {when}: {words_of(aftermath)}")
        if not aftermath.left:
            shutil.rmtree(harness.folder, ignore_errors=True)
            harness.log.unlink(missing_ok=True)
    return tuple(found)


def await_moment(harness: Harness, chance: Random, *, in_start: bool) -> str:
    """A random moment has come: while it starts, or while it executes plans; which one."""
    if not in_start:
        harness.await_execution()
    wait_s = chance.uniform(0.0, INTO_START_S_MAX if in_start else INTO_RUN_S_MAX)
    time.sleep(wait_s)  # The one wait that is about time: its end is the moment.
    return f"{wait_s:.2f} s into its {'start' if in_start else 'executions'}"


def words_of(aftermath: Aftermath) -> str:
    """A line about it."""
    had = (
        f"{aftermath.processes} processes, {aftermath.ports} ports, {aftermath.histories} histories"
    )
    return (
        f"{had}; {'nothing left' if not aftermath.left else 'LEFT: ' + '; '.join(aftermath.left)}"
    )
