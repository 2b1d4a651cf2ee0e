"""Parses or checks a big history once, in a process of its own, to measure its time and memory.

``python -m deliverycheck.cli.bench.once parse|check <file>`` prints seconds and peak GB as JSON.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from deliverycheck.big import JUDGED_BY_DUCKDB, Engine, judge_file, packed_path
from deliverycheck.big.pack import connection, lines_of
from deliverycheck.guarantees import Validity

_KIB_A_GB = 1e6


def _parse(path: Path) -> None:
    """Every field that the check looks at, of every line, and no more than that."""
    with tempfile.TemporaryDirectory(dir=path.parent) as spill, connection(Path(spill)) as bare:
        bare.execute(f"SELECT count(COLUMNS(*)) FROM {lines_of(path)}").fetchall()  # noqa: S608


def _check(path: Path) -> None:
    """The packed form is made anew: it is a part of the time."""
    packed_path(path).unlink(missing_ok=True)
    judged = judge_file(path, JUDGED_BY_DUCKDB, Engine.DUCKDB)
    wrong = [one for one in judged.verdicts if one.validity is not Validity.VALID]
    assert not wrong, f"a sound history was judged {wrong}"  # noqa: S101


def main() -> None:
    """Measure one of the two."""
    what, path = sys.argv[1], Path(sys.argv[2])
    began_s = time.perf_counter()
    (_parse if what == "parse" else _check)(path)
    passed_s = time.perf_counter() - began_s
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_A_GB
    json.dump({"s": passed_s, "gb": peak_gb}, sys.stdout)


if __name__ == "__main__":
    main()
