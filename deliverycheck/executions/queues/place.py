"""Where the queues of one execution are, and what is declared there by now."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from deliverycheck.brokers import Namespace
from deliverycheck.plans import Headers, Overflow, Queue, SetPolicy, Topology
from deliverycheck.plans.routing import NoSuchExchangeError, routes

OLD_ENOUGH_S = 1.1
"""What was confirmed by a queue that is younger than some 0.5 s may be lost with its node: quorum
queues write down that they exist every half second (ra, `ra_directory.erl`, DETS `auto_save`)."""


@dataclass(slots=True, kw_only=True)
class QueuePlace:
    """The namespace, and its topology after what the plan did to it.

    Attributes:
        declared_ns: when the youngest queue was declared.
        isolation: what readers ask for; ``None`` where nobody sends in transactions.
        asked: of each request that was sent, where its reply is to go.
        replied: the requests of which somebody confirmed a reply.
    """

    namespace: Namespace
    topology: Topology
    declared_ns: int = 0
    isolation: str | None = None
    asked: dict[str, str] = field(default_factory=dict)
    replied: set[str] = field(default_factory=set)

    def queue(self, name: str) -> Queue:
        """What the queue was declared to be."""
        found = self.topology.queue(name)
        return Queue(name=name) if found is None else found

    def add(self, queue: Queue) -> None:
        """One queue more is declared, or one is another now and keeps its place among them."""
        queues = {each.name: each for each in self.topology.queues} | {queue.name: queue}
        self.topology = replace(self.topology, queues=tuple(queues.values()))

    def limit(self, step: SetPolicy, declared: Topology) -> Queue:
        """The queue has these limits beside those that it was declared with; what it is now."""
        queue = declared.queue(step.queue) or Queue(name=step.queue)
        self.add(step.limited(queue))
        return self.queue(step.queue)

    def routes(self, exchange: str, key: str, headers: Headers) -> tuple[str, ...] | None:
        """The queues that a message comes to; ``None`` where nobody can say."""
        try:
            return tuple(sorted(routes(self.topology, exchange, key, headers)))
        except NoSuchExchangeError:
            return None

    def is_refusable(self, reached: tuple[str, ...] | None) -> bool:
        """Whether a refusal proves that it is nowhere: one queue could take it, and was full."""
        if reached is None or len(reached) != 1:
            return False
        queue = self.queue(reached[0])
        return queue.overflow is Overflow.REJECT_PUBLISH and queue.length_max is not None
