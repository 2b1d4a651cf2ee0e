"""What a group reads again, or leaves out, by its application's own wish."""

from collections.abc import Iterator

from deliverycheck.guarantees.delivery.members import Place, group_of, place_at
from deliverycheck.history import Action, History, Operation, Outcome, indexed


@indexed
def wished_since(history: History) -> dict[tuple[str, Place], int]:
    """By group and partition since when a member has been where it, and not the group, chose.

    What the group does there later on may follow from that: others begin where that member
    committed.
    """
    found: dict[tuple[str, Place], int] = {}
    for operation in _wishes(history):
        group = group_of(history, operation)
        for position in operation.covers:
            if group is not None:
                key = (group, place_at(position))
                found[key] = min(operation.invoked_ns, found.get(key, operation.invoked_ns))
    return found


def is_wished(history: History, group: str, place: Place, ns: int) -> bool:
    """Whether what the group does there at that moment may follow from a wish."""
    since_ns = wished_since(history).get((group, place))
    return since_ns is not None and since_ns <= ns


def _wishes(history: History) -> Iterator[Operation]:
    """A seek without a wish takes its member back to what it has still to do."""
    return (
        one
        for one in history.select(Action.SEEK)
        if one.whence is not None and one.outcome is not Outcome.FAIL
    )
