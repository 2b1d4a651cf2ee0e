"""Whether the tests find a mutant: golden histories first, then properties; the first find ends it.

Everything here runs in a process of its own, forked from one that has parsed every golden history
and has imported no guarantee: what is imported here is the mutant.
"""

import json
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.util import spec_from_loader
from pathlib import Path

import pytest

from deliverycheck.history import history_of
from selftests.mutants.limits import allow

ROOT = Path(__file__).parents[2]
GUARANTEES = ROOT / "deliverycheck" / "guarantees"
GOLDEN = ROOT / "selftests" / "golden"

# Of the processor: a golden history takes a few ms, importing it all less than a second.
IMPORT_S_MAX = 10.0
GOLDEN_S_MAX = 3.0
# A test that takes longer than so many times what it takes without a mutant never ends.
SLOWER_MAX = 5.0


class Planted(MetaPathFinder, Loader):
    """The mutant stands where its module is looked for."""

    def __init__(self, file, text):
        path = GUARANTEES / file
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        self._code = compile(text, str(path), "exec")

    def find_spec(self, fullname, path=None, target=None):
        return spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module):
        exec(self._code, module.__dict__)  # noqa: S102  # a mutant of our own


class Golden:
    """One golden history, parsed: as told, told backwards, and cut at every line."""

    def __init__(self, path, backwards):
        data = path.read_bytes()
        lines = data.splitlines(keepends=True)
        self.guarantee, self.name = path.parent.name, str(path.relative_to(ROOT))
        self.expected = json.loads(lines[0])["expect"]
        self.told, self.retold = history_of(data), history_of(backwards(data))
        self.cut = [history_of(b"".join(lines[:end])) for end in range(1, len(lines))]


def golden_finds(golden, said_of):
    """Whether the golden history shows that something is wrong."""
    allow(GOLDEN_S_MAX)
    for history in (golden.told, golden.retold):
        if said_of(history, golden.guarantee) != golden.expected:
            return True
    # What is cut proves no absence, and convicts of nothing that the whole does not.
    allowed = {"unknown", golden.expected["validity"]} - {"valid"}
    return any(
        said_of(history, golden.guarantee)["validity"] not in allowed for history in golden.cut
    )


def found_by(mutant, goldens, items):
    """The test that finds the mutant, or ``None``.

    Args:
        goldens: the golden histories to try, in this order.
        items: seconds that each test of pytest takes, by its id, in the order to run.
    """
    allow(IMPORT_S_MAX)
    planted = Planted(mutant.file, mutant.text)
    if planted.name in sys.modules:
        message = f"{planted.name} was imported before its mutant could be"
        raise RuntimeError(message)
    sys.meta_path.insert(0, planted)
    try:
        from selftests.test_guarantees_golden import said_of  # noqa: PLC0415  # only now
    except Exception:  # noqa: BLE001  # Whatever a mutant raises, it was found.
        return "import"
    for golden in goldens:
        try:
            found = golden_finds(golden, said_of)
        except Exception:  # noqa: BLE001  # As above.
            found = True
        if found:
            return golden.name
    return _properties_find(items) if items else None


def _properties_find(items):
    allow(IMPORT_S_MAX)
    chosen = Chosen(items)
    files = dict.fromkeys(item.partition("::")[0] for item in items)
    code = pytest.main([*OPTIONS, "-x", *files], plugins=[chosen])
    if chosen.failed is None and code not in {
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    }:
        return next(iter(files))  # It could not even be collected.
    return chosen.failed


# Hypothesis stands ready in the parent, which is no fault of a test.
OPTIONS = (
    *("-q", "--no-header", "-p", "no:cacheprovider", "-p", "selftests.derandomized"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


class Chosen:
    """Runs these tests only, in this order, each within its time; keeps the one that failed."""

    def __init__(self, items):
        self._items, self.failed = items, None

    def pytest_collection_modifyitems(self, items):
        order = {name: number for number, name in enumerate(self._items)}
        items[:] = sorted(
            (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
        )

    def pytest_runtest_setup(self, item):
        allow(GOLDEN_S_MAX + SLOWER_MAX * self._items[item.nodeid])

    def pytest_runtest_logreport(self, report):
        if report.failed and self.failed is None:
            self.failed = report.nodeid
