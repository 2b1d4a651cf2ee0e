"""Lanes that are channels of one connection: one worker plays them all.

What ends the connection ends every lane: a kill of the process, a close in order, a fault of the
link. What ends a channel ends its lane alone.
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from deliverycheck.clients import (
    ClientErrorEvent,
    DeliveryEvent,
    JournalLine,
    Reply,
    WorkerHandle,
    WorkerLine,
    commands,
)
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.queues.client import PROVE_MS
from deliverycheck.executions.run import Run
from deliverycheck.executions.workers import Worker


class SharedWorker:
    """The worker of all lanes, from the first that opens until the last that parts."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._handle: WorkerHandle | None = None
        self._lanes: list[Lane] = []
        self._asked: dict[int, Lane] = {}

    def lease(self, lane: Lane) -> Worker:
        if self._handle is None:
            self._handle = self._run.target.workers.lease(lane.process)
            self._run.watch(self, self._handle.fileno())
            self._asked = {}
        self._lanes.append(lane)
        return _Channel(self, self._handle, lane)

    def part(self, lane: Lane) -> None:
        self._lanes.remove(lane)

    def give_back(self) -> None:
        if self._handle is not None and not self._lanes:
            self._run.target.workers.give_back(self._left())

    def farewell(self) -> commands.Command:
        """The connection is closed by the last who has a channel of it."""
        if len(self._lanes) == 1:
            return commands.Reset()
        return commands.CloseChannel(timeout_ms=PROVE_MS)

    def mates(self, lane: Lane) -> list[Lane]:
        return [one for one in self._lanes if one is not lane]

    def send(self, lane: Lane, command: commands.Command) -> int:
        """The command is for the lane's channel, and its answer for the lane."""
        assert self._handle is not None  # noqa: S101  # Somebody leased it.
        identity = self._handle.send(_on_channel(command, lane))
        self._asked[identity] = lane
        return identity

    def serve(self) -> None:
        """Each lane has been told what concerns it."""
        if self._handle is not None:
            for event in self._handle.receive():
                self._tell(event)

    def kill(self) -> None:
        """The process is gone, and every lane that it played knows."""
        if self._handle is None:
            return
        for event in self._left().kill():
            self._tell(event)
        for lane in list(self._lanes):
            lane.kill()

    def _left(self) -> WorkerHandle:
        """Nobody is played by the worker, which this was."""
        handle, self._handle = self._handle, None
        assert handle is not None  # noqa: S101  # Both callers asked.
        self._run.unwatch(handle.fileno())
        return handle

    def _tell(self, event: WorkerLine) -> None:
        for lane in self._concerned(event):
            lane.take_in(event)

    def _concerned(self, event: WorkerLine) -> list[Lane]:
        if isinstance(event, Reply):
            return [self._asked.pop(event.re)]
        if isinstance(event, (ClientErrorEvent, DeliveryEvent)):
            return [one for one in self._lanes if event.channel in {None, one.channel}]
        op = getattr(event, "op", None)
        return [one for one in self._run.lanes.values() if op is not None and one.has_invoked(op)]


class _Channel:
    """The worker as one of its lanes sees it."""

    def __init__(self, shared: SharedWorker, handle: WorkerHandle, lane: Lane) -> None:
        self._shared = shared
        self._handle = handle
        self._lane = lane

    @property
    def pid(self) -> int:
        return self._handle.pid

    @property
    def stderr(self) -> Path:
        return self._handle.stderr

    def send(self, command: commands.Command) -> int:
        return self._shared.send(self._lane, command)

    def receive(self) -> list[WorkerLine]:
        """All that comes is told at once, to whom it concerns."""
        self._shared.serve()
        return []

    def kill(self) -> list[WorkerLine]:
        self._shared.kill()
        return []

    def pause(self) -> None:
        self._handle.pause()
        self._note("paused", "SIGSTOP")

    def resume(self) -> None:
        self._handle.resume()
        self._note("resumed", "SIGCONT")

    def journal_lines(self) -> Sequence[JournalLine]:
        return self._handle.journal_lines()

    def _note(self, what: str, signal: str) -> None:
        """It happened to the others too; of the lane itself its own word tells."""
        for lane in self._shared.mates(self._lane):
            lane.run.note(lane.process, what, evidence={"pid": self.pid, "signal": signal})


def _on_channel(command: commands.Command, lane: Lane) -> commands.Command:
    """The command names the lane's channel wherever it can."""
    if isinstance(command, (commands.OpenProducer, commands.OpenConsumer)):
        return replace(command, settings={**command.settings, "channel": lane.channel or 0})
    if "channel" in command.__struct_fields__:
        return replace(command, channel=lane.channel)
    return command
