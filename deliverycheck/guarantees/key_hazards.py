"""Hazards of keys: who else writes with them."""

from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter

from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed, ops_of
from deliverycheck.history import Action, History, Operation, incarnation_lane

_NUMBER = attrgetter("op")


def key_shared(history: History) -> tuple[Evidence, ...]:
    """Keys with which two producers wrote to one topic, where a partitioner chose the partition."""
    written: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for publish in sorted(history.select(Action.PUBLISH), key=_NUMBER):
        if publish.key is not None and publish.asked_partition is None and publish.target:
            written[publish.target, publish.key].append(publish)
    found = (_shared(*place, publishes) for place, publishes in written.items())
    return tuple(evidence for each in found for evidence in each)


def _shared(topic: str, key: str, publishes: list[Operation]) -> Iterator[Evidence]:
    """What shows that another lane wrote with the key too; incarnations of one are one producer."""
    first = publishes[0]
    lane = incarnation_lane(first.process)
    others = [one for one in publishes if incarnation_lane(one.process) != lane]
    if others:
        yield Evidence(
            kind="shared",
            ns=others[0].invoked_ns,
            facts={
                "process": first.process,
                "other": others[0].process,
                "topic": topic,
                "key": key,
                "messages": len(publishes),
            },
            witnesses=ops_of([first, *others]),
        )


_SHARED = {
    "shared": (
        "{process} and {other} both wrote to {topic} with key {key} ({messages:count message})."
    )
}

HAZARDS_OF_KEYS: tuple[Hazard, ...] = (
    Hazard(
        name="key_shared",
        title="two producers wrote with one key",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences=_SHARED,
        find=key_shared,
    ),
)
"""Of keys."""
