"""Which backend is taken, and why: pure, of what was found on the machine."""

import sys

import pytest

from deliverycheck.brokers import BrokerError
from deliverycheck.brokers.provision import Finding, Status
from deliverycheck.cli import backends, container_tools, main
from deliverycheck.cli.backends import Backend, backend_findings, chosen
from deliverycheck.cli.makers import Wanted, maker_of
from deliverycheck.cli.systems import UsageError
from deliverycheck.search.record import ExitCode

HERE = Finding(component="java", status=Status.OK, found="25")
TO_FETCH = Finding(component="kafka", status=Status.WILL_FETCH, found="not fetched")
MISSING = Finding(component="toxiproxy", status=Status.MISSING, found="no Go", fix="install it")


@pytest.fixture
def machine(monkeypatch):
    def has(*findings, no_containers="no engine answers"):
        monkeypatch.setattr(backends, "findings_of", lambda _: findings)
        monkeypatch.setattr(backends, "why_no_containers", lambda _: no_containers)

    return has


def test_processes_come_first_where_all_they_need_is_here(machine):
    machine(HERE, no_containers=None)
    choice = chosen("kafka", Backend.AUTO, None)
    assert str(choice) == "backend: process, since all it needs is here"


def test_processes_are_taken_where_something_is_fetched_first(machine):
    machine(HERE, TO_FETCH, no_containers=None)
    assert str(chosen("kafka", Backend.AUTO, None)) == "backend: process, once kafka is fetched"


def test_containers_are_taken_where_processes_cannot_be_had(machine):
    machine(HERE, MISSING, no_containers=None)
    choice = chosen("kafka", Backend.AUTO, None)
    assert choice.backend is Backend.CONTAINER
    assert "toxiproxy: no Go" in choice.why


def test_where_neither_can_be_had_both_gaps_are_named(machine):
    machine(MISSING)
    choice = chosen("kafka", Backend.AUTO, None)
    assert choice.backend is Backend.PROCESS
    assert "toxiproxy: no Go" in choice.why
    assert "no engine answers" in choice.why


def test_engine_that_answers_with_an_error_is_a_gap_and_no_end_of_doctor(monkeypatch):
    def refused(*_):
        raise BrokerError("the container engine could not look for the image: storage is broken")

    monkeypatch.setattr(container_tools, "engine_with_images", refused)
    monkeypatch.setattr(backends, "findings_of", lambda _: (MISSING,))
    lacks, choice = backend_findings(("kafka",))
    assert "storage is broken" in lacks.found
    assert "since containers cannot be had" in choice.found


def test_address_means_the_broker_that_runs_there(machine):
    machine(HERE)
    assert chosen("kafka", Backend.AUTO, "h:1").backend is Backend.EXTERNAL
    assert chosen("kafka", Backend.EXTERNAL, "h:1").backend is Backend.EXTERNAL


@pytest.mark.parametrize(
    ("asked", "address", "said"),
    [
        (Backend.EXTERNAL, None, "name the broker too"),
        (Backend.PROCESS, "h:1", "a running broker is used as it is"),
        (Backend.CONTAINER, "h:1", "a running broker is used as it is"),
    ],
    ids=["external-without-address", "process-with-address", "container-with-address"],
)
def test_what_excludes_itself_is_refused(asked, address, said):
    with pytest.raises(UsageError, match=said):
        chosen("kafka", asked, address)


def test_version_of_a_broker_that_runs_already_cannot_be_asked_for():
    wanted = Wanted(
        system="kafka", backend=Backend.EXTERNAL, broker="kafka:3.9.2", address="localhost:9092"
    )
    with pytest.raises(UsageError, match="leave --broker out"):
        maker_of("kafka").tools(wanted, print)


@pytest.mark.parametrize(
    "address",
    [("--bootstrap", "nonsense"), ("--amqp", "amqp://h:many")],
    ids=["no-port", "port-that-is-no-number"],
)
def test_address_that_is_none_is_usage_and_nobody_is_asked(address, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["deliverycheck", "run", *address])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == ExitCode.USAGE
    assert "expected" in capsys.readouterr().err
