"""What a member leaves behind without being handed it, because its log has dropped it."""

from deliverycheck.guarantees.delivery.group_commits import GroupCommit
from deliverycheck.guarantees.delivery.members import Place
from deliverycheck.guarantees.log.sources import compacted, promised_ms
from deliverycheck.history import Action, History, Outcome, indexed


def may_have_passed(history: History, commit: GroupCommit, position: int) -> bool:
    """Whether who committed may have been taken past this position: then it says nothing of it.

    That needs a log that may have dropped it by then, for its age, for a later value, or because
    somebody asked, and a process that was never handed what stood there.
    """
    if (commit.process, commit.place, position) in _handed(history):
        return False
    source = commit.place[0]
    if source in compacted(history) or source in promised_ms(history):
        return True
    return any(
        called_ns <= commit.told_ns and position < kept
        for called_ns, kept in _deleted_below(history).get(commit.place, ())
    )


@indexed
def _handed(history: History) -> frozenset[tuple[str, Place, int]]:
    return frozenset(
        (one.process, (one.delivery.source, one.delivery.partition), one.delivery.position)
        for one in history.receipts
        if one.delivery.position is not None
    )


@indexed
def _deleted_below(history: History) -> dict[Place, list[tuple[int, int]]]:
    """Of each partition when somebody asked for less, and the position that was to be the first."""
    found: dict[Place, list[tuple[int, int]]] = {}
    for operation in history.select(Action.DELETE_RECORDS):
        if operation.outcome is not Outcome.FAIL:
            for left in operation.covers:
                place = (left.source, left.partition)
                found.setdefault(place, []).append((operation.invoked_ns, left.position))
    return found
