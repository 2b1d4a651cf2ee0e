"""A broker of queues and its clients in memory, as far as the driver sees them.

Queues are first in, first out; what is not settled when its consumer goes comes again at its
place, flagged. Routing is the plans' own model. A defect makes it lie in one way.
"""

from contextlib import suppress
from types import SimpleNamespace

from msgspec.structs import replace

from deliverycheck.brokers import Capability, Namespace, Scan
from deliverycheck.clients import (
    ClientErrorEvent,
    InfoEvent,
    JournalLine,
    OkEvent,
    Publishing,
    Remedy,
    Reply,
    ReturnedEvent,
)
from deliverycheck.clients.protocol import FailEvent
from deliverycheck.executions import LiveTarget, SlotPool
from deliverycheck.history import Delivery
from deliverycheck.plans import QueueKind, SetPolicy
from deliverycheck.plans.routing import dead_letter_routes, routes
from selftests.memory_target import SLOTS, MemoryLinks, MemoryTarget, MemoryWorker


class Stored:
    """A message in a queue; `number` is its place among all that ever came."""

    def __init__(self, letter, execution, number, reason=None):
        self.letter, self.execution, self.number = letter, execution, number
        self.deliveries, self.reason = 0, reason

    def delivery(self, queue, position, *, flagged=True):
        return Delivery(
            message=self.letter.message,
            source=queue,
            position=position,
            attempt=self.letter.attempt,
            execution=self.execution,
            redelivered=flagged and self.deliveries > 0,
            reason=self.reason,
            correlation=None if self.letter.reply_to else self.letter.correlation,
        )


class MemoryQueueBroker:
    """Queues by name. `defect`: ``loses`` every third message, ``unflagged`` deliveries,
    ``resurrects`` what was acked, ``everywhere``: routes to all queues, ``tears`` transactions,
    ``remembers`` the first place for dead letters that a policy named."""

    system, backend = "rabbitmq", "memory"

    def __init__(self, defect=None):
        self.defect = defect
        self.topology = None
        self.queues, self.kinds, self.declared, self.policies = {}, {}, {}, 0
        self.calls = []
        self.came = 0
        self.published = {}

    # What the harness asks.

    def lease_namespace(self):
        return Namespace(name="e1", user="u", password="secret")  # noqa: S106  # of nobody

    def declare(self, namespace, topology):
        self.calls.append("declare")
        if self.topology is None or len(topology.queues) >= len(self.topology.queues):
            self.topology = topology
        for queue in topology.queues:
            self.queues.setdefault(queue.name, [])
            self.kinds[queue.name] = queue.kind
            self.declared.setdefault(queue.name, queue)

    def unbind(self, namespace, binding):
        self.calls.append("unbind")

    def set_policy(self, namespace, queue, definition):
        self.calls.append("policy")
        self.policies += 1
        if self.defect == "remembers" and self.policies > 1:
            return
        now = SetPolicy(queue=queue, definition=definition).limited(self.declared[queue])
        queues = {each.name: each for each in self.topology.queues} | {queue: now}
        self.topology = replace(self.topology, queues=tuple(queues.values()))

    def read_queues(self, namespace, queues):
        self.calls.append("read")
        found = {}
        for name in queues:
            left, self.queues[name] = sorted(self.queues[name], key=_number), []
            stays = self.kinds[name] is QueueKind.STREAM
            found[name, 0] = [one.delivery(name, one.number if stays else None) for one in left]
        return Scan(deliveries=found, ends={key: len(many) for key, many in found.items()})

    def retire_namespace(self, namespace):
        self.calls.append("retire")

    def clients_gone(self, slots):
        self.calls.append(f"gone {len(slots)}?")
        return True

    def died(self):
        return None

    def capabilities(self):
        return frozenset(Capability)

    def _evidence(self, node):
        self.calls.append(f"node {node}")
        return {"pid": 1}

    kill = pause = resume = restart = starve = feed = _evidence

    # What clients ask.

    def has_had(self, name, letter):
        """Whether a publisher of that name has sent this id, or a higher one, before."""
        number = letter.publishing_id
        if name is None or number is None:
            return False
        had = number <= self.published.get(name, 0)
        self.published[name] = max(number, self.published.get(name, 0))
        return had

    def publish(self, letter, execution):
        """The queues that it came to."""
        reached = routes(self.topology, letter.exchange, letter.key, letter.headers)
        if self.defect == "everywhere" and reached:
            reached = frozenset(self.queues)
        for name in reached:
            self.came += 1
            if self.defect != "loses" or self.came % 3:
                self.queues[name].append(Stored(letter, execution, self.came))
        return reached

    def take(self, queue):
        ready = sorted(self.queues[queue], key=_number)
        if ready:
            self.queues[queue].remove(ready[0])
            return ready[0]
        return None

    def bury(self, queue, stored):
        for name in dead_letter_routes(self.topology, queue, stored.letter.key):
            self.came += 1
            self.queues[name].append(Stored(stored.letter, "e1", self.came, "rejected"))


