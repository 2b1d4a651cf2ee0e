"""The tools a run needs that are not Python: Java, Kafka, Toxiproxy.

Fetched once into a per-user cache, pinned and compared with committed hashes.
`python -m deliverycheck.brokers.provision` does it with progress.
"""

from deliverycheck.brokers.provision.client_library import (
    ClientLibrary,
    locked_clients,
    provide_client,
)
from deliverycheck.brokers.provision.doctor import Finding, Status, diagnose
from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.java import JavaRuntime
from deliverycheck.brokers.provision.kafka import KafkaDistribution
from deliverycheck.brokers.provision.kafka_release import KAFKA_VERSION, locked_versions
from deliverycheck.brokers.provision.toolchain import Toolchain, toolchain
from deliverycheck.brokers.provision.toxiproxy import ToxiproxyBinary

__all__ = [
    "KAFKA_VERSION",
    "ClientLibrary",
    "Finding",
    "JavaRuntime",
    "KafkaDistribution",
    "ProvisionError",
    "Status",
    "Toolchain",
    "ToxiproxyBinary",
    "diagnose",
    "locked_clients",
    "locked_versions",
    "provide_client",
    "toolchain",
]
