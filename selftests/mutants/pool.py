"""Processes forked from this one, a few at a time; each answers once, in JSON, or dies trying."""

import json
import os
import select
import signal
import traceback
from dataclasses import dataclass

from selftests.mutants.limits import confine

_FOUND_BY_TIME = {signal.SIGVTALRM}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a task: its value, or the signal that ended it first."""

    value: object = None
    signal: int | None = None
    trouble: str | None = None

    @property
    def timed_out(self):
        return self.signal in _FOUND_BY_TIME


class Pool:
    """Use as a context: leaving it, however, ends every process that it started."""

    def __init__(self, size):
        self._size, self._running = size, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid, _ in self._running.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._running.clear()

    def answers(self, tasks):
        """Each task and its answer, as they come. A task is a pair: what names it, a function."""
        tasks = iter(tasks)
        while True:
            for name, function in tasks:
                self._start(name, function)
                if len(self._running) >= self._size:
                    break
            if not self._running:
                return
            yield self._next()

    def _start(self, name, function):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _answer(function, writer)
        os.close(writer)
        self._running[reader] = (pid, name)

    def _next(self):
        reader = select.select(list(self._running), [], [])[0][0]
        parts = []
        while part := os.read(reader, 1 << 16):
            parts.append(part)
        pid, name = self._running[reader]
        _, status = os.waitpid(pid, 0)
        del self._running[reader]
        os.close(reader)
        if os.WIFSIGNALED(status):
            return name, Answer(signal=os.WTERMSIG(status))
        try:
            return name, Answer(**json.loads(b"".join(parts)))
        except ValueError:
            return name, Answer(
                trouble=f"no answer, exit status {os.waitstatus_to_exitcode(status)}"
            )


def _answer(function, writer):
    """In the child: never returns, and runs nothing of what the parent would run at its end."""
    try:
        confine()
        try:
            answer = {"value": function()}
        except Exception:  # noqa: BLE001  # It is told to the parent.
            answer = {"trouble": traceback.format_exc()}
        os.write(writer, json.dumps(answer).encode())
    finally:
        os._exit(0)
