"""A lane whose steps a worker performs: its incarnations, its link, its open operations."""

from contextlib import suppress
from typing import Any

from deliverycheck.brokers import Slot
from deliverycheck.clients import (
    AssignEvent,
    AutoCommitEvent,
    ClientErrorEvent,
    ConfirmedAgainEvent,
    DeliveryEvent,
    FailEvent,
    HeldEvent,
    InfoEvent,
    LostEvent,
    OkEvent,
    Reply,
    ReturnedEvent,
    RevokeEvent,
    WorkerRubbishError,
    commands,
    completion_of,
)
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.executions.workers import OwnWorker, Worker, Workers
from deliverycheck.history import (
    Action,
    Completion,
    Delivery,
    Info,
    Invoke,
    Ok,
    Position,
    Returned,
)

LOG_BYTES_MAX = 4_000_000
"""A client's debug log of one execution is some 100 kB; a flood is cut to its end."""

_REBALANCE = {AssignEvent: Action.ASSIGN, RevokeEvent: Action.REVOKE, LostEvent: Action.LOST}


class Lane:
    """One producer or consumer of the plan; at most one worker at a time plays it.

    Attributes:
        link: the lane of its way to the broker.
        channel: of the connection that it shares with others; ``None`` where it has its own.
        workers: where it gets its workers from.
        completed: completions of this incarnation's operations, by op.
        open_ops: operations of this incarnation without a completion.
        last_call_ns: when the last command went out.
        last_error_ns: when the library last complained; -1 if it never did.
        logs: what each incarnation logged, by process.
    """

    def __init__(self, run: Run, name: str, slot: Slot) -> None:
        self.run = run
        self.name = name
        self.slot = slot
        self.link = f"link {name}"
        self.channel: int | None = None
        self.workers: Workers = OwnWorker(run)
        self.incarnation = 0
        self.worker: Worker | None = None
        self.paused = False
        self.held = False
        self.completed: dict[int, Completion] = {}
        self.open_ops: set[int] = set()
        self._calls: set[int] = set()
        self.last_call_ns = 0
        self.last_error_ns = -1
        self.logs: dict[str, bytes] = {}
        self._replies: dict[int, Reply] = {}
        self._awaited: int | None = None
        self._invoked: dict[int, Invoke] = {}

    @property
    def process(self) -> str:
        """The incarnation that plays the lane, such as ``p1#2``."""
        return f"{self.name}#{self.incarnation}"

    @property
    def lives(self) -> bool:
        """Whether a worker plays the lane."""
        return self.worker is not None

    @property
    def busy(self) -> bool:
        """Whether a command has no answer yet."""
        return self._awaited is not None and self._awaited not in self._replies

    def enlist(self) -> None:
        """A fresh worker plays the lane as its next incarnation."""
        self.incarnation += 1
        self.worker = self.workers.lease(self)
        self.completed, self.open_ops, self._calls, self._invoked = {}, set(), set(), {}
        self._replies, self._awaited, self.paused, self.held = {}, None, False, False
        evidence = {"pid": self.worker.pid, **self.traits()}
        self.run.note(self.process, "started", link=self.link, evidence=evidence)

    def traits(self) -> dict[str, int]:
        """What a reader of the history should know of the client from its start."""
        return {}

    # Calls.

    def invoke(self, action: Action, **fields: Any) -> int:  # noqa: ANN401  # the fields of Invoke, checked there
        """Record that an operation is about to be asked for; its number."""
        recorder = self.run.recorder
        op = recorder.next_op()
        event = Invoke(op=op, process=self.process, action=action, ns=recorder.now(), **fields)
        self.open_ops.add(op)
        self._calls.add(op)
        self._invoked[op] = event
        recorder.write(event)
        return op

    def send(self, command: commands.Command) -> int:
        """The command is on its way; its id."""
        assert self.worker is not None, f"{self.name}: a step for a lane that nobody plays"  # noqa: S101  # the model excludes it
        self.last_call_ns = self.run.recorder.now()
        self._awaited = self.worker.send(command)
        return self._awaited

    def answer(self, identity: int, *, deadline_s: float, op: int | None = None) -> Reply | None:
        """The reply, or ``None`` if the call is blocked: recorded so, its operation stays open."""
        if self.run.wait(lambda: identity in self._replies, deadline_s):
            return self._replies[identity]
        self.run.note(self.process, "blocked", op=op)
        return None

    def call(
        self,
        command: commands.Command,
        *,
        op: int | None = None,
        deadline_s: float = CALL_DEADLINE_S,
    ) -> Reply | None:
        """Send and wait for the answer; ``None`` if it did not come by the deadline."""
        return self.answer(self.send(command), deadline_s=deadline_s, op=op)

    def join(self, deadline_s: float) -> bool:
        """Wait for the answer that is outstanding, if one is; whether none is left."""
        return self.run.wait(lambda: not self.busy, deadline_s)

    def has_invoked(self, op: int) -> bool:
        """Whether it is an operation of this incarnation."""
        return op in self._invoked

    def action_of(self, op: int) -> Action:
        """What this incarnation's operation asked for."""
        return self._invoked[op].action

    def finish(self, op: int, reply: Reply | None) -> None:
        """Complete an operation whose reply is its completion; without one it stays open."""
        if reply is not None:
            ending = Ok if reply.error is None else Info
            self._complete(ending(op=op, ns=self.run.recorder.now(), error=reply.error))

    # What the worker says.

    def serve(self) -> None:
        """Record what the worker has said by now."""
        if self.worker is not None:
            for event in self.worker.receive():
                self.take_in(event)

    def take_in(self, event: object) -> None:
        """Record what the worker said, and know it."""
        recorder = self.run.recorder
        if isinstance(event, Reply):
            self._replies[event.re] = event
        elif isinstance(event, (OkEvent, FailEvent, InfoEvent)):
            self._require_told_once(event.op, self.open_ops, "completed")
            self._complete(completion_of(event, recorder.now()))
        elif isinstance(event, ReturnedEvent):
            self._require_told_once(event.op, self._calls, "returned from")
            self._calls.discard(event.op)
            recorder.write(Returned(op=event.op, ns=recorder.now()))
        elif isinstance(event, ConfirmedAgainEvent):
            self.run.note(self.process, "confirmed_again", op=event.op)
        elif isinstance(event, (AssignEvent, RevokeEvent, LostEvent)):
            covers = tuple(
                Position(source=one.source, partition=one.partition, position=0)
                for one in event.partitions
            )
            op = self.invoke(_REBALANCE[type(event)], covers=covers)
            self._complete(Ok(op=op, ns=recorder.now()))
        elif isinstance(event, ClientErrorEvent):
            self.last_error_ns = recorder.now()
            self.run.note(
                self.process, "error", error=event.error, evidence={"text": event.text[:200]}
            )
        elif isinstance(event, HeldEvent):
            self.held = True
            self.run.note(self.process, "held", evidence={"point": event.point})
        elif isinstance(event, AutoCommitEvent):
            op = self.invoke(Action.COMMIT, covers=event.covers)
            ending = Ok if event.error is None else Info
            self._complete(ending(op=op, ns=recorder.now(), error=event.error))
        elif isinstance(event, DeliveryEvent):
            self.run.note(self.process, "prefetched", evidence={"message": event.delivery.message})

    def _require_told_once(self, op: int, open_: set[int], verb: str) -> None:
        """A second word on an operation would make a history that nobody can read.

        Raises:
            WorkerRubbishError: the operation is over, or none of this incarnation's.
        """
        if op not in open_:
            known = "already" if op in self._invoked else "which it was never asked for"
            log = f"Its log: {self.worker.stderr}" if self.worker is not None else ""
            msg = f"worker {self.process} {verb} operation {op}, {known}. {log}"
            raise WorkerRubbishError(msg)

    def _complete(self, completion: Completion) -> None:
        self.open_ops.discard(completion.op)
        self.completed[completion.op] = completion
        self.run.recorder.write(completion)

    # Ends.

    def kill(self) -> dict[str, Any]:
        """SIGKILL. What it had said and the effects in its journal are recorded; evidence."""
        worker, self.worker = self.worker, None
        self.paused = self.held = False
        assert worker is not None, f"{self.name}: a kill of a lane that nobody plays"  # noqa: S101  # the model excludes it
        self.workers.part(self)
        pid = worker.pid
        for event in worker.kill():
            self.take_in(event)
        evidence = {"pid": pid, "signal": "SIGKILL"}
        self.run.note(self.process, "killed", evidence=evidence)
        self._keep_log(worker)
        self._recover_effects(worker)
        return evidence

    def _recover_effects(self, worker: Worker) -> None:
        """An effect in the journal happened, whether or not its worker could still say so."""
        open_effects = {op for op in self.open_ops if self._invoked[op].action is Action.EFFECT}
        if not open_effects:
            return
        for line in worker.journal_lines():
            ours = line.delivery.execution == self.run.execution
            if ours and line.op in open_effects:
                open_effects.discard(line.op)
                self._complete(Ok(op=line.op, ns=self.run.recorder.now()))

    def _keep_log(self, worker: Worker) -> None:
        """Keep the end of this incarnation's log; the next lessee starts with an empty one."""
        with suppress(OSError):
            self.logs[self.process] = worker.stderr.read_bytes()[-LOG_BYTES_MAX:]

    def pause(self) -> dict[str, Any]:
        """SIGSTOP; evidence."""
        assert self.worker is not None, f"{self.name}: a pause of a lane that nobody plays"  # noqa: S101  # the model excludes it
        self.worker.pause()
        self.paused = True
        evidence = {"pid": self.worker.pid, "signal": "SIGSTOP"}
        self.run.note(self.process, "paused", evidence=evidence)
        return evidence

    def resume(self) -> dict[str, Any]:
        """SIGCONT; evidence."""
        assert self.worker is not None, f"{self.name}: a resume of a lane that nobody plays"  # noqa: S101  # the model excludes it
        self.worker.resume()
        self.paused = False
        evidence = {"pid": self.worker.pid, "signal": "SIGCONT"}
        self.run.note(self.process, "resumed", evidence=evidence)
        return evidence

    def dismiss(self, deadline_s: float = CALL_DEADLINE_S) -> bool:
        """Nobody plays the lane; a worker that forgets in time is used again, another is killed.

        Whether its client, if there was one, was closed in order.
        """
        if self.worker is None:
            return True
        worker = self.worker
        reply = None if self.busy else self.call(self.workers.farewell(), deadline_s=deadline_s)
        self.workers.part(self)
        self.worker = None
        self._keep_log(worker)
        if reply is not None and reply.error is None:
            self.run.note(self.process, "closed")
            self.workers.give_back()
            return True
        worker.kill()
        self.run.note(self.process, "killed", evidence={"pid": worker.pid, "by": "tail"})
        return False

    def position_after(self, delivery: Delivery) -> Position:
        """What a commit of this delivery names: the next position to read."""
        return Position(
            source=delivery.source,
            partition=delivery.partition,
            position=(delivery.position or 0) + 1,
        )
