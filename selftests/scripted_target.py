"""Executions without a broker: a plan's publishes and kills, written down as the driver does.

The history is real, so the real checkers judge it; a script says what the broker made of the
messages.
"""

from collections import Counter
from enum import StrEnum
from itertools import count
from threading import Lock

from deliverycheck.executions import Execution
from deliverycheck.history import (
    FORMAT,
    VERSION,
    Action,
    Delivery,
    FaultEvent,
    FaultMoment,
    Header,
    Invoke,
    Ok,
    Phase,
    PhaseMark,
    ProcessEvent,
    Recorder,
)
from deliverycheck.plans import Kill, Publish

TOPIC = "topic"


class Does(StrEnum):
    """What becomes of an execution's messages, or of the execution."""

    KEEPS = "keeps all"
    LOSES = "loses the last"
    REPEATS = "writes the last twice"
    TURNS = "writes them in the wrong order"
    FAILS = "trouble of the infrastructure"


class ScriptedTarget:
    """Executes plans as `behave(plan, time)` says; `time` counts executions of the plan from 1.

    Attributes:
        ran: the plans, in the order in which they were executed.
        renewed: executions after which a fresh broker was asked for.
    """

    def __init__(self, behave):
        self.behave = behave
        self.ran = []
        self.renewed = []
        self._times = Counter()
        self._lock = Lock()

    def execute(self, plan, folder):
        with self._lock:
            self.ran.append(plan)
            self._times[plan.digest] += 1
            time = self._times[plan.digest]
        does = self.behave(plan, time)
        folder.create()
        folder.plan.write_bytes(plan.to_json())
        _record(plan, folder, does)
        trouble = "Broker: no answer" if does is Does.FAILS else None
        return Execution(plan=plan, folder=folder, seconds=0.1, inconclusive=trouble)

    def renew(self, execution):
        self.renewed.append(execution)

    def times(self, plan):
        return self._times[plan.digest]


def _record(plan, folder, does):
    ticks = count(step=1_000_000)
    header = Header(
        format=FORMAT,
        version=VERSION,
        execution="x1",
        plan=plan.digest,
        relies_on=plan.subject.relies_on,
    )
    recorder = Recorder(folder.history, header, lambda: next(ticks))
    recorder.write(PhaseMark(phase=Phase.WORKLOAD, ns=recorder.now()))
    written = []
    incarnation = 1
    for number, step in enumerate(plan.steps, start=1):
        mark = {"number": number}
        recorder.write(ProcessEvent(process="plan", what="step", ns=recorder.now(), evidence=mark))
        if isinstance(step, Publish):
            for _ in range(step.count):
                written.append(_publish(recorder, f"p1#{incarnation}", len(written)))
        elif isinstance(step, Kill):
            _kill(recorder, f"p1#{incarnation}")
            incarnation += 1
    recorder.write(PhaseMark(phase=Phase.SETTLE, ns=recorder.now()))
    if does is not Does.FAILS:
        _scan(recorder, _found(written, does))
    recorder.close()


def _publish(recorder, process, position):
    op, message = recorder.next_op(), f"{process}-{position + 1}"
    recorder.write(
        Invoke(
            op=op,
            process=process,
            action=Action.PUBLISH,
            ns=recorder.now(),
            message=message,
            target=TOPIC,
            partition=0,
        )
    )
    recorder.write(Ok(op=op, ns=recorder.now(), partition=0, position=position))
    return message


def _kill(recorder, process):
    for moment in (FaultMoment.INJECT, FaultMoment.INJECTED):
        recorder.write(FaultEvent(moment=moment, fault="kill", lane="p1", ns=recorder.now()))
        if moment is FaultMoment.INJECT:
            recorder.write(ProcessEvent(process=process, what="killed", ns=recorder.now()))


def _found(written, does):
    if does is Does.LOSES:
        return written[:-1]
    if does is Does.REPEATS:
        return [*written, *written[-1:]]
    return written[::-1] if does is Does.TURNS else written


def _scan(recorder, found):
    op = recorder.next_op()
    recorder.write(
        Invoke(op=op, process="scan#1", action=Action.RECEIVE, ns=recorder.now(), target=TOPIC)
    )
    deliveries = tuple(
        Delivery(message=message, source=TOPIC, partition=0, position=position)
        for position, message in enumerate(found)
    )
    recorder.write(Ok(op=op, ns=recorder.now(), deliveries=deliveries))
    recorder.write(PhaseMark(phase=Phase.DONE, ns=recorder.now(), scanned=True, drained=True))
