"""RabbitMQ in a container: one node of any image that has `rabbitmq-server` on its path."""

import secrets
from collections.abc import Mapping, Sequence

from deliverycheck.brokers.broker import Capability, Slot
from deliverycheck.brokers.containers.engine import Engine
from deliverycheck.brokers.containers.node import (
    EVERYWHERE,
    FILES,
    ContainerNode,
    ContainerPlan,
    Program,
)
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.node import NODE
from deliverycheck.brokers.rabbitmq import RabbitBroker
from deliverycheck.brokers.rabbitmq_node import AnyRabbitNode, ports_of
from deliverycheck.brokers.rabbitmq_settings import (
    PORTS_OF_A_NODE,
    NodeFiles,
    advanced_configuration,
    common_environment,
    configuration,
    enabled_plugins,
)

_FILES = NodeFiles(folder=FILES)
# None but ours: an image's own files in conf.d would change what is tested.
_NO_FURTHER_FILES = {"RABBITMQ_CONFIG_FILES": str(FILES / "conf.d")}


class RabbitContainer(RabbitBroker):
    """The container backend (see `QueueBroker` for what each method promises).

    Its log lies in its folder; its data lie in its container, which `stop` removes.
    """

    backend = "container"
    inner_host = NODE
    start_factor = 3.0

    def __init__(self, plan: ContainerPlan, engine: Engine, guardian: Guardian) -> None:
        """Nothing is made."""
        self._image, self._engine = plan.image, engine
        self._version = self._otp = ""
        self.node = RabbitContainerNode(plan, engine, guardian)
        super().__init__(self.node, plan.overrides)

    def start(self) -> None:
        super().start()
        told = self._harness.api.get("overview")
        self._version, self._otp = str(told["rabbitmq_version"]), str(told["erlang_version"])

    def clients_gone(self, slots: Sequence[Slot]) -> bool:
        return self.node.connections_to(*(slot.listener.port for slot in slots)) == 0

    def isolate(self, node: str) -> Mapping[str, int]:
        """Nothing comes to it and nothing from it; no connection is closed."""
        with self._harness.namespaces.at_rest():
            self._named(node)
            return self.node.isolate()

    def rejoin(self, node: str) -> Mapping[str, int]:
        """It can be reached again; usable when this returns."""
        self._named(node)
        evidence = self.node.rejoin()
        self._await_usable()
        self._harness.namespaces.go_on()
        return evidence

    def version(self) -> str:
        return self._version or "of unknown version"

    def runtime(self) -> str:
        return f"Erlang/OTP {self._otp}, {self._image}, Docker {self._engine.version}"

    def capabilities(self) -> frozenset[Capability]:
        return frozenset(Capability) - {Capability.FILES, Capability.STARVE}


class RabbitContainerNode(AnyRabbitNode, ContainerNode):
    """RabbitMQ as a container."""

    def prepare(self) -> None:
        """A network and ports of our own are there."""
        slots = self._plan.slots
        self.ports = ports_of(self._new_network(PORTS_OF_A_NODE + 2 * slots), slots)
        self.password = secrets.token_hex(16)

    def spawn(self) -> int:
        """The program runs; nothing is awaited. Returns its pid."""
        if self._container is not None:
            return self._run_again({})
        settings = configuration(
            self.ports, self.password, self._plan.overrides, listening_on=EVERYWHERE
        )
        program = Program(
            script="exec rabbitmq-server",
            files={
                _FILES.configuration: settings,
                _FILES.advanced: advanced_configuration(),
                _FILES.enabled_plugins: enabled_plugins(),
                _FILES.no_environment_file: "",
            },
            environment={
                **common_environment(self.name, self.ports, _FILES),
                **_NO_FURTHER_FILES,
            },
            published=(self.ports.direct, self.ports.api, self.ports.stream),
        )
        return self._run(program)
