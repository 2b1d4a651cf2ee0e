"""What differs between plans about logs and plans about queues, as the driver sees it."""

from typing import Protocol

from deliverycheck.executions.live import LiveTarget
from deliverycheck.executions.run import Run
from deliverycheck.executions.stage import Stage
from deliverycheck.history import ExecutionFolder, Header
from deliverycheck.plans import Plan


class Performance(Protocol):
    """One execution's place on the broker, and what its plan's steps mean there.

    Attributes:
        execution: names the execution in every message.
    """

    execution: str

    def __init__(self, plan: Plan, target: LiveTarget) -> None:
        """The place is leased.

        Raises:
            InfrastructureError: it cannot be had.
        """

    def header(self) -> Header:
        """What the history says of itself."""

    def begin(self, run: Run) -> Stage:
        """Everything is there that the first step needs."""

    def bring_to_rest(self, run: Run, stage: Stage) -> None:
        """The quiet tail: everything is healed, read and worked off.

        The history's last line says what was reached and, if something was not, why.

        Raises:
            InfrastructureError: nothing can be said of the subject.
        """

    def collect(self, run: Run, folder: ExecutionFolder) -> None:
        """Evidence that is no part of the history is saved beside it."""

    def retire(self, run: Run) -> None:
        """The place is needed no more.

        Raises:
            InfrastructureError: the broker is in trouble.
        """
