"""The commands by which a consumer reads, and those that say where, and whether, it reads on."""

from enum import StrEnum

from deliverycheck.clients.command import WorkerCommand as _Command
from deliverycheck.history import Position, Whence
from deliverycheck.plans import OnRevoke, Setting, Subscribes


class Handing(StrEnum):
    """By which call of the library messages are taken: one for each, or one for several."""

    POLL = "poll"
    CONSUME = "consume"


class Until(StrEnum):
    """When a receive that has found nothing more gives up."""

    DEADLINE = "deadline"
    END = "end"


class OpenConsumer(_Command, frozen=True, kw_only=True, tag="open_consumer", omit_defaults=True):
    """Open a consumer and subscribe it; without topics it waits for an `Assign`.

    Attributes:
        subscribes: by the topics' names, or by a pattern for each.
        on_revoke: ``commit`` commits past all effects in partitions that have to be given up.
    """

    settings: dict[str, Setting]
    topics: tuple[str, ...] = ()
    subscribes: Subscribes = Subscribes.BY_NAME
    on_revoke: OnRevoke = OnRevoke.NOTHING


class Assign(_Command, frozen=True, kw_only=True, tag="assign", omit_defaults=True):
    """Read these partitions from these positions, without a group's assignment."""

    positions: tuple[Position, ...]


class Seek(_Command, frozen=True, kw_only=True, tag="seek", omit_defaults=True):
    """Read on from `position`."""

    position: Position


class SeekTo(_Command, frozen=True, kw_only=True, tag="seek_to", omit_defaults=True):
    """Read on from the beginning, from `position`, from the time of the message there, or the end.

    That message must be one that was received since the consumer was opened.
    """

    op: int
    to: Whence
    position: Position
    timeout_ms: int = 1000


class PausePartitions(
    _Command, frozen=True, kw_only=True, tag="pause_partitions", omit_defaults=True
):
    """Nothing is wanted of these partitions, whose positions say nothing."""

    op: int
    covers: tuple[Position, ...]


class ResumePartitions(
    _Command, frozen=True, kw_only=True, tag="resume_partitions", omit_defaults=True
):
    """They are wanted again, from where they were."""

    op: int
    covers: tuple[Position, ...]


class Unsubscribe(_Command, frozen=True, kw_only=True, tag="unsubscribe", omit_defaults=True):
    """No topic is wanted any more; its partitions go when the consumer is served."""


class Subscribe(_Command, frozen=True, kw_only=True, tag="subscribe", omit_defaults=True):
    """A consumer that had unsubscribed wants these topics."""

    topics: tuple[str, ...]
    subscribes: Subscribes = Subscribes.BY_NAME


class Receive(_Command, frozen=True, kw_only=True, tag="receive", omit_defaults=True):
    """Take messages, one per poll, or several by one ``consume``."""

    op: int
    max: int = 1
    by: Handing = Handing.POLL
    timeout_ms: int = 250
    until: Until = Until.DEADLINE
    channel: int | None = None
