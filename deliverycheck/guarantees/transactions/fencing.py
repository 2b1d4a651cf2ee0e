"""After a newer instance took over a transactional id, the older one has no effect any more."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate

from deliverycheck.guarantees.reached import scan_began_ns, why_not_scanned
from deliverycheck.guarantees.transactions.transactions import (
    NEVER_NS,
    State,
    Transaction,
    transactions_of,
    why_not_ended,
)
from deliverycheck.guarantees.transactions.views import views_of
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Operation, Outcome


def fencing(history: History) -> Verdict:
    """No transaction takes effect that a fenced instance asked to commit.

    Sound: an instance is fenced once the take-over of another ended ``ok`` that was asked for
    after all take-overs of its own had ended ``ok``. Judged are transactions whose commit was first
    asked for after that: they took effect if a commit ended ``ok`` and there was anything to
    commit, or if a reader of committed messages was handed a part after the commit was asked
    for. What was concurrent with the take-over proves nothing.

    Examined are these, those that were refused, and those of which fresh readers miss a part.

    Complete for histories told to their end; any other without an anomaly is UNKNOWN.
    """
    name = "fencing"
    fences = _fences(history)
    if not fences:
        return unknown(name, "nothing to examine: no transactional id was taken over")
    late = late_commits(history)
    found = [anomaly for each in late if (anomaly := _fenced_effect(history, each)) is not None]
    reason = why_not_ended(history)
    if reason and not found:
        return unknown(name, reason)
    refused = sum(_had_no_effect(history, each) for each in late)
    if not found and not refused:
        return unknown(name, "nothing to examine: no fenced instance surely asked in vain")
    return judge(name, found, examined=len(found) + refused)


def _fences(history: History) -> dict[str, Operation]:
    """By process the first take-over that surely fenced it."""
    named: dict[str, list[Operation]] = defaultdict(list)
    names = _names(history)
    for operation in history.select(Action.INIT_TRANSACTIONS):
        if operation.process in names and operation.outcome is not Outcome.FAIL:
            named[names[operation.process]].append(operation)
    fences: dict[str, Operation] = {}
    for takeovers in named.values():
        fences |= _fences_of_one(takeovers)
    return fences


def _names(history: History) -> dict[str, str]:
    """The transactional id under which each process acts: the first that it states."""
    return {
        operation.process: operation.transactional_id
        for operation in reversed(history.operations)
        if operation.transactional_id is not None
    }


def _fences_of_one(takeovers: list[Operation]) -> dict[str, Operation]:
    """The same for those who act under one name."""
    last_ns: dict[str, int] = defaultdict(int)
    for each in takeovers:
        last_ns[each.process] = max(last_ns[each.process], _done_ns(each))
    done = sorted(
        (each for each in takeovers if each.outcome is Outcome.OK),
        key=lambda each: (each.invoked_ns, each.op),
    )
    first_from = list(accumulate(reversed(done), _sooner))[::-1]
    found = {
        process: bisect_right(done, moment_ns, key=lambda each: each.invoked_ns)
        for process, moment_ns in last_ns.items()
    }
    return {process: first_from[at] for process, at in found.items() if at < len(done)}


def _sooner(one: Operation, other: Operation) -> Operation:
    return min(one, other, key=lambda each: (_done_ns(each), each.op))


def _done_ns(takeover: Operation) -> int:
    """When it can have no further effect; of one whose end is unknown nobody knows when."""
    ended_ns = takeover.completed_ns
    return NEVER_NS if ended_ns is None or takeover.outcome is not Outcome.OK else ended_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCommit:
    """What a fenced instance asked to commit.

    Attributes:
        fence: the take-over that surely fenced it, over at `fenced_ns`.
        asked_ns: when it first asked, after that.
    """

    transaction: Transaction
    fence: Operation
    fenced_ns: int
    asked_ns: int


def late_commits(history: History) -> list[LateCommit]:
    """All that fenced instances asked to commit."""
    fences = _fences(history)
    found = []
    for transaction in transactions_of(history).by_id.values():
        fence, asked_ns = fences.get(transaction.process), transaction.commit_asked_ns
        if fence is not None and asked_ns is not None and _done_ns(fence) < asked_ns:
            late = LateCommit(
                transaction=transaction, fence=fence, fenced_ns=_done_ns(fence), asked_ns=asked_ns
            )
            found.append(late)
    return found


def _had_no_effect(history: History, late: LateCommit) -> bool:
    """Whether it surely was in vain: refused, or fresh readers that began later miss a part."""
    if late.transaction.state is not State.UNKNOWN:
        return late.transaction.state is State.ABORTED
    began_ns = scan_began_ns(history)
    if began_ns is None or began_ns < late.asked_ns or why_not_scanned(history):
        return False
    views = views_of(history)
    unseen = views.first_sight(late.transaction) is None
    return unseen and any(map(views.is_missing, views.owed(late.transaction)))


def _fenced_effect(history: History, late: LateCommit) -> Anomaly | None:
    transaction, fence = late.transaction, late.fence
    facts: dict[str, str | int | list[str] | list[int]] = {
        "transaction": transaction.id,
        "process": transaction.process,
        "newer": fence.process,
        "fenced_ns": late.fenced_ns,
        "asked_ns": late.asked_ns,
    }
    ops = (fence.op, *(each.op for each in transaction.deciding))
    if transaction.state is State.COMMITTED:
        if not _has_parts(transaction):
            return None
        return Anomaly(name="fenced_effect", witnesses=ops, facts={"kind": "committed", **facts})
    seen = views_of(history).first_sight(transaction)
    if transaction.state is State.ABORTED or seen is None:
        return None
    return Anomaly(
        name="fenced_effect",
        message=seen.delivery.message,
        witnesses=(*ops, seen.op),
        source=seen.delivery.source,
        partition=seen.delivery.partition,
        position=seen.delivery.position,
        facts={"kind": "read", "reader": seen.process, "read_ns": seen.ns, **facts},
    )


def _has_parts(transaction: Transaction) -> bool:
    """Whether there was anything to commit: an empty one may end without asking anybody."""
    sent = any(each.outcome is Outcome.OK for each in transaction.publications)
    return sent or any(each.outcome is Outcome.OK for each in transaction.offsets)
