"""Brokers under test: started, broken and read by the harness, whichever system and backend."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deliverycheck.brokers.broker import (
    SCAN_ISOLATION,
    AddressError,
    Broker,
    BrokerError,
    Capability,
    Death,
    DeathCause,
    Endpoint,
    InfrastructureError,
    LogBroker,
    Namespace,
    QueueBroker,
    Scan,
    Slot,
)
from deliverycheck.brokers.external import KafkaExternal
from deliverycheck.brokers.guardian import Guardian, sweep_leftovers
from deliverycheck.brokers.kafka import KafkaProcess
from deliverycheck.brokers.ports import PortBlock
from deliverycheck.brokers.provision import KafkaDistribution
from deliverycheck.brokers.rabbitmq import RabbitProcess
from deliverycheck.brokers.rabbitmq_external import RabbitExternal

__all__ = [
    "SCAN_ISOLATION",
    "AddressError",
    "Broker",
    "BrokerError",
    "Capability",
    "Death",
    "DeathCause",
    "Endpoint",
    "Guardian",
    "InfrastructureError",
    "KafkaExternal",
    "KafkaProcess",
    "LogBroker",
    "Namespace",
    "PortBlock",
    "QueueBroker",
    "RabbitExternal",
    "RabbitProcess",
    "Scan",
    "Slot",
    "open_kafka",
    "sweep_leftovers",
]


@contextmanager
def open_kafka(
    kafka: KafkaDistribution,
    *,
    folder: Path,
    guardian: Guardian,
    slots: int = 32,
    overrides: Mapping[str, str] | None = None,
) -> Iterator[LogBroker]:
    """A usable Kafka for the with-block, its log in `folder`; nothing of it is left after."""
    broker = KafkaProcess(kafka, folder=folder, guardian=guardian, slots=slots, overrides=overrides)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
