"""The steps that a plan is made of: who (lane) does what, with which arguments.

Lanes: ``p1`` a producer, ``c1`` a consumer, ``link p1`` its way to the broker,
``b1`` a broker node, ``admin`` the harness's own client. A step starts when the
one before it is over; with ``wait="sent"`` the next one starts at once, and an
`Await` step joins it later.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from deliverycheck.history import Whence
from deliverycheck.plans.queue_steps import (
    Bind,
    BreakChannel,
    CloseChannel,
    CrashLoop,
    Declare,
    MissHeartbeats,
    Request,
    Send,
    SetPolicy,
    Settle,
    Starve,
    Take,
    Unbind,
)
from deliverycheck.plans.step import BYTES_MAX, Count, Wait
from deliverycheck.plans.step import Step as _Step
from deliverycheck.plans.subject import Setting


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


class Chooser(StrEnum):
    """Who chooses the partition of a message.

    By default that is the client's partitioner if the message has a key, else the plan. An
    application that chooses for a keyed message has a partitioner of its own.
    """

    DEFAULT = "default"
    PARTITIONER = "partitioner"
    APPLICATION = "application"


class Call(StrEnum):
    """How messages are handed over: a call for each, or one for all (``produce_batch``)."""

    EACH = "each"
    BATCH = "batch"


class Settling(StrEnum):
    """What a member of a share group does with a record: keeps, gives back or gives up."""

    ACCEPT = "accept"
    RELEASE = "release"
    REJECT = "reject"


class Purged(StrEnum):
    """Which of the messages without a confirm a producer forgets."""

    QUEUE = "queue"
    IN_FLIGHT = "in_flight"
    ALL = "all"


HOLD_MS_MAX = 60_000
"""What only time can do (a session or a lock that expires) takes seconds."""

SEEK_BACK_MAX = 1000
"""A plan has some hundred messages at most."""

PARTITIONS_ADDED_MAX = 8
"""At once: three or four already move most keys."""


class Publish(_Step, frozen=True, kw_only=True, tag="publish", omit_defaults=True):
    """A producer hands over `count` messages; with `key` its partitioner chooses.

    A transactional producer begins a transaction first, if none is open.

    Attributes:
        headers: name and value of each; a call for all carries none, and no timestamps.
        tombstone: the messages have no value, and delete their key from a compacted topic; who they
            are stands in a header.
        bytes: each body has at least as many.
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
    chosen_by: Chooser = Chooser.DEFAULT
    call: Call = Call.EACH
    tombstone: bool = False
    wait: Wait = Wait.RETURNED

    @property
    def by_partitioner(self) -> bool:
        """Whether the client's partitioner chooses."""
        keyed = self.key is not None and self.chosen_by is Chooser.DEFAULT
        return keyed or self.chosen_by is Chooser.PARTITIONER


class Flush(_Step, frozen=True, kw_only=True, tag="flush", omit_defaults=True):
    """The producer waits for its confirms, up to the deadline of a call."""

    lane: str = "p1"
    wait: Wait = Wait.RETURNED


class Purge(_Step, frozen=True, kw_only=True, tag="purge", omit_defaults=True):
    """A producer forgets messages that have no confirm: their reports say so."""

    lane: str = "p1"
    what: Purged = Purged.ALL


class CommitTransaction(
    _Step, frozen=True, kw_only=True, tag="commit_transaction", omit_defaults=True
):
    """A producer ends its open transaction: all of it is to take effect.

    Whether the next step may begin before it returned (``wait="sent"``) systems of queues know.
    """

    lane: str = "p1"
    wait: Wait = Wait.RETURNED


class AbortTransaction(
    _Step, frozen=True, kw_only=True, tag="abort_transaction", omit_defaults=True
):
    """A producer ends its open transaction: nothing of it is to take effect."""

    lane: str = "p1"


class Work(_Step, frozen=True, kw_only=True, tag="work", omit_defaults=True):
    """A consumer makes the next `calls` calls of its cycle (receive, effect, commit …).

    Attributes:
        settling: what a member of a share group does with what it is handed in these calls.
    """

    lane: str = "c1"
    calls: Count = 1
    settling: Settling = Settling.ACCEPT
    wait: Wait = Wait.RETURNED


class Seek(_Step, frozen=True, kw_only=True, tag="seek", omit_defaults=True):
    """A consumer reads on elsewhere in each of its partitions, before it asks for more.

    Attributes:
        back: of a position, and of the message whose time is meant: how far before the last one
            that it was handed.
    """

    lane: str = "c1"
    to: Whence = Whence.BEGINNING
    back: Annotated[int, msgspec.Meta(ge=0, le=SEEK_BACK_MAX)] = 0


class PausePartitions(_Step, frozen=True, kw_only=True, tag="pause_partitions", omit_defaults=True):
    """A consumer pauses each of its partitions, before it asks for more, and asks on."""

    lane: str = "c1"


class ResumePartitions(
    _Step, frozen=True, kw_only=True, tag="resume_partitions", omit_defaults=True
):
    """A consumer wants each of its partitions again, before it asks for more."""

    lane: str = "c1"


class Unsubscribe(_Step, frozen=True, kw_only=True, tag="unsubscribe", omit_defaults=True):
    """A consumer wants no topic any more, before it asks for more, and asks on."""

    lane: str = "c1"


class Subscribe(_Step, frozen=True, kw_only=True, tag="subscribe", omit_defaults=True):
    """A consumer that had unsubscribed wants its topic again."""

    lane: str = "c1"


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
    """SIGCONT of a paused worker or node; a starved node has memory again."""

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
    """Create a further topic, or a deleted one again; the subject says whether it is awaited."""

    topic: str
    lane: str = "admin"


class DeleteTopic(_Step, frozen=True, kw_only=True, tag="delete_topic", omit_defaults=True):
    """A topic in use is deleted, read or not; whoever writes to it goes on trying.

    What creates it again is a `CreateTopic`, or the end of the plan.
    """

    topic: str = "t1"
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


class ChangeConfig(_Step, frozen=True, kw_only=True, tag="change_config", omit_defaults=True):
    """A setting of a topic in use is changed; the end of the plan makes it what it was."""

    name: str
    value: Setting
    topic: str = "t1"
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
    | Purge
    | CommitTransaction
    | AbortTransaction
    | Work
    | Seek
    | PausePartitions
    | ResumePartitions
    | Unsubscribe
    | Subscribe
    | Close
    | Kill
    | Pause
    | Resume
    | Restart
    | Inject
    | Heal
    | Hold
    | CreateTopic
    | DeleteTopic
    | AddPartitions
    | DeleteRecords
    | ChangeConfig
    | Arm
    | Release
    | Await
    | Send
    | Take
    | Settle
    | CloseChannel
    | BreakChannel
    | Starve
    | MissHeartbeats
    | CrashLoop
    | Declare
    | Bind
    | Unbind
    | SetPolicy
    | Request
)


def lane_of(step: Step) -> str | None:
    """Who performs the step; ``None`` for a mere hold."""
    return None if isinstance(step, Hold) else step.lane


def verb_of(step: Step) -> str:
    """The word that the step's JSON has under ``do``."""
    return str(type(step).__struct_config__.tag)
