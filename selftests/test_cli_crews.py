"""Clients with a program of their own: where they cannot be had, claims of them are left out."""

import pytest

from deliverycheck.brokers import InfrastructureError
from deliverycheck.cli.crews import Crews, why_not_to_be_had
from deliverycheck.cli.makers import system_of_client
from deliverycheck.cli.systems import UsageError
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


@pytest.mark.parametrize(
    ("system", "client", "said"),
    [
        ("kafka", "pika==1.3.2", "those of Kafka are confluent-kafka==VERSION"),
        ("rabbitmq", "confluent-kafka==2.3.0", "those of RabbitMQ are pika==VERSION"),
    ],
)
def test_client_of_another_system_is_refused_and_not_shown_as_what_was_run(
    tmp_path, system, client, said
):
    """Its workers would use the usual library, under the other one's name."""
    with pytest.raises(UsageError, match=said):
        Crews(system, client, spare=1, folder=tmp_path, adapt=as_it_is, say=print)
    usual = Crews(system, None, spare=1, folder=tmp_path, adapt=as_it_is, say=print)
    try:
        with pytest.raises(InfrastructureError, match=said):
            usual.of(client)
    finally:
        usual.close()


def as_it_is(program):
    return program


@pytest.mark.parametrize(
    ("client", "system"),
    [("pika==1.3.2", "rabbitmq"), ("confluent-kafka==2.3.0", "kafka"), ("aiokafka==1", None)],
)
def test_client_names_its_system(client, system):
    assert system_of_client(client) == system


def test_client_that_is_not_installed_is_told_with_what_brings_it(monkeypatch):
    def missing(name):
        raise systems.PackageNotFoundError(name)

    monkeypatch.setattr(systems, "version", missing)
    why = why_not_to_be_had("rabbitmq", "rstream", None)
    assert why == "rstream is not installed: pip install 'deliverycheck[streams]'"
