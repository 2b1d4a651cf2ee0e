"""The part of a Python worker that no client library matters to: stdin, stdout, answers, holds."""

import os
import select
import sys
import time
import traceback
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import msgspec

from deliverycheck.clients.commands import (
    Address,
    Arm,
    Command,
    Exit,
    Release,
    address_of,
    decode_command,
)
from deliverycheck.clients.protocol import (
    ClientErrorEvent,
    HeldEvent,
    HelloEvent,
    Reply,
    WorkerLine,
    encode_line,
)
from deliverycheck.plans import HoldPoint

_STDIN, _STDOUT = 0, 1
_READ_BYTES = 256 * 1024


class Outbox:
    """The worker's stdout: each line is out when `say` returns."""

    def say(self, line: WorkerLine) -> None:
        """One line, in one write wherever the pipe takes it whole."""
        data = encode_line(line)
        while data:
            data = data[os.write(_STDOUT, data) :]

    def say_all(self, lines: Sequence[WorkerLine]) -> None:
        """Several lines in one write, for events that happened together."""
        data = b"".join(map(encode_line, lines))
        while data:
            data = data[os.write(_STDOUT, data) :]


class Inbox:
    """The worker's stdin, line by line."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self.ended = False

    def wait(self, timeout_s: float | None) -> bool:
        """Whether a command, or the end of input, is there; waits up to `timeout_s` for it."""
        if self._lines or self.ended:
            return True
        if not select.select([_STDIN], [], [], timeout_s)[0]:
            return False
        chunk = os.read(_STDIN, _READ_BYTES)
        self.ended = not chunk
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self._lines.extend(whole)
        return bool(self._lines) or self.ended

    def take(self) -> bytes | None:
        """The next command; ``None`` at the end of input. Call it when `wait` said yes."""
        return self._lines.popleft() if self._lines else None

    def take_if(self, verb: str) -> Address | None:
        """The first waiting command called `verb`, ahead of those before it; the others stay."""
        for position, line in enumerate(self._lines):
            address = address_of(line)
            if address.do == verb:
                del self._lines[position]
                return address
        return None

    def more(self) -> None:
        """Wait for further input behind the commands that are kept."""
        chunk = os.read(_STDIN, _READ_BYTES)
        self.ended = not chunk
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        self._lines.extend(whole)


class Holds:
    """Points inside callbacks where the worker can be made to stand still."""

    def __init__(self, inbox: Inbox, outbox: Outbox) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._armed: set[HoldPoint] = set()

    def arm(self, point: HoldPoint) -> None:
        """Hold once, the next time that `point` is reached."""
        self._armed.add(point)

    def disarm(self) -> None:
        """Hold nowhere."""
        self._armed.clear()

    def reached(self, point: HoldPoint) -> None:
        """Stand still here if armed, until released or the input ends. Other commands wait."""
        if point not in self._armed:
            return
        self._armed.discard(point)
        self._outbox.say(HeldEvent(point=point))
        while True:
            if (release := self._inbox.take_if("release")) is not None:
                self._outbox.say(Reply(re=release.id))
                return
            if self._inbox.ended:
                return
            self._inbox.more()


class Client(Protocol):
    """What a worker program adds for its client library."""

    def hello(self) -> HelloEvent:
        """Who it is, and the commands that `do` knows."""

    def do(self, identity: int, command: Command) -> Reply:
        """Obey one command."""

    def error_name(self, error: Exception) -> str:
        """The library's name of an error that `do` raised."""

    def idle_s(self) -> float | None:
        """How long the library may go unserved between commands; ``None``: for ever."""

    def serve(self) -> None:
        """Serve the library between commands."""

    def close(self) -> None:
        """Close the client in order."""


class WorkerLoop:
    """Reads commands, has the client obey them, answers each one exactly once."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.outbox = Outbox()
        self.holds = Holds(self.inbox, self.outbox)

    def run(self, client: Client) -> None:
        """Returns when told to exit, or at the end of input, with the client closed."""
        hello = client.hello()
        known = frozenset(hello.capabilities)
        self.outbox.say(hello)
        while True:
            if not self.inbox.wait(client.idle_s()):
                client.serve()
                continue
            line = self.inbox.take()
            if line is None:
                break
            if self._answer(client, known, line) is Exit:
                return
        client.close()

    def _answer(self, client: Client, known: frozenset[str], line: bytes) -> type[Command] | None:
        """Obey and answer; the kind of command obeyed."""
        try:
            address = address_of(line)
        except msgspec.DecodeError as error:
            self.outbox.say(ClientErrorEvent(error="NotACommand", text=f"{error}: {line[:200]!r}"))
            return None
        if address.do not in known:
            self.outbox.say(Reply(re=address.id, unsupported=True))
            return None
        try:
            command = decode_command(line)
            reply = self._obey(client, address.id, command)
        except Exception as error:  # noqa: BLE001  # Whatever it was, the driver is told and decides.
            traceback.print_exc(file=sys.stderr)
            self.outbox.say(
                Reply(re=address.id, error=client.error_name(error), text=str(error)[:500])
            )
            return None
        self.outbox.say(reply)
        return type(command)

    def _obey(self, client: Client, identity: int, command: Command) -> Reply:
        if isinstance(command, Arm):
            self.holds.arm(command.point)
        elif isinstance(command, Release):
            self.holds.disarm()
        elif isinstance(command, Exit):
            client.close()
        else:
            return client.do(identity, command)
        return Reply(re=identity)


class Deadline:
    """A point in time, asked how far away it is."""

    def __init__(self, timeout_ms: int) -> None:
        self._end = time.monotonic() + timeout_ms / 1000

    def left_s(self) -> float:
        """Seconds until then; 0 after it."""
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return time.monotonic() >= self._end
