"""A bare confluent-kafka loop in a process of its own, to compare a worker with.

It keeps each position: from the delivery callback, and of each received message.
``python -m deliverycheck.cli.bench.bare <count>`` reads settings and topic as JSON
from stdin and prints the seconds of both as JSON.
"""

import gc
import json
import sys
import time
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

_PADDING = "x" * 90
_BATCH = 1000


def publish(settings: dict[str, Any], topic: str, count: int) -> float:
    """Seconds until all are confirmed and their positions kept."""
    producer = Producer(settings)
    producer.list_topics(topic, timeout=10.0)
    positions: list[int | None] = []

    def report(error: KafkaError | None, message: Message) -> None:
        if error is None:
            positions.append(message.offset())

    gc.disable()  # As the worker does: callbacks in flight are no garbage.
    began_s = time.perf_counter()
    for number in range(count):
        producer.produce(
            topic, b"%010d" % number + _PADDING.encode(), partition=0, on_delivery=report
        )
        if not number % _BATCH:
            producer.poll(0)
    producer.flush(60.0)
    passed_s = time.perf_counter() - began_s
    assert len(positions) == count, f"{len(positions)} of {count} were confirmed"  # noqa: S101
    return passed_s


def receive(settings: dict[str, Any], topic: str, count: int) -> float:
    """Seconds until all are received and their positions kept, from the assignment on."""
    consumer = Consumer(settings)
    positions: list[int | None] = []
    began_s = time.perf_counter()
    consumer.assign([TopicPartition(topic, 0, 0)])
    while len(positions) < count:
        positions += [one.offset() for one in consumer.consume(_BATCH, 0.004)]
    passed_s = time.perf_counter() - began_s
    consumer.close()
    return passed_s


def main() -> None:
    """Measure both, one after the other, on a topic that holds nothing yet."""
    count, asked = int(sys.argv[1]), json.load(sys.stdin)
    seconds = {
        "publish": publish(asked["producer"], asked["topic"], count),
        "receive": receive(asked["consumer"], asked["topic"], count),
    }
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main()
