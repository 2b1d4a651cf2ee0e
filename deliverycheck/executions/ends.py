"""Ends of transactions, and how long one may take before its request was sent again."""

from collections.abc import Mapping
from enum import StrEnum

from deliverycheck.clients import commands
from deliverycheck.executions.run import Run
from deliverycheck.history import Action
from deliverycheck.plans import (
    REQUEST_TIMEOUT,
    REQUEST_TIMEOUT_MS,
    TRANSACTION_TIMEOUT,
    TRANSACTION_TIMEOUT_MS,
    AfterLateEnd,
    Setting,
)

_NS_PER_MS = 1_000_000


class End(StrEnum):
    """How a transaction is to end."""

    COMMIT = "commit"
    ABORT = "abort"


END_ACTIONS = {End.COMMIT: Action.COMMIT_TRANSACTION, End.ABORT: Action.ABORT_TRANSACTION}
END_COMMANDS: dict[End, type[commands.CommitTransaction | commands.AbortTransaction]] = {
    End.COMMIT: commands.CommitTransaction,
    End.ABORT: commands.AbortTransaction,
}


class Patience:
    """Tells an end that took so long that a request of it may still be on its way.

    The library says so in its log alone; by the clock an application can tell too.
    """

    def __init__(self, run: Run, settings: Mapping[str, Setting]) -> None:
        self._run = run
        self._timeout_ms = int(settings.get(TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT_MS))
        self._request_ms = int(settings.get(REQUEST_TIMEOUT, REQUEST_TIMEOUT_MS))
        self._asked_ns: int | None = None

    def told_by(self, process: str) -> None:
        """The history says how long a transaction and a request of the process may take."""
        evidence = {"timeout_ms": self._timeout_ms, "request_ms": self._request_ms}
        self._run.note(process, "transactional", evidence=evidence)

    def asked(self) -> None:
        """An end is asked for, perhaps not for the first time."""
        if self._asked_ns is None:
            self._asked_ns = self._run.recorder.now()

    def ended(self) -> str | None:
        """The transaction has ended; why its client is to be discarded, if it is."""
        now_ns, asked_ns = self._run.recorder.now(), self._asked_ns
        self._asked_ns = None
        if self._run.plan.subject.after_late_end is AfterLateEnd.KEEP or asked_ns is None:
            return None
        took_ms = (now_ns - asked_ns) // _NS_PER_MS
        if took_ms < self._request_ms:
            return None
        return f"the end took {took_ms} ms, and a request of it may still arrive"
