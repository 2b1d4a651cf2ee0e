"""How long a broker takes until it is usable, at first and after a SIGKILL."""

import time
from pathlib import Path
from threading import Event

from deliverycheck.brokers import Guardian, open_kafka
from deliverycheck.brokers.provision import KafkaDistribution
from deliverycheck.cli.bench.figures import Sample
from deliverycheck.cli.bench.load import Meter
from deliverycheck.cli.target import SLOTS

ROUNDS = 5
_NODE = "b1"


def measure_starts(kafka: KafkaDistribution, folder: Path, stop: Event) -> dict[str, list[Sample]]:
    """Both figures, each a sample a round: a new broker with a campaign's link slots."""
    ready: list[Sample] = []
    restart: list[Sample] = []
    with Guardian.start() as guardian:
        for number in range(ROUNDS):
            if stop.is_set():
                break
            meter, began_s = Meter(), time.monotonic()
            with open_kafka(
                kafka, folder=folder / f"start-{number}", guardian=guardian, slots=SLOTS
            ) as broker:
                ready.append(Sample(value=time.monotonic() - began_s, moment=meter.read()))
                broker.kill(_NODE)
                began_s = time.monotonic()
                broker.restart(_NODE)
                restart.append(Sample(value=time.monotonic() - began_s, moment=meter.read()))
    return {"kafka_ready_s": ready, "kafka_restart_s": restart}
