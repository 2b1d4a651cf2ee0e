"""RabbitMQ on this machine, one node: as a plain child process of the harness."""

import time
from collections.abc import Mapping
from pathlib import Path

from deliverycheck.brokers.broker import BrokerError, Capability, Death, Endpoint, Slot
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.node import HOST, NODE, PortTakenError, loopback
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import RabbitDistribution
from deliverycheck.brokers.rabbitmq_api import Account
from deliverycheck.brokers.rabbitmq_harness import RabbitHarness
from deliverycheck.brokers.rabbitmq_memory import Memory
from deliverycheck.brokers.rabbitmq_node import AnyRabbitNode, RabbitNode, RabbitPlan
from deliverycheck.brokers.rabbitmq_places import RabbitPlaces
from deliverycheck.brokers.rabbitmq_settings import DEAD_LETTER_RETRY_S, USER, deviations
from deliverycheck.plans import Queue, QueueKind, Topology
from deliverycheck.plans.rabbitmq_state import STREAM_CLIENT

# 60 s: usable in 2.5 s on a quiet machine, 3 to 7 s at load 13 on two cores.
_USABLE_S_MAX = 60.0
_USABLE_POLL_S = 0.02
_PREFIX = "e"
_PROBE = Topology(
    queues=(Queue(name="probe"), Queue(name="probe-quorum", kind=QueueKind.QUORUM)),
)


class RabbitBroker(RabbitPlaces):
    """What the backends that run a node share (see `QueueBroker` for what each method promises)."""

    system = "rabbitmq"
    dead_letter_retry_s = DEAD_LETTER_RETRY_S
    inner_host = HOST
    """Where proxies find the node."""
    start_factor = 1.0
    """How much longer a start may take than that of a process that loads few plugins."""

    def __init__(self, node: AnyRabbitNode, overrides: Mapping[str, str]) -> None:
        """Nothing is started."""
        self._node = node
        self._overrides = overrides
        self._harness = self._new_harness()

    def start(self) -> None:
        self._node.release()
        try:
            self._begin()
        except PortTakenError:
            # Somebody outside took a port after it was checked; other ports, once.
            self._begin()

    def stop(self) -> None:
        self._harness.namespaces.close(delete=False)
        self._harness.api.close()
        self._node.release()

    def kill(self, node: str) -> Mapping[str, int]:
        with self._harness.namespaces.at_rest():
            evidence = self._named(node).kill()
        self._harness.api.drop_idle()
        return evidence

    def pause(self, node: str) -> Mapping[str, int]:
        with self._harness.namespaces.at_rest():
            return self._named(node).pause()

    def resume(self, node: str) -> Mapping[str, int]:
        evidence = self._named(node).resume()
        self._harness.namespaces.go_on()
        return evidence

    def restart(self, node: str) -> Mapping[str, int]:
        begun = time.monotonic()
        pid = self._named(node).spawn()
        self._await_usable()
        self._harness.namespaces.go_on()
        return {"pid": pid, "usable_ms": round(1000 * (time.monotonic() - begun))}

    def died(self) -> Death | None:
        return self._node.died()

    def slots(self) -> tuple[Slot, ...]:
        return tuple(
            self._slot(f"slot{index}", ports) for index, ports in enumerate(self._node.ports.slots)
        )

    def stream_slot(self) -> Slot:
        """The way by which all clients of the stream protocol reach the broker.

        There is one: a stream tells its clients where to connect, the same to all.
        """
        return self._slot("stream", self._node.ports.stream_slot)

    def own_slots(self) -> Mapping[str, tuple[Slot, ...]]:
        return {STREAM_CLIENT: (self.stream_slot(),)}

    def direct_endpoint(self) -> Endpoint:
        return loopback(self._node.ports.direct)

    def deviations(self) -> tuple[str, ...]:
        settings = deviations(self._overrides)
        return tuple(f"{item.name}={item.value} ({item.default})" for item in settings)

    def logs(self) -> tuple[Path, ...]:
        return (self._node.log,)

    def _begin(self) -> None:
        """A fresh node on ports of its own is usable."""
        self._node.prepare()
        self._harness = self._new_harness()
        self._node.spawn()
        self._await_usable()
        probe = self._harness.namespaces.lease()
        self._harness.declare(probe, _PROBE)
        self._harness.namespaces.retire(probe)

    def _new_harness(self) -> RabbitHarness:
        """For the ports and the password that the node has now."""
        account = Account(user=USER, password=self._node.password)
        api = loopback(self._node.ports.api)
        return RabbitHarness(self.direct_endpoint(), api, account, prefix=_PREFIX)

    def _await_usable(self) -> None:
        """It listens, the API answers, and every namespace that is lent is there again."""
        limit_s = self.start_factor * _USABLE_S_MAX
        node, deadline = self._node, time.monotonic() + limit_s
        node.await_listening(limit_s)

        def over() -> bool:
            node.require_alive()
            return self._harness.is_usable()

        try:
            usable = wait_until(over, timeout_s=deadline - time.monotonic(), poll_s=_USABLE_POLL_S)
        except PortTakenError:
            raise
        except BrokerError as error:
            node.require_alive()
            raise BrokerError(node.complaint(f"is not usable: {error}")) from error
        if not usable:
            raise BrokerError(node.complaint(f"is not usable after {limit_s:.0f} s"))

    def _named(self, node: str) -> AnyRabbitNode:
        if node != self._node.name:
            message = f"no node {node!r}; this broker has {self._node.name}"
            raise BrokerError(message)
        return self._node

    def _slot(self, name: str, ports: tuple[int, int]) -> Slot:
        listener, advertised = ports
        inside = Endpoint(host=self.inner_host, port=listener)
        return Slot(name=name, listener=inside, advertised=loopback(advertised))


class RabbitProcess(RabbitBroker):
    """The process backend (see `QueueBroker` for what each method promises).

    Its log lies in its folder; its data and its configuration lie with other temporary
    files (`storage`), and `stop` removes them.
    """

    backend = "process"

    def __init__(
        self,
        rabbitmq: RabbitDistribution,
        *,
        folder: Path,
        guardian: Guardian,
        slots: int = 32,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is started; `overrides` are lines of rabbitmq.conf that win over ours."""
        self._rabbitmq = rabbitmq
        wanted = dict(overrides or {})
        plan = RabbitPlan(name=NODE, folder=folder, slots=slots, overrides=wanted)
        self._own_node = RabbitNode(plan, rabbitmq, guardian)
        super().__init__(self._own_node, wanted)

    def _new_harness(self) -> RabbitHarness:
        harness = super()._new_harness()
        self._memory = Memory(self._own_node.memory, harness.api)
        return harness

    def starve(self, node: str) -> Mapping[str, str]:
        self._named(node)
        return self._memory.take()

    def feed(self, node: str) -> Mapping[str, str]:
        self._named(node)
        return self._memory.give_back()

    def version(self) -> str:
        return self._rabbitmq.version

    def runtime(self) -> str:
        return f"Erlang/OTP {self._rabbitmq.otp} ({self._rabbitmq.origin})"

    def capabilities(self) -> frozenset[Capability]:
        can = frozenset({Capability.KILL, Capability.PAUSE, Capability.LINKS})
        return can | {Capability.STARVE} if self._rabbitmq.caller.exists() else can
