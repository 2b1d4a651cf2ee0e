"""Smaller step lists made of a step list, the boldest first; whether one convicts is not known."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import msgspec

from deliverycheck.plans import (
    AddPartitions,
    Call,
    Chooser,
    CreateTopic,
    DeleteRecords,
    Direction,
    Hold,
    Inject,
    Kill,
    Plan,
    Publish,
    Send,
    Step,
    Wait,
    Work,
    verb_of,
)
from deliverycheck.plans.describe import MAIN_TOPIC
from deliverycheck.search import queue_reductions
from deliverycheck.search.queue_reductions import FEW_BYTES, fewer, fewer_in_a_row

Steps = tuple[Step, ...]


def size(plan: Plan) -> tuple[int, int]:
    """Fewer steps first, then smaller arguments."""
    return len(plan.steps), sum(_weight(step) for step in plan.steps)


def _weight(step: Step) -> int:
    if isinstance(step, Publish):
        waits = step.wait is not Wait.RETURNED
        adorned = [step.key is not None, step.partition != 0, waits, *_adornments(step)]
        return 2 * step.count + sum(map(bool, adorned))
    if isinstance(step, Work):
        return step.calls
    if isinstance(step, AddPartitions):
        return step.count
    if isinstance(step, DeleteRecords):
        return step.keep + (step.partition != 0)
    if isinstance(step, Hold):
        return step.ms
    return queue_reductions.weight_of(step) or 0


_PLAIN: dict[str, object] = {
    "headers": (),
    "bytes": 0,
    "timestamp_shift_ms": 0,
    "tombstone": False,
    "chosen_by": Chooser.DEFAULT,
    "call": Call.EACH,
}
"""What a message is like if nothing is asked for but its place."""


def _adornments(step: Publish) -> list[str]:
    """The arguments in which its messages are not plain."""
    return [name for name, plain in _PLAIN.items() if getattr(step, name) != plain]


def kinds_of(steps: Sequence[Step]) -> list[str]:
    """Each kind of step in them, the most frequent first."""
    kinds = [verb_of(step) for step in steps]
    return sorted(dict.fromkeys(kinds), key=kinds.count, reverse=True)


def without_kind(steps: Sequence[Step], kind: str) -> Steps:
    """Without all steps of the kind."""
    return tuple(step for step in steps if verb_of(step) != kind)


def without_pairs(steps: Sequence[Step]) -> Iterator[Steps]:
    """Without two steps: what mends a fault often goes only together with it."""
    for first, second in combinations(range(len(steps)), 2):
        if second > first + 1:
            yield (*steps[:first], *steps[first + 1 : second], *steps[second + 1 :])


def in_one_place(steps: Sequence[Step]) -> Iterator[Steps]:
    """With all publishes to the plan's own topic, to one partition: with what made others gone."""
    here = tuple(_moved(step, topic=MAIN_TOPIC) for step in steps)
    kept = tuple(step for step in here if not isinstance(step, CreateTopic))
    yield tuple(_moved(step, partition=0) for step in kept)
    yield kept
    yield tuple(_moved(step, partition=0) for step in steps)


def _moved(step: Step, **place: str | int) -> Step:
    located = isinstance(step, (Publish, DeleteRecords))
    return msgspec.structs.replace(step, **place) if located else step


def waiting(steps: Sequence[Step]) -> Iterator[Steps]:
    """With a publish that waits for its confirm instead of what comes behind it."""
    for place, step in enumerate(steps[:-1]):
        if isinstance(step, (Publish, Send)) and step.wait is Wait.RETURNED:
            patient = msgspec.structs.replace(step, wait=Wait.CONFIRMED)
            yield (*steps[:place], patient, *steps[place + 2 :])


def joined(steps: Sequence[Step]) -> Iterator[Steps]:
    """With two steps made one that does as much, in the place of either."""
    for first, second in combinations(range(len(steps)), 2):
        between = steps[first + 1 : second]
        for one in _join(steps[first], steps[second]):
            yield (*steps[:first], *between, one, *steps[second + 1 :])
            if between:
                yield (*steps[:first], one, *between, *steps[second + 1 :])