def _number(stored):
    return stored.number


class MemoryQueueWorker(MemoryWorker):
    """Obeys the commands of lanes of queues.

    Of one that is `lost` every connection ends at once; the one that sends `cut_after` ends then,
    and so does the one whose confirm of `unconfirmed` is lost. The last `late_confirms` come with a
    flush only.
    """

    cut_after = unconfirmed = name = None
    late_confirms = 0

    def __init__(self, broker, folder, process, number):
        super().__init__(broker, folder, process, number)
        self._confirms = "none"
        self._queue, self._automatic, self._prefetch = None, False, 0
        self._held, self._tag, self._settling = {}, 0, []
        self._open, self._acked, self._late_ops = None, [], []
        self.lost = self.cut = False

    def kill(self):
        self._let_go()
        for queue, stored in self._acked:
            self.broker.queues[queue].append(stored)
        with suppress(BlockingIOError):
            return self.receive()
        return []

    def _let_go(self):
        for queue, stored in self._held.values():
            self.broker.queues[queue].append(stored)
        self._held, self._settling = {}, []

    def _obey(self, identity, command):
        if self.cut and type(command).__name__ == "OpenProducer":
            self._let_go()
            self.cut = False
        if (self.lost or self.cut) and type(command).__name__ not in {"Reset", "Effect"}:
            if hasattr(command, "op"):
                self._say(InfoEvent(op=command.op, error="StreamLostError"))
            self._say(Reply(re=identity, error="ConnectionClosed", remedy=Remedy.DISCARD))
            return
        super()._obey(identity, command)

    def _open_producer(self, command):
        self.name = command.settings.get("name")
        self._confirms = command.settings.get("confirms", "none")

    def _send(self, command):
        for one in map(self._addressed, command.messages):
            self._say(ReturnedEvent(op=one.op))
            if self._open is not None:
                self._open.append((one, command.execution))
                continue
            if self.broker.has_had(self.name, one):
                self._say(OkEvent(op=one.op))
                continue
            reached = self.broker.publish(one, command.execution)
            if (one.message, one.attempt) == (self.unconfirmed, 1):
                self.cut = True
                self._say(InfoEvent(op=one.op, error="ConnectionClosed"))
            elif self._confirms == "none":
                self._say(InfoEvent(op=one.op))
            elif reached:
                self._late_ops.append(one.op)
                self._confirm(but=self.late_confirms)
            else:
                self._say(FailEvent(op=one.op, error="NO_ROUTE", returned_unroutable=True))
            self.cut = self.cut or one.message == self.cut_after
        return {"remedy": Remedy.DISCARD} if self.cut else {}

    def _confirm(self, but=0):
        while len(self._late_ops) > but:
            self._say(OkEvent(op=self._late_ops.pop(0)))

    def _flush(self, command):
        self._confirm()
        self._say(OkEvent(op=command.op, remaining=0))

    def _addressed(self, letter):
        """A reply goes where the request that it answers says, with the request's correlation."""
        if letter.answers is None:
            return letter
        _, asked = self._held[letter.answers.position]
        return replace(letter, key=asked.letter.reply_to, correlation=asked.letter.correlation)

    def _begin_transaction(self, command):
        self._open = []
        self._say(OkEvent(op=command.op))

    def _commit_transaction(self, command):
        done, self._open = self._open, None
        for number, (one, execution) in enumerate(done):
            if not number or self.broker.defect != "tears":
                self.broker.publish(one, execution)
            self._say(OkEvent(op=one.op))
        self._say(OkEvent(op=command.op))

    def _abort_transaction(self, command):
        done, self._open = self._open, None
        for one, _ in done:
            self._say(FailEvent(op=one.op, error="aborted"))
        self._say(OkEvent(op=command.op))

    def _open_consumer(self, command):
        settings = command.settings
        self._queue = settings["queue"]
        self._automatic = settings.get("automatic_ack", False)
        self._prefetch = settings.get("prefetch", 0)

    def _receive(self, command):
        found = []
        while len(found) < command.max and (not self._prefetch or len(self._held) < self._prefetch):
            stored = self.broker.take(self._queue)
            if stored is None:
                break
            self._tag += 1
            flagged = self.broker.defect != "unflagged"
            found.append(stored.delivery(self._queue, self._tag, flagged=flagged))
            stored.deliveries += 1
            if not self._automatic:
                self._held[self._tag] = (self._queue, stored)
        self._say(OkEvent(op=command.op, deliveries=tuple(found)))

    def _settle(self, command):
        for position in command.covers:
            queue, stored = self._held.pop(position.position)
            if command.how == "ack":
                if self.broker.defect == "resurrects":
                    self._acked.append((queue, stored))
            elif command.requeue:
                self.broker.queues[queue].append(stored)
            else:
                self.broker.bury(queue, stored)
        self._say(ReturnedEvent(op=command.op))
        self._settling.append(command.op)

    def _prove(self, command):
        said, self._settling = self._settling, []
        self._say(*(OkEvent(op=op) for op in said))

    def _effect(self, command):
        self._journal += [JournalLine(op=command.op, delivery=one) for one in command.deliveries]
        self._say(OkEvent(op=command.op))

    def _close(self, command):
        self._prove(command)
        self._let_go()
        self._say(*(InfoEvent(op=op, error="ChannelClosedByClient 200") for op in self._late_ops))
        self._open, self._late_ops, self.lost = None, [], False

    _reset = _close_channel = _close

    def _break_channel(self, command):
        error = "ChannelClosedByBroker 404"
        self._say(ClientErrorEvent(error=error, channel=command.channel))
        self._close(command)
        return {"error": error, "remedy": Remedy.DISCARD}


class MemoryQueueTarget(MemoryTarget):
    """What `execute` runs plans about queues against."""

    kind = MemoryQueueWorker

    def __init__(  # noqa: PLR0913  # keyword-only, each a defect or a trait of its own
        self,
        folder,
        *,
        hits=(),
        mutes=(),
        defect=None,
        publishing=Publishing.TO_EXCHANGES,
        retry_s=0.0,
    ):
        super().__init__(folder)
        self.broker = MemoryQueueBroker(defect)
        self.broker.dead_letter_retry_s = retry_s
        self.calls = self.broker.calls
        program = SimpleNamespace(
            publishing=publishing,
            producer_settings=lambda subject, *_: dict(subject.producer),
            consumer_settings=_consumer_settings,
        )
        self.live = LiveTarget(
            broker=self.broker,
            links=MemoryLinks(self, hits, mutes),
            workers=self,
            program=program,
            slots=SlotPool(SLOTS),
        )

    def lease(self, process):
        worker = self.kind(self.broker, self._folder, process, len(self.leased))
        self.leased.append(worker)
        return worker


def _consumer_settings(subject, *_):
    automatic = {"automatic_ack": True} if subject.consumer.commit == "auto" else {}
    return {**automatic, **subject.consumer.settings}
