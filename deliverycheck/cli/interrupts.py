"""Ctrl-C, SIGTERM and a closed terminal end a run in order: what was done is reported."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

ECHO_S = 0.3
"""A second signal so soon is the first: `timeout` and others signal us and then our group."""


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that the first such signal sets; the second one ends the process at once.

    At once means by that signal, as if nobody had caught it: threads that wait for
    a broker are not waited for. The guardian ends what the harness had started.
    """
    stop = Event()
    first_s = 0.0

    def on_signal(number: int, _: FrameType | None) -> None:
        nonlocal first_s
        name, now_s = signal.Signals(number).name, time.monotonic()
        if stop.is_set() and now_s - first_s < ECHO_S:
            return
        if stop.is_set():
            _say(f"{name} again: ended at once; histories are readable up to here, no report")
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        else:
            first_s = now_s
            stop.set()
            _say(f"{name}: what runs is finished, then reported; the same again ends at once")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    """One line, past every buffer: whoever is interrupted may hold a lock on the stream."""
    with suppress(OSError):  # The terminal may be what was closed.
        os.write(
            sys.__stderr__.fileno() if sys.__stderr__ else 2, f"deliverycheck: {text}\n".encode()
        )
