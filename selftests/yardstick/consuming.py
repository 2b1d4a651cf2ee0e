"""The consuming half of a simulated client library: a member that fetches one record at a time."""

from deliverycheck.clients import (
    AssignEvent,
    ClientErrorEvent,
    FailEvent,
    InfoEvent,
    OkEvent,
    Reply,
    RevokeEvent,
    SourcePartition,
    commands,
)
from deliverycheck.history import Position

BACKOFF_MS = 50
POLL_MS = 20


class Consuming:
    """An open consumer; it joins with its first fetch."""

    def __init__(self, worker, link, topic):
        self._worker = worker
        self._link = link
        self._topic = topic
        self._generation = 0
        self._positions = {}
        self._ends = {}
        self._receive = None

    @property
    def _group(self):
        return self._worker.broker.group

    def receive(self, identity, command):
        mine = self._receive = (identity, command)
        self._worker.later(
            command.timeout_ms, lambda: self._end() if self._receive is mine else None
        )
        self._fetch()

    def _fetch(self):
        if self._receive is None:
            return
        group, run, worker = self._group, self._worker.run, self._worker
        mine, generation, positions = self._receive, self._generation, dict(self._positions)
        self._link.send(
            lambda: group.fetch(worker, generation, positions),
            lambda answer: run(lambda: self._fetched(answer, mine)),
            lambda: run(lambda: self._fell(mine)),
        )

    def _fell(self, mine):
        if self._receive is mine:
            self._worker.say(ClientErrorEvent(error="_TRANSPORT"))
            self._worker.later(BACKOFF_MS, self._fetch)

    def _fetched(self, answer, mine):
        if self._receive is not mine:
            return  # It came too late; what it holds is fetched again.
        if answer.own is not None:
            self._take_over(answer)
            self._fetch()
        elif answer.found is not None:
            self._positions[answer.found.partition] = answer.found.position + 1
            self._ends.pop(answer.found.partition, None)
            self._end(answer.found)
        else:
            self._ends = answer.ends
            if self._positions and mine[1].until is commands.Until.END:
                self._end()
            else:
                self._worker.later(POLL_MS, self._fetch)

    def _take_over(self, answer):
        if self._positions:
            self._worker.say(RevokeEvent(partitions=self._sources()))
        self._generation, self._positions, self._ends = answer.generation, answer.own, {}
        if self._positions:
            self._worker.say(AssignEvent(partitions=self._sources()))

    def _sources(self):
        return tuple(SourcePartition(source=self._topic, partition=one) for one in self._positions)

    def _end(self, *found):
        (identity, command), self._receive = self._receive, None
        self._worker.say(OkEvent(op=command.op, deliveries=found))
        ends = tuple(
            Position(source=self._topic, partition=part, position=position)
            for part, position in self._ends.items()
        )
        self._worker.say(Reply(re=identity, assigned=self._sources(), ends=ends))

    def commit(self, identity, command, tries=1):
        group, run, worker, generation = (
            self._group,
            self._worker.run,
            self._worker,
            self._generation,
        )
        self._link.send(
            lambda: (group.commit(worker, generation, command.covers, tries),),
            lambda answer: run(lambda: self._committed(identity, command, tries, *answer)),
            lambda: run(lambda: self._commit_again(identity, command, tries)),
        )

    def _commit_again(self, identity, command, tries):
        self._worker.say(ClientErrorEvent(error="_TRANSPORT"))
        self._worker.later(BACKOFF_MS, lambda: self.commit(identity, command, tries + 1))

    def _committed(self, identity, command, tries, taken):
        """A refusal says nothing of the sendings before it."""
        refusal = FailEvent if tries == 1 else InfoEvent
        error = None if taken else "ILLEGAL_GENERATION"
        event = OkEvent if taken else refusal
        self._worker.say(event(op=command.op, covers=command.covers, error=error))
        self._worker.say(Reply(re=identity, error=error))

    def close(self):
        """The group is told, if the link lets it through; else the session ends some time."""
        group, worker = self._group, self._worker
        self._link.send(lambda: group.leave(worker) or (), lambda _: None, lambda: None)
        group.watch(worker)
