"""`make bench-large`: checking histories of up to 10^8 messages, for `docs/performance.md`."""

import shutil
from pathlib import Path
from threading import Event

from rich.console import Console

from deliverycheck.cli.bench.big import measure_big
from deliverycheck.cli.bench.big_history import BYTES_A_MESSAGE
from deliverycheck.cli.bench.figures import GOALS
from deliverycheck.cli.interrupts import stopping

SIZES = (100_000, 1_000_000, 10_000_000, 100_000_000)
SPILL_BYTES_A_MESSAGE = 150
"""Of the packed form and of what does not fit in memory, as an upper bound; 92 were measured."""

_FOLDER = Path("reports/out/bench-large")


def bytes_needed(messages: int) -> int:
    """Room on the disk for the file, its packed form and the spill."""
    return messages * (BYTES_A_MESSAGE + SPILL_BYTES_A_MESSAGE)


def bench_large(folder: Path, stop: Event) -> None:
    """The rows of the table in `docs/performance.md`, each as it comes; nothing is left behind.

    Raises:
        OSError: there is no room for the largest file.
    """
    console = Console(soft_wrap=True, highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    require_room(folder, SIZES[-1], console)
    console.print("| messages | records/s | times a bare parse | peak GB |")
    for messages in SIZES:
        if stop.is_set():
            break
        found = measure_big(folder, stop, messages=messages, rounds=1)
        ratio, rate, peak = (GOALS[name].best(some).value for name, some in found.items())
        console.print(f"| {messages:,} | {rate:,.0f} | {ratio:.2f} | {peak:.2f} |")
    shutil.rmtree(folder, ignore_errors=True)


def require_room(folder: Path, messages: int, console: Console) -> None:
    """Say how much is needed.

    Raises:
        OSError: there is less.
    """
    free, needed = shutil.disk_usage(folder).free, bytes_needed(messages)
    says = f"{messages:,} messages need {needed / 1e9:.0f} GB in {folder}"
    console.print(f"{says}; {free / 1e9:.0f} GB are free")
    if free < needed:
        msg = f"{folder}: {free / 1e9:.0f} GB are free, {needed / 1e9:.0f} GB are needed"
        raise OSError(msg)


def main() -> None:
    """Measure all sizes, in the reports' folder of this checkout."""
    with stopping() as stop:
        bench_large(_FOLDER, stop)


if __name__ == "__main__":
    main()
