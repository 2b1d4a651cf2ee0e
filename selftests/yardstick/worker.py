"""A simulated worker: takes the driver's commands, plays a client, can be killed and stopped."""

from types import SimpleNamespace

from deliverycheck.clients import JournalLine, OkEvent, Reply, commands
from selftests.yardstick.consuming import Consuming
from selftests.yardstick.producing import Producing

_NO_LOG = SimpleNamespace(read_bytes=lambda: b"")
CALL_MS = 1
"""Longer than a round trip: what is to be in flight when the next step begins needs a fault."""


class Worker:
    """As the driver sees a `WorkerHandle`.

    Attributes:
        is_member: its consumer is open.
    """

    stderr = _NO_LOG

    def __init__(self, target, process, number):
        self.broker = target.broker
        self.process = process
        self.pid = 1000 + number
        self._links = target.links_by_address
        self.link = None
        self._time = target.time
        self._number = number
        self._heard = []
        self._deferred = []
        self._journal = []
        self._last = 0
        self._client = None
        self._lives = True
        self._paused = False
        self.is_member = False

    @property
    def is_reachable(self):
        """Whether the broker hears its heartbeats."""
        return self._lives and self.is_member and not self._paused and self.link.is_quiet

    # As the driver's handle.

    def fileno(self):
        return self._number

    def send(self, command):
        self._last += 1
        getattr(self, f"_{commands.verb_of(command)}")(self._last, command)
        return self._last

    def receive(self):
        self._time.is_silent(self._number)
        heard, self._heard = self._heard, []
        return heard

    def kill(self):
        self._lives = False
        self._lost()
        return self.receive()

    def pause(self):
        self._paused = True
        self._lost()

    def _lost(self):
        if self.is_member:
            self.broker.group.watch(self)

    def resume(self):
        self._paused = False
        deferred, self._deferred = self._deferred, []
        for do in deferred:
            do()

    def journal_lines(self):
        return self._journal

    # For the client that it plays.

    def say(self, line):
        self._heard.append(line)
        self._time.is_talking(self._number)

    def run(self, do):
        """Do it unless it is dead; once it goes on, if it is stopped."""
        if self._paused and self._lives:
            self._deferred.append(do)
        elif self._lives:
            do()

    def later(self, ms, do):
        self._time.after(ms, lambda: self.run(do))

    # Commands.

    def _reply(self, identity):
        self.later(CALL_MS, lambda: self.say(Reply(re=identity)))

    def _open_producer(self, identity, command):
        self.link = self._links[command.settings["address"]]
        self._client = Producing(self, self.link)
        self._reply(identity)

    def _open_consumer(self, identity, command):
        self.link = self._links[command.settings["address"]]
        self._client = Consuming(self, self.link, command.topics[0])
        self.is_member = True
        self._reply(identity)

    def _publish(self, identity, command):
        self._client.publish(command)
        self._reply(identity)

    def _flush(self, identity, command):
        self._client.flush(identity, command)

    def _purge(self, identity, _):
        """What was handed over is on its way at once: nothing is there to be forgotten."""
        self._reply(identity)

    def _receive(self, identity, command):
        self._client.receive(identity, command)

    def _commit(self, identity, command):
        self._client.commit(identity, command)

    def _effect(self, identity, command):
        self._journal += [JournalLine(op=command.op, delivery=one) for one in command.deliveries]
        self.later(CALL_MS, lambda: self._effected(identity, command))

    def _effected(self, identity, command):
        self.say(OkEvent(op=command.op, deliveries=command.deliveries))
        self.say(Reply(re=identity))

    def _idle(self, identity, _):
        self._reply(identity)

    def _close(self, identity, _):
        if self.is_member:
            self.is_member = False
            self._client.close()
        self._reply(identity)

    def _reset(self, identity, command):
        self._close(identity, command)
        self.later(2 * CALL_MS, self._end)

    def _end(self):
        self._lives = False
