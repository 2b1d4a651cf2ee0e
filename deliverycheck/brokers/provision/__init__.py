"""The tools a run needs that are not Python: Java, Kafka, RabbitMQ, Toxiproxy.

Fetched once into a per-user cache, pinned and compared with committed hashes.
`python -m deliverycheck.brokers.provision` does it with progress.
"""

from deliverycheck.brokers.provision.client_library import (
    ClientLibrary,
    locked_clients,
    provide_client,
)
from deliverycheck.brokers.provision.doctor import Finding, Status, diagnose, findings_of
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.java import JavaRuntime
from deliverycheck.brokers.provision.kafka import KafkaDistribution
from deliverycheck.brokers.provision.kafka_release import KAFKA_VERSION, locked_versions
from deliverycheck.brokers.provision.rabbitmq import RABBITMQ_NEWEST, RabbitDistribution
from deliverycheck.brokers.provision.toolchain import (
    AllTools,
    RabbitToolchain,
    Toolchain,
    all_tools,
    proxy_toolchain,
    rabbit_toolchain,
    toolchain,
)
from deliverycheck.brokers.provision.toxiproxy import ToxiproxyBinary

__all__ = [
    "KAFKA_VERSION",
    "RABBITMQ_NEWEST",
    "AllTools",
    "ClientLibrary",
    "Finding",
    "JavaRuntime",
    "KafkaDistribution",
    "ProvisionError",
    "RabbitDistribution",
    "RabbitToolchain",
    "Status",
    "Toolchain",
    "ToxiproxyBinary",
    "all_tools",
    "diagnose",
    "findings_of",
    "locked_clients",
    "locked_versions",
    "provide_client",
    "proxy_toolchain",
    "rabbit_toolchain",
    "toolchain",
]
