"""Ctrl-C, SIGTERM and a closed terminal end a run in order: what was done is reported."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that the first such signal sets; the second one ends the process at once."""
    stop = Event()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            msg = f"stopped twice, by signal {number}"
            raise KeyboardInterrupt(msg)
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
