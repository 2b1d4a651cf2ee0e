"""A Kafka that does not come up, told in one message. Stand-ins for its program, no broker."""

import sys

import pytest

from deliverycheck.brokers import BrokerError, DeathCause, Guardian, kafka
from deliverycheck.brokers.kafka import KafkaProcess
from deliverycheck.brokers.kafka_node import KafkaNode
from deliverycheck.brokers.storage import new_storage


class Distribution:
    """Stands where a `KafkaDistribution` is expected: its command runs a line of Python."""

    version = "4.3.1"

    def __init__(self, template, program):
        self.template = template
        self._program = program

    def command(self, properties):
        if self._program is None:
            return ["/no/such/java"]
        return [sys.executable, "-c", self._program, str(properties)]


@pytest.fixture
def template(tmp_path):
    folder = tmp_path / "template"
    folder.mkdir()
    folder.joinpath("meta.properties").write_text("x=1\n")
    return folder


@pytest.fixture(scope="module")
def guardian():
    with Guardian.start() as running:
        yield running


@pytest.fixture
def started(template, tmp_path, guardian, monkeypatch):
    monkeypatch.setattr(kafka, "_USABLE_S_MAX", 1.5)

    def start(program):
        folder = tmp_path / "a broker"
        broker = KafkaProcess(
            Distribution(template, program), folder=folder, guardian=guardian, slots=2
        )
        try:
            broker.start()
        finally:
            broker.stop()

    return start


def test_missing_java_is_named_with_what_to_do(started):
    with pytest.raises(BrokerError, match=r"cannot start /no/such/java.*deliverycheck doctor"):
        started(None)


def test_broker_that_ends_at_once_is_told_with_the_end_of_its_log(started):
    with pytest.raises(BrokerError, match=r"b1 is gone \(exit code 4\).*b1.log:\n    it hurts"):
        started("print('it hurts'); raise SystemExit(4)")


def test_broker_that_never_listens_is_told_with_the_port(started):
    with pytest.raises(BrokerError, match=r"does not listen on 127.0.0.1:\d+ \d s after its start"):
        started("import time; time.sleep(60)")


def test_broker_that_listens_and_says_nothing_is_not_usable(started):
    program = (
        "import re, socket, sys, time\n"
        "text = open(sys.argv[1]).read()\n"
        "port = int(re.search(r'DIRECT://127.0.0.1:(\\d+)', text)[1])\n"
        "server = socket.create_server(('127.0.0.1', port))\n"
        "time.sleep(60)"
    )
    with pytest.raises(BrokerError, match=r"b1 is not usable: 127.0.0.1:\d+ gave no metadata"):
        started(program)


def test_taken_port_is_tried_once_more_on_other_ports(started, tmp_path):
    program = (
        "import re, sys\n"
        "port = re.search(r'DIRECT://127.0.0.1:(\\d+)', open(sys.argv[1]).read())[1]\n"
        "print('tried', port, flush=True)\n"
        "raise SystemExit('java.net.BindException: Address already in use')"
    )
    with pytest.raises(BrokerError, match="Address already in use"):
        started(program)
    log = (tmp_path / "a broker" / "b1.log").read_text()
    tried = {line for line in log.splitlines() if line.startswith("tried")}
    assert len(tried) == 2


def test_folder_that_cannot_be_written_is_named(template, tmp_path, guardian):
    tmp_path.joinpath("file").write_text("")
    broker = KafkaProcess(
        Distribution(template, None), folder=tmp_path / "file" / "b", guardian=guardian, slots=2
    )
    with pytest.raises(BrokerError, match=r"b1: cannot write its folder .*file/b"):
        broker.start()
    broker.stop()


def test_unknown_node_and_node_that_does_not_run_are_refused(template, tmp_path, guardian):
    broker = KafkaProcess(Distribution(template, None), folder=tmp_path, guardian=guardian)
    with pytest.raises(BrokerError, match="no node 'b2'; this broker has b1"):
        broker.kill("b2")
    with pytest.raises(BrokerError, match="cannot kill b1: it is not running"):
        broker.kill("b1")
    assert broker.died() is None


@pytest.mark.parametrize(
    ("exit_code", "lines", "cause"),
    [
        (3, (), DeathCause.OUT_OF_MEMORY),
        (-9, (), DeathCause.OUT_OF_MEMORY),
        (1, ("java.lang.OutOfMemoryError: Java heap space",), DeathCause.OUT_OF_MEMORY),
        (1, ("java.io.IOException: No space left on device",), DeathCause.DISK_FULL),
        (1, ("something else",), DeathCause.ITSELF),
        (-6, (), DeathCause.ITSELF),
    ],
    ids=[
        "the-jvm-ends-itself-without-memory",
        "sigkill-that-nobody-here-sent-is-the-kernels-for-memory",
        "heap-in-the-log",
        "full-disk-in-the-log",
        "anything-else-is-a-finding",
        "abort-is-a-finding",
    ],
)
def test_cause_of_death(exit_code, lines, cause):
    assert KafkaNode.cause_of_death(exit_code, lines) is cause


def test_data_go_where_the_user_says(tmp_path, guardian, monkeypatch):
    monkeypatch.setenv("DELIVERYCHECK_DATA", str(tmp_path / "chosen"))
    assert new_storage(guardian).is_relative_to(tmp_path / "chosen")
