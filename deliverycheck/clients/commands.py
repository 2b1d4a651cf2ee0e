"""The commands that a worker obeys, as they go to its stdin; `PROTOCOL.md` says what each one does.

Import the module, not its names: ``commands.Publish`` is the call of a client,
`plans.Publish` the step of a plan.
"""

from enum import StrEnum

import msgspec

from deliverycheck.clients.command import WorkerCommand as _Command
from deliverycheck.clients.queue_commands import (
    BreakChannel,
    Cancel,
    CloseChannel,
    Letter,
    Prove,
    Send,
    Settle,
    Settlement,
)
from deliverycheck.clients.reading_commands import (
    Assign,
    Handing,
    OpenConsumer,
    PausePartitions,
    Receive,
    ResumePartitions,
    Seek,
    SeekTo,
    Subscribe,
    Unsubscribe,
    Until,
)
from deliverycheck.clients.transaction_commands import (
    AbortTransaction,
    BeginTransaction,
    CommitTransaction,
    InitTransactions,
    SendOffsets,
)
from deliverycheck.history import Delivery, Position
from deliverycheck.plans import (
    Call,
    CommitMode,
    HoldPoint,
    Purged,
    Setting,
    Settling,
)

# What comes from other modules and is meant to be used from here.
__all__ = [
    "AbortTransaction",
    "Assign",
    "BeginTransaction",
    "BreakChannel",
    "Cancel",
    "CloseChannel",
    "CommitTransaction",
    "Handing",
    "InitTransactions",
    "Letter",
    "OpenConsumer",
    "PausePartitions",
    "Prove",
    "Receive",
    "ResumePartitions",
    "Seek",
    "SeekTo",
    "Send",
    "SendOffsets",
    "Settle",
    "Settlement",
    "Subscribe",
    "Unsubscribe",
    "Until",
]


class Connect(StrEnum):
    """Whether a producer's connection is up before its first send."""

    WARM = "warm"
    COLD = "cold"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to publish, and the operation that it is.

    Attributes:
        partition: ``None`` lets the client's partitioner choose.
        timestamp_shift_ms: how far from now its timestamp lies; with 0 the client sets it.
        bytes: of padding in the body, see `padding_of`.
        tombstone: the message has no value; its body goes in a header.
    """

    op: int
    message: str
    topic: str
    attempt: int = 1
    partition: int | None = None
    key: str | None = None
    headers: dict[str, str] | None = None
    timestamp_shift_ms: int = 0
    bytes: int = 0
    tombstone: bool = False


class OpenProducer(_Command, frozen=True, kw_only=True, tag="open_producer", omit_defaults=True):
    """Open a producer.

    Attributes:
        connect: ``warm`` asks for the metadata of `topics`, so that the connection is up.
        timeout_ms: how long a warm open waits for the metadata.
    """

    settings: dict[str, Setting]
    connect: Connect = Connect.WARM
    topics: tuple[str, ...] = ()
    timeout_ms: int = 5000


class Publish(_Command, frozen=True, kw_only=True, tag="publish", omit_defaults=True):
    """Hand over messages.

    Attributes:
        execution: stands in each body.
        call: one for each, or one for all: to one place, without headers and timestamps.
    """

    messages: tuple[Message, ...]
    execution: str
    call: Call = Call.EACH


class Flush(_Command, frozen=True, kw_only=True, tag="flush", omit_defaults=True):
    """Wait for confirms."""

    op: int
    timeout_ms: int
    channel: int | None = None


class Purge(_Command, frozen=True, kw_only=True, tag="purge", omit_defaults=True):
    """Forget messages that have no confirm; their reports say so."""

    what: Purged = Purged.ALL


class Poll(_Command, frozen=True, kw_only=True, tag="poll", omit_defaults=True):
    """Serve the producer's callbacks for a time."""

    timeout_ms: int = 0


class OpenShare(_Command, frozen=True, kw_only=True, tag="open_share", omit_defaults=True):
    """Open a member of a share group, which settles what it acquires explicitly."""

    settings: dict[str, Setting]
    topics: tuple[str, ...]


class Acquire(_Command, frozen=True, kw_only=True, tag="acquire", omit_defaults=True):
    """Take what the group has for this member, by one poll."""

    op: int
    timeout_ms: int = 250


class SettleRecords(_Command, frozen=True, kw_only=True, tag="settle_records", omit_defaults=True):
    """Settle records that were acquired, by their own positions, and wait for the answer."""

    op: int
    how: Settling
    covers: tuple[Position, ...]
    timeout_ms: int


class Pump(_Command, frozen=True, kw_only=True, tag="pump", omit_defaults=True):
    """Serve the library until so many deliveries are kept, the deadline, or the next command."""

    deliveries: int = 1
    timeout_ms: int = 1000


