"""The commands that say where, and whether, a consumer reads on."""

from deliverycheck.clients.command import WorkerCommand as _Command
from deliverycheck.history import Position, Whence


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
