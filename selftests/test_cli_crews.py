"""Clients with a program of their own: where they cannot be had, claims of them are left out."""

import pytest

from deliverycheck.cli.crews import why_not_to_be_had
from deliverycheck.clients import systems


@pytest.mark.parametrize(
    ("system", "client", "running"),
    [
        ("rabbitmq", "rstream", None),
        ("rabbitmq", None, "amqp://guest@localhost"),
        ("rabbitmq", "pika==1.3.2", "amqp://guest@localhost"),
        ("kafka", "rstream", "localhost:9092"),
    ],
)
def test_client_that_can_be_had_has_no_reason_against_it(system, client, running):
    assert why_not_to_be_had(system, client, running) is None


def test_stream_client_cannot_reach_a_broker_of_somebody_else():
    why = why_not_to_be_had("rabbitmq", "rstream", "amqp://guest@localhost")
    assert why == "rstream needs a link slot of its own, which only a broker of ours has"


def test_client_that_is_not_installed_is_told_with_what_brings_it(monkeypatch):
    def missing(name):
        raise systems.PackageNotFoundError(name)

    monkeypatch.setattr(systems, "version", missing)
    why = why_not_to_be_had("rabbitmq", "rstream", None)
    assert why == "rstream is not installed: pip install 'deliverycheck[streams]'"
