"""Which test runs code of which file, and how long it takes: measured once, without a mutant."""

import sys
import time
from collections import defaultdict
from contextlib import contextmanager

import pytest

from selftests.mutants.judging import GUARANTEES, OPTIONS, ROOT, golden_finds
from selftests.mutants.limits import allow


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


def touched(goldens, files):
    """For each file below `deliverycheck/guarantees/` the tests that touch it, and their times.

    A test that fails without any mutant finds nothing: it is told as broken and left out.
    """
    from selftests.test_guarantees_golden import said_of  # noqa: PLC0415  # only in this process

    touching = Touching()
    for golden in goldens:
        with touching.during(golden.name):
            if golden_finds(golden, said_of):
                touching.broken.add(golden.name)
    allow(0)
    pytest.main([*OPTIONS, *(str(file.relative_to(ROOT)) for file in files)], [touching])
    return {
        "files": {file: sorted(tests - touching.broken) for file, tests in touching.files.items()},
        "seconds": {
            test: seconds
            for test, seconds in touching.seconds.items()
            if test not in touching.broken
        },
        "broken": sorted(touching.broken),
    }
