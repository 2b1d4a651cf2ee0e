"""The lines of a history file: public format, version 1 (`docs/history-format.md`)."""

from enum import StrEnum
from typing import Any

import msgspec

from deliverycheck.history.numbers import Natural, Several
from deliverycheck.history.operation import (
    Action,
    Delivery,
    DeliveryRun,
    Position,
    PublishRun,
    Whence,
)
from deliverycheck.history.source import Source

FORMAT = "deliverycheck-history"
VERSION = 1


class FaultMoment(StrEnum):
    """The ends of a fault: asked for, in place, asked away, gone."""

    INJECT = "inject"
    INJECTED = "injected"
    HEAL = "heal"
    HEALED = "healed"


class NodeState(StrEnum):
    """What became of a broker node; ``died`` means by itself."""

    KILLED = "killed"
    PAUSED = "paused"
    STARVED = "starved"
    RESUMED = "resumed"
    READY = "ready"
    DIED = "died"


class Phase(StrEnum):
    """The stretches of an execution; ``done`` closes it and says what was reached."""

    WORKLOAD = "workload"
    SETTLE = "settle"
    DRAIN = "drain"
    SCAN = "scan"
    DONE = "done"


class _Line(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What it does not know must be looked at: it is kept, or an error."""


class Header(_Line, frozen=True, kw_only=True, tag="header", omit_defaults=True):
    """The first line of a history.

    Attributes:
        relies_on: what the application treats as done: ``confirm`` or ``call_returned``.
        error_means: what it takes an error for: ``unknown`` or ``absent``.
        clock: the clock of all times in the file.
        groups: for each consumer group, the sources it has to work off.
        sources: what is known of each source; one that is missing is a plain log.
        within_ms: time after the last heal within which everything must be resolved and
            usable again; ``None`` if nothing is promised.
    """

    format: str
    version: int
    execution: str
    plan: str = ""
    clock: str = "monotonic_ns"
    relies_on: str = "confirm"
    error_means: str = "unknown"
    groups: dict[str, tuple[str, ...]] = {}
    sources: dict[str, Source] = {}
    within_ms: Natural | None = None


class Invoke(_Line, frozen=True, kw_only=True, tag="invoke", omit_defaults=True):
    """A call is about to be made."""

    op: Natural
    process: str
    action: Action
    ns: Natural
    parent: Natural | None = None
    message: str | None = None
    attempt: Several = 1
    count: Several = 1
    target: str | None = None
    partition: Natural | None = None
    key: str | None = None
    headers: dict[str, str] | None = None
    transaction: str | None = None
    group: str | None = None
    deliveries: tuple[Delivery, ...] = ()
    covers: tuple[Position, ...] = ()
    transactional_id: str | None = None
    isolation: str | None = None
    tombstone: bool = False
    priority: Natural | None = None
    expires_ms: Natural | None = None
    requeue: bool | None = None
    prefetch: Natural | None = None
    correlation: str | None = None
    whence: Whence | None = None
    routes: tuple[str, ...] | None = None
    becomes: Source | None = None


class Returned(_Line, frozen=True, kw_only=True, tag="returned"):
    """A call returned whose confirm is still to come."""

    op: Natural
    ns: Natural


class _Completion(_Line, frozen=True, kw_only=True, omit_defaults=True):
    op: Natural
    ns: Natural
    confirmed: bool = False
    partition: Natural | None = None
    position: Natural | None = None
    runs: tuple[PublishRun, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    delivery_runs: tuple[DeliveryRun, ...] = ()
    covers: tuple[Position, ...] = ()
    remaining: Natural | None = None
    error: str | None = None
    returned_unroutable: bool = False
    starts: tuple[Position, ...] = ()
    ends: tuple[Position, ...] = ()


class Ok(_Completion, frozen=True, kw_only=True, tag="ok", omit_defaults=True):
    """The call took effect."""


class Fail(_Completion, frozen=True, kw_only=True, tag="fail", omit_defaults=True):
    """The call provably did not take effect and never will."""


class Info(_Completion, frozen=True, kw_only=True, tag="info", omit_defaults=True):
    """The call is over and nothing is known of its effect."""


class FaultEvent(_Line, frozen=True, kw_only=True, tag="fault", omit_defaults=True):
    """One end of a fault.

    Attributes:
        fault: its name in the catalogue, such as ``lose_reply``.
        lane: what it hits: ``link p1``, ``p1`` or ``b1``.
        direction: ``upstream`` or ``downstream`` where it has one.
        processes: client incarnations that the fault hits.
        evidence: what shows this moment, such as the toxic as read back or a changed pid.
    """

    moment: FaultMoment
    fault: str
    lane: str
    ns: Natural
    direction: str | None = None
    processes: tuple[str, ...] = ()
    evidence: dict[str, Any] = {}


class NodeEvent(_Line, frozen=True, kw_only=True, tag="broker", omit_defaults=True):
    """A broker node changed its state."""

    node: str
    state: NodeState
    ns: Natural
    evidence: dict[str, Any] = {}


class ProcessEvent(_Line, frozen=True, kw_only=True, tag="process", omit_defaults=True):
    """A client incarnation ended or complained.

    Attributes:
        what: ``started``, ``killed``, ``paused``, ``resumed``, ``closed``, ``died``,
            ``error`` (an asynchronous error of the library), ``blocked`` (a call passed its
            deadline), ``held``, ``released``, ``answered`` (every partition of a new topic did).
        link: the lane of its link, on ``started``.
    """

    process: str
    what: str
    ns: Natural
    op: int | None = None
    error: str | None = None
    link: str | None = None
    evidence: dict[str, Any] = {}


class PhaseMark(_Line, frozen=True, kw_only=True, tag="phase", omit_defaults=True):
    """A phase begins.

    Attributes:
        drained: on ``done``: every consumer group reached the end of its sources.
        scanned: on ``done``: fresh readers read every source from start to end.
        reason: on ``done``: what was not reached, and why.
    """

    phase: Phase
    ns: Natural
    drained: bool = False
    scanned: bool = False
    reason: str | None = None


Completion = Ok | Fail | Info
Event = (
    Header
    | Invoke
    | Returned
    | Ok
    | Fail
    | Info
    | FaultEvent
    | NodeEvent
    | ProcessEvent
    | PhaseMark
)
