"""A history of many operations in a campaign's folder, as a busy night could leave one."""

import random

import msgspec

from deliverycheck.history import (
    Action,
    ExecutionFolder,
    Fail,
    FaultEvent,
    Header,
    Info,
    Invoke,
    Ok,
    Phase,
    PhaseMark,
    encode,
)
from reports import load_campaign
from selftests.sample_campaign import sample, save

PROCESSES = 24
MS = 1_000_000


def campaign_of(folder, operations):
    """A campaign with one alarm, of which the history has so many operations."""
    campaign = sample(folder, alarm=True)
    violation = msgspec.structs.replace(campaign.violations[-1], operations=("op 500 p1#1",))
    save(msgspec.structs.replace(campaign, violations=(violation,)), folder)
    path = ExecutionFolder(root=folder / violation.folder).history
    with path.open("wb") as file:
        file.writelines(encode(event) for event in events_of(operations))
    return load_campaign(folder)


def events_of(operations, seed=0):
    """Publishes and receives of many processes, with a fault in the middle."""
    chance = random.Random(seed)  # noqa: S311  # No secret: the same page each time.
    free = [0] * PROCESSES
    counts = [0] * PROCESSES
    yield Header(format="deliverycheck-history", version=1, execution="long")
    yield PhaseMark(phase=Phase.WORKLOAD, ns=0)
    fault = {"fault": "stall", "lane": "link p1", "direction": "upstream"}
    for op in range(operations):
        lane = free.index(min(free))
        begun = free[lane]
        if op in {operations // 3, operations // 2}:
            what = ("inject", "injected") if op == operations // 3 else ("heal", "healed")
            for moment in what:
                yield FaultEvent(moment=moment, ns=begun, **fault)
        ended = begun + chance.randrange(MS // 2, 8 * MS)
        free[lane] = ended + chance.randrange(1, 2 * MS)
        counts[lane] += 1
        name = f"{'c' if lane % 2 else 'p'}{lane}#1"
        yield _invoked(op, name, counts[lane], begun)
        if (luck := chance.random()) > 0.001:
            yield _completed(op, ended, luck)
    yield PhaseMark(phase=Phase.DONE, ns=max(free) + 1)


def _invoked(op, name, number, ns):
    if name.startswith("c"):
        return Invoke(op=op, process=name, action=Action.RECEIVE, ns=ns)
    message = f"{name}-{number}"
    return Invoke(op=op, process=name, action=Action.PUBLISH, ns=ns, message=message, target="t1")


def _completed(op, ns, luck):
    if luck < 0.01:
        return Fail(op=op, ns=ns, error="_QUEUE_FULL")
    return Info(op=op, ns=ns) if luck < 0.03 else Ok(op=op, ns=ns)
