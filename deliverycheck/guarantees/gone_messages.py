"""Evidence of messages that went from logs: one for each partition, all of its messages in it."""

from collections.abc import Iterable

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.guarantees.sentences import place
from deliverycheck.history import History, Publication


def by_place(history: History, kind: str, gone: Iterable[Publication]) -> tuple[Evidence, ...]:
    """What went, by the partition in which it stood; the first of each is named."""
    found: dict[str, list[Publication]] = {}
    for one in gone:
        found.setdefault(place(one.target, one.partition), []).append(one)
    return tuple(
        Evidence(
            kind=kind,
            ns=many[0].invoked_ns,
            facts={"place": where, "messages": len(many), "message": many[0].message},
            witnesses=ops_of([history.by_op[one.op] for one in many]),
        )
        for where, many in sorted(found.items())
    )
