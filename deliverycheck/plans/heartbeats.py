"""Heartbeats of a subject's clients: a broker gives up who is silent for longer than they allow."""

from deliverycheck.plans.subject import Subject

HEARTBEAT = "heartbeat"

HEARTBEAT_S_MAX = 2
"""Who is to miss some stands still for three times as long, and an execution waits for that."""


def heartbeat_s(subject: Subject, lane: str) -> int | None:
    """What the client of that lane asks for; ``None`` leaves it to the broker, or is none."""
    consumer = subject.consumer
    own = subject.producer if lane.startswith("p") or consumer is None else consumer.settings
    asked = own.get(HEARTBEAT)
    return asked if isinstance(asked, int) and asked > 0 else None


def silence_s(heartbeat: int) -> float:
    """So long a silence ends a connection.

    RabbitMQ looks once in that interval whether anything came, and gives up the second time: two
    to three of them after the last bytes (rabbitmq-server, rabbit_heartbeat.erl).
    """
    return 3 * heartbeat + 0.5
