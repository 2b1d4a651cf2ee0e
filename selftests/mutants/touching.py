"""Which test runs code of which file, and how long it takes: measured once, without a mutant."""

import sys
import time
from collections import defaultdict
from contextlib import contextmanager

import pytest

from selftests.mutants.judging import GUARANTEES, OPTIONS, ROOT, golden_finds


class Touching:
    """The files whose functions are called while a test runs."""

    def __init__(self):
        self.files = defaultdict(set)
        self.seconds = {}
        self.broken = set()
        self._root = f"{GUARANTEES}/"

    @contextmanager
    def during(self, test):
        codes = set()

        def called(frame, event, _):
            if event == "call":
                codes.add(frame.f_code)

        begun = time.process_time()
        sys.setprofile(called)
        try:
            yield
        finally:
            sys.setprofile(None)
        self.seconds[test] = round(time.process_time() - begun, 3)
        for code in codes:
            if code.co_filename.startswith(self._root):
                self.files[code.co_filename.removeprefix(self._root)].add(test)

    def pytest_collectreport(self, report):
        if report.failed:
            self.broken.add(report.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.broken.add(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        with self.during(item.nodeid):
            return (yield)

    def told(self):
        """The tests that touch each file, their times, and those that fail without any mutant.

        Such a test finds nothing: it is left out, and told.
        """
        return {
            "files": {file: sorted(tests - self.broken) for file, tests in self.files.items()},
            "seconds": {
                test: seconds for test, seconds in self.seconds.items() if test not in self.broken
            },
            "broken": sorted(self.broken),
        }


def touched_by_goldens(goldens):
    """Of golden histories, by their names."""
    from selftests.test_guarantees_golden import said_of  # noqa: PLC0415  # only in this process

    touching = Touching()
    for golden in goldens:
        with touching.during(golden.name):
            if golden_finds(golden, said_of):
                touching.broken.add(golden.name)
    return touching.told()


def touched_by_tests(path):
    """Of the tests of one file, by their ids."""
    touching = Touching()
    pytest.main([*OPTIONS, str(path.relative_to(ROOT))], [touching])
    return touching.told()
