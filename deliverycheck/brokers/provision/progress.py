"""Progress of a set-up: a line for what starts and ends, and one while nothing does."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

Report = Callable[[str], None]

# 5 s: somebody who sees nothing for longer begins to wonder whether it hangs.
_SILENCE_S_MAX = 5.0


def silent(_line: str) -> None:
    """Report to nobody."""


class Progress:
    """Tells `report` what is being done; while entered, never silent for long.

    Safe to share between threads: several tools are made at the same time.
    """

    def __init__(self, report: Report, silence_s_max: float = _SILENCE_S_MAX) -> None:
        self._report = report
        self._silence_s_max = silence_s_max
        self._guard = threading.Lock()
        self._under_way: dict[str, float] = {}
        self._last_line = time.monotonic()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._ticker.join()

    def say(self, line: str) -> None:
        """Report one line."""
        with self._guard:
            self._last_line = time.monotonic()
            self._report(line)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Say that `what` begins, and how long it took unless it raised."""
        begun = time.monotonic()
        self.say(f"{what} …")
        with self._guard:
            self._under_way[what] = begun
        try:
            yield
        finally:
            with self._guard:
                del self._under_way[what]
        self.say(f"{what}: done in {time.monotonic() - begun:.1f} s")

    def _tick(self) -> None:
        while not self._ended.wait(self._silence_s_max / 10):
            now = time.monotonic()
            with self._guard:
                quiet = now - self._last_line >= self._silence_s_max
                waiting = [f"{what} ({now - at:.0f} s)" for what, at in self._under_way.items()]
            if quiet and waiting:
                self.say("still at it: " + ", ".join(waiting))
