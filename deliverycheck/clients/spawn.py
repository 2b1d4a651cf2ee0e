"""Starting a worker process, and what is known of it without asking it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# What a client library may need; credentials that lie in the environment of the harness stay there.
# DELIVERYCHECK_HARNESS is among them: by it the guardian finds the workers of a dead harness.
_PASSED_ON = frozenset({"PATH", "LANG", "HOME", "TMPDIR", "LD_LIBRARY_PATH"})
_PASSED_ON_PREFIXES = ("PYTHON", "DELIVERYCHECK_")


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of `environment` that a worker gets."""
    return {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


def spawn(argv: Sequence[str], stderr: Path) -> subprocess.Popen[bytes]:
    """A started process in a session of its own, whose log is appended to `stderr`.

    A session of its own, because Ctrl-C on the terminal is for the harness, which
    then closes its workers, and because a signal to the whole group also reaches
    what a worker may have started.

    Raises:
        OSError: the program could not be started.
    """
    with stderr.open("ab") as log:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=worker_environment(os.environ),
            start_new_session=True,
            bufsize=0,
        )


def is_stopped(pid: int) -> bool | None:
    """Whether the process is stopped by a signal; ``None`` where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name is in parentheses and may hold anything; the state comes after it.
    return stat.rpartition(")")[2].split()[0] in {"T", "t"}


def last_lines(path: Path, *, lines_max: int = 8, bytes_max: int = 4000) -> str:
    """The end of a log, indented, for a message."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - bytes_max))
            tail = log.read().decode("utf-8", errors="replace").splitlines()[-lines_max:]
    except OSError:
        return "  (no log)"
    return "\n".join(f"  | {line}" for line in tail) or "  (its log is empty)"


def how_it_ended(status: int | None) -> str:
    """An exit status in words."""
    if status is None:
        return "closed its output but still runs"
    return f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
