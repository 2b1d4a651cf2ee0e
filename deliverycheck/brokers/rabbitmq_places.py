"""A RabbitMQ as plans about queues see it: places of their own, queues, who is still connected."""

from collections.abc import Mapping, Sequence

from deliverycheck.brokers.broker import BrokerError, Namespace, Scan, Slot
from deliverycheck.brokers.ports import connections_to
from deliverycheck.brokers.rabbitmq_harness import RabbitHarness
from deliverycheck.plans import Binding, Setting, Topology


class RabbitPlaces:
    """The part of `QueueBroker` that is the same whoever runs the node."""

    dead_letter_retry_s: float
    _harness: RabbitHarness

    def publishers_gone(self, slot: Slot) -> bool:
        return self.clients_gone((slot,))

    def clients_gone(self, slots: Sequence[Slot]) -> bool:
        return connections_to(*(slot.listener.port for slot in slots)) == 0

    def lease_namespace(self) -> Namespace:
        return self._harness.namespaces.lease()

    def declare(self, namespace: Namespace, topology: Topology) -> None:
        self._harness.declare(namespace, topology)

    def unbind(self, namespace: Namespace, binding: Binding) -> None:
        self._harness.unbind(namespace, binding)

    def starve(self, node: str) -> Mapping[str, str]:
        message = f"the memory of {node} is not ours to take: it is no child process of ours"
        raise BrokerError(message)

    def feed(self, node: str) -> Mapping[str, str]:
        return self.starve(node)

    def set_policy(
        self, namespace: Namespace, queue: str, definition: Mapping[str, Setting]
    ) -> None:
        self._harness.set_policy(namespace, queue, definition)

    def read_queues(self, namespace: Namespace, queues: Sequence[str]) -> Scan:
        return self._harness.read_queues(namespace, queues)

    def retire_namespace(self, namespace: Namespace) -> None:
        self._harness.namespaces.retire(namespace)
