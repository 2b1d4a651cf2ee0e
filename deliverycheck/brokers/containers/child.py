"""A container while it runs: what it prints goes to a log, and how it ends is known at once."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import docker.errors

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.containers.engine import asking, gone
from deliverycheck.brokers.processes import lines_of

# 10 s: a kill takes 0.1 s, at load 14 on two cores up to a second.
_END_S_MAX = 10.0
_LOG_S_MAX = 1.0
# RabbitMQ colours what it writes to a pipe; a log that is searched is plain.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
# The engine tells the end by a signal as a shell does.
_SIGNALLED = 128


class ContainerChild:
    """What `Running` promises, of a container that was just started."""

    def __init__(self, container: Any, log: Path, log_start: int, output: Any) -> None:  # noqa: ANN401  # docker-py's, without types.
        """Use `begun`."""
        self._container = container
        self._log = log
        self._log_start = log_start
        self._ended = Event()
        self._code: int | None = None
        self._trouble: Exception | None = None
        self._printed = Event()
        container.reload()
        self.pid = int(container.attrs["State"]["Pid"])
        Thread(target=self._follow, args=(output,), daemon=True).start()
        Thread(target=self._wait, daemon=True).start()

    @classmethod
    def begun(cls, container: Any, log: Path, start: Callable[[], None]) -> "ContainerChild":  # noqa: ANN401  # As above.
        """It runs, by `start`; what it prints is appended to `log`.

        Raises:
            BrokerError: it could not be started.
        """
        log_start = log.stat().st_size if log.exists() else 0
        with asking(f"start {container.name}"):
            output = container.attach(stdout=True, stderr=True, stream=True)
            start()
            return cls(container, log, log_start, output)

    def exit_code(self) -> int | None:
        """How it ended, a signal as a negative number; ``None`` while it lives.

        Raises:
            BrokerError: the engine is gone, and with it all knowledge.
        """
        if self._trouble is not None:
            raise gone("wait for a container", self._trouble)
        return self._code

    def kill(self) -> int:
        """SIGKILL, which also ends what is paused; returns how it ended."""
        with asking(f"kill {self._container.name}"), suppress(docker.errors.NotFound):
            try:
                self._container.kill("SIGKILL")
            except docker.errors.APIError as error:
                if "is not running" not in str(error.explanation):
                    raise
        self._ended.wait(_END_S_MAX)
        code = self.exit_code()
        if code is None:
            message = f"{self._container.name} still runs {_END_S_MAX:.0f} s after it was killed"
            raise BrokerError(message)
        return code

    def pause(self) -> None:
        """Every process of it is frozen."""
        with asking(f"pause {self._container.name}"):
            self._container.pause()

    def resume(self) -> None:
        """It runs again."""
        with asking(f"resume {self._container.name}"):
            self._container.unpause()

    def last_lines(self, count: int = 5) -> tuple[str, ...]:
        """The end of what it printed since it was started this time."""
        if self._ended.is_set():
            self._printed.wait(_LOG_S_MAX)
        return lines_of(self._log, self._log_start, count)

    def _follow(self, output: Any) -> None:  # noqa: ANN401  # docker-py's, without types.
        with suppress(OSError), self._log.open("ab", buffering=0) as log:
            for piece in output:
                log.write(_COLOUR.sub(b"", piece))
        self._printed.set()
        with suppress(OSError, docker.errors.DockerException):
            output.close()

    def _wait(self) -> None:
        try:
            code = int(self._container.wait()["StatusCode"])
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody knows how it ended
            self._trouble = error
        else:
            self._code = _SIGNALLED - code if code > _SIGNALLED else code
        self._ended.set()