def gathered(steps: Sequence[Step]) -> Iterator[Steps]:
    """With two publishes to different places of a topic made one: where, and when, either was."""
    for first, second in combinations(range(len(steps)), 2):
        one, other = steps[first], steps[second]
        if not (isinstance(one, Publish) and isinstance(other, Publish)):
            continue
        if one.topic == other.topic and (one.partition, one.key) != (other.partition, other.key):
            for place in (one, other):
                both = msgspec.structs.replace(place, count=one.count + other.count)
                between = steps[first + 1 : second]
                yield (*steps[:first], *between, both, *steps[second + 1 :])
                if between:
                    yield (*steps[:first], both, *between, *steps[second + 1 :])


def crashed(steps: Sequence[Step]) -> Iterator[Steps]:
    """With a crash of who worked in place of all that comes behind: the next one goes on then.

    It may come some calls earlier, anywhere in the last cycle.
    """
    for place, step in enumerate(steps[:-2]):
        if isinstance(step, Work):
            for calls in range(step.calls, max(0, step.calls - _CYCLE), -1):
                works = msgspec.structs.replace(step, calls=calls)
                yield (*steps[:place], works, Kill(lane=step.lane))


_CYCLE = 3
"""Calls for a message, mostly: receive, effect, commit."""


def turned(steps: Sequence[Step]) -> Iterator[Steps]:
    """With a fault in the other direction, where it may need less: without one other step."""
    for place, step in enumerate(steps):
        if isinstance(step, Inject) and step.direction is not None:
            other = msgspec.structs.replace(step, direction=_OTHER[step.direction])
            for gone in range(len(steps)):
                if gone != place:
                    rest = (*steps[:place], other, *steps[place + 1 :])
                    yield (*rest[:gone], *rest[gone + 1 :])


_OTHER = {
    Direction.UPSTREAM: Direction.DOWNSTREAM,
    Direction.DOWNSTREAM: Direction.UPSTREAM,
}


def _join(first: Step, second: Step) -> Iterator[Step]:
    """One step for two publishes to the same place, or for two stretches of work by any member."""
    if isinstance(first, Publish) and isinstance(second, Publish):
        same = msgspec.structs.replace(first, count=1, wait=Wait.RETURNED)
        if same == msgspec.structs.replace(second, count=1, wait=Wait.RETURNED):
            yield msgspec.structs.replace(second, count=first.count + second.count)
    if isinstance(first, Work) and isinstance(second, Work):
        for lane in dict.fromkeys((first.lane, second.lane)):
            yield msgspec.structs.replace(second, lane=lane, calls=first.calls + second.calls)
    yield from queue_reductions.join(first, second)


def with_smaller_arguments(steps: Sequence[Step], place: int) -> Iterator[Steps]:
    """With the step in this place doing less."""
    for smaller in _smaller(steps[place]):
        yield (*steps[:place], smaller, *steps[place + 1 :])


def _smaller(step: Step) -> Iterable[Step]:
    if isinstance(step, Publish):
        yield from _smaller_publish(step)
    elif isinstance(step, Work):
        for calls in fewer_in_a_row(step.calls):
            yield msgspec.structs.replace(step, calls=calls)
    elif isinstance(step, AddPartitions) and step.count > 1:
        yield msgspec.structs.replace(step, count=1)
    elif isinstance(step, DeleteRecords) and step.keep:
        yield msgspec.structs.replace(step, keep=0)
    elif isinstance(step, Hold):
        yield from (Hold(ms=ms) for ms in (60, 300) if ms < step.ms)
    else:
        yield from queue_reductions.smaller(step)


def _smaller_publish(step: Publish) -> Iterable[Publish]:
    for count in fewer(step.count):
        yield msgspec.structs.replace(step, count=count)
    if step.key is not None:
        yield msgspec.structs.replace(step, key=None)
    adornments = _adornments(step)
    for names in (adornments, *([name] for name in adornments if len(adornments) > 1)):
        if names:
            yield msgspec.structs.replace(step, **{name: _PLAIN[name] for name in names})
    if step.bytes > FEW_BYTES:
        yield msgspec.structs.replace(step, bytes=FEW_BYTES)
