"""A bare pika loop in a process of its own, to compare a worker on queues with.

It does what a worker's bulk calls do: publish with confirms by callback and count them, take with
a prefetch and ack in strides. ``python -m deliverycheck.cli.bench.bare_queue <count>`` reads the
address of the broker and the queue as JSON from stdin and prints the seconds of both as JSON.
"""

import gc
import json
import sys
import time
from typing import Any

import pika

_PADDING = "x" * 150
_SERVE_EVERY = 100
_WINDOW = 1000
PREFETCH = 1000


def publish(connection: pika.BlockingConnection, queue: str, count: int) -> float:
    """Seconds until all are confirmed."""
    channel = connection.channel()._impl  # noqa: SLF001  # pika's callback API, as the worker has it.
    confirmed = 0

    def answered(frame: Any) -> None:  # noqa: ANN401  # pika.frame.Method
        nonlocal confirmed
        tag = frame.method.delivery_tag
        confirmed = max(confirmed, tag) if frame.method.multiple else confirmed + 1

    channel.confirm_delivery(answered, callback=lambda _: None)
    connection.process_data_events(0.1)
    properties = pika.BasicProperties(delivery_mode=2)  # type: ignore[no-untyped-call]
    gc.disable()  # As the worker does.
    began_s = time.perf_counter()
    for number in range(count):
        channel.basic_publish("", queue, b"%010d" % number + _PADDING.encode(), properties)
        if not number % _SERVE_EVERY:
            connection.process_data_events(0)
            while number - confirmed >= _WINDOW:
                connection.process_data_events(0.001)
    while confirmed < count:
        connection.process_data_events(0.001)
    return time.perf_counter() - began_s


def receive(connection: pika.BlockingConnection, queue: str, count: int) -> float:
    """Seconds until all were taken and acked, from the subscription on."""
    channel = connection.channel()
    channel.basic_qos(prefetch_count=PREFETCH)
    tags: list[int] = []

    def came(channel: Any, method: Any, _: Any, body: bytes) -> None:  # noqa: ANN401  # pika's
        tags.append(method.delivery_tag if body else 0)
        if not len(tags) % _SERVE_EVERY:
            channel.basic_ack(method.delivery_tag, multiple=True)

    began_s = time.perf_counter()
    channel.basic_consume(queue, came)
    while len(tags) < count:
        connection.process_data_events(1)
    channel.basic_ack(tags[-1], multiple=True) if count % _SERVE_EVERY else None
    channel.basic_qos(prefetch_count=PREFETCH)
    return time.perf_counter() - began_s


def main() -> None:
    """Measure both, one after the other, on a queue that holds nothing yet."""
    count, asked = int(sys.argv[1]), json.load(sys.stdin)
    connection = pika.BlockingConnection(pika.URLParameters(asked["address"]))
    seconds = {
        "publish": publish(connection, asked["queue"], count),
        "receive": receive(connection, asked["queue"], count),
    }
    connection.close()
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main()
