"""What a RabbitMQ node is started with: its configuration and its environment; pure.

Every setting that is not RabbitMQ's own default stands here as data with its reason,
because the header of each execution prints how far this node is from one installed by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.brokers.node import HOST
from deliverycheck.brokers.provision import RabbitDistribution

PLUGINS = ("rabbitmq_management", "rabbitmq_stream")
USER = "deliverycheck"
HOST_NAME = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitPorts:
    """All ports of one node, on the loopback address.

    Attributes:
        direct: the harness's own unproxied way in by AMQP.
        api: the HTTP API, for the harness.
        stream: unproxied, by the stream protocol.
        names: where the node asks for other nodes' ports; we answer (`rabbitmq_names`).
        distribution: where other nodes, and RabbitMQ's own commands, would reach it.
        slots: (listener, proxy) of each link slot.
        stream_slot: the same for the stream protocol.
    """

    direct: int = 0
    api: int = 0
    stream: int = 0
    names: int = 0
    distribution: int = 0
    slots: tuple[tuple[int, int], ...] = ()
    stream_slot: tuple[int, int] = (0, 0)

    @property
    def listeners(self) -> tuple[int, ...]:
        """Those that belong to the node's process."""
        slots = (self.stream_slot, *self.slots)
        return (self.direct, self.api, self.stream, *(listener for listener, _ in slots))


PORTS_OF_A_NODE = 5 + 2
"""Besides two for each link slot: five of its own, two of the stream slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitDeviation:
    """One setting that is not RabbitMQ's default.

    Attributes:
        name: as RabbitMQ's documentation spells it.
        value: what this node is started with.
        default: 4.3's; ``unknown`` for a name outside this file.
        why: the reason, one sentence.
    """

    name: str
    value: str
    default: str
    why: str


# (name, value, RabbitMQ's default, why), as a line of rabbitmq.conf.
_CONF = (
    (
        "log.console.level",
        "warning",
        "info",
        "Hundreds of connections and virtual hosts a minute, each of which would write many lines.",
    ),
    (
        "management_agent.disable_metrics_collector",
        "true",
        "false",
        "Two cores are shared with clients, proxy and harness, who ask for no statistics.",
    ),
    (
        "raft.wal_max_size_bytes",
        "67108864",
        "536870912",
        "Half a gigabyte of a log that is thrown away, for each broker of a campaign.",
    ),
)
# The same where only advanced.config, in Erlang's own terms, has a place for it.
DEAD_LETTER_RETRY_S = 2.0
DEAD_LETTER_RETRY_S_USUAL = 180.0
_ADVANCED = (
    (
        "dead_letter_worker_publisher_confirm_timeout",
        f"{1000 * DEAD_LETTER_RETRY_S:.0f}",
        f"{1000 * DEAD_LETTER_RETRY_S_USUAL:.0f}",
        "A dead letter that found no place is tried again so much later: a plan can wait for it.",
    ),
)
_MACHINE = (
    (
        "+sbwt, +sbwtdcpu, +sbwtdio",
        "none",
        "medium, short, short",
        "Two shared cores: a scheduler that waits spinning takes what clients need.",
    ),
)
_PLUGINS = (
    (
        "enabled_plugins",
        ", ".join(PLUGINS),
        "none",
        "The harness asks by the HTTP API; streams have a protocol of their own.",
    ),
)
_VM_ARGUMENTS = (
    "+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
)


def deviations(overrides: Mapping[str, str]) -> tuple[RabbitDeviation, ...]:
    """All settings of this node that are not RabbitMQ's defaults; the subject's own win."""
    ours = {
        name: RabbitDeviation(name=name, value=value, default=default, why=why)
        for name, value, default, why in (*_CONF, *_ADVANCED, *_MACHINE, *_PLUGINS)
    }
    for name, value in overrides.items():
        default = ours[name].default if name in ours else "unknown"
        ours[name] = RabbitDeviation(
            name=name, value=value, default=default, why="Set by the plan's subject."
        )
    return tuple(each for each in ours.values() if each.value != each.default)


def configuration(
    ports: RabbitPorts,
    password: str,
    overrides: Mapping[str, str],
    *,
    listening_on: str = HOST,
) -> str:
    """The text of ``rabbitmq.conf``.

    What a stream tells its clients is the loopback address, wherever the node listens.
    """
    listeners = (ports.direct, *(listener for listener, _ in ports.slots))
    streams = (ports.stream, ports.stream_slot[0])
    settings = {
        **_numbered("listeners.tcp", listening_on, listeners),
        **_numbered("stream.listeners.tcp", listening_on, streams),
        # A stream tells its clients where to go: back to the slot by which they may have come.
        "stream.advertised_host": HOST,
        "stream.advertised_port": str(ports.stream_slot[1]),
        "management.tcp.ip": listening_on,
        "management.tcp.port": str(ports.api),
        "default_user": USER,
        "default_pass": password,
        "log.console": "true",
        "log.file": "false",
        **{name: value for name, value, *_ in _CONF},
        **overrides,
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def advanced_configuration() -> str:
    """The text of ``advanced.config``."""
    terms = ", ".join(f"{{{name}, {value}}}" for name, value, *_ in _ADVANCED)
    return f"[{{rabbit, [{terms}]}}].\n"


def enabled_plugins() -> str:
    """The text of ``enabled_plugins``."""
    return f"[{','.join(PLUGINS)}].\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFiles:
    """Where a node's own files lie, all below its data folder."""

    folder: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "rabbitmq.conf"

    @property
    def advanced(self) -> Path:
        return self.folder / "advanced.config"

    @property
    def enabled_plugins(self) -> Path:
        return self.folder / "enabled_plugins"

    @property
    def plugins(self) -> Path:
        return self.folder / "plugins"

    @property
    def server(self) -> Path:
        """A link to RabbitMQ itself: its scripts do not bear a space in their path."""
        return self.folder / "server"

    @property
    def cookie(self) -> Path:
        return self.folder / ".erlang.cookie"

    @property
    def no_environment_file(self) -> Path:
        """Empty: the machine's own /etc/rabbitmq/rabbitmq-env.conf must not count."""
        return self.folder / "rabbitmq-env.conf"


