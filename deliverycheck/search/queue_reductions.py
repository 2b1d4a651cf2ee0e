"""Smaller steps on queues made of steps on queues."""

from collections.abc import Iterator

from msgspec.structs import replace

from deliverycheck.plans import (
    CommitTransaction,
    CrashLoop,
    Pick,
    Request,
    Send,
    Settle,
    Step,
    Take,
    Wait,
)

FEW_BYTES = 1000
"""What is smaller asks for nothing, and is no easier to read."""


def fewer(count: int) -> list[int]:
    """Smaller numbers of messages that are worth a try, the smallest first."""
    return [each for each in sorted({1, 2, count // 2}) if 0 < each < count]


def fewer_in_a_row(count: int) -> list[int]:
    """The same of calls or cycles, where one less may be one too few."""
    return [each for each in sorted({1, 2, 3, count - 1}) if 0 < each < count]


def weight_of(step: Step) -> int | None:
    """How much the step asks of a reader; ``None`` if it is none of these."""
    if isinstance(step, Send):
        waits = step.wait is not Wait.RETURNED
        return 2 * step.count + waits + _plain_content(step).count(False)
    if isinstance(step, (Take, Request)):
        return step.count
    if isinstance(step, CrashLoop):
        return step.cycles
    if isinstance(step, CommitTransaction):
        return int(step.wait is not Wait.RETURNED)
    return int(step.pick is not Pick.ALL) if isinstance(step, Settle) else None


def _plain_content(step: Send) -> list[bool]:
    return [not step.headers, not step.bytes, step.expires_ms is None, step.priority is None]


def smaller(step: Step) -> Iterator[Step]:
    """Steps that do less in its place."""
    if isinstance(step, Send):
        yield from _smaller_send(step)
    elif isinstance(step, CommitTransaction) and step.wait is not Wait.RETURNED:
        yield replace(step, wait=Wait.RETURNED)
    elif isinstance(step, (Take, Request)):
        yield from (replace(step, count=count) for count in (1, 2) if count < step.count)
    elif isinstance(step, CrashLoop):
        yield from (replace(step, cycles=cycles) for cycles in fewer_in_a_row(step.cycles))
    elif isinstance(step, Settle) and step.pick is not Pick.ALL:
        yield replace(step, pick=Pick.ALL)


def _smaller_send(step: Send) -> Iterator[Send]:
    yield from (replace(step, count=count) for count in fewer(step.count))
    if not all(_plain_content(step)):
        yield replace(step, headers=(), bytes=0, expires_ms=None, priority=None)
        yield from (
            changed
            for plain in ({"headers": ()}, {"bytes": 0}, {"expires_ms": None}, {"priority": None})
            if (changed := replace(step, **plain)) != step
        )
    if step.bytes > FEW_BYTES:
        yield replace(step, bytes=FEW_BYTES)


def _joined_requests(first: Request, second: Request) -> Iterator[Request]:
    if first == replace(second, count=first.count):
        yield replace(first, count=first.count + second.count)


def join(first: Step, second: Step) -> Iterator[Step]:
    """One step for two that go to the same place, or are of one consumer."""
    if isinstance(first, Send) and isinstance(second, Send):
        same = replace(first, count=1, wait=Wait.RETURNED)
        if same == replace(second, count=1, wait=Wait.RETURNED):
            yield replace(second, count=first.count + second.count)
    if isinstance(first, Request) and isinstance(second, Request):
        yield from _joined_requests(first, second)
    if isinstance(first, Take) and isinstance(second, Take) and first.lane == second.lane:
        yield replace(second, count=first.count + second.count)
    if isinstance(first, CrashLoop) and isinstance(second, CrashLoop):
        yield replace(second, cycles=first.cycles + second.cycles)
