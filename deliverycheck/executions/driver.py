"""Runs one plan against a live target and leaves its execution folder behind."""

import errno
import time
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from deliverycheck.brokers import Broker, Death, DeathCause, InfrastructureError
from deliverycheck.brokers.processes import wait_until
from deliverycheck.clients import WorkerError
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.live import LiveTarget
from deliverycheck.executions.log_performance import LogPerformance
from deliverycheck.executions.performance import Performance
from deliverycheck.executions.queues import QueuePerformance
from deliverycheck.executions.run import Run
from deliverycheck.executions.stage import Stage
from deliverycheck.history import ExecutionFolder, NodeEvent, NodeState, Phase, Recorder, portable
from deliverycheck.plans import Plan

INFRASTRUCTURE = (InfrastructureError, WorkerError, OSError)
"""What may go wrong without the subject having anything to do with it."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

DYING_S_MAX = 0.5
"""A Java process that was killed is gone some 10 ms after its sockets; ten times that, and more."""

NODE = "b1"
PLAN = "plan"
"""The process whose events mark where each step of the plan began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One plan that was run.

    Attributes:
        inconclusive: trouble of the infrastructure, by name: nothing may be judged then.
        broker_died: a node that nobody killed is gone: a finding by itself.
        seconds: from the lease of the topic to the last worker's end.
    """

    plan: Plan
    folder: ExecutionFolder
    seconds: float
    inconclusive: str | None = None
    broker_died: str | None = None


def execute(plan: Plan, target: LiveTarget, folder: ExecutionFolder) -> Execution:
    """Run the plan to its end. Trouble of the infrastructure is a result, not an error.

    The folder holds plan, header and history, readable to whatever point was reached.

    Raises:
        OSError: there is no room left for what is recorded: no later plan fares better.
    """
    started_s = time.monotonic()
    trouble: str | None = None
    try:
        folder.create()
        folder.plan.write_bytes(plan.to_json())
        trouble = _run(plan, target, folder)
    except INFRASTRUCTURE as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise OSError(error.errno, error.strerror, str(folder.root)) from error
        trouble = _named(error)
    death = target.broker.died() if trouble is None else _awaited_death(target.broker)
    died = death.text if death is not None else None
    itself = death is not None and death.cause is DeathCause.ITSELF
    return Execution(
        plan=plan,
        folder=folder,
        seconds=time.monotonic() - started_s,
        inconclusive=died or trouble,  # All other trouble follows from a death.
        broker_died=died if itself else None,
    )


def _awaited_death(broker: Broker) -> Death | None:
    """How a node died, if it is behind the trouble: its connections end before its process does."""
    wait_until(lambda: broker.died() is not None, timeout_s=DYING_S_MAX)
    return broker.died()


def _named(error: Exception) -> str:
    return f"{type(error).__name__.removesuffix('Error')}: {error}"


def _run(plan: Plan, target: LiveTarget, folder: ExecutionFolder) -> str | None:
    """The trouble that ended it early, or ``None``."""
    kind = LogPerformance if plan.subject.topology is None else QueuePerformance
    performance: Performance = kind(plan, target)
    recorder = Recorder(folder.history, performance.header(), target.time.now_ns)
    run = Run(
        plan=plan,
        target=target,
        recorder=recorder,
        execution=performance.execution,
        folder=folder.root,
    )
    stage: Stage | None = None
    trouble: str | None = None
    try:
        stage = performance.begin(run)
        run.phase(Phase.WORKLOAD)
        for number, step in enumerate(plan.steps, start=1):
            run.note(PLAN, "step", evidence={"number": number})
            stage.perform(step)
        performance.bring_to_rest(run, stage)
        run.require_alive()
        performance.collect(run, folder)
    except INFRASTRUCTURE as error:
        trouble = _named(error)
        _record_death(run)
        if isinstance(error, OSError):
            raise
    finally:
        left = _clean_up(run, stage or Stage(run)), _retire(performance, run)
        recorder.close()
        run.close()
        _keep_logs(run, folder)
    return next(filter(None, (trouble, *left)), None)


def _record_death(run: Run) -> None:
    """A node that nobody killed and that is gone stands in the history, if that can be written."""
    died = _awaited_death(run.target.broker)
    if died is not None:
        evidence = {"cause": died.cause, "text": portable(died.text)}
        event = NodeEvent(node=NODE, state=NodeState.DIED, ns=run.recorder.now(), evidence=evidence)
        with suppress(OSError):
            run.recorder.write(event)


def _retire(performance: Performance, run: Run) -> str | None:
    """The place is given up; why not, if the broker is in trouble."""
    try:
        performance.retire(run)
    except INFRASTRUCTURE as error:
        return _named(error)
    return None


def _clean_up(run: Run, stage: Stage) -> str | None:
    """No fault, worker or lease of the execution is left; what could not be cleaned up."""
    troubles: list[str] = []
    for lane in run.lanes.values():
        try:
            _release(stage, lane)
        except INFRASTRUCTURE as error:
            troubles.append(f"cleaning up {lane.name}: {_named(error)}")
    for slot in dict.fromkeys(lane.slot for lane in run.lanes.values()):  # Some share one.
        run.target.slots.give_back(slot)
    try:
        stage.disturbances.bring_node_back(NODE)
    except INFRASTRUCTURE as error:
        troubles.append(f"cleaning up {NODE}: {_named(error)}")
    return "; ".join(troubles) or None


def _release(stage: Stage, lane: Lane) -> None:
    try:
        if lane.link in stage.disturbances.on_links:
            stage.disturbances.heal(lane)
        if lane.paused:
            stage.resume_worker(lane)
        lane.dismiss()
    finally:
        if lane.worker is not None:
            lane.worker.kill()
            lane.worker = None


def _keep_logs(run: Run, folder: ExecutionFolder) -> None:
    """What each incarnation wrote to its log during this execution."""
    for lane in run.lanes.values():
        for process, text in lane.logs.items():
            if text:
                (folder.logs / f"{process.replace('#', '-')}.log").write_bytes(text)


def save_header(folder: ExecutionFolder, facts: dict[str, object]) -> None:
    """Write what was really there beside the history."""
    folder.header.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")
