"""Is this program a worker? Asked without a broker, answered line by line."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deliverycheck.clients import commands
from deliverycheck.clients.commands import Command
from deliverycheck.clients.errors import WorkerError
from deliverycheck.clients.handle import WorkerHandle
from deliverycheck.clients.protocol import Reply

# Every worker must know these; the others depend on what its client library can do.
REQUIRED = ("flush", "receive", "effect", "idle", "close", "reset", "exit")
# It hands messages over to topics or to exchanges; who does one need not know what belongs to the
# other.
_OF_LOGS = (
    "publish",
    "assign",
    "seek",
    "seek_to",
    "pause_partitions",
    "resume_partitions",
    "unsubscribe",
    "subscribe",
    "store_offset",
    "commit",
    "send_offsets",
    "init_transactions",
    "purge",
    "open_share",
    "acquire",
    "settle_records",
    "open_sink",
    "row",
)
_OF_QUEUES = ("send", "settle", "prove", "cancel", "close_channel", "break_channel")
_HELLO_S = 10.0
_REPLY_S = 5.0
_SECOND_REPLY_S = 0.2


class Grade(StrEnum):
    """How a point came out."""

    GOOD = "good"
    WRONG = "wrong"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One point of the protocol, and what was seen of it.

    Attributes:
        point: what was asked for.
        seen: what the worker did, and for a wrong one what to do instead.
    """

    grade: Grade
    point: str
    seen: str


class _Unknown(commands.Idle, frozen=True, kw_only=True, tag="no_such_command"):
    """A command that no worker knows."""


def check_worker(argv: Sequence[str]) -> list[Finding]:
    """All findings on the worker that `argv` starts, in the order of the protocol."""
    with tempfile.TemporaryDirectory(prefix="deliverycheck-worker-") as folder:
        check = _Check(tuple(argv), Path(folder))
        return check.run()


