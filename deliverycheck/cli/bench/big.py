"""Checking a big history, beside what DuckDB takes merely to parse its file."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Event

from deliverycheck.big import packed_path
from deliverycheck.cli.bench.big_history import write_big_history
from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter

MESSAGES = 10_000_000
ROUNDS = 3

_DEADLINE_S = 7200.0


def measure_big(
    folder: Path, stop: Event, *, messages: int = MESSAGES, rounds: int = ROUNDS
) -> dict[str, list[Sample]]:
    """Ratio to a bare parse, records a second, and peak memory in GB, of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "big.jsonl"
    samples: dict[str, list[Sample]] = {
        "check_times_bare_parse": [],
        "check_records_per_s": [],
        "check_peak_gb": [],
    }
    try:
        records = write_big_history(path, messages)
        for _ in range(rounds):
            if stop.is_set():
                break
            meter = Meter()
            bare, ours = _in_a_process("parse", path), _in_a_process("check", path)
            moment = meter.read()
            values = (ours["s"] / bare["s"], records / ours["s"], ours["gb"])
            for some, value in zip(samples.values(), values, strict=True):
                some.append(Sample(value=value, moment=moment))
    finally:
        path.unlink(missing_ok=True)
        packed_path(path).unlink(missing_ok=True)
    return samples


def _in_a_process(what: str, path: Path) -> dict[str, float]:
    ran = subprocess.run(  # noqa: S603  # Our own program.
        [sys.executable, "-m", "deliverycheck.cli.bench.once", what, str(path)],
        stdout=subprocess.PIPE,  # What it complains of is for who waits.
        text=True,
        check=True,
        timeout=_DEADLINE_S,
    )
    measured: dict[str, float] = json.loads(ran.stdout)
    return measured
