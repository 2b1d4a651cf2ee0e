"""`--events`: what happens in a campaign, a JSON line each, while it happens."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Lock
from typing import BinaryIO

import msgspec

from deliverycheck.cli.systems import UsageError
from deliverycheck.guarantees import Validity
from deliverycheck.history import portable
from deliverycheck.plans import Claim, Stance
from deliverycheck.plans.campaign import Campaign, Target, Violation
from deliverycheck.search import Judgement

FORMAT = "deliverycheck-events"
VERSION = 1
STDOUT = "-"


class _Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """One line; `at` is the moment in UTC."""

    at: str


class Began(_Event, frozen=True, kw_only=True, tag="began"):
    """A campaign against one system is about to run its first plan."""

    format: str
    version: int
    campaign: str
    profile: str
    seed: int
    claims: int
    target: Target


class Said(_Event, frozen=True, kw_only=True, tag="said"):
    """A line for people."""

    text: str


class Executed(_Event, frozen=True, kw_only=True, tag="executed"):
    """A plan was run, and judged.

    Attributes:
        plan: the first digits of its digest.
        folder: of the execution, below the campaign's; that of a valid one may be gone by now.
        after_s: of the campaign's own time.
        valid, invalid: guarantees, by what their checkers say; of the others they say nothing.
        inconclusive: the trouble of the infrastructure, because of which nothing is judged.
    """

    system: str
    plan: str
    folder: str
    seconds: float
    after_s: float
    valid: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    inconclusive: str | None = None


class Violated(_Event, frozen=True, kw_only=True, tag="violated"):
    """A claim was broken; told again with each smaller plan that shows it.

    Attributes:
        folder: where its evidence lies, below the campaign's; equal for the same violation,
            whereas `signature` may change with the plan.
        steps: of the smallest plan so far.
    """

    system: str
    claim: str
    stance: Stance
    signature: str
    anomaly: str
    title: str
    steps: int
    folder: str
    replay: str


class Ended(_Event, frozen=True, kw_only=True, tag="ended"):
    """The campaign is over, and its record is on disk."""

    campaign: str
    exit_code: int
    executions: int
    inconclusive: int
    violations: int
    duration_s: float
    interrupted: bool


Happening = Began | Said | Executed | Violated | Ended


class EventStream:
    """Writes each event at once. Called from many threads.

    Who reads may go away: that is said once, and the campaign goes on without.
    """

    def __init__(self, file: BinaryIO | None, name: str = "") -> None:
        self._file = file
        self._name = name
        self._lock = Lock()
        self.complain: Callable[[str], None] = _nobody

    def emit(self, event: Happening) -> None:
        """The event is written, if there is anybody to read it."""
        with self._lock:
            if self._file is None:
                return
            try:
                self._file.write(msgspec.json.encode(event) + b"\n")
                self._file.flush()
            except (OSError, ValueError) as error:  # Of a closed file Python says the latter.
                self._file = None
                why = getattr(error, "strerror", None) or error
                self.complain(f"--events {self._name}: no further events are written: {why}")

    def said(self, text: str) -> None:
        """A line for people."""
        self.emit(Said(at=now(), text=portable(text)))

    def judged(self, judgement: Judgement, after_s: float) -> None:
        """An execution that was just judged."""
        execution, trouble = judgement.execution, judgement.inconclusive
        by = {
            wanted: tuple(
                name for name, one in judgement.verdicts.items() if one.validity is wanted
            )
            for wanted in (Validity.VALID, Validity.INVALID)
        }
        event = Executed(
            at=now(),
            system=execution.plan.system,
            plan=execution.plan.short_digest,
            folder=f"{execution.folder.root.parent.name}/{execution.folder.root.name}",
            seconds=round(execution.seconds, 3),
            after_s=round(after_s, 3),
            valid=by[Validity.VALID],
            invalid=by[Validity.INVALID],
            hazards=tuple(judgement.hazards),
            inconclusive=None if trouble is None else portable(trouble),
        )
        self.emit(event)

    def violated(self, claim: Claim, violation: Violation) -> None:
        """A violation, as it is known by now."""
        event = Violated(
            at=now(),
            system=claim.system,
            claim=claim.id,
            stance=claim.stance,
            signature=violation.id,
            anomaly=violation.anomaly,
            title=violation.title,
            steps=len(violation.steps),
            folder=violation.folder,
            replay=violation.replay,
        )
        self.emit(event)

    def ended(self, record: Campaign) -> None:
        """The end of a campaign."""
        event = Ended(
            at=now(),
            campaign=record.id,
            exit_code=record.exit_code,
            executions=record.executions,
            inconclusive=record.inconclusive,
            violations=len(record.violations),
            duration_s=record.duration_s,
            interrupted=record.interrupted,
        )
        self.emit(event)


def now() -> str:
    """The moment in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _nobody(_text: str) -> None:
    """Who asked for no events is not told of their end."""


@contextmanager
def event_stream(name: str | None) -> Iterator[EventStream]:
    """The stream to a file, which it is added to, or to standard output for ``-``.

    Raises:
        UsageError: the file cannot be opened.
    """
    if name is None or name == STDOUT:
        yield EventStream(None if name is None else sys.stdout.buffer, "-")
        return
    try:
        file = open(name, "ab")  # noqa: PTH123, SIM115  # also a pipe; closed below
    except OSError as error:
        msg = f"--events {name}: {error.strerror}"
        raise UsageError(msg) from None
    try:
        yield EventStream(file, name)
    finally:
        with suppress(OSError):  # Of what could not be written, which was said.
            file.close()
