"""A broker and its clients in memory, as far as the driver sees them: enough to run plans on.

The first living member of a group owns all partitions. A worker answers at once, or, while
its link is disturbed, not at all.
"""

import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from deliverycheck.brokers import Endpoint, Slot
from deliverycheck.clients import (
    AssignEvent,
    FailEvent,
    InfoEvent,
    JournalLine,
    OkEvent,
    Reply,
    ReturnedEvent,
    RevokeEvent,
    SourcePartition,
    commands,
)
from deliverycheck.clients.sink import SinkFile, StaleError
from deliverycheck.executions import LiveTarget, SlotPool
from deliverycheck.history import Delivery, Position, Whence
from selftests.memory_broker import MemoryBroker

SLOTS = tuple(
    Slot(
        name=f"s{number}",
        listener=Endpoint(host="127.0.0.1", port=number),
        advertised=Endpoint(host="127.0.0.1", port=100 + number),
    )
    for number in range(1, 4)
)


class MemoryWorker:
    """Obeys the commands of the driver.

    Attributes:
        stuck: commands that it neither obeys nor answers.
        mute: commands that it obeys without a word.
    """

    def __init__(self, broker, folder, process, number):
        self.broker = broker
        self.process = process
        self.pid = 1000 + number
        self.stderr = folder / f"{number}.stderr"
        self.stderr.write_text(f"log of {process}\n")
        self.stuck = self.mute = ()
        self._heard = []
        self._late = []
        self._journal = []
        self._last = 0
        self._read, self._write = os.pipe2(os.O_NONBLOCK)
        self._positions = None
        self._is_silent = False
        self._transaction = None
        self._topic = self._group = None

    def fileno(self):
        return self._read

    def send(self, command):
        self._last += 1
        if isinstance(command, self.stuck):
            self._late.append((self._last, command))
        else:
            said = len(self._heard)
            self._obey(self._last, command)
            if isinstance(command, self.mute):
                del self._heard[said:]
        return self._last

    def free(self):
        """Answer what was not answered."""
        self.stuck = self.mute = ()
        late, self._late = self._late, []
        for identity, command in late:
            self._obey(identity, command)

    def receive(self):
        os.read(self._read, 4096)
        heard, self._heard = self._heard, []
        return heard

    def kill(self):
        if self in self.broker.members[self._group]:
            self.broker.members[self._group].remove(self)
        with suppress(BlockingIOError):
            return self.receive()
        return []

    def pause(self):
        pass

    resume = pause

    def journal_lines(self):
        return self._journal

    def _say(self, *lines):
        os.write(self._write, b".")
        self._heard += lines

    def _obey(self, identity, command):
        verb = commands.verb_of(command)
        fields = getattr(self, f"_{verb}", lambda _: {})(command) or {}
        self._say(Reply(re=identity, **fields))

    def _publish(self, command):
        for one in command.messages:
            self._say(ReturnedEvent(op=one.op))
            if self._transaction is not None:
                self._transaction.append((self._append, one, command.execution))
                self._say(OkEvent(op=one.op, partition=one.partition))
            elif self.broker.errors:
                self._append(one, command.execution)
                self._say(InfoEvent(op=one.op, error=self.broker.errors.popleft()))
            else:
                position = self._append(one, command.execution)
                self._say(OkEvent(op=one.op, partition=one.partition or 0, position=position))

    def _append(self, message, execution):
        log = self.broker.logs[message.topic, message.partition or 0]
        log.append(
            Delivery(
                message=message.message,
                source=message.topic,
                partition=message.partition or 0,
                position=len(log),
                attempt=message.attempt,
                execution=execution,
            )
        )
        return len(log) - 1

    def _init_transactions(self, command):
        return self._transact(command, "init_transactions")

    def _begin_transaction(self, command):
        self._transaction = []
        return self._transact(command, "begin_transaction")

    def _send_offsets(self, command):
        self._transaction.append((self._move, command.covers))
        return self._transact(command, "send_offsets", covers=command.covers)

    def _commit_transaction(self, command):
        answer = self._transact(command, "commit_transaction")
        if not answer:
            for effect, *arguments in self._transaction:
                effect(*arguments)
            self._transaction = None
        return answer

    def _abort_transaction(self, command):
        answer = self._transact(command, "abort_transaction")
        if not answer:
            self._transaction = None
        return answer

    def _transact(self, command, verb, **completion):
        """What the call is answered: as it was told for the next call of this verb, or all well."""
        answers = self.broker.remedies.get(verb)
        if answers:
            error, remedy = answers.popleft()
            self._say(InfoEvent(op=command.op, error=error))
            return {"error": error, "remedy": remedy}
        self._say(OkEvent(op=command.op, **completion))
        return {}

    def _seek(self, command):
        if self._positions is not None:
            self._positions[command.position.partition] = command.position.position

    def _seek_to(self, command):
        part, at = command.position.partition, command.position.position
        ends = {Whence.BEGINNING: 0, Whence.END: len(self.broker.logs[self._topic, part])}
        self._positions[part] = ends.get(command.to, at)
        self._say(OkEvent(op=command.op, position=at if command.to is Whence.TIME else None))

    def _pause_partitions(self, command):
        self._is_silent = True
        self._say(OkEvent(op=command.op, covers=command.covers))

    def _resume_partitions(self, command):
        self._is_silent = False
        self._say(OkEvent(op=command.op, covers=command.covers))

    def _unsubscribe(self, command):
        self.broker.members[self._group].remove(self)
        if self._positions is not None:
            self._say(RevokeEvent(partitions=self._parts()))
        self._positions = None

    def _subscribe(self, command):
        self.broker.members[self._group].append(self)

    def _flush(self, command):
        self._say(OkEvent(op=command.op))
        return {"remaining": 0}

    def _open_consumer(self, command):
        self._topic, self._group = command.topics[0], command.settings["group.id"]
        self._is_told_of_ends = command.settings.get("enable.partition.eof", True)
        self.broker.members[self._group].append(self)

    def _own(self):
        """The partitions of this member, with where it stands in each."""
        if self.broker.members[self._group][:1] != [self]:
            return {}
        if self._positions is None:
            parts = range(self.broker.partitions)
            committed = self.broker.committed[self._group]
            self._positions = {part: committed[part] for part in parts}
            self._say(AssignEvent(partitions=self._parts()))
        return self._positions

    def _parts(self):
        return tuple(SourcePartition(source=self._topic, partition=one) for one in self._positions)

    def _receive(self, command):
        own, found = self._own(), ()
        for part, position in own.items():
            log = self.broker.logs[self._topic, part]
            at = max(position, self.broker.starts[self._topic, part])
            if at < len(log) and not self._is_silent:
                found = tuple(log[at : at + command.max])
                own[part] = at + len(found)
                break
        self._say(OkEvent(op=command.op, deliveries=found))
        assigned = tuple(SourcePartition(source=self._topic, partition=part) for part in own)
        ends = tuple(
            Position(source=self._topic, partition=part, position=position)
            for part, position in own.items()
            if position == len(self.broker.logs[self._topic, part])
        )
        if self._is_told_of_ends:
            return {"assigned": assigned, "ends": ends}
        stands = tuple(
            Position(source=self._topic, partition=part, position=position)
            for part, position in own.items()
        )
        return {"assigned": assigned, "stands": () if found else stands}

    def _effect(self, command):
        self._journal += [JournalLine(op=command.op, delivery=one) for one in command.deliveries]
        self._say(OkEvent(op=command.op, deliveries=command.deliveries))

    def _open_sink(self, command):
        self._sink = SinkFile(command.path)

    def _row(self, command):
        try:
            self._sink.write(command.op, command.delivery, command.covers)
        except StaleError:
            self._say(FailEvent(op=command.op, error="_STALE"))
        else:
            self._say(OkEvent(op=command.op))

    def _move(self, covers):
        for one in covers:
            self.broker.committed[self._group][one.partition] = one.position

    def _commit(self, command):
        covers = command.covers or tuple(
            Position(source=self._topic, partition=part, position=position)
            for part, position in self._positions.items()
        )
        self._move(covers)
        self._say(OkEvent(op=command.op, covers=covers))

    _store_offset = _commit

    def _close(self, command):
        if self in self.broker.members[self._group]:
            self.broker.members[self._group].remove(self)

    _reset = _close


