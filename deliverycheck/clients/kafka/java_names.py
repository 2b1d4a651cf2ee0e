"""Settings of the Java client by librdkafka's names: what a properties file of an application says.

From Kafka 4.3, producer and consumer configs, and librdkafka 2.16, CONFIGURATION.md.
"""

from collections.abc import Callable, Mapping

from deliverycheck.plans import Setting

_ASSIGNORS = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "StickyAssignor": "roundrobin",
    "CooperativeStickyAssignor": "cooperative-sticky",
}


def _assignors(value: str) -> Setting:
    names = [each.strip() for each in value.split(",")]
    # The two kinds cannot be mixed in librdkafka; a list of both is a step of a migration.
    return _ASSIGNORS.get(names[0].rpartition(".")[2], names[0])


def _partitioner(value: str) -> Setting:
    name = value.rpartition(".")[2]
    return "random" if name == "RoundRobinPartitioner" else "murmur2_random"


def _kilobytes(value: str) -> Setting:
    return max(1, int(value) // 1024)


def _as_it_is(value: str) -> Setting:
    return value


TRANSLATED: Mapping[str, tuple[str, Callable[[str], Setting]]] = {
    "buffer.memory": ("queue.buffering.max.kbytes", _kilobytes),
    "max.request.size": ("message.max.bytes", _as_it_is),
    "partition.assignment.strategy": ("partition.assignment.strategy", _assignors),
    "partitioner.class": ("partitioner", _partitioner),
    "receive.buffer.bytes": ("socket.receive.buffer.bytes", _as_it_is),
    "send.buffer.bytes": ("socket.send.buffer.bytes", _as_it_is),
    "socket.connection.setup.timeout.max.ms": ("socket.connection.setup.timeout.ms", _as_it_is),
}
"""Java's name, librdkafka's, and how the value is said there."""

WITHOUT_COUNTERPART = frozenset(
    {
        "auto.include.jmx.reporter",
        "default.api.timeout.ms",
        "exclude.internal.topics",
        "interceptor.classes",
        "key.deserializer",
        "key.serializer",
        "max.block.ms",
        "max.poll.records",
        "metadata.max.idle.ms",
        "metric.reporters",
        "metrics.num.samples",
        "metrics.recording.level",
        "metrics.sample.window.ms",
        "partitioner.adaptive.partitioning.enable",
        "partitioner.availability.timeout.ms",
        "partitioner.ignore.keys",
        "throw.on.fetch.stable.offset.unsupported",
        "value.deserializer",
        "value.serializer",
    }
)
"""What librdkafka has not, and what decides nothing about delivery."""

OF_THE_PLACE = ("bootstrap.servers", "client.id", "group.id", "sasl.", "security.protocol", "ssl.")
"""Where and as whom an application connects: here it is the broker under test. Never stored."""


def producer_defaults(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """Defaults of the Java producer that are not librdkafka's, beside these settings.

    Idempotence is off where what is set conflicts with it and nothing asks for it (Kafka 4.3,
    producer configs, enable.idempotence).
    """
    conflicts = (
        str(settings.get("acks", "all")) not in {"all", "-1"}
        or str(settings.get("retries", "")) == "0"
        or int(settings.get(_IN_FLIGHT, _IN_FLIGHT_MAX)) > _IN_FLIGHT_MAX
    )
    return {
        "acks": "all",
        "enable.idempotence": not conflicts,
        _IN_FLIGHT: _IN_FLIGHT_MAX,
        "partitioner": "murmur2_random",
    }


def consumer_defaults(_: Mapping[str, Setting]) -> dict[str, Setting]:
    """Defaults of the Java consumer that are not librdkafka's."""
    return {"auto.offset.reset": "latest", "isolation.level": "read_uncommitted"}


_IN_FLIGHT, _IN_FLIGHT_MAX = "max.in.flight.requests.per.connection", 5
