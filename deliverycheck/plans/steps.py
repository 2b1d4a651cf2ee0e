"""The steps that a plan is made of: who (lane) does what, with which arguments.

Lanes: ``p1`` a producer, ``c1`` a consumer, ``link p1`` its way to the broker,
``b1`` a broker node, ``admin`` the harness's own client. A step starts when the
one before it is over; with ``wait="sent"`` the next one starts at once, and an
`Await` step joins it later.
"""

import sys
from enum import StrEnum
from typing import Annotated

import msgspec


class Wait(StrEnum):
    """When a step is over for the plan."""

    RETURNED = "returned"
    SENT = "sent"
    CONFIRMED = "confirmed"


class FaultKind(StrEnum):
    """Disturbances of a link (`docs/faults.md`); other steps kill and pause nodes and workers."""

    LOSE_REPLY = "lose_reply"
    LOSE_REQUEST = "lose_request"
    TORN_REQUEST = "torn_request"
    BLACK_HOLE = "black_hole"
    STALL = "stall"
    DELAY = "delay"
    REFUSE = "refuse"


class Direction(StrEnum):
    """As Toxiproxy says it: client to broker is upstream."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


class HoldPoint(StrEnum):
    """Places inside a callback of a client library where a worker can be held."""

    ON_DELIVERY = "on_delivery"
    ON_REVOKE = "on_revoke"


HOLD_MS_MAX = 60_000
"""What only time can do (a session or a lock that expires) takes seconds."""

BYTES_MAX = 1_000_000
"""The size of a request that librdkafka makes at most, unless it is told otherwise."""

PARTITIONS_ADDED_MAX = 8
"""At once: three or four already move most keys."""

Count = Annotated[int, msgspec.Meta(ge=1)]


_NAMES = frozenset({"lane", "topic"})


class _Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", omit_defaults=True):
    """What all steps share.

    A field at its default is left out of the JSON where it is the very object that the
    default is; hence names are interned, or equal plans would have two digests.
    """

    def __post_init__(self) -> None:
        for name in _NAMES & set(self.__struct_fields__):
            msgspec.structs.force_setattr(self, name, sys.intern(getattr(self, name)))


class Publish(_Step, frozen=True, kw_only=True, tag="publish", omit_defaults=True):
    """A producer hands over `count` messages, a call each; with `key` its partitioner chooses.

    A transactional producer begins a transaction first, if none is open.

    Attributes:
        headers: name and value of each.
        bytes: each body has at least as many.
        tombstone: they delete their key from a compacted topic; they have no body.
        timestamp_shift_ms: the messages' own timestamp lies that far from now; with 0 the client
            sets it.
    """

    lane: str = "p1"
    topic: str = "t1"
    partition: Annotated[int, msgspec.Meta(ge=0)] = 0
    key: str | None = None
    count: Count = 1
    headers: tuple[tuple[str, str], ...] = ()
    bytes: Annotated[int, msgspec.Meta(ge=0, le=BYTES_MAX)] = 0
    timestamp_shift_ms: int = 0
    tombstone: bool = False
    wait: Wait = Wait.RETURNED


class Flush(_Step, frozen=True, kw_only=True, tag="flush", omit_defaults=True):
    """The producer waits for its confirms, up to the deadline of a call."""

    lane: str = "p1"
    wait: Wait = Wait.RETURNED


class CommitTransaction(
    _Step, frozen=True, kw_only=True, tag="commit_transaction", omit_defaults=True
):
    """A producer ends its open transaction: all of it is to take effect."""

    lane: str = "p1"


class AbortTransaction(
    _Step, frozen=True, kw_only=True, tag="abort_transaction", omit_defaults=True
):
    """A producer ends its open transaction: nothing of it is to take effect."""

    lane: str = "p1"


class Work(_Step, frozen=True, kw_only=True, tag="work", omit_defaults=True):
    """A consumer makes the next `calls` calls of its cycle (receive, effect, commit …)."""

    lane: str = "c1"
    calls: Count = 1
    wait: Wait = Wait.RETURNED


class Close(_Step, frozen=True, kw_only=True, tag="close", omit_defaults=True):
    """A worker's client is closed in order."""

    lane: str


class Kill(_Step, frozen=True, kw_only=True, tag="kill", omit_defaults=True):
    """SIGKILL of a worker or node. A process crash, not a power loss."""

    lane: str


class Pause(_Step, frozen=True, kw_only=True, tag="pause", omit_defaults=True):
    """SIGSTOP of a worker or node."""

    lane: str


class Resume(_Step, frozen=True, kw_only=True, tag="resume", omit_defaults=True):
    """SIGCONT of a paused worker or node."""

    lane: str


class Restart(_Step, frozen=True, kw_only=True, tag="restart", omit_defaults=True):
    """Start a killed node again and wait until it is usable."""

    lane: str = "b1"


class Inject(_Step, frozen=True, kw_only=True, tag="inject", omit_defaults=True):
    """Put a fault on a link."""

    lane: str
    fault: FaultKind
    direction: Direction | None = None


class Heal(_Step, frozen=True, kw_only=True, tag="heal", omit_defaults=True):
    """Take the fault off a link, after its evidence or a short dwell."""

    lane: str


class Hold(_Step, frozen=True, kw_only=True, tag="hold", omit_defaults=True):
    """Let time pass, only for what time alone can do."""

    ms: Annotated[int, msgspec.Meta(ge=1, le=HOLD_MS_MAX)]


class CreateTopic(_Step, frozen=True, kw_only=True, tag="create_topic", omit_defaults=True):
    """Create a further topic; the subject says whether its partitions are awaited."""

    topic: str
    lane: str = "admin"


class AddPartitions(_Step, frozen=True, kw_only=True, tag="add_partitions", omit_defaults=True):
    """A topic in use gets `count` partitions more; over once each of them answers."""

    topic: str = "t1"
    count: Annotated[int, msgspec.Meta(ge=1, le=PARTITIONS_ADDED_MAX)] = 1
    lane: str = "admin"


class DeleteRecords(_Step, frozen=True, kw_only=True, tag="delete_records", omit_defaults=True):
    """All that stands in a partition is deleted but the last `keep`, read or not."""

    topic: str = "t1"
    partition: Annotated[int, msgspec.Meta(ge=0)] = 0
    keep: Annotated[int, msgspec.Meta(ge=0)] = 0
    lane: str = "admin"


class Arm(_Step, frozen=True, kw_only=True, tag="arm", omit_defaults=True):
    """The worker will stop at this point of a callback until released."""

    lane: str
    point: HoldPoint


class Release(_Step, frozen=True, kw_only=True, tag="release", omit_defaults=True):
    """Let a held worker go on."""

    lane: str


class Await(_Step, frozen=True, kw_only=True, tag="await", omit_defaults=True):
    """Join what the lane was sent and has not returned."""

    lane: str


Step = (
    Publish
    | Flush
    | CommitTransaction
    | AbortTransaction
    | Work
    | Close
    | Kill
    | Pause
    | Resume
    | Restart
    | Inject
    | Heal
    | Hold
    | CreateTopic
    | AddPartitions
    | DeleteRecords
    | Arm
    | Release
    | Await
)


def lane_of(step: Step) -> str | None:
    """Who performs the step; ``None`` for a mere hold."""
    return None if isinstance(step, Hold) else step.lane


def verb_of(step: Step) -> str:
    """The word that the step's JSON has under ``do``."""
    return str(type(step).__struct_config__.tag)
