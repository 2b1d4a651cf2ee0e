"""What a worker's bookkeeping costs on a queue, as a ratio to a bare loop on the same broker."""

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from deliverycheck.brokers import Namespace, QueueBroker
from deliverycheck.cli.bench.bare_queue import PREFETCH
from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter
from deliverycheck.clients import OkEvent, WorkerPool, client_program, commands
from deliverycheck.clients.handle import WorkerHandle
from deliverycheck.plans import Queue, Setting, Subject, Topology

ROUNDS = 5
MESSAGES = 40_000
_WINDOW = 1000
_DEADLINE_S = 60.0
_QUEUE = "q1"
_SYSTEM = "rabbitmq"


def measure_bulk_on_queues(
    broker: QueueBroker, folder: Path, stop: Event
) -> dict[str, list[Sample]]:
    """The ratio over publish and receive together; bare loop and worker take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    ratios: list[Sample] = []
    pool = WorkerPool(client_program(_SYSTEM).argv, spare=1, folder=folder)
    try:
        for number in range(ROUNDS):
            if stop.is_set():
                break
            meter = Meter()
            # Who goes first takes turns too: what the machine does besides hits both.
            first, second = (_bare, _worker) if number % 2 else (_worker, _bare)
            seconds = {one: one(broker, pool) for one in (first, second)}
            ratios.append(Sample(value=seconds[_bare] / seconds[_worker], moment=meter.read()))
    finally:
        pool.close()
    return {"rabbitmq_worker_ratio": ratios}


def _fresh(broker: QueueBroker) -> tuple[Namespace, str]:
    namespace = broker.lease_namespace()
    broker.declare(namespace, Topology(queues=(Queue(name=_QUEUE),)))
    return namespace, namespace.at(broker.direct_endpoint())


def _bare(broker: QueueBroker, _: WorkerPool) -> float:
    """Seconds of the bare loop."""
    namespace, address = _fresh(broker)
    ran = subprocess.run(  # noqa: S603  # Our own program.
        [sys.executable, "-m", "deliverycheck.cli.bench.bare_queue", str(MESSAGES)],
        input=json.dumps({"address": address, "queue": _QUEUE}),
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * _DEADLINE_S,
    )
    broker.retire_namespace(namespace)
    seconds: dict[str, float] = json.loads(ran.stdout)
    return sum(seconds.values())


def _worker(broker: QueueBroker, pool: WorkerPool) -> float:
    """Seconds of a worker, from each command to its completion."""
    namespace, address = _fresh(broker)
    program = client_program(_SYSTEM)
    settings = program.producer_settings(Subject(), address, "")
    worker = pool.lease("p1#1")
    try:
        seconds = _published(worker, settings) + _received(worker, settings)
    finally:
        worker.kill()
    broker.retire_namespace(namespace)
    return seconds


def _published(worker: WorkerHandle, settings: dict[str, Setting]) -> float:
    wanted = {**settings, "confirms": "pipelined", "persistent": True}
    worker.call(commands.OpenProducer(settings=wanted), _DEADLINE_S)
    command = commands.PublishBulk(
        op=1,
        topic=_QUEUE,
        count=MESSAGES,
        process="p1#1",
        execution="bench",
        bytes=160,
        window=_WINDOW,
    )
    done, seconds = _completed(worker, command)
    assert done.confirmed, "all were confirmed"  # noqa: S101
    return seconds


def _received(worker: WorkerHandle, settings: dict[str, Setting]) -> float:
    began_s = time.perf_counter()
    wanted = {**settings, "prefetch": PREFETCH, "channel": 2}
    worker.call(commands.OpenConsumer(settings=wanted, topics=(_QUEUE,)), _DEADLINE_S)
    command = commands.ReceiveBulk(op=2, count=MESSAGES, execution="bench")
    done, _ = _completed(worker, command)
    seconds = time.perf_counter() - began_s
    known = sum(one.count for one in done.delivery_runs) + len(done.deliveries)
    assert known == MESSAGES, f"{known} of {MESSAGES} were compared"  # noqa: S101
    return seconds


def _completed(
    worker: WorkerHandle, command: commands.PublishBulk | commands.ReceiveBulk
) -> tuple[OkEvent, float]:
    began_s = time.perf_counter()
    worker.send(command)
    done = worker.await_line(lambda line: isinstance(line, OkEvent), _DEADLINE_S, "its completion")
    assert isinstance(done, OkEvent)  # noqa: S101  # By the predicate above.
    return done, time.perf_counter() - began_s
