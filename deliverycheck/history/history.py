"""A recorded execution, indexed for those who judge and show it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, wraps
from typing import TypeVar

import msgspec

from deliverycheck.history.events import Header, NodeEvent, PhaseMark, ProcessEvent
from deliverycheck.history.operation import Action, Delivery, Operation, Outcome

SCANNER = "scan"
"""Processes whose name begins so are fresh readers of the harness, not of the subject."""
_DIGITS_MAX = 18  # A longer number is no sequence number of ours: it fits no 64 bits.


class FaultSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One fault from the wish to set it to the knowledge that it is gone.

    The fault may act between `inject_ns` and `healed_ns`, and surely is in place
    between `injected_ns` and `heal_ns`. An end that was not recorded is ``None``.
    """

    fault: str
    lane: str
    inject_ns: int
    injected_ns: int | None = None
    heal_ns: int | None = None
    healed_ns: int | None = None
    direction: str | None = None
    processes: tuple[str, ...] = ()
    evidence: dict[str, object] = {}


class Publication(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message of a publish operation; bulk operations hold many.

    Attributes:
        sequence: rises with the order of calls within a process.
        confirmed: the client reported success, whether or not that proves anything.
        returned: the call itself returned.
        position: where the confirm says that it stands; ``None`` if it does not say.
    """

    message: str
    attempt: int
    process: str
    sequence: int
    op: int
    target: str
    key: str | None
    outcome: Outcome
    confirmed: bool
    returned: bool
    invoked_ns: int
    completed_ns: int | None
    partition: int | None = None
    position: int | None = None
    error: str | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One delivery, with the operation that brought it."""

    op: int
    process: str
    ns: int
    delivery: Delivery


class Effect(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a consumer did with one delivery."""

    op: int
    process: str
    group: str
    outcome: Outcome
    invoked_ns: int
    completed_ns: int | None
    delivery: Delivery


def incarnation_lane(process: str) -> str:
    """``p1#2`` is an incarnation of lane ``p1``."""
    return process.partition("#")[0]


def is_scanner(process: str) -> bool:
    """Whether the process is a fresh reader of the harness."""
    return process.startswith(SCANNER)


class History:
    """All operations and faults of one execution, in the order of the file.

    `cut` says that the file ends before its end: what is here is true, and more
    may have happened.
    """

    def __init__(  # noqa: PLR0913 - by name only, and each is a kind of line of the file
        self,
        *,
        header: Header,
        operations: tuple[Operation, ...] = (),
        faults: tuple[FaultSpan, ...] = (),
        nodes: tuple[NodeEvent, ...] = (),
        processes: tuple[ProcessEvent, ...] = (),
        phases: tuple[PhaseMark, ...] = (),
        cut: bool = False,
    ) -> None:
        self.header = header
        self.operations = operations
        self.faults = faults
        self.nodes = nodes
        self.processes = processes
        self.phases = phases
        self.cut = cut
        self.indexes: dict[object, object] = {}

    @cached_property
    def done(self) -> PhaseMark | None:
        """The closing mark, or ``None`` if the execution did not come so far."""
        marks = [mark for mark in self.phases if mark.phase == "done"]
        return marks[-1] if marks else None

    @property
    def drained(self) -> bool:
        """Every consumer group reached the end of its sources after the last heal."""
        return self.done is not None and self.done.drained

    @property
    def scanned(self) -> bool:
        """Fresh readers read every source from its start to its end."""
        return self.done is not None and self.done.scanned

    @cached_property
    def by_op(self) -> dict[int, Operation]:
        """Operations by their number."""
        return {operation.op: operation for operation in self.operations}

    @cached_property
    def _by_action(self) -> dict[Action, list[Operation]]:
        found: dict[Action, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            found[operation.action].append(operation)
        return found

    def select(self, action: Action) -> Iterator[Operation]:
        """Operations of one kind, in the order of their invocation in the file."""
        return iter(self._by_action.get(action, ()))

    @cached_property
    def publications(self) -> tuple[Publication, ...]:
        """Every published message, in the order of the calls of each process."""
        return tuple(
            publication
            for operation in self.select(Action.PUBLISH)
            for publication in _publications(operation)
        )

    @cached_property
    def log(self) -> tuple[Reading, ...]:
        """What the fresh readers of the harness found, in the order they read it."""
        receives = self.select(Action.RECEIVE)
        return _readings(one for one in receives if is_scanner(one.process))

    @cached_property
    def receipts(self) -> tuple[Reading, ...]:
        """What the subject's own consumers were handed."""
        receives = self.select(Action.RECEIVE)
        return _readings(one for one in receives if not is_scanner(one.process))

    @cached_property
    def log_by_partition(self) -> dict[tuple[str, int | None], tuple[Reading, ...]]:
        """The log as found, by source and partition, in the order of positions."""
        found: dict[tuple[str, int | None], list[Reading]] = defaultdict(list)
        for reading in self.log:
            found[reading.delivery.source, reading.delivery.partition].append(reading)
        return {
            source: tuple(sorted(readings, key=lambda reading: reading.delivery.position or 0))
            for source, readings in found.items()
        }

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """Every delivery that an effect operation names."""
        return tuple(
            Effect(
                op=operation.op,
                process=operation.process,
                group=operation.group or "",
                outcome=operation.outcome,
                invoked_ns=operation.invoked_ns,
                completed_ns=operation.completed_ns,
                delivery=delivery,
            )
            for operation in self.select(Action.EFFECT)
            for delivery in operation.deliveries
        )

    def relied_upon(self, publication: Publication) -> bool:
        """Whether the application treats this message as sent, by what it relies on."""
        if self.header.relies_on == "call_returned":
            return publication.returned or publication.confirmed
        return publication.confirmed


_Index = TypeVar("_Index")


def indexed(build: Callable[[History], _Index]) -> Callable[[History], _Index]:
    """Build it once for each history: checkers share what they look things up in.

    Who asks for it gets what the others have, and leaves it as it is.
    """

    @wraps(build)
    def once(history: History) -> _Index:
        if build not in history.indexes:
            history.indexes[build] = build(history)
        found: _Index = history.indexes[build]  # type: ignore[assignment]  # what `build` made
        return found

    return once


def _publications(operation: Operation) -> Iterator[Publication]:
    if operation.count != 1 or operation.runs:
        yield from _bulk_publications(operation)
        return
    message = operation.message or ""
    _, _, number = message.rpartition("-")
    yield _publication(
        operation,
        message=message,
        sequence=int(number) if _is_number(number) else operation.op,
        partition=operation.partition,
        position=operation.position,
        confirmed=operation.confirmed or operation.outcome is Outcome.OK,
    )


def _bulk_publications(operation: Operation) -> Iterator[Publication]:
    first_message = operation.message or ""
    process, _, first = first_message.rpartition("-")
    numbered = _is_number(first)
    first_sequence = int(first) if numbered else operation.op
    placed = {
        run.first_sequence + step: (run.partition, run.first_position + step)
        for run in operation.runs
        for step in range(run.count)
    }
    unplaced = (operation.partition, operation.position if operation.count == 1 else None)
    ok = operation.outcome is Outcome.OK  # An ok confirms all, position or not.
    only_placed = operation.count > 1 and operation.runs and not ok
    for sequence in range(first_sequence, first_sequence + operation.count):
        partition, position = placed.get(sequence, unplaced)
        counted_on = operation.count > 1 and numbered
        yield _publication(
            operation,
            message=f"{process}-{sequence}" if counted_on else first_message,
            sequence=sequence,
            partition=partition,
            position=position,
            confirmed=sequence in placed if only_placed else operation.confirmed or ok,
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX


def _publication(  # noqa: PLR0913 - what differs between the messages of one operation, by name
    operation: Operation,
    *,
    message: str,
    sequence: int,
    partition: int | None,
    position: int | None,
    confirmed: bool,
) -> Publication:
    return Publication(
        message=message,
        attempt=operation.attempt,
        process=operation.process,
        sequence=sequence,
        op=operation.op,
        target=operation.target or "",
        key=operation.key,
        outcome=operation.outcome,
        confirmed=confirmed,
        returned=operation.returned_ns is not None,
        invoked_ns=operation.invoked_ns,
        completed_ns=operation.completed_ns,
        partition=partition,
        position=position,
        error=operation.error,
    )


def _readings(receives: Iterable[Operation]) -> tuple[Reading, ...]:
    return tuple(
        Reading(
            op=operation.op,
            process=operation.process,
            ns=operation.completed_ns or operation.invoked_ns,
            delivery=delivery,
        )
        for operation in receives
        for delivery in _deliveries(operation)
    )


def _deliveries(operation: Operation) -> Iterable[Delivery]:
    return _with_runs(operation) if operation.delivery_runs else operation.deliveries


def _with_runs(operation: Operation) -> Iterator[Delivery]:
    yield from operation.deliveries
    for run in operation.delivery_runs:
        for step in range(run.count):
            yield Delivery(
                message=f"{run.process}-{run.first_sequence + step}",
                source=run.source,
                partition=run.partition,
                position=run.first_position + step,
            )
