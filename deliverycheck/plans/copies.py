"""A plan's workload repeated on topics of its own, under the same faults: chances side by side."""

from collections.abc import Iterator, Sequence

import msgspec

from deliverycheck.plans.step import Wait
from deliverycheck.plans.steps import AddPartitions, CreateTopic, Publish, Step


def side_by_side(steps: Sequence[Step], topics: Sequence[str], copies: int) -> tuple[Step, ...]:
    """The steps, each publish beside the same on the topics of `copies` - 1 copies, which grow too.

    Those topics are created first. A copy goes before the step and is not waited for: what the
    step waits for comes behind it on the same connection.
    """
    used = sorted({step.topic for step in steps if isinstance(step, Publish)})
    free = iter([topic for topic in topics[1:] if topic not in used])
    named = [dict(zip(used, free, strict=False)) for _ in range(copies - 1)]
    whole = [names for names in named if len(names) == len(used)]
    created = [CreateTopic(topic=topic) for names in whole for topic in names.values()]
    return (*created, *(one for step in steps for one in _with_copies(step, whole)))


def _with_copies(step: Step, named: Sequence[dict[str, str]]) -> Iterator[Step]:
    if isinstance(step, Publish):
        for names in named:
            yield msgspec.structs.replace(step, topic=names[step.topic], wait=Wait.RETURNED)
    elif isinstance(step, AddPartitions):
        for names in named:
            if step.topic in names:
                yield msgspec.structs.replace(step, topic=names[step.topic])
    yield step


def one_after_the_other(steps: Sequence[Step], topics: Sequence[str]) -> tuple[Step, ...]:
    """The steps, then what they do to new topics done to as many more as there are.

    A topic that was just created is a chance that passes: no other comes between.
    """
    created = {step.topic for step in steps if isinstance(step, CreateTopic)}
    repeated = [
        step for step in steps if isinstance(step, (CreateTopic, Publish)) and step.topic in created
    ]
    copied, fresh = list(steps), iter([topic for topic in topics[1:] if topic not in created])
    while names := dict(zip(sorted(created), fresh, strict=False)):
        if len(names) < len(created):
            break
        copied += [_copy(step, names) for step in repeated]
    return tuple(copied)


def _copy(step: Publish | CreateTopic, names: dict[str, str]) -> Step:
    """The step on a topic of its own; confirmed first, or the copies would be one stream."""
    if isinstance(step, Publish):
        return msgspec.structs.replace(step, topic=names[step.topic], wait=Wait.CONFIRMED)
    return CreateTopic(topic=names[step.topic])