class _Check:
    def __init__(self, argv: tuple[str, ...], folder: Path) -> None:
        self._argv = argv
        self._folder = folder
        self._started = 0
        self.findings: list[Finding] = []

    def run(self) -> list[Finding]:
        worker = self._start()
        if worker is None:
            return self.findings
        try:
            self._capabilities(worker)
            self._answers(worker, _Unknown(), "a command that it does not know")
            self._answers(worker, commands.Idle(), "the command `idle`")
            self._raises(worker)
            self._answers(worker, commands.Reset(), "the command `reset`")
            self._order(worker)
            self._foreign_line(worker)
            self._ends(worker)
        except WorkerError as error:
            self._wrong("the worker goes on speaking the protocol", str(error))
        finally:
            worker.kill()
        self._exits()
        return self.findings

    def _start(self) -> WorkerHandle | None:
        """A worker that said hello; ``None`` with a finding if it did not."""
        point = "the first line is a hello of our protocol version"
        self._started += 1
        worker = None
        try:
            worker = WorkerHandle(self._argv, self._folder, f"worker-{self._started}")
            hello = worker.await_hello(_HELLO_S)
        except WorkerError as error:
            self._wrong(point, str(error))
            if worker is not None:
                worker.kill()
            return None
        if self._started == 1:
            self._good(point, f"{hello.language}, {hello.library} {hello.version}")
        return worker

    def _capabilities(self, worker: WorkerHandle) -> None:
        known = worker.hello.capabilities if worker.hello else ()
        missing = [name for name in REQUIRED if name not in known]
        logs, queues = _OF_LOGS[0] in known, _OF_QUEUES[0] in known
        if not (logs or queues):
            missing.insert(0, f"{_OF_LOGS[0]} (or {_OF_QUEUES[0]})")
        if missing:
            self._wrong("it knows the required commands", f"missing: {', '.join(missing)}")
        else:
            self._good("it knows the required commands", f"{len(known)} commands")
        foreign = () if logs and queues else _OF_LOGS if queues else _OF_QUEUES
        needless = {*known, *missing, *foreign}
        optional = [name for name in _all_commands() if name not in needless]
        if optional:
            seen = f"plans that need {', '.join(optional)} will not run"
            self._add(Grade.NOTE, "it knows all commands", seen)

    def _answers(self, worker: WorkerHandle, command: Command, what: str) -> None:
        """Exactly one reply; ``unsupported`` if and only if the command is unknown to it."""
        point = f"{what} gets exactly one reply"
        reply = worker.call(command, _REPLY_S)
        extra = self._replies_within(worker, _SECOND_REPLY_S)
        known = worker.hello.capabilities if worker.hello else ()
        expected = commands.verb_of(command) not in known
        if extra:
            self._wrong(point, f"{1 + len(extra)} replies: {[reply, *extra]}")
        elif reply.unsupported != expected:
            self._wrong(
                point,
                f"unsupported was {reply.unsupported}; its hello "
                f"{'does not name' if expected else 'names'} the command",
            )
        else:
            self._good(point, "unsupported" if reply.unsupported else "answered")

    def _raises(self, worker: WorkerHandle) -> None:
        """A call that cannot be made is answered with its error, not with silence or death."""
        point = "a call without an open client is answered with an error"
        reply = worker.call(commands.Flush(op=1, timeout_ms=0), _REPLY_S)
        if reply.error or reply.unsupported:
            self._good(point, reply.error or "unsupported")
        else:
            self._wrong(point, "flush without a producer was answered as if it had been made")

    def _order(self, worker: WorkerHandle) -> None:
        point = "replies come in the order of the commands"
        sent = [worker.send(commands.Idle()) for _ in range(3)]
        heard: list[int] = []
        while len(heard) < len(sent):
            line = worker.await_line(
                lambda line: isinstance(line, Reply), _REPLY_S, f"its replies to {sent}"
            )
            heard += [line.re] if isinstance(line, Reply) else []
        if heard != sent:
            self._wrong(point, f"asked {sent}, answered {heard}")
            return
        self._good(point, f"{heard}")

    def _foreign_line(self, worker: WorkerHandle) -> None:
        """A field that it does not know is no reason to refuse a command."""
        point = "unknown fields of a command are ignored"
        identity = worker.send_raw({"do": "idle", "no_such_field": {"a": [1]}})
        reply = worker.await_line(
            lambda line: isinstance(line, Reply) and line.re == identity, _REPLY_S, "its reply"
        )
        if isinstance(reply, Reply) and reply.error:
            self._wrong(point, f"refused with {reply.error}: {reply.text}")
        else:
            self._good(point, "ignored")

    def _ends(self, worker: WorkerHandle) -> None:
        self._ending("the end of its input makes it exit with status 0", worker)

    def _exits(self) -> None:
        point = "the command `exit` makes it reply and exit with status 0"
        worker = self._start()
        if worker is None:
            return
        try:
            worker.call(commands.Exit(), _REPLY_S)
            end = time.monotonic() + _REPLY_S
            while worker.exit_status() is None and time.monotonic() < end:
                time.sleep(0.01)
            self._ending(point, worker)
        except WorkerError as error:
            self._wrong(point, str(error))
        finally:
            worker.kill()

    def _ending(self, point: str, worker: WorkerHandle) -> None:
        worker.close(_REPLY_S)
        status = worker.exit_status()
        if status == 0:
            self._good(point, "it did")
        else:
            how = "was still running and was killed" if status == -9 else f"status {status}"  # noqa: PLR2004
            self._wrong(point, f"{how}; close the client in order, then exit")

    def _replies_within(self, worker: WorkerHandle, seconds: float) -> list[Reply]:
        end = time.monotonic() + seconds
        heard: list[Reply] = []
        while time.monotonic() < end:
            heard += [line for line in worker.receive() if isinstance(line, Reply)]
            time.sleep(0.01)
        return heard

    def _good(self, point: str, seen: str) -> None:
        self._add(Grade.GOOD, point, seen)

    def _wrong(self, point: str, seen: str) -> None:
        self._add(Grade.WRONG, point, seen)

    def _add(self, grade: Grade, point: str, seen: str) -> None:
        self.findings.append(Finding(grade=grade, point=point, seen=seen))


def _all_commands() -> tuple[str, ...]:
    return tuple(str(kind.__struct_config__.tag) for kind in commands.Command.__args__)
