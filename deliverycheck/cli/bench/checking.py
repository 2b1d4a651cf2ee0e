"""How long judging takes: one guarantee, and all, on a history of a thousand operations."""

import time
from collections.abc import Iterator
from typing import Any

from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter
from deliverycheck.guarantees import Validity, check
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

ROUNDS = 25
OPERATIONS = 1000
_A_MESSAGE = 4  # Operations: publish, receive, effect, commit.
_PARTITIONS = 3


def measure_checking() -> dict[str, list[Sample]]:
    """Milliseconds that judging a sound history takes, of which nothing is looked up yet.

    By the slowest of the guarantees that examine something in it, which is what the shrink loop
    pays for each of its executions; and by all of the catalogue.
    """
    history = _history()
    applying = [
        verdict.guarantee
        for verdict in check(history, None)
        if verdict.validity is not Validity.UNKNOWN
    ]
    # In turns: a slow moment of the machine meets one round of each, not all rounds of one.
    rounds = [[_sample(history, [name]) for name in applying] for _ in range(ROUNDS)]
    alone = list(map(list, zip(*rounds, strict=True)))
    return {
        "check_ms_per_1e3": max(alone, key=lambda samples: min(one.value for one in samples)),
        "check_all_ms_per_1e3": [_sample(history, None) for _ in range(ROUNDS)],
    }


def _sample(history: History, names: list[str] | None) -> Sample:
    fresh = History(
        header=history.header,
        operations=history.operations,
        faults=history.faults,
        phases=history.phases,
    )
    meter, began_s = Meter(), time.perf_counter()
    check(fresh, names)
    return Sample(value=1000 * (time.perf_counter() - began_s), moment=meter.read())


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
