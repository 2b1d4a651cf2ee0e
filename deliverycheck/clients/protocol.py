"""What a worker says on its stdout: one JSON object per line (`PROTOCOL.md`)."""

from enum import StrEnum

import msgspec

from deliverycheck.history import Delivery, DeliveryRun, Fail, Info, Ok, Position, PublishRun
from deliverycheck.plans import HoldPoint

PROTOCOL = 1
LINE_BYTES_MAX = 8 * 1024 * 1024


class Remedy(StrEnum):
    """What an application has to do after an error, as the library says."""

    AGAIN = "again"
    ABORT = "abort"
    DISCARD = "discard"


class SourcePartition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a member of a group was given or deprived of."""

    source: str
    partition: int | None = None


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """What all events share."""


class HelloEvent(_Event, frozen=True, kw_only=True, tag="hello"):
    """The first line of every worker.

    Attributes:
        capabilities: the commands that it knows.
        python: version of the interpreter; empty for other languages.
    """

    protocol: int
    language: str
    library: str
    version: str
    capabilities: tuple[str, ...]
    python: str = ""


class ReturnedEvent(_Event, frozen=True, kw_only=True, tag="returned"):
    """A call returned whose confirm is still to come."""

    op: int


class ConfirmedAgainEvent(_Event, frozen=True, kw_only=True, tag="confirmed_again"):
    """The broker answered a publish that it had answered before."""

    op: int


class _CompletionEvent(_Event, frozen=True, kw_only=True, omit_defaults=True):
    op: int
    confirmed: bool = False
    partition: int | None = None
    position: int | None = None
    runs: tuple[PublishRun, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    delivery_runs: tuple[DeliveryRun, ...] = ()
    covers: tuple[Position, ...] = ()
    remaining: int | None = None
    error: str | None = None
    returned_unroutable: bool = False


class OkEvent(_CompletionEvent, frozen=True, kw_only=True, tag="ok", omit_defaults=True):
    """The operation took effect."""


class FailEvent(_CompletionEvent, frozen=True, kw_only=True, tag="fail", omit_defaults=True):
    """The operation provably did not take effect and never will."""


class InfoEvent(_CompletionEvent, frozen=True, kw_only=True, tag="info", omit_defaults=True):
    """The operation is over and nothing is known of its effect."""


class _RebalanceEvent(_Event, frozen=True, kw_only=True, omit_defaults=True):
    """A callback of the group.

    Attributes:
        parent: id of the command under way; ``None`` between commands.
    """

    partitions: tuple[SourcePartition, ...]
    parent: int | None = None


class AssignEvent(_RebalanceEvent, frozen=True, kw_only=True, tag="assign", omit_defaults=True):
    """The member was given these partitions, beside what it has."""


class RevokeEvent(_RebalanceEvent, frozen=True, kw_only=True, tag="revoke", omit_defaults=True):
    """The member is asked to give these partitions up."""


class LostEvent(_RebalanceEvent, frozen=True, kw_only=True, tag="lost", omit_defaults=True):
    """These partitions may belong to another member already."""


class AutoCommitEvent(_Event, frozen=True, kw_only=True, tag="auto_commit", omit_defaults=True):
    """The library committed by itself."""

    covers: tuple[Position, ...]
    error: str | None = None


class ClientErrorEvent(_Event, frozen=True, kw_only=True, tag="client_error", omit_defaults=True):
    """An error that belongs to no call, by the library's name for it.

    Attributes:
        fatal: the client is of no use any more, as the library says.
        channel: the one that it ended or is about; ``None`` is the whole client.
    """

    error: str
    text: str = ""
    fatal: bool = False
    channel: int | None = None


class HeldEvent(_Event, frozen=True, kw_only=True, tag="held"):
    """The worker stands at this point until released."""

    point: HoldPoint


class DeliveryEvent(_Event, frozen=True, kw_only=True, tag="delivery", omit_defaults=True):
    """A delivery came while no receive was under way; the next receive returns it first.

    Attributes:
        channel: by which it came, where a client has several.
    """

    delivery: Delivery
    channel: int | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The one answer to a command.

    Attributes:
        re: the command's id.
        error: the library's name of the error that the call raised.
        remedy: what is to be done about the error, where the library says so.
        remaining: messages without a confirm.
        count: deliveries received or kept.
        assigned: the member's partitions; ``None`` where it belongs to no group yet.
        ends: for each assigned partition whose end was reached, the position there.
        stands: of a member that is told of no ends and was handed nothing, the next position of
            each assigned partition, as far as it is known.
    """

    re: int
    error: str | None = None
    text: str | None = None
    remedy: Remedy | None = None
    unsupported: bool = False
    remaining: int | None = None
    count: int | None = None
    assigned: tuple[SourcePartition, ...] | None = None
    ends: tuple[Position, ...] = ()
    stands: tuple[Position, ...] = ()


CompletionEvent = OkEvent | FailEvent | InfoEvent
RebalanceEvent = AssignEvent | RevokeEvent | LostEvent
WorkerEvent = (
    HelloEvent
    | ReturnedEvent
    | ConfirmedAgainEvent
    | OkEvent
    | FailEvent
    | InfoEvent
    | AssignEvent
    | RevokeEvent
    | LostEvent
    | AutoCommitEvent
    | ClientErrorEvent
    | HeldEvent
    | DeliveryEvent
)
WorkerLine = WorkerEvent | Reply


class _Kind(msgspec.Struct):
    event: str | None = None
    re: int | None = None


_encoder = msgspec.json.Encoder()
_kinds = msgspec.json.Decoder(_Kind)
_events = msgspec.json.Decoder(WorkerEvent)
_replies = msgspec.json.Decoder(Reply)
_IN_HISTORY: dict[type, type[Ok | Fail | Info]] = {OkEvent: Ok, FailEvent: Fail, InfoEvent: Info}


def encode_line(line: WorkerLine) -> bytes:
    """One line of a worker's stdout."""
    return _encoder.encode(line) + b"\n"


def decode_line(line: bytes) -> WorkerLine:
    """What a worker said.

    Raises:
        msgspec.DecodeError: not JSON, not a known event, or a field missing or of the wrong kind.
    """
    kind = _kinds.decode(line)
    is_reply = kind.event is None and kind.re is not None
    said: WorkerLine = (_replies if is_reply else _events).decode(line)
    return said


def completion_of(event: CompletionEvent, ns: int) -> Ok | Fail | Info:
    """The line of the history for a completion that was read at `ns`."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return _IN_HISTORY[type(event)](ns=ns, **fields)
