"""What became of each mutant, kept line by line: a run that was stopped goes on from there."""

import hashlib
import json
from functools import cache

from selftests.mutants.judging import GUARANTEES, ROOT

NOT_FOUND = "survived"
FOUND = "killed"


@cache
def digest(*files):
    content = hashlib.sha256()
    for file in files:
        content.update(file.name.encode() + b"\0" + file.read_bytes())
    return content.hexdigest()[:16]


class Outcomes:
    """A journal: the last line of a mutant counts, while the file and the tests are the same.

    A mutant that was found stays found while the test that found it is the same; one that was
    not is tried again when any test that it was shown to has changed.
    """

    def __init__(self, path, tests):
        """`tests` are all files of tests, which a mutant that was not found depends on."""
        self._path, self._tests = path, tests
        self._lines = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for line in path.read_text().splitlines():
                entry = _parsed(line)
                if entry is not None:
                    self._lines[tuple(entry["key"])] = entry
        # Without what a newer line replaced, and without half a line.
        draft = path.with_suffix(".tmp")
        draft.write_text("".join(f"{json.dumps(entry)}\n" for entry in self._lines.values()))
        draft.replace(path)

    def of(self, mutant):
        """The entry that still counts, or ``None``."""
        entry = self._lines.get(mutant.key)
        if entry is None or entry["file"] != digest(GUARANTEES / mutant.file):
            return None
        return entry if entry["tests"] == self._digest_of(entry["by"]) else None

    def keep(self, mutant, outcome, by, seconds):
        entry = {
            "key": mutant.key,
            "outcome": outcome,
            "by": by,
            "file": digest(GUARANTEES / mutant.file),
            "tests": self._digest_of(by),
            "seconds": round(seconds, 3),
        }
        self._lines[mutant.key] = entry
        with self._path.open("a") as journal:
            journal.write(f"{json.dumps(entry)}\n")
        return entry

    def _digest_of(self, by):
        test = ROOT / (by or "").partition("::")[0]
        return digest(test) if test.is_file() else digest(*self._tests)


def _parsed(line):
    try:
        return json.loads(line)
    except ValueError:
        return None
