"""How long judging takes: every guarantee on a history of a thousand operations."""

import time
from collections.abc import Iterator
from typing import Any

from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter
from deliverycheck.guarantees import check
from deliverycheck.history import (
    FORMAT,
    VERSION,
    Action,
    Delivery,
    Event,
    Header,
    History,
    Invoke,
    Ok,
    Phase,
    PhaseMark,
    Position,
    encode,
    history_of,
)

ROUNDS = 5
OPERATIONS = 1000
_A_MESSAGE = 4  # Operations: publish, receive, effect, commit.
_PARTITIONS = 3


def measure_checking() -> list[Sample]:
    """Milliseconds of `check` on a sound history, in which checkers examine everything."""
    history = _history()
    samples: list[Sample] = []
    for _ in range(ROUNDS):
        meter, began_s = Meter(), time.perf_counter()
        check(history, None)
        samples.append(Sample(value=1000 * (time.perf_counter() - began_s), moment=meter.read()))
    return samples


def _history() -> History:
    return history_of(b"".join(map(encode, _events())), name="bench")


def _events() -> Iterator[Event]:
    """A producer and a consumer that commits after each effect, drained and scanned."""
    ns = iter(range(0, 10**12, 1000))
    yield Header(format=FORMAT, version=VERSION, execution="bench", groups={"g": ("t",)})
    yield PhaseMark(phase=Phase.WORKLOAD, ns=next(ns))
    messages = (OPERATIONS - 1) // _A_MESSAGE
    found = [
        Delivery(
            message=f"p1#1-{number + 1}",
            source="t",
            partition=number % _PARTITIONS,
            position=number // _PARTITIONS,
            execution="bench",
        )
        for number in range(messages)
    ]
    op = 0
    for one in found:
        yield Invoke(
            op=op,
            process="p1#1",
            action=Action.PUBLISH,
            ns=next(ns),
            message=one.message,
            target="t",
            partition=one.partition,
        )
        yield Ok(op=op, ns=next(ns), partition=one.partition, position=one.position)
        op += 1
    for one in found:
        covers = (Position(source="t", partition=one.partition, position=(one.position or 0) + 1),)
        calls: tuple[tuple[Action, dict[str, Any], dict[str, Any]], ...] = (
            (Action.RECEIVE, {}, {"deliveries": (one,)}),
            (Action.EFFECT, {"deliveries": (one,)}, {}),
            (Action.COMMIT, {"covers": covers}, {}),
        )
        for action, asked, came in calls:
            yield Invoke(op=op, process="c1#1", action=action, ns=next(ns), group="g", **asked)
            yield Ok(op=op, ns=next(ns), **came)
            op += 1
    yield PhaseMark(phase=Phase.SCAN, ns=next(ns))
    yield Invoke(op=op, process="scan#1", action=Action.RECEIVE, ns=next(ns))
    yield Ok(op=op, ns=next(ns), deliveries=tuple(found))
    yield PhaseMark(phase=Phase.DONE, ns=next(ns), drained=True, scanned=True)
