"""The producing half of a simulated client library: in order, again and again, until answered."""

from deliverycheck.clients import ClientErrorEvent, FailEvent, OkEvent, Reply, ReturnedEvent
from selftests.yardstick.broker import Record

BACKOFF_MS = 50


class Producing:
    """An open producer. What is sent again goes before all that was not sent yet."""

    def __init__(self, worker, link):
        self._worker = worker
        self._link = link
        self._queue = []
        self._failed = []
        self._in_flight = 0
        self._backing_off = False
        self._flush = None
        worker.broker.opened(worker.process)

    def publish(self, command):
        for one in command.messages:
            self._worker.say(ReturnedEvent(op=one.op))
            self._queue.append(self._record(one, command.execution))
        self._pump()

    def _record(self, one, execution):
        partition = one.partition
        if partition is None:
            spread = one.op if one.key is None else int(one.key[1:])
            partition = spread % self._worker.broker.partitions_of(one.topic)
        return Record(
            one.op, one.message, one.topic, partition, one.key, self._worker.process, execution
        )

    @property
    def remaining(self):
        return len(self._queue) + self._in_flight + len(self._failed)

    def _pump(self):
        while self._queue and not self._backing_off:
            record = self._queue.pop(0)
            record.tries += 1
            record.faults += (self._link.fault,)
            self._in_flight += 1
            self._send(record)

    def _send(self, record):
        run, broker = self._worker.run, self._worker.broker
        self._link.send(
            lambda: (broker.append(record),),
            lambda answer: run(lambda: self._answered(record, *answer)),
            lambda: run(lambda: self._fell(record)),
        )

    def _answered(self, record, position):
        self._in_flight -= 1
        if position is None:
            self._worker.say(FailEvent(op=record.op, error="INVALID_RECORD"))
        else:
            self._confirm(record, position)
        self._go_on()

    def _confirm(self, record, position):
        self._worker.say(OkEvent(op=record.op, partition=record.partition, position=position))

    def _fell(self, record):
        self._in_flight -= 1
        if self._worker.broker.confirms_lost(record):
            self._confirm(record, None)
            self._go_on()
            return
        if not self._backing_off:
            self._backing_off = True
            self._worker.say(ClientErrorEvent(error="_TRANSPORT"))
            self._worker.later(BACKOFF_MS, self._again)
        self._failed.append(record)

    def _again(self):
        self._backing_off = False
        self._queue = self._failed + self._queue
        self._failed = []
        self._pump()

    def _go_on(self):
        self._pump()
        if self._flush is not None and not self.remaining:
            self._end_flush()

    def flush(self, identity, command):
        self._flush = (identity, command.op)
        if not self.remaining:
            self._end_flush()
            return
        mine = self._flush
        self._worker.later(
            command.timeout_ms, lambda: self._end_flush() if self._flush is mine else None
        )

    def _end_flush(self):
        (identity, op), self._flush = self._flush, None
        self._worker.say(OkEvent(op=op, remaining=self.remaining))
        self._worker.say(Reply(re=identity, remaining=self.remaining))