class MemoryLinks:
    """While a link is disturbed, workers neither obey `hits` nor say a word about `mutes`."""

    def __init__(self, target, hits, mutes):
        self._target = target
        self._hits = hits
        self._mutes = mutes

    def inject(self, fault, slot, direction):
        self._target.calls.append(f"inject {fault}")
        for worker in self._target.leased:
            worker.stuck, worker.mute = self._hits, self._mutes
        return {"read_back": True}

    def heal(self, slot):
        self._target.calls.append("heal")
        for worker in self._target.leased:
            worker.free()
        return {}

    def alive(self):
        return None


class MemoryTarget:
    """What `execute` runs against; `live` is it as the driver takes it.

    Attributes:
        calls: what was asked of broker and links, in its order.
        leased: every worker that was lent.
    """

    def __init__(self, folder, hits=(), mutes=(), errors=(), remedies=None):
        self.broker = MemoryBroker()
        self.broker.errors.extend(errors)
        for verb, answers in (remedies or {}).items():
            self.broker.remedies[verb] = deque(answers)
        self.calls = self.broker.calls
        self.leased = []
        self._folder = Path(folder)
        program = SimpleNamespace(
            producer_settings=lambda subject, *_: dict(subject.producer),
            consumer_settings=lambda *of: {**of[0].consumer.settings, "group.id": of[2]},
        )
        self.live = LiveTarget(
            broker=self.broker,
            links=MemoryLinks(self, hits, mutes),
            workers=self,
            program=program,
            slots=SlotPool(SLOTS),
        )

    def lease(self, process):
        worker = MemoryWorker(self.broker, self._folder, process, len(self.leased))
        self.leased.append(worker)
        return worker

    def give_back(self, worker):
        self.calls.append(f"back {worker.process}")
