"""confluent-kafka's extension module, without the rest of its package.

``import confluent_kafka`` loads asyncio, serializers and admin helpers: 50 ms of
CPU, measured, of which a worker uses nothing. A plan that crashes clients starts
three workers, on cores that it shares with the broker. `Producer`, `Consumer` and
the errors are the extension's own, the same objects that the package hands out.
What the extension looks up in the package while it runs is given to it here, but
for `plugin.library.paths` and `throttle_cb`.

For the worker program alone: in a process that imports this first, the rest of
the package cannot be imported any more.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any


def _bare_package(name: str, path: Sequence[str] | None = None) -> ModuleType:
    """The package without running its ``__init__``; its modules can then be imported."""
    if name in sys.modules:
        return sys.modules[name]
    spec = PathFinder.find_spec(name, path)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(name=name)
    package = ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules[name] = package
    return package


_root = _bare_package("confluent_kafka")
_admin = _bare_package("confluent_kafka.admin", _root.__path__)

from confluent_kafka import cimpl  # noqa: E402
from confluent_kafka.admin import _metadata  # noqa: E402
from confluent_kafka.cimpl import (  # noqa: E402
    TIMESTAMP_CREATE_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
    libversion,
)

# Looked up by list_topics().
for _name in ("ClusterMetadata", "BrokerMetadata", "TopicMetadata", "PartitionMetadata"):
    setattr(_admin, _name, getattr(_metadata, _name))

ShareConsumer: Any = getattr(cimpl, "ShareConsumer", None)
"""Of libraries from 2.15 on; ``None`` of those before."""
IllegalStateException: type[Exception] = getattr(cimpl, "IllegalStateException", RuntimeError)

__all__ = [
    "TIMESTAMP_CREATE_TIME",
    "Consumer",
    "IllegalStateException",
    "KafkaError",
    "KafkaException",
    "Message",
    "Producer",
    "ShareConsumer",
    "TopicPartition",
    "libversion",
]
