"""What a worker's bookkeeping costs in bulk, as a ratio to a bare loop on the same broker."""

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from deliverycheck.brokers import LogBroker
from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter
from deliverycheck.clients import OkEvent, WorkerPool, client_program, commands
from deliverycheck.clients.handle import WorkerHandle
from deliverycheck.history import Position
from deliverycheck.plans import Setting

ROUNDS = 5
MESSAGES = 200_000
_DEADLINE_S = 60.0
_GROUP = "bench"


def measure_bulk(broker: LogBroker, folder: Path, stop: Event) -> dict[str, list[Sample]]:
    """Both ratios; in each round the bare loop and the worker take turns on fresh topics."""
    folder.mkdir(parents=True, exist_ok=True)
    publish: list[Sample] = []
    receive: list[Sample] = []
    pool = WorkerPool(client_program("kafka").argv, spare=1, folder=folder)
    try:
        for _ in range(ROUNDS):
            if stop.is_set():
                break
            meter = Meter()
            bare = _bare(broker)
            ours = _worker(broker, pool)
            moment = meter.read()
            publish.append(Sample(value=bare["publish"] / ours["publish"], moment=moment))
            receive.append(Sample(value=bare["receive"] / ours["receive"], moment=moment))
    finally:
        pool.close()
    return {"worker_publish_ratio": publish, "worker_receive_ratio": receive}


def _producer(broker: LogBroker) -> dict[str, Setting]:
    return {
        "bootstrap.servers": str(broker.direct_endpoint()),
        "acks": "all",
        "linger.ms": 5,
        "queue.buffering.max.messages": 1_000_000,
    }


def _consumer(broker: LogBroker) -> dict[str, Setting]:
    return {
        "bootstrap.servers": str(broker.direct_endpoint()),
        "group.id": _GROUP,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 10,  # As in an execution: else a full queue stalls either 1 s.
    }


def _bare(broker: LogBroker) -> dict[str, float]:
    """Seconds of the bare loop."""
    asked = {
        "producer": _producer(broker),
        "consumer": _consumer(broker),
        "topic": broker.lease_topic(1),
    }
    ran = subprocess.run(  # noqa: S603  # Our own program.
        [sys.executable, "-m", "deliverycheck.cli.bench.bare", str(MESSAGES)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * _DEADLINE_S,
    )
    seconds: dict[str, float] = json.loads(ran.stdout)
    return seconds


def _worker(broker: LogBroker, pool: WorkerPool) -> dict[str, float]:
    """Seconds of a worker, from the command to its completion."""
    topic = broker.lease_topic(1)
    producing = pool.lease("p1#1")
    try:
        producing.call(
            commands.OpenProducer(settings=_producer(broker), topics=(topic,)), _DEADLINE_S
        )
        command = commands.PublishBulk(
            op=1, topic=topic, count=MESSAGES, process="p1#1", execution="bench", partition=0
        )
        publish_s = _completed(producing, command)
    finally:
        producing.kill()
    consuming = pool.lease("c1#1")
    try:
        consuming.call(commands.OpenConsumer(settings=_consumer(broker)), _DEADLINE_S)
        began_s = time.perf_counter()
        place = Position(source=topic, partition=0, position=0)
        consuming.call(commands.Assign(positions=(place,)), _DEADLINE_S)
        taking = commands.ReceiveBulk(op=1, count=MESSAGES, execution="bench")
        _completed(consuming, taking)
        receive_s = time.perf_counter() - began_s
    finally:
        consuming.kill()
    return {"publish": publish_s, "receive": receive_s}


def _completed(worker: WorkerHandle, command: commands.PublishBulk | commands.ReceiveBulk) -> float:
    """Seconds until the operation completed; all of its messages are in runs."""
    began_s = time.perf_counter()
    worker.send(command)
    done = worker.await_line(lambda line: isinstance(line, OkEvent), _DEADLINE_S, "its completion")
    passed_s = time.perf_counter() - began_s
    assert isinstance(done, OkEvent)  # noqa: S101  # By the predicate above.
    known = sum(one.count for one in done.runs) + sum(one.count for one in done.delivery_runs)
    assert known == MESSAGES, f"{known} of {MESSAGES} have a position"  # noqa: S101
    return passed_s
