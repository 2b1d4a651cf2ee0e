"""Who plays a lane: a worker of its own, unless others do it in the same one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deliverycheck.clients import JournalLine, WorkerHandle, WorkerLine, commands
from deliverycheck.executions.run import Run

if TYPE_CHECKING:  # A lane knows who plays it; at run time they only hold it.
    from deliverycheck.executions.lane import Lane


class Worker(Protocol):
    """What a lane needs of the worker that plays it; as of `WorkerHandle`."""

    @property
    def pid(self) -> int:
        """Of its process."""

    @property
    def stderr(self) -> Path:
        """Its log."""

    def send(self, command: commands.Command) -> int:
        """The command's id."""

    def receive(self) -> list[WorkerLine]:
        """What it said to this lane and nobody has heard."""

    def kill(self) -> list[WorkerLine]:
        """SIGKILL; what it had still said to this lane."""

    def pause(self) -> None:
        """SIGSTOP."""

    def resume(self) -> None:
        """SIGCONT."""

    def journal_lines(self) -> Sequence[JournalLine]:
        """The effects in its journal."""


class Workers(Protocol):
    """Where a lane gets its workers from, and where it leaves them."""

    def lease(self, lane: "Lane") -> Worker:
        """A worker plays the lane, and is heard whenever the execution waits."""

    def part(self, lane: "Lane") -> None:
        """The worker plays this lane no more."""

    def give_back(self) -> None:
        """A worker that obeyed the farewell of its last lane may play others."""

    def farewell(self) -> commands.Command:
        """What ends the client of a lane in order."""

    def mates(self, lane: "Lane") -> list["Lane"]:
        """The other lanes that live by the same connection."""


class OwnWorker:
    """A lane has a worker, and a connection, of its own."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._handle: WorkerHandle | None = None

    def lease(self, lane: "Lane") -> Worker:
        self._handle = self._run.target.workers.lease(lane.process)
        self._run.watch(lane, self._handle.fileno())
        return self._handle

    def part(self, lane: "Lane") -> None:  # noqa: ARG002  # There is one.
        if self._handle is not None:
            self._run.unwatch(self._handle.fileno())

    def give_back(self) -> None:
        if self._handle is not None:
            self._run.target.workers.give_back(self._handle)

    def farewell(self) -> commands.Command:
        return commands.Reset()

    def mates(self, lane: "Lane") -> list["Lane"]:  # noqa: ARG002  # Nobody has any.
        return []