def node_name(name: str) -> str:
    """What other programs of Erlang call the node."""
    return f"{name}@{HOST_NAME}"


def environment(
    name: str, ports: RabbitPorts, files: NodeFiles, rabbitmq: RabbitDistribution
) -> dict[str, str]:
    """What the node's program finds in its environment, as a child process."""
    return {
        **common_environment(name, ports, files),
        "PATH": f"{rabbitmq.erlang_bin}:/usr/bin:/bin",
        "RABBITMQ_SCRIPTS_DIR": str(files.server / "sbin"),
        "RABBITMQ_PLUGINS_DIR": str(files.plugins),
        "ERL_EPMD_PORT": str(ports.names),
        # Else the first node would leave a port mapper that outlives it.
        "ERL_AFLAGS": "-start_epmd false",
    }


def common_environment(name: str, ports: RabbitPorts, files: NodeFiles) -> dict[str, str]:
    """The same, of what is so wherever the node runs."""
    below = files.folder
    return {
        "HOME": str(below),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "RABBITMQ_NODENAME": node_name(name),
        "RABBITMQ_DIST_PORT": str(ports.distribution),
        "RABBITMQ_CONF_ENV_FILE": str(files.no_environment_file),
        "RABBITMQ_CONFIG_FILE": str(files.configuration),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(files.advanced),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(files.enabled_plugins),
        "RABBITMQ_MNESIA_BASE": str(below / "data"),
        "RABBITMQ_LOG_BASE": str(below / "log"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(below / "generated"),
        "RABBITMQ_SCHEMA_DIR": str(below / "schema"),
        "RABBITMQ_LOG": "-color",
        "RABBITMQ_PID_FILE": str(below / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _VM_ARGUMENTS,
        "ERL_CRASH_DUMP_SECONDS": "0",
        # The script becomes the virtual machine, so signals reach the node itself.
        "detached": "1",
    }


def _numbered(name: str, host: str, ports: Sequence[int]) -> dict[str, str]:
    return {f"{name}.{number}": f"{host}:{port}" for number, port in enumerate(ports, 1)}
