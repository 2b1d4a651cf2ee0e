"""A worker process as the driver holds it: told, heard, paused, killed, without ever blocking."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from deliverycheck.clients.commands import Command, encode_command
from deliverycheck.clients.errors import (
    WorkerDiedError,
    WorkerError,
    WorkerRubbishError,
    WorkerSilentError,
)
from deliverycheck.clients.journal import JournalLine, read_journal
from deliverycheck.clients.pipes import CommandPipe, EventPipe
from deliverycheck.clients.protocol import (
    PROTOCOL,
    HelloEvent,
    Reply,
    WorkerLine,
    decode_line,
)
from deliverycheck.clients.spawn import how_it_ended, is_stopped, last_lines, spawn

_SHOWN_BYTES = 200
_REAP_S = 1.0
_SIGNALLED_S = 1.0
_KILLED_S = 10.0  # SIGKILL waits for a system call under way, such as a write to a slow disk.
_CHECK_S = 0.001


class WorkerHandle:
    """One spawned worker. One thread at a time owns a handle.

    Attributes:
        process: the client incarnation that it plays, such as ``p1#2``; set when leased.
        hello: what it said of itself; set by `await_hello`.
        stderr: its log.
        journal: the file that its effects go to; the last of its arguments.
        alive: not killed, closed or seen to be dead.
    """

    def __init__(self, argv: Sequence[str], folder: Path, name: str) -> None:
        """Start the process; it may not have said hello yet.

        Raises:
            WorkerDiedError: the program could not be started.
        """
        self.process = name
        self.hello: HelloEvent | None = None
        self.stderr = folder / f"{name}.stderr"
        self.journal = folder / f"{name}.journal"
        self.alive = True
        self.paused = False
        self._last_id = 0
        self._trouble: WorkerError | None = None
        self._ahead: list[WorkerLine] = []
        try:
            self._popen = spawn([*argv, str(self.journal)], self.stderr)
        except OSError as error:
            msg = f"worker {name} could not be started: {error}; asked for {' '.join(argv)}"
            raise WorkerDiedError(msg) from error
        self._stdin, self._stdout = _pipes_of(self._popen)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def wants_write(self) -> bool:
        """Commands wait for room in the pipe: call `flush` when `stdin_fileno` is writable."""
        return self.alive and self._stdin.unsent_bytes > 0

    def fileno(self) -> int:
        """The descriptor to select for reading."""
        return self._stdout.descriptor

    def stdin_fileno(self) -> int:
        """The descriptor to select for writing while `wants_write`."""
        return self._stdin.descriptor

    def send(self, command: Command) -> int:
        """The command's id. Returns at once; the worker may obey later.

        Raises:
            WorkerDeafError: the worker has not read its commands for long.
        """
        self._last_id += 1
        try:
            self._stdin.send(encode_command(self._last_id, command))
        except WorkerError as error:
            raise self._named(error) from None
        return self._last_id

    def send_raw(self, fields: dict[str, object]) -> int:
        """As `send`, for what is no command of ours."""
        self._last_id += 1
        self._stdin.send(msgspec.json.encode({"id": self._last_id, **fields}) + b"\n")
        return self._last_id

    def flush(self) -> None:
        """Write waiting commands, as far as the pipe takes them."""
        self._stdin.flush()

    def receive(self) -> list[WorkerLine]:
        """What is there now, in its order; nothing, if nothing is there.

        Trouble is raised only when all that came before it was returned.

        Raises:
            WorkerDiedError: its output ended.
            WorkerRubbishError: it printed what is no event, or too much.
        """
        self._stdin.flush()
        heard, self._ahead = self._ahead, []
        if self._trouble is None:
            heard += self._hear()
        if heard:
            return heard
        if self._trouble is not None:
            raise self._trouble
        if self._stdout.ended:
            self._trouble = self._death()
            raise self._trouble
        return []

    def await_hello(self, deadline_s: float) -> HelloEvent:
        """The first line was a hello of our protocol version.

        Raises:
            WorkerError: it died, said something else, or nothing in time.
        """
        first = self.await_line(lambda _: True, deadline_s, "its hello line")
        if not isinstance(first, HelloEvent):
            msg = f"said {type(first).__name__} where its hello was expected"
            raise self._named(WorkerRubbishError(msg))
        if first.protocol != PROTOCOL:
            msg = f"speaks protocol {first.protocol}; this harness speaks {PROTOCOL}"
            raise self._named(WorkerRubbishError(msg))
        self.hello = first
        return first

    def call(self, command: Command, deadline_s: float) -> Reply:
        """The reply to `command`; other events until then are dropped.

        For commands that belong to no execution, such as `Reset`; the driver of an
        execution sends, and receives everything.

        Raises:
            WorkerError: it died, or did not answer in time.
        """
        identity = self.send(command)
        reply = self.await_line(
            lambda line: isinstance(line, Reply) and line.re == identity,
            deadline_s,
            f"its reply to {command}",
        )
        assert isinstance(reply, Reply)  # noqa: S101  # By the predicate above.
        return reply

    def await_line(
        self, wanted: Callable[[WorkerLine], bool], deadline_s: float, what: str
    ) -> WorkerLine:
        """The first line that is `wanted`; those before it are dropped, those after it kept.

        Raises:
            WorkerError: it died, talked rubbish, or `what` did not come in time.
        """
        end = time.monotonic() + deadline_s
        while True:
            heard = self.receive()
            for position, line in enumerate(heard):
                if wanted(line):
                    self._ahead = heard[position + 1 :]
                    return line
            left = end - time.monotonic()
            if left <= 0:
                msg = f"gave no sign of {what} within {deadline_s:g} s"
                raise self._named(WorkerSilentError(msg))
            writable = [self.stdin_fileno()] if self.wants_write else []
            select.select([self.fileno()], writable, [], left)

    def kill(self) -> list[WorkerLine]:
        """SIGKILL, reaped; what it had said by then. Also for a paused worker, and twice."""
        if not self.alive:
            return []
        self._signal(signal.SIGKILL)
        self._popen.wait(_KILLED_S)
        return self._bury()

    def exit_status(self) -> int | None:
        """As the system tells it, negative for a signal; ``None`` while it runs."""
        return self._popen.poll()

    def pause(self) -> None:
        """SIGSTOP; it is stopped when this returns.

        Raises:
            WorkerError: it is dead, or did not stop.
        """
        self._signal(signal.SIGSTOP)
        self._await_state(stopped=True)
        self.paused = True

    def resume(self) -> None:
        """SIGCONT; it runs when this returns.

        Raises:
            WorkerError: it is dead, or did not go on.
        """
        self._signal(signal.SIGCONT)
        self._await_state(stopped=False)
        self.paused = False

    def close(self, deadline_s: float) -> list[WorkerLine]:
        """End its input, so that it closes in order; killed at the deadline. What it said."""
        if not self.alive:
            return []
        self._stdin.close()
        heard, self._ahead = self._ahead, []
        end = time.monotonic() + deadline_s
        while not self._stdout.ended and (left := end - time.monotonic()) > 0:
            select.select([self.fileno()], [], [], left)
            heard += self._hear()
        try:
            self._popen.wait(max(_CHECK_S, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            return heard + self.kill()
        return heard + self._bury()

    def journal_lines(self) -> list[JournalLine]:
        """The effects of this worker since its start or last reset."""
        return read_journal(self.journal)

    def log_tail(self) -> str:
        """The last lines of its log, indented, for a message."""
        return last_lines(self.stderr)

    def empty_log(self) -> None:
        """What it logged for others is gone; it goes on appending."""
        os.truncate(self.stderr, 0)

    def remove_files(self) -> None:
        """Its log and journal are gone."""
        self.stderr.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)

    def _hear(self) -> list[WorkerLine]:
        heard: list[WorkerLine] = []
        try:
            for line in self._stdout.lines():
                heard.append(self._decode(line))
                if isinstance(heard[-1], Reply):
                    self._stdout.answered()
        except WorkerRubbishError as error:
            self._trouble = self._named(error)
        return heard

    def _decode(self, line: bytes) -> WorkerLine:
        try:
            return decode_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            shown = line[:_SHOWN_BYTES]
            msg = f"printed a line that is no event of protocol {PROTOCOL} ({error}): {shown!r}"
            raise WorkerRubbishError(msg) from None

    def _bury(self) -> list[WorkerLine]:
        """Take what is left in the pipe and let go of the process's descriptors."""
        self.alive = False
        heard, self._ahead = self._ahead, []
        while self._trouble is None and (more := self._hear()):
            heard += more
        self._stdin.close()
        self._stdout.close()
        return heard

    def _death(self) -> WorkerDiedError:
        try:
            status = self._popen.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            status = None
        return WorkerDiedError(self._sentence(how_it_ended(status)))

    def _named(self, error: WorkerError) -> WorkerError:
        return type(error)(self._sentence(str(error)))

    def _sentence(self, what: str) -> str:
        who = f"worker {self.process} (pid {self.pid})"
        return f"{who} {what}. Its log {self.stderr}:\n{self.log_tail()}"

    def _signal(self, number: signal.Signals) -> None:
        # Until it is reaped its pid is its own, and it leads its own group.
        if self._popen.poll() is None:
            os.killpg(self._popen.pid, number)

    def _await_state(self, *, stopped: bool) -> None:
        end = time.monotonic() + _SIGNALLED_S
        while self._popen.poll() is None:
            if is_stopped(self.pid) in {stopped, None}:
                return
            if time.monotonic() > end:
                verb = "stop" if stopped else "go on"
                raise WorkerSilentError(self._sentence(f"did not {verb} in {_SIGNALLED_S} s"))
            time.sleep(_CHECK_S)
        raise self._death()


def _pipes_of(popen: subprocess.Popen[bytes]) -> tuple[CommandPipe, EventPipe]:
    """Our own descriptors of the process's pipes, so that nothing but us closes them."""
    if popen.stdin is None or popen.stdout is None:
        msg = "the worker was started without pipes"
        raise ValueError(msg)
    stdin, stdout = os.dup(popen.stdin.fileno()), os.dup(popen.stdout.fileno())
    popen.stdin.close()
    popen.stdout.close()
    return CommandPipe(stdin), EventPipe(stdout)
