"""A consuming lane whose effects are rows of a database, perhaps with their positions."""

from collections.abc import Iterator
from pathlib import Path

from deliverycheck.brokers import Slot
from deliverycheck.clients import commands, operations_in
from deliverycheck.executions.consumer import WORKLOAD_RECEIVE_MS, Called, ConsumerLane
from deliverycheck.executions.run import Run
from deliverycheck.executions.workers import Worker
from deliverycheck.history import Action, Delivery, Fail, Ok
from deliverycheck.plans import CommitPolicy, Consumer

SINK = "sink.sqlite3"
"""The file of an execution that its members write to."""


class SinkLane(ConsumerLane):
    """A member of a group that writes a row for each message that it is handed.

    With the commit policy ``in_transaction`` the position goes on in the transaction of the row,
    and the member reads on from there; with the others it is the group's.
    """

    def __init__(self, run: Run, name: str, slot: Slot, consumer: Consumer) -> None:
        super().__init__(run, name, slot, consumer)
        self._together = consumer.commit is CommitPolicy.IN_TRANSACTION

    @property
    def _path(self) -> Path:
        return self.run.folder / SINK

    def before_subscribe(self) -> None:
        """The database is open: where to read on is asked for with the first assignment."""
        self.call(commands.OpenSink(path=str(self._path), positions=self._together))

    def _process(self, delivery: Delivery) -> Iterator[Called]:
        if not self._together:
            yield from super()._process(delivery)
            return
        if self._consumer.handling_ms and self.receive_ms == WORKLOAD_RECEIVE_MS:
            self.run.pass_time(self._consumer.handling_ms / 1000)
            yield Called.HANDLE
        yield from self._effect(delivery)

    def _effect(self, delivery: Delivery) -> Iterator[Called]:
        op = self.invoke(Action.EFFECT, group=self.group, deliveries=(delivery,))
        covers = self._covers(delivery) if self._together else ()
        yield from self._ask(commands.Row(op=op, delivery=delivery, covers=covers), op)
        yield Called.EFFECT

    def _recover_effects(self, worker: Worker) -> None:  # noqa: ARG002  # Not its journal.
        """The database outlives the worker: what has no row there never happened."""
        there = operations_in(self._path)
        for op in [op for op in self.open_ops if self.action_of(op) is Action.EFFECT]:
            ending = Ok if op in there else Fail
            self._complete(ending(op=op, ns=self.run.recorder.now()))
