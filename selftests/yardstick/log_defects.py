"""Brokers that break what they promise of their logs, one defect each."""

import msgspec

from deliverycheck.plans import FaultKind
from selftests.yardstick.broker import Broker


class LosesEveryThirdAfterACrash(Broker):
    """Of what comes after a restart, every third record is confirmed and not written."""

    count = 0

    def write(self, record):
        self.count += self.restarts > 0
        if self.restarts and self.count % 3 == 0 and self.fires():
            return len(self.logs[record.place])
        return super().write(record)


class ForgetsTheLastWriteInACrash(Broker):
    """A crash loses the last record of a partition, whoever has its confirm."""

    def crashed(self):
        for log in self.logs.values():
            if log and log[-1] is not None and self.fires():
                self.known.pop(log[-1].message, None)
                log[-1] = None


class ReordersOnRetry(Broker):
    """A record that met a fault stands before the one that was written before it."""

    def write(self, record):
        log = self.logs[record.place]
        if not any(record.faults) or not log or log[-1] is None or not self.fires():
            return super().write(record)
        late = log.pop()
        log += [
            self.delivery(record),
            msgspec.structs.replace(late, position=len(log) + 1),
        ]
        return len(log) - 2


class WritesARetryTwice(Broker):
    """It does not remember what it wrote and could not confirm."""

    def append(self, record):
        if record.message in self.known and self.fires():
            del self.known[record.message]
        return super().append(record)


class ReplaysItsLastWriteInACrash(Broker):
    """A restart writes the last record of a partition once more."""

    def crashed(self):
        for log in self.logs.values():
            if log and self.fires():
                log.append(msgspec.structs.replace(log[-1], position=len(log)))


class ConfirmsWhatABlackHoleSwallowed(Broker):
    """A record that was lost in silence is confirmed when the silence ends."""

    def confirms_lost(self, record):
        return record.faults[-1] is FaultKind.BLACK_HOLE and self.fires()


class ManglesWhatMetARefusal(Broker):
    """A record that was refused a connection loses its body."""

    def delivery(self, record, **changes):
        if record.faults[0] is FaultKind.REFUSE and self.fires():
            changes["mangled"] = ("body",)
        return super().delivery(record, **changes)


class ResurrectsWhatItRefused(Broker):
    """A record that was refused for good is written nevertheless."""

    def append(self, record):
        position = super().append(record)
        if position is None and self.fires():
            self.write(record)
        return position


class SwapsTargets(Broker):
    """A record for partition 2 right behind one for partition 1 goes to partition 1 as well."""

    before = None

    def write(self, record):
        before, self.before = self.before, record.partition
        if record.partition == 2 and before == 1 and self.fires():
            record.partition = 1
        return super().write(record)


class LosesWhatItHeldWhileStopped(Broker):
    """What waited while the node was stopped is confirmed and not written."""

    def resume(self, node):
        self.stopped = True
        evidence = super().resume(node)
        self.stopped = False
        return evidence

    stopped = False

    def write(self, record):
        if self.stopped and self.fires():
            return len(self.logs[record.place])
        return super().write(record)


class TakesAnHeirForItsPredecessor(Broker):
    """The first record of a lane's next incarnation is taken for one that is known."""

    heirs = ()

    def opened(self, process):
        number = process.partition("#")[2]
        self.heirs = {(process, place) for place in self.logs} if int(number) > 1 else ()

    def write(self, record):
        mine = (record.process, record.place)
        if mine in self.heirs and self.logs[record.place]:
            self.heirs.discard(mine)
            if self.fires():
                return len(self.logs[record.place]) - 1
        return super().write(record)


class LosesKeyedRecordsOfNewTopics(Broker):
    """A keyed record to a topic that was just created is confirmed and not written."""

    def write(self, record):
        log = self.logs[record.place]
        if record.key and record.topic != self.group.topic and not log and self.fires():
            return 0
        return super().write(record)


class TakesSilenceForAnAnswer(Broker):
    """A record that is sent again after silence is taken for written."""

    def write(self, record):
        silent = record.faults[0] in {FaultKind.STALL, FaultKind.BLACK_HOLE}
        if record.tries > 1 and silent and not self.restarts and self.fires():
            return len(self.logs[record.place])
        return super().write(record)


class LosesEveryTenth(Broker):
    """Every tenth record of a partition is confirmed and not written."""

    def write(self, record):
        log = self.logs[record.place]
        if len(log) % 10 == 9 and self.fires():
            log.append(None)
            return len(log) - 1
        return super().write(record)


class OverwritesWithALateOne(Broker):
    """A delayed record stands where the one before it stood."""

    def write(self, record):
        log = self.logs[record.place]
        if log and log[-1] and record.faults[-1] is FaultKind.DELAY and self.fires():
            log.pop()
        return super().write(record)
