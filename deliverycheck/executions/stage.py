"""What the driver does for each kind of step."""

from collections.abc import Callable, Mapping
from typing import Any

from deliverycheck.brokers import Capability
from deliverycheck.clients import commands
from deliverycheck.executions import topics
from deliverycheck.executions.consumer import Called, ConsumerLane, Wish
from deliverycheck.executions.disturbances import Disturbances
from deliverycheck.executions.ends import End
from deliverycheck.executions.lane import Lane
from deliverycheck.executions.producer import ProducerLane
from deliverycheck.executions.run import CALL_DEADLINE_S, Run
from deliverycheck.executions.sharing import SharingLane
from deliverycheck.executions.transactional import TransactionalLane
from deliverycheck.history import Action, FaultMoment
from deliverycheck.plans import (
    AbortTransaction,
    AddPartitions,
    Arm,
    Await,
    ChangeConfig,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    PausePartitions,
    Publish,
    Purge,
    Release,
    Restart,
    Resume,
    ResumePartitions,
    Seek,
    Step,
    Subscribe,
    Unsubscribe,
    Wait,
    Work,
)

_PAUSES = frozenset({Called.BLOCKED, Called.DISCARDED})


class Stage:
    """An execution's lanes and disturbances: performs steps one after the other."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.disturbances = Disturbances(run)

    def perform(self, step: Step) -> None:
        """Do what the step says. What is not possible (any more) is left out and recorded."""
        self.verbs()[type(step)](self, step)

    def verbs(self) -> Mapping[type, Callable[[Any, Any], None]]:
        """By kind of step what does it."""
        return _VERBS

    def producer(self, name: str) -> ProducerLane:
        """The producing lane of that name."""
        lane = self.run.lanes[name]
        assert isinstance(lane, ProducerLane)  # noqa: S101  # lanes are made by their names
        return lane

    def consumer(self, name: str) -> ConsumerLane:
        """The consuming lane of that name."""
        lane = self.run.lanes[name]
        assert isinstance(lane, ConsumerLane)  # noqa: S101  # lanes are made by their names
        return lane

    def is_free(self, lane: Lane) -> bool:
        """Whether the lane can take a call; one that is still blocked is waited for once."""
        if lane.join(CALL_DEADLINE_S):
            return True
        self.run.note(lane.process, "skipped", evidence={"because": "its last call is blocked"})
        return False

    def publish(self, step: Publish) -> None:
        lane = self.producer(step.lane)
        if not lane.lives:
            undisturbed = lane.link not in self.disturbances.on_links
            healthy = undisturbed and self.disturbances.node_down is None
            lane.open(commands.Connect.WARM if healthy else commands.Connect.COLD)
        if self.is_free(lane):
            lane.publish(step)

    def flush(self, step: Flush) -> None:
        lane = self.producer(step.lane)
        if lane.lives and self.is_free(lane):
            lane.flush(step)

    def purge(self, step: Purge) -> None:
        lane = self.producer(step.lane)
        if lane.lives and self.is_free(lane):
            lane.purge(step)

    def end_transaction(self, step: CommitTransaction | AbortTransaction) -> None:
        lane = self.run.lanes[step.lane]
        assert isinstance(lane, TransactionalLane)  # noqa: S101  # the model excludes others
        if lane.lives and self.is_free(lane):
            lane.end(End.COMMIT if isinstance(step, CommitTransaction) else End.ABORT)

    def work(self, step: Work) -> None:
        lane = self.consumer(step.lane)
        if not lane.lives:
            lane.open()
        if isinstance(lane, SharingLane):
            lane.settling = step.settling
        for call in range(1, step.calls + 1 if lane.lives else 1):
            sent = step.wait is Wait.SENT and call == step.calls
            called = lane.step(patience_s=0.0 if sent else CALL_DEADLINE_S)
            if called in _PAUSES or (called is Called.RECEIVE and lane.idle):
                return

    def wish(self, step: Wish) -> None:
        lane = self.consumer(step.lane)
        if lane.lives:
            lane.wishes.append(step)

    def close(self, step: Close) -> None:
        lane = self.consumer(step.lane)
        if lane.lives and self.is_free(lane):
            op = lane.invoke(Action.CLOSE)
            lane.finish(op, lane.call(commands.Close(), op=op))
            lane.closed = True
            lane.dismiss()

    def kill(self, step: Kill) -> None:
        if step.lane not in self.run.lanes:
            self._disturb_node(step.lane, "kill", Capability.KILL)
            return
        lane = self.run.lanes[step.lane]
        if lane.lives:
            self.disturbances.record_plain(FaultMoment.INJECT, "kill", lane.name)
            evidence = lane.kill()
            self.disturbances.record_plain(FaultMoment.INJECTED, "kill", lane.name, evidence)

    def kill_for_good(self, lane: Lane) -> None:
        """End a worker that does not answer any more; no fault of the plan's."""
        lane.kill()
        self.run.reasons.append(f"{lane.process} did not answer after the last heal and was killed")

    def pause(self, step: Pause) -> None:
        if step.lane not in self.run.lanes:
            self._disturb_node(step.lane, "pause", Capability.PAUSE)
            return
        lane = self.run.lanes[step.lane]
        if lane.lives and not lane.paused:
            self.disturbances.record_plain(FaultMoment.INJECT, "pause", lane.name)
            evidence = lane.pause()
            self.disturbances.record_plain(FaultMoment.INJECTED, "pause", lane.name, evidence)

    def _disturb_node(self, node: str, fault: str, needed: Capability) -> None:
        if needed in self.run.target.capabilities and self.disturbances.node_down is None:
            self.disturbances.take_node(node, fault)

    def resume(self, step: Resume) -> None:
        lane = self.run.lanes.get(step.lane)
        if lane is None:
            self.disturbances.bring_node_back(step.lane)
        elif lane.paused:
            self.resume_worker(lane)

    def resume_worker(self, lane: Lane) -> None:
        """The worker goes on, and the history says so."""
        self.disturbances.record_plain(FaultMoment.HEAL, "pause", lane.name)
        evidence = lane.resume()
        self.disturbances.record_plain(FaultMoment.HEALED, "pause", lane.name, evidence)

    def restart(self, step: Restart) -> None:
        self.disturbances.bring_node_back(step.lane)

    def inject(self, step: Inject) -> None:
        lane = self.run.lanes[step.lane.removeprefix("link ")]
        if Capability.LINKS in self.run.target.capabilities:
            self.disturbances.inject(lane, step.fault, step.direction)

    def heal(self, step: Heal) -> None:
        lane = self.run.lanes[step.lane.removeprefix("link ")]
        if lane.link in self.disturbances.on_links:
            self.disturbances.heal(lane)

    def hold(self, step: Hold) -> None:
        self.run.pass_time(step.ms / 1000)

    def arm(self, step: Arm) -> None:
        lane = self.run.lanes[step.lane]
        if lane.lives and self.is_free(lane):
            lane.call(commands.Arm(point=step.point))

    def release(self, step: Release) -> None:
        lane = self.run.lanes[step.lane]
        if lane.lives:
            lane.held = False
            lane.send(commands.Release())
            self.run.note(lane.process, "released")

    def await_(self, step: Await) -> None:
        self.run.lanes[step.lane].join(CALL_DEADLINE_S)


_VERBS: dict[type, Callable[[Any, Any], None]] = {
    Publish: Stage.publish,
    Flush: Stage.flush,
    Purge: Stage.purge,
    CommitTransaction: Stage.end_transaction,
    AbortTransaction: Stage.end_transaction,
    Work: Stage.work,
    Seek: Stage.wish,
    PausePartitions: Stage.wish,
    ResumePartitions: Stage.wish,
    Unsubscribe: Stage.wish,
    Subscribe: Stage.wish,
    Close: Stage.close,
    Kill: Stage.kill,
    Pause: Stage.pause,
    Resume: Stage.resume,
    Restart: Stage.restart,
    Inject: Stage.inject,
    Heal: Stage.heal,
    Hold: Stage.hold,
    CreateTopic: lambda stage, step: topics.create(stage.run, step),
    DeleteTopic: lambda stage, step: topics.delete(stage.run, step),
    AddPartitions: lambda stage, step: topics.add_partitions(stage.run, step),
    DeleteRecords: lambda stage, step: topics.delete_records(stage.run, step),
    ChangeConfig: lambda stage, step: topics.change_config(stage.run, step),
    Arm: Stage.arm,
    Release: Stage.release,
    Await: Stage.await_,
}
