"""`deliverycheck soak`: the harness killed at random moments, then hours of a campaign."""

import shutil
from pathlib import Path
from random import Random
from threading import Event

from deliverycheck.brokers.aftermath import Aftermath, Harness
from deliverycheck.cli.console import Progress


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
            when = harness.await_moment(chance, in_start=number % 4 == 0)
        finally:
            aftermath = harness.kill()
        found.append(aftermath)
        progress.say(f"kill {number} of {kills}, {when}: {words_of(aftermath)}")
        if not aftermath.left:
            shutil.rmtree(harness.folder, ignore_errors=True)
            harness.log.unlink(missing_ok=True)
    return tuple(found)


def words_of(aftermath: Aftermath) -> str:
    """A line about it."""
    had = (
        f"{aftermath.processes} processes, {aftermath.ports} ports, {aftermath.histories} histories"
    )
    return (
        f"{had}; {'nothing left' if not aftermath.left else 'LEFT: ' + '; '.join(aftermath.left)}"
    )
