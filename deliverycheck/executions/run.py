"""The state of one execution while it runs, and its only way to wait."""

from collections.abc import Callable, Mapping
from pathlib import Path
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Protocol

from deliverycheck.executions.live import InconclusiveError, LiveTarget
from deliverycheck.history import Phase, PhaseMark, ProcessEvent, Recorder
from deliverycheck.plans import Plan, Setting

if TYPE_CHECKING:  # A lane knows its run; at run time the run only holds it.
    from deliverycheck.executions.lane import Lane

HARNESS = "admin#1"
"""The process of what the harness itself asks of the broker."""

CALL_DEADLINE_S = 1.5
"""Past it a call is recorded as blocked and the plan goes on: above a client's 1 s timer scan, far
below the 30 s and more that a synchronous commit waits on a faulted link."""

ALIVE_POLL_S = 0.25
"""So often a wait looks whether there still is a broker to wait for."""

NS_PER_S = 1_000_000_000


class Served(Protocol):
    """Who is to hear what a worker says."""

    def serve(self) -> None:
        """Record what the worker has said by now."""


class Run:
    """One execution: its recorder, its lanes, its names. One thread owns it.

    `topics` holds the real names by the plan's, `deleted` those of them that are gone, `partitions`
    how many each real one has, and `dropping` those that may begin behind their first position.
    In `folder` lies what the application itself writes.

    All waiting goes through `wait`, which serves every worker of the execution, so
    that what one of them says while another is waited for is recorded when it is read.
    """

    def __init__(
        self, *, plan: Plan, target: LiveTarget, recorder: Recorder, execution: str, folder: Path
    ) -> None:
        self.plan = plan
        self.target = target
        self.recorder = recorder
        self.execution = execution
        self.folder = folder
        self.topics: dict[str, str] = {}
        self.deleted: dict[str, str] = {}
        self.partitions: dict[str, int] = {}
        self.dropping: set[str] = set()
        self.lanes: dict[str, Lane] = {}
        self.reasons: list[str] = []
        self._configured: set[str] = set()
        self._looked_ns = 0
        self._selector = target.time.selector()

    @property
    def subject_topic(self) -> str:
        """The real name of ``t1``, which consumers work off."""
        return self.topics["t1"]

    def adopt(self, name: str, topic: str) -> None:
        """What the plan calls so is this topic, with the subject's number of partitions."""
        self.topics[name] = topic
        self.partitions[topic] = self.plan.subject.partitions
        settings = self.plan.subject.topic
        if settings and self.target.log_broker.source_of(settings) is not None:
            self.dropping.add(topic)

    def configure_group(self, group: str, settings: Mapping[str, Setting]) -> None:
        """The broker knows the settings of a share group."""
        if group not in self._configured:
            self._configured.add(group)
            self.target.log_broker.configure_group(group, settings)

    def watch(self, served: Served, fileno: int) -> None:
        """Serve the worker whenever it says something and the execution waits."""
        self._selector.register(fileno, EVENT_READ, served)

    def unwatch(self, fileno: int) -> None:
        """The worker is served no more."""
        self._selector.unregister(fileno)

    def wait(
        self, condition: Callable[[], bool], deadline_s: float, *, poll_s: float = 60.0
    ) -> bool:
        """Serve all workers until the condition holds or the deadline passes; whether it holds.

        `poll_s` is for conditions that no worker's word announces.

        Raises:
            InconclusiveError: broker or proxy is dead; nothing is worth waiting for.
        """
        end_ns = self.recorder.now() + int(deadline_s * NS_PER_S)
        while not condition():
            left_s = (end_ns - self.recorder.now()) / NS_PER_S
            if left_s <= 0:
                return False
            for key, _ in self._selector.select(min(left_s, poll_s, ALIVE_POLL_S)):
                key.data.serve()
            self._look_after_the_living()
        return True

    def _look_after_the_living(self) -> None:
        """By the clock and not in silence: clients of a dead broker complain without end."""
        now_ns = self.recorder.now()
        if now_ns - self._looked_ns >= ALIVE_POLL_S * NS_PER_S:
            self._looked_ns = now_ns
            self.require_alive()

    def require_alive(self) -> None:
        """Broker and proxy are there, or were taken away by the plan.

        Raises:
            InconclusiveError: one of them is gone, and nobody killed it.
        """
        death = self.target.broker.died()
        if death is not None:
            raise InconclusiveError(death.text)
        gone = self.target.links.alive()
        if gone is not None:
            msg = f"the proxy of the links {gone}"
            raise InconclusiveError(msg)

    def pass_time(self, seconds: float) -> None:
        """Serve all workers for that long."""
        self.wait(lambda: False, seconds)

    def require(
        self, condition: Callable[[], bool], deadline_s: float, what: str, *, poll_s: float
    ) -> None:
        """Wait for what only broken infrastructure withholds.

        Raises:
            InconclusiveError: it did not come in time.
        """
        if not self.wait(condition, deadline_s, poll_s=poll_s):
            msg = f"{what} did not happen within {deadline_s:g} s"
            raise InconclusiveError(msg)

    def note(  # noqa: PLR0913  # all but the first two by name
        self,
        process: str,
        what: str,
        *,
        op: int | None = None,
        error: str | None = None,
        link: str | None = None,
        evidence: Mapping[str, object] | None = None,
    ) -> None:
        """Record that something became of a process."""
        self.recorder.write(
            ProcessEvent(
                process=process,
                what=what,
                ns=self.recorder.now(),
                op=op,
                error=error,
                link=link,
                evidence=dict(evidence or {}),
            )
        )

    def phase(self, phase: Phase) -> None:
        """Record that a phase begins."""
        self.recorder.write(PhaseMark(phase=phase, ns=self.recorder.now()))

    def close(self) -> None:
        """Nobody is waited for any more."""
        self._selector.close()
