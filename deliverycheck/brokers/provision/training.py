"""One broker started, used as plans use it, and ended, so that the JVM can learn from it."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic  # What `admin` hands on, where it has types.

from deliverycheck.brokers.kafka_properties import BrokerPorts, SlotPorts, render
from deliverycheck.brokers.ports import PortBlock, PortsError
from deliverycheck.brokers.provision.commands import spawned
from deliverycheck.brokers.provision.errors import ProvisionError, in_one_line

_TOPIC = "training"
_MESSAGES = 20
_FIX = "see the broker's words above; a run works without this cache"
# 60 s: a start without the cache takes 1.4 s, and the machine may be building
# Toxiproxy on every core. Ending includes writing the cache, 9 to 12 s when quiet.
_READY_S_MAX = 60.0
_END_S_MAX = 180.0


def train(
    command: list[str], template: Path, folder: Path, made: Path, *, protocols: Sequence[str]
) -> None:
    """Run `command` on a copy of `template` until it has written `made`.

    Groups are joined by each of `protocols`.
    """
    folder.mkdir()
    shutil.copytree(template, folder / "data")
    log = folder / "broker.log"
    try:
        with PortBlock.lease() as block:
            _start_and_use(command, folder, block, log, protocols)
    except (KafkaException, PortsError) as error:
        raise ProvisionError("start-up cache", f"{error}; {_last_words(log)}", _FIX) from error
    if not made.is_file():
        raise ProvisionError("start-up cache", f"{made.name} not written; {_last_words(log)}", _FIX)
    shutil.rmtree(folder)


def _start_and_use(
    command: list[str], folder: Path, block: PortBlock, log: Path, protocols: Sequence[str]
) -> None:
    """Through the direct listener and two slots that advertise themselves: no proxy is there."""
    internal, controller, direct, *slots = block.take(5)
    ports = BrokerPorts(
        internal=internal,
        controller=controller,
        direct=direct,
        slots=tuple(SlotPorts(listener=port, advertised=port) for port in slots),
    )
    properties = folder / "server.properties"
    properties.write_text(render(folder / "data", ports))
    with _broker([*command, "kafka.Kafka", str(properties)], log):
        for port in (direct, *slots):
            _use(f"127.0.0.1:{port}", f"{_TOPIC}-{port}", protocols)


@contextmanager
def _broker(command: list[str], log: Path) -> Iterator[None]:
    """A broker for the with-block, ended so that it writes its cache."""
    with spawned(command, log) as process:
        yield
        process.terminate()
        try:
            process.wait(_END_S_MAX)
        except subprocess.TimeoutExpired as error:
            message = f"the broker did not end within {_END_S_MAX:.0f} s; {_last_words(log)}"
            raise ProvisionError("start-up cache", message, _FIX) from error


def _use(bootstrap: str, topic: str, protocols: Sequence[str]) -> None:
    """Topics, plain and idempotent and transactional publishes, members of groups."""
    client: dict[str, str | int | float | bool] = {
        "bootstrap.servers": bootstrap,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200,
        "log_level": 0,
    }
    admin = AdminClient(client)
    created = admin.create_topics([NewTopic(topic, 2, 1)], request_timeout=_READY_S_MAX)
    created[topic].result()
    _publish(Producer({**client, "acks": "all"}), topic)
    _publish(Producer({**client, "enable.idempotence": True}), topic)
    transactional = Producer({**client, "transactional.id": topic})
    transactional.init_transactions(_READY_S_MAX)
    transactional.begin_transaction()
    _publish(transactional, topic)
    transactional.commit_transaction(_READY_S_MAX)
    for protocol in protocols:
        _receive(Consumer({**client, **_group(protocol, topic)}), topic)
    admin.delete_topics([topic])[topic].result()


def _group(protocol: str, topic: str) -> dict[str, str | int]:
    return {
        "group.id": f"{topic}-{protocol}",
        "group.protocol": protocol,
        "auto.offset.reset": "earliest",
        **({"session.timeout.ms": 6000} if protocol == "classic" else {}),
    }


def _publish(producer: Producer, topic: str) -> None:
    for number in range(_MESSAGES):
        producer.produce(topic, key=str(number), value=b"x" * 100)
    producer.flush(_READY_S_MAX)


def _receive(consumer: Consumer, topic: str) -> None:
    """Read all that was published, then commit and leave."""
    consumer.subscribe([topic])
    received, deadline = 0, time.monotonic() + _READY_S_MAX
    while received < 3 * _MESSAGES and time.monotonic() < deadline:
        received += len(consumer.consume(_MESSAGES, 0.1))
    if received:
        consumer.commit(asynchronous=False)
    consumer.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return "the broker said: " + (in_one_line("\n".join(lines[-3:])) or "nothing")
