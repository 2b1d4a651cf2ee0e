"""A plan's workload repeated on topics of its own, under the same faults: chances side by side."""

from collections.abc import Iterator, Sequence

import msgspec

from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import (
    AddPartitions,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Publish,
    Step,
)

_OnTopic = Publish | CreateTopic | DeleteTopic | AddPartitions | DeleteRecords


def created_by(steps: Sequence[Step]) -> frozenset[str]:
    """The topics that the steps create, and do not only make again."""
    made_again = {step.topic for step in steps if isinstance(step, DeleteTopic)}
    return frozenset(step.topic for step in steps if isinstance(step, CreateTopic)) - made_again


def published_by(steps: Sequence[Step], topics: frozenset[str] | None = None) -> int:
    """Messages that the steps publish, to any topic or to these."""
    return sum(
        step.count
        for step in steps
        if isinstance(step, Publish) and (topics is None or step.topic in topics)
    )


def topics_found(steps: Sequence[Step]) -> frozenset[str]:
    """The topics that the steps publish to and do not create."""
    return frozenset(step.topic for step in steps if isinstance(step, Publish)) - created_by(steps)


def side_by_side(steps: Sequence[Step], topics: Sequence[str], copies: int) -> tuple[Step, ...]:
    """The steps, what they do to topics that were there done also to those of `copies` - 1 copies.

    Those topics are created first. A copy goes before the step and is not waited for: what the
    step waits for comes behind it on the same connection.
    """
    used = sorted(topics_found(steps))
    taken = created_by(steps).union(used)
    free = iter([topic for topic in topics[1:] if topic not in taken])
    named = [dict(zip(used, free, strict=False)) for _ in range(copies - 1)]
    whole = [names for names in named if len(names) == len(used)]
    created = [CreateTopic(topic=topic) for names in whole for topic in names.values()]
    return (*created, *(one for step in steps for one in _with_copies(step, whole)))


def _with_copies(step: Step, named: Sequence[dict[str, str]]) -> Iterator[Step]:
    if isinstance(step, _OnTopic):
        for names in named:
            if step.topic in names:
                copy = msgspec.structs.replace(step, topic=names[step.topic])
                yield _not_waited_for(copy)
    yield step


def _not_waited_for(step: _OnTopic) -> Step:
    waits = isinstance(step, Publish) and step.wait is not Wait.RETURNED
    return msgspec.structs.replace(step, wait=Wait.RETURNED) if waits else step


def one_after_the_other(
    steps: Sequence[Step], topics: Sequence[str], *, messages_max: int
) -> tuple[Step, ...]:
    """The steps, then what they do to new topics done to as many more as there are.

    A topic that was just created is a chance that passes: no other comes between.
    """
    created = created_by(steps)
    repeated = [
        step for step in steps if isinstance(step, (CreateTopic, Publish)) and step.topic in created
    ]
    copied, fresh = list(steps), iter([topic for topic in topics[1:] if topic not in created])
    room = messages_max - published_by(steps)
    while names := dict(zip(sorted(created), fresh, strict=False)):
        room -= published_by(repeated)
        if len(names) < len(created) or room < 0:
            break
        copied += [_copy(step, names) for step in repeated]
    return tuple(copied)


def _copy(step: Publish | CreateTopic, names: dict[str, str]) -> Step:
    """The step on a topic of its own; confirmed first, or the copies would be one stream."""
    if isinstance(step, Publish):
        return msgspec.structs.replace(step, topic=names[step.topic], wait=Wait.CONFIRMED)
    return CreateTopic(topic=names[step.topic])
