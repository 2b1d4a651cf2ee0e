"""Kafka's `server.properties` for one combined KRaft node with link slots.

Pure: what a broker is started with is a function of its data folder, its ports
and the settings of the subject. Every setting that is not Kafka's own default
stands here as data with its reason, because the header of each execution
prints how far this broker is from one installed by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NODE_ID = 1

# Listener names. A slot is a listener of its own: what the broker advertises on
# it is the address of the slot's proxy, so a client that enters by the slot
# comes back by the slot.
INTERNAL = "INTERNAL"
CONTROLLER = "CONTROLLER"
DIRECT = "DIRECT"


def slot_listener(index: int) -> str:
    """Name of link slot `index`, counted from 0."""
    return f"SLOT{index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPorts:
    """One link slot: where the broker listens, and the proxy's port it advertises."""

    listener: int
    advertised: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPorts:
    """All ports of one node, on the loopback address.

    Attributes:
        internal: the node's own inter-broker listener.
        controller: the KRaft quorum's listener.
        direct: the harness's own unproxied way in (admin, scan).
        slots: link slots in order of their index.
    """

    internal: int
    controller: int
    direct: int
    slots: tuple[SlotPorts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One setting that is not Kafka's default.

    Attributes:
        name: as Kafka's documentation spells it.
        value: what this broker is started with.
        default: Kafka 4.3.1's, read from its own configuration table; ``required``
            where it has none, ``unknown`` for a name outside this file.
        why: the reason, one sentence.
    """

    name: str
    value: str
    default: str
    why: str


_ONE_NODE = "One node cannot hold three replicas."
_ONE_PARTITION = "Fifty partitions are made at first use, and one node needs no more than one."
_FEWER_THREADS = "Two cores are shared with clients, proxy and harness."
_BY_THE_SUBJECT = "Set by the plan's subject."
_SOON_CLEANED = "What is compacted, or too old, goes within a plan."
_SOON_NOTICED = "A dead member is noticed in time that a plan can wait for."

# (name, value, Kafka's default, why). Node-local addresses come from
# BrokerPorts and are no deviation: every broker has its own.
_FAST_PROFILE: tuple[tuple[str, str, str, str], ...] = (
    (
        "num.network.threads",
        "1",
        "3",
        "The number is per listener, and each link slot is one: 32 slots would start 96 threads.",
    ),
    ("num.io.threads", "2", "8", _FEWER_THREADS),
    ("background.threads", "2", "10", _FEWER_THREADS),
    ("num.recovery.threads.per.data.dir", "1", "2", _FEWER_THREADS),
    ("group.coordinator.threads", "1", "4", _FEWER_THREADS),
    (
        "log.cleaner.dedupe.buffer.size",
        "2097152",
        "134217728",
        "The default takes half of a 256 MB heap, for topics of a few messages.",
    ),
    ("log.cleaner.backoff.ms", "100", "15000", _SOON_CLEANED),
    ("log.retention.check.interval.ms", "200", "300000", _SOON_CLEANED),
    ("offsets.topic.num.partitions", "1", "50", _ONE_PARTITION),
    ("transaction.state.log.num.partitions", "1", "50", _ONE_PARTITION),
    ("share.coordinator.state.topic.num.partitions", "1", "50", _ONE_PARTITION),
    ("offsets.topic.replication.factor", "1", "3", _ONE_NODE),
    ("transaction.state.log.replication.factor", "1", "3", _ONE_NODE),
    ("share.coordinator.state.topic.replication.factor", "1", "3", _ONE_NODE),
    ("transaction.state.log.min.isr", "1", "2", _ONE_NODE),
    ("share.coordinator.state.topic.min.isr", "1", "2", _ONE_NODE),
    (
        "group.initial.rebalance.delay.ms",
        "0",
        "3000",
        "Members of a plan join one by one; three seconds of waiting would be most of the plan.",
    ),
    (
        "group.min.session.timeout.ms",
        "500",
        "6000",
        "A killed consumer must expire within a plan: drain takes one session.",
    ),
    ("group.consumer.min.session.timeout.ms", "500", "45000", _SOON_NOTICED),
    ("group.consumer.session.timeout.ms", "1000", "45000", _SOON_NOTICED),
    ("group.consumer.min.heartbeat.interval.ms", "100", "5000", _SOON_NOTICED),
    ("group.consumer.heartbeat.interval.ms", "200", "5000", _SOON_NOTICED),
    (
        "group.consumer.assignment.interval.ms",
        "0",
        "1000",
        "The default makes a second member wait a second for its assignment.",
    ),
    ("group.share.min.session.timeout.ms", "1000", "45000", _SOON_NOTICED),
    ("group.share.session.timeout.ms", "1500", "45000", _SOON_NOTICED),
    ("group.share.min.heartbeat.interval.ms", "100", "5000", _SOON_NOTICED),
    ("group.share.heartbeat.interval.ms", "200", "5000", _SOON_NOTICED),
    ("group.share.assignment.interval.ms", "0", "1000", "As for consumer groups."),
    (
        "group.share.min.record.lock.duration.ms",
        "1000",
        "15000",
        "A record lock must expire within a plan.",
    ),
    (
        "group.share.record.lock.duration.ms",
        "1000",
        "30000",
        "A record lock must expire within a plan.",
    ),
    (
        "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        "200",
        "10000",
        "A transaction left open must be aborted within a plan.",
    ),
    (
        "broker.heartbeat.interval.ms",
        "100",
        "2000",
        "Five heartbeats in a session of 500 ms, or a busy machine fences a healthy broker.",
    ),
    (
        "replica.lag.time.max.ms",
        "1500",
        "30000",
        "A follower that falls behind leaves the ISR within a plan.",
    ),
    ("controller.quorum.election.timeout.ms", "500", "1000", "One voter elects itself; sooner."),
    ("controller.quorum.fetch.timeout.ms", "1000", "2000", "As above."),
    ("controller.quorum.request.timeout.ms", "1000", "2000", "As above."),
    (
        "controller.quorum.append.linger.ms",
        "0",
        "25",
        "The default adds 25 ms to every topic created or deleted, and each execution has its own.",
    ),
    (
        "log.segment.delete.delay.ms",
        "1000",
        "60000",
        "A restart loads what is deleted and still there: 3.9 s after 600 topics, here 1.7 s.",
    ),
    (
        "log.initial.task.delay.ms",
        "1000",
        "30000",
        "Deleting begins only then, after each start.",
    ),
    (
        "auto.leader.rebalance.enable",
        "false",
        "true",
        "Leadership moves when a plan moves it.",
    ),
    (
        "auto.create.topics.enable",
        "false",
        "true",
        "A misspelt topic must be an error, not a new topic.",
    ),
)

AFTER_A_KILL: Mapping[str, str] = {"broker.session.timeout.ms": "500"}
"""Of a node that is started again. Before its first kill it has Kafka's 9 s: with 500 ms a machine
at load 20 fences a healthy broker, and keeps one that starts from ever being unfenced."""

_ONCE_KILLED = (
    "broker.session.timeout.ms",
    "500 once it was killed",
    "9000",
    "A restart after SIGKILL waits until the old registration expires: 9 s, here 0.5 s.",
)


def deviations(overrides: Mapping[str, str] | None = None) -> tuple[Deviation, ...]:
    """Every setting that differs from Kafka's default, the subject's own last.

    An override that gives a setting its default back takes it off the list.
    """
    wanted = dict(overrides or {})
    profile = [
        Deviation(
            name=name,
            value=wanted.get(name, value),
            default=default,
            why=_BY_THE_SUBJECT if name in wanted else why,
        )
        for name, value, default, why in (*_FAST_PROFILE, _ONCE_KILLED)
    ]
    known = {item.name for item in profile}
    added = [
        Deviation(name=name, value=value, default="unknown", why=_BY_THE_SUBJECT)
        for name, value in sorted(wanted.items())
        if name not in known
    ]
    return tuple(item for item in profile + added if item.value != item.default)


def render(
    data: Path,
    ports: BrokerPorts,
    overrides: Mapping[str, str] | None = None,
    *,
    listening_on: str = "127.0.0.1",
) -> str:
    """The text of `server.properties`; `overrides` win over everything else.

    What it tells its clients is the loopback address, wherever it listens.
    """
    settings = {
        "process.roles": "broker,controller",
        "node.id": str(NODE_ID),
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{ports.controller}",
        "inter.broker.listener.name": INTERNAL,
        "controller.listener.names": CONTROLLER,
        "log.dirs": str(data),
        **_listeners(ports, listening_on),
        **{name: value for name, value, *_ in _FAST_PROFILE},
        **(overrides or {}),
    }
    return "".join(f"{_escaped(name)}={_escaped(value)}\n" for name, value in settings.items())


def _listeners(ports: BrokerPorts, host: str) -> dict[str, str]:
    """Where the node listens, and what it tells clients to come back to."""
    own = {INTERNAL: ports.internal, CONTROLLER: ports.controller}
    listening = {DIRECT: ports.direct}
    advertised = {INTERNAL: ports.internal, DIRECT: ports.direct}
    for index, slot in enumerate(ports.slots):
        listening[slot_listener(index)] = slot.listener
        advertised[slot_listener(index)] = slot.advertised
    names = (*own, *listening)
    return {
        "listeners": f"{_addresses(own)},{_addresses(listening, host)}",
        "advertised.listeners": _addresses(advertised),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in names),
    }


def _addresses(ports: Mapping[str, int], host: str = "127.0.0.1") -> str:
    return ",".join(f"{name}://{host}:{port}" for name, port in ports.items())


def _escaped(text: str) -> str:
    r"""`text` as `java.util.Properties` reads it back.

    A folder may hold a backslash, a line break or letters outside Latin-1, and
    each would otherwise be read as something else.
    """
    plain = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    utf16 = plain.encode("utf-16-be")
    units = [chr(int.from_bytes(utf16[at : at + 2], "big")) for at in range(0, len(utf16), 2)]
    return "".join(
        unit if unit.isascii() and unit.isprintable() else f"\\u{ord(unit):04x}" for unit in units
    )
