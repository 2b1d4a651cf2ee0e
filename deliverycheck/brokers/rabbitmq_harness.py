"""What the harness asks of a RabbitMQ, whoever runs it: virtual hosts, topologies, what is left."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from deliverycheck.brokers.broker import BrokerError, Endpoint, Namespace, Scan
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.rabbitmq_amqp import connected
from deliverycheck.brokers.rabbitmq_api import Account, RabbitApi
from deliverycheck.brokers.rabbitmq_namespaces import Namespaces
from deliverycheck.brokers.rabbitmq_reader import QueueReader
from deliverycheck.brokers.rabbitmq_topology import (
    declare,
    limits_of,
    policy_definition,
    unbind,
)
from deliverycheck.plans import Binding, Setting, Topology

# 10 s: a topology of ten queues takes 60 ms.
_DECLARE_S_MAX = 10.0
_POLICY_S_MAX = 5.0
_PRIORITY_OF_OURS = 1


class RabbitHarness:
    """The parts of `QueueBroker` that go the unproxied way; both backends have one."""

    def __init__(self, direct: Endpoint, api: Endpoint, account: Account, *, prefix: str) -> None:
        """Nothing is asked yet."""
        self.api = RabbitApi(api, account)
        self.namespaces = Namespaces(self.api, account, prefix=prefix)
        self._direct = direct
        self._reader = QueueReader(endpoint=direct, api=self.api)

    def declare(self, namespace: Namespace, topology: Topology) -> None:
        with self._channel(namespace) as channel:
            declare(channel, topology)
        for queue in topology.queues:
            if queue.name in topology.by_policy:
                self.set_policy(namespace, queue.name, limits_of(queue))

    def unbind(self, namespace: Namespace, binding: Binding) -> None:
        with self._channel(namespace) as channel:
            unbind(channel, binding)

    def set_policy(
        self, namespace: Namespace, queue: str, definition: Mapping[str, Setting]
    ) -> None:
        """Set for this queue alone; the answer comes when every queue that it matches was told.

        One that defines nothing is refused: what is asked for then is that there be none.
        """
        wanted = policy_definition(definition)
        body = {
            "pattern": f"^{_literally(queue)}$",
            "definition": wanted,
            "apply-to": "queues",
            "priority": _PRIORITY_OF_OURS,
        }
        try:
            if wanted:
                self.api.put("policies", namespace.name, f"of-{queue}", body=body)
            else:
                self.api.delete("policies", namespace.name, f"of-{queue}")
        except BrokerError as error:
            message = f"the policy {wanted} for queue {queue!r} was refused: {error}"
            raise BrokerError(message) from error
        if not wait_until(
            lambda: self._has_policy(namespace, queue, wanted), timeout_s=_POLICY_S_MAX
        ):
            message = f"queue {queue!r} did not get the policy {wanted} in {_POLICY_S_MAX:.0f} s"
            raise BrokerError(message)

    def read_queues(self, namespace: Namespace, queues: Sequence[str]) -> Scan:
        return self._reader.read(namespace, queues)

    def is_usable(self) -> bool:
        """The API answers, and every namespace that is lent takes a connection.

        Raises:
            BrokerError: the API lets us do nothing.
        """
        if not self.api.answers():
            return False
        try:
            for namespace in self.namespaces.living():
                with connected(self._direct, namespace, _DECLARE_S_MAX):
                    pass
        except BrokerError:
            return False
        return True

    @contextmanager
    def _channel(self, namespace: Namespace) -> Iterator[Any]:
        with connected(self._direct, namespace, _DECLARE_S_MAX) as connection:
            yield connection.channel()

    def _has_policy(self, namespace: Namespace, queue: str, wanted: Mapping[str, Any]) -> bool:
        """From the list of all queues: alone, up to 4.0, a queue tells nothing of its policy.

        What the policy defines no list told before 4.1 or so; there its name has to do.
        """
        (told,) = (each for each in self.api.get("queues", namespace.name) if each["name"] == queue)
        named = told.get("policy") or None
        has = told.get("effective_policy_definition", wanted) or {}
        return bool(named == (f"of-{queue}" if wanted else None) and has == wanted)


def _literally(name: str) -> str:
    """A pattern that the name alone matches, as Erlang's `re` reads it."""
    return "".join(each if each.isalnum() or each in "-_" else f"\\{each}" for each in name)
