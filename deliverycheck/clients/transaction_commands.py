"""The commands of transactions."""

from deliverycheck.clients.command import WorkerCommand as _Command
from deliverycheck.history import Position
from deliverycheck.plans import Member


class SendOffsets(_Command, frozen=True, kw_only=True, tag="send_offsets", omit_defaults=True):
    """Positions of a group move with the open transaction; whose member asks, `member` says."""

    op: int
    covers: tuple[Position, ...]
    timeout_ms: int
    member: Member = Member.PRESENT


class InitTransactions(
    _Command, frozen=True, kw_only=True, tag="init_transactions", omit_defaults=True
):
    """Take over the transactional id: whoever had it before is fenced."""

    op: int
    timeout_ms: int


class BeginTransaction(
    _Command, frozen=True, kw_only=True, tag="begin_transaction", omit_defaults=True
):
    """What is published from here on belongs to a transaction."""

    op: int


class CommitTransaction(
    _Command, frozen=True, kw_only=True, tag="commit_transaction", omit_defaults=True
):
    """End the transaction: all of it takes effect."""

    op: int
    timeout_ms: int
    channel: int | None = None


class AbortTransaction(
    _Command, frozen=True, kw_only=True, tag="abort_transaction", omit_defaults=True
):
    """End the transaction: nothing of it takes effect."""

    op: int
    timeout_ms: int
    channel: int | None = None