class Effect(_Command, frozen=True, kw_only=True, tag="effect", omit_defaults=True):
    """Do what the application does with these deliveries: a line each in the worker's journal."""

    op: int
    deliveries: tuple[Delivery, ...]


class OpenSink(_Command, frozen=True, kw_only=True, tag="open_sink", omit_defaults=True):
    """Open the database at `path` for rows; it is made if it is not there.

    Attributes:
        positions: the consumer that is opened next begins where the database says, if it does.
    """

    path: str
    positions: bool = False


class Row(_Command, frozen=True, kw_only=True, tag="row", omit_defaults=True):
    """Write the delivery to the database, and in the same transaction the positions `covers`."""

    op: int
    delivery: Delivery
    covers: tuple[Position, ...] = ()


class StoreOffset(_Command, frozen=True, kw_only=True, tag="store_offset", omit_defaults=True):
    """Mark positions for the library's next automatic commit."""

    op: int
    covers: tuple[Position, ...]


class Commit(_Command, frozen=True, kw_only=True, tag="commit", omit_defaults=True):
    """Commit positions, as they are; without any what the library has handed over."""

    op: int
    covers: tuple[Position, ...]
    mode: CommitMode = CommitMode.SYNCHRONOUS


class Idle(_Command, frozen=True, kw_only=True, tag="idle", omit_defaults=True):
    """The application's cycle is over: the member may be polled between commands again."""


class Close(_Command, frozen=True, kw_only=True, tag="close", omit_defaults=True):
    """Close the client in order, as an application does that ends."""


class Reset(_Command, frozen=True, kw_only=True, tag="reset", omit_defaults=True):
    """Drop the client, wait for nothing, and forget all: the worker is as new."""


class Arm(_Command, frozen=True, kw_only=True, tag="arm", omit_defaults=True):
    """Stop once, the next time that this point of a callback is reached."""

    point: HoldPoint


class Release(_Command, frozen=True, kw_only=True, tag="release", omit_defaults=True):
    """Go on from the point where the worker is held; disarm what is armed."""


class PublishBulk(_Command, frozen=True, kw_only=True, tag="publish_bulk", omit_defaults=True):
    """Publish `count` messages as one operation and wait for their confirms.

    Attributes:
        bytes: size of each body, as near as its own fields allow.
        process: message ids are ``<process>-<sequence>``, from `first_sequence` on.
        window: messages in flight at most.
    """

    op: int
    topic: str
    count: int
    process: str
    execution: str
    bytes: int = 100
    first_sequence: int = 1
    partition: int | None = None
    window: int = 50_000
    timeout_ms: int = 30_000


class ReceiveBulk(_Command, frozen=True, kw_only=True, tag="receive_bulk", omit_defaults=True):
    """Take `count` messages as one operation; what follows one upon the other becomes a run.

    Attributes:
        execution: a message of another one is a delivery of its own, in no run.
    """

    op: int
    count: int
    execution: str
    timeout_ms: int = 30_000
    until: Until = Until.DEADLINE


class Exit(_Command, frozen=True, kw_only=True, tag="exit", omit_defaults=True):
    """Close in order and end the process."""


Command = (
    OpenProducer
    | Publish
    | Flush
    | Purge
    | Poll
    | OpenConsumer
    | Assign
    | Seek
    | SeekTo
    | PausePartitions
    | ResumePartitions
    | Unsubscribe
    | Subscribe
    | Receive
    | OpenShare
    | Acquire
    | SettleRecords
    | Pump
    | Effect
    | OpenSink
    | Row
    | StoreOffset
    | Commit
    | SendOffsets
    | InitTransactions
    | BeginTransaction
    | CommitTransaction
    | AbortTransaction
    | Idle
    | Close
    | Reset
    | Arm
    | Release
    | PublishBulk
    | ReceiveBulk
    | Send
    | Settle
    | Prove
    | Cancel
    | CloseChannel
    | BreakChannel
    | Exit
)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """What every line on a worker's stdin has, also for a command that it does not know."""

    id: int
    do: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Command)
_addresses = msgspec.json.Decoder(Address)


def verb_of(command: Command) -> str:
    """The word that the command has under ``do``."""
    return str(type(command).__struct_config__.tag)


def encode_command(identity: int, command: Command) -> bytes:
    """One line for a worker's stdin."""
    return b'{"id":%d,%s\n' % (identity, _encoder.encode(command)[1:])


def address_of(line: bytes) -> Address:
    """Whom to answer, and what was asked.

    Raises:
        msgspec.DecodeError: the line is no command at all.
    """
    return _addresses.decode(line)


def decode_command(line: bytes) -> Command:
    """The command of a line whose verb is known.

    Raises:
        msgspec.ValidationError: an argument is missing or of the wrong kind.
    """
    command: Command = _decoder.decode(line)
    return command
