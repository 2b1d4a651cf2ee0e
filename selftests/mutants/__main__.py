"""`make mutants`: plants every mutant, tells which are not found, and how large a share is."""

import gc
import json
import os
import signal
import sys
import time
from functools import partial
from itertools import accumulate

import hypothesis.strategies  # noqa: F401  # Here once, and not in every child.

from selftests.interleaving import backwards
from selftests.mutants.judging import GOLDEN, GUARANTEES, ROOT, Golden, found_by
from selftests.mutants.lists import Excluded, equivalents
from selftests.mutants.making import mutants_of
from selftests.mutants.outcomes import FOUND, NOT_FOUND, Outcomes, digest
from selftests.mutants.pool import Pool
from selftests.mutants.telling import Told, figures, say, tell
from selftests.mutants.touching import touched_by_goldens, touched_by_tests
from selftests.mutants.unchanged import Unchanged

FOLDER = ROOT / "reports" / "out" / "mutants"
NICE = 5
PROGRESS_S = 20.0
# As measured, which takes twice what the test takes: 3 s for a mutant that lives.
PROPERTIES_S_MAX = 6.0
_NO_VERDICT, _INTERRUPTED = 3, 130

TESTS = ("test_guarantees_*.py", "test_hazards*.py", "test_fault_evidence.py")
# Golden histories are tried without pytest; the others draw anything, and hold for all guarantees.
NO_PROPERTIES = ("golden", "fuzz", "worlds")


class NoVerdictError(Exception):
    """The mutants cannot be judged; the text says why."""


def main(only):
    """Exit code: 0 each mutant was found or is listed, 1 not so, 3 none could be judged."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # A script's background ignores it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    os.nice(NICE)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        told = Run(only).told()
    except NoVerdictError as error:
        say(f"no verdict: {error}")
        return _NO_VERDICT
    except KeyboardInterrupt:
        say("interrupted; the next run goes on from here")
        return _INTERRUPTED
    tell(told)
    if not only:
        (FOLDER.parent / "mutants.json").write_bytes(figures(told))
    return 0 if told.is_met else 1


class Run:
    """All mutants of the files whose path begins with one of `only`, or of all files."""

    def __init__(self, only):
        watched = [ROOT / name for name in ("deliverycheck/history", "selftests")]
        self._unchanged = Unchanged((GUARANTEES, *watched))
        self._excluded, self._equivalents = Excluded(), equivalents()
        self._files = [
            file
            for path in sorted(GUARANTEES.rglob("*.py"))
            if (file := path.relative_to(GUARANTEES).as_posix()).startswith(tuple(only) or "")
            and not self._excluded.has_file(file)
        ]
        self._properties = [
            path
            for pattern in TESTS
            for path in sorted((ROOT / "selftests").glob(pattern))
            if path.stem.removeprefix("test_guarantees_") not in NO_PROPERTIES
        ]
        paths = sorted(GOLDEN.glob("*/*.jsonl"))
        self._tests = (*self._properties, *paths)
        self._outcomes = Outcomes(FOLDER / "outcomes.jsonl", self._tests)
        self._goldens = {one.name: one for one in (Golden(path, backwards) for path in paths)}
        self._touching, self._seconds = {}, {}
        self._told, self._tried = Told(), 0

    def told(self):
        """Everything that is known once each mutant has an outcome."""
        gc.collect()
        gc.freeze()  # Children share what lies here.
        say_at = 0.0
        with Pool(os.cpu_count() or 1) as pool:
            self._measure(pool)
            for mutant, answer in pool.answers(self._tasks()):
                self._take(mutant, answer)
                if time.monotonic() > say_at:
                    say_at = time.monotonic() + PROGRESS_S
                    self._say_progress(mutant)
        self._told.stale += [
            key
            for key in self._equivalents
            if key[0] in self._files and key not in self._told.listed
        ]
        return self._told

    def _measure(self, pool):
        """Which tests touch which file: as long as neither changes, what was measured before."""
        path = FOLDER / "touching.json"
        now = digest(*self._tests, *sorted(GUARANTEES.rglob("*.py")))
        found = json.loads(path.read_text()) if path.exists() else {}
        if found.get("digest") != now:
            say(f"tests: {len(self._goldens)} golden histories, {len(self._properties)} files")
            tasks = [("golden", partial(touched_by_goldens, list(self._goldens.values())))]
            tasks += [(path.name, partial(touched_by_tests, path)) for path in self._properties]
            found = {"digest": now, "files": {}, "seconds": {}, "broken": []}
            for name, answer in pool.answers(tasks):
                self._merge(found, name, answer)
            path.write_text(json.dumps(found))
        self._touching, self._seconds = found["files"], found["seconds"]
        self._told.troubles += [f"{test} fails without any mutant" for test in found["broken"]]

    def _merge(self, found, name, answer):
        if changed := self._unchanged.other():
            message = f"{changed} changed while tests were measured; run it again"
            raise NoVerdictError(message)
        if answer.value is None:
            message = f"{name}: {answer.trouble or f'signal {answer.signal}'}"
            raise NoVerdictError(message)
        say(f"{name}: {len(answer.value['seconds'])} tests")
        for file, tests in answer.value["files"].items():
            found["files"].setdefault(file, []).extend(tests)
        found["seconds"] |= answer.value["seconds"]
        found["broken"] += answer.value["broken"]

    def _tasks(self):
        for number, file in enumerate(self._files):
            say(f"{file} ({number + 1} of {len(self._files)} files)")
            goldens, items = self._tests_of(file)
            for mutant in mutants_of(file, (GUARANTEES / file).read_text()):
                if self._excluded.has(mutant):
                    continue
                if entry := self._outcomes.of(mutant):
                    self._told.count(mutant, entry, self._equivalents.get(mutant.key))
                else:
                    yield mutant, partial(judged, mutant, goldens, items)

    def _tests_of(self, file):
        """Its own family's first, then the quick ones, as many as the time of a mutant allows.

        All of them count if none is known to touch it.
        """
        family = file.partition("/")[0].removesuffix(".py")
        names = self._touching.get(file) or list(self._seconds)
        names = sorted(names, key=lambda name: (family not in name, self._seconds[name]))
        goldens = [self._goldens[name] for name in names if name in self._goldens]
        items = [name for name in names if name not in self._goldens]
        spent = accumulate(self._seconds[name] for name in items)
        return goldens, {
            name: self._seconds[name]
            for name, until in zip(items, spent, strict=True)
            if until <= PROPERTIES_S_MAX
        }

    def _take(self, mutant, answer):
        if changed := self._unchanged.other():
            message = f"{changed} changed meanwhile; the next run goes on from here"
            raise NoVerdictError(message)
        self._tried += 1
        if answer.value is not None:
            by, seconds = answer.value
        elif answer.timed_out:
            by, seconds = "time", 0.0
        else:
            self._told.troubles.append((*mutant.key, answer.trouble or f"signal {answer.signal}"))
            return
        entry = self._outcomes.keep(mutant, NOT_FOUND if by is None else FOUND, by, seconds)
        self._told.count(mutant, entry, self._equivalents.get(mutant.key))

    def _say_progress(self, mutant):
        every, killed, listed = self._told.totals
        say(
            f"{mutant.file}: {every} mutants so far, {self._tried} tried now, {killed} killed, "
            f"{listed} listed, {every - killed - listed} lived"
        )


def judged(mutant, goldens, items):
    """In a process of its own: the test that found the mutant or ``None``, and seconds of work."""
    by = found_by(mutant, goldens, items)
    return by, time.process_time()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
