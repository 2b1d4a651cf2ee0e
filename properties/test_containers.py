"""Trouble with containers: a clear message, the right exit code, nothing of ours left."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deliverycheck.brokers import Guardian
from deliverycheck.brokers.aftermath import PROGRAM
from deliverycheck.brokers.containers.engine import Engine
from deliverycheck.brokers.containers.images import variable_of
from deliverycheck.brokers.containers.kafka import KafkaContainer
from deliverycheck.brokers.containers.owner import HARNESS
from deliverycheck.brokers.node import PortTakenError
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import KAFKA_VERSION, ProvisionError
from deliverycheck.search.record import ExitCode
from properties.in_containers import Containers, EngineDoor

SAID_S_MAX = 60.0
BEGUN_S_MAX = 240.0
# 2 s with a core for each process that is ready to run.
GONE_S_MAX = 2.0
RUN = ("run", "--backend", "container", "--claim", "kafka-acks-all", "--minutes", "0.1")


@pytest.fixture(scope="module")
def containers():
    found = Containers("kafka", KAFKA_VERSION)
    yield found
    found.engine.close()


def said_by(arguments, tmp_path, **environment):
    """The exit code of a command, and all that it said."""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", PROGRAM, *arguments, "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        timeout=SAID_S_MAX * overload(),
        env={**os.environ, **environment},
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def overload():
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


# No engine, or none for us: containers are asked for, and none is there.


def test_no_engine_of_containers_is_told_with_what_to_do(tmp_path):
    nowhere = f"unix://{tmp_path}/none"
    code, said = said_by(RUN, tmp_path, DOCKER_HOST=nowhere)
    assert code == ExitCode.INFRASTRUCTURE
    assert said.startswith("Kafka: backend: container, as asked for\n")
    assert f"container engine: no engine answers at {nowhere}" in said
    assert "To fix it: start one" in said


def test_engine_for_containers_that_is_not_ours_to_use_is_told(tmp_path):
    if os.geteuid() == 0:
        refusing = "import docker.transport.unixconn as u\n"
        refusing += "def no(self): raise PermissionError(13, 'Permission denied')\n"
        refusing += f"u.UnixHTTPConnection.connect = no\n{PROGRAM}"
        command = [sys.executable, "-c", refusing, *RUN, "--out", str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        code, said = done.returncode, done.stderr
    else:
        locked = tmp_path / "socket"
        locked.touch(0o000)
        code, said = said_by(RUN, tmp_path, DOCKER_HOST=f"unix://{locked}")
    assert code == ExitCode.INFRASTRUCTURE, said
    assert "permission denied for the engine at" in said
    assert "usermod -aG docker" in said


def test_engine_for_containers_on_another_machine_is_refused_and_asked_for_nothing(monkeypatch):
    with socket.create_server(("127.0.0.2", 0)) as elsewhere:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.2:{elsewhere.getsockname()[1]}")
        with pytest.raises(ProvisionError, match=r"is on another machine, 127\.0\.0\.2"):
            Engine()
        elsewhere.settimeout(0)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_image_of_containers_that_is_absent_is_named_and_never_pulled(containers, tmp_path):
    before = {one.id for one in containers.engine.client.images.list()}
    absent = {variable_of("kafka"): "deliverycheck-local/none:1"}
    code, said = said_by(RUN, tmp_path, **absent)
    assert code == ExitCode.INFRASTRUCTURE
    assert "the image deliverycheck-local/none:1 is not here, and a run pulls none" in said
    assert "To fix it: deliverycheck pull" in said
    assert {one.id for one in containers.engine.client.images.list()} == before


def test_pull_of_containers_without_a_network_says_what_the_engine_said(containers, tmp_path):
    del containers
    absent = {variable_of("kafka"): "127.0.0.1:1/deliverycheck/none:1"}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", PROGRAM, "pull", "--system", "kafka"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **absent},
    )
    assert done.returncode == ExitCode.INFRASTRUCTURE
    assert "127.0.0.1:1/deliverycheck/none:1: pulling" in done.stdout
    assert "could not be pulled" in done.stderr
    assert "check the network" in done.stderr


# While they run.


def test_port_of_containers_that_is_taken_is_told_as_such(containers, tmp_path, monkeypatch):
    """Once it is tried again with other ports; here each is taken at once."""
    taken = []
    started = KafkaContainer.__init__.__globals__["KafkaContainerNode"].spawn

    def spawn(self):
        taken.append(socket.create_server(("127.0.0.1", self.ports.direct)))
        return started(self)

    monkeypatch.setattr("deliverycheck.brokers.containers.kafka.KafkaContainerNode.spawn", spawn)
    with Guardian.start() as guardian:
        broker = containers.broker(KafkaContainer, folder=tmp_path, guardian=guardian, slots=1)
        try:
            with pytest.raises(PortTakenError, match=r"address already in use|already allocated"):
                broker.start()
        finally:
            broker.stop()
        assert containers.made_by(guardian.marker) == set()
    for one in taken:
        one.close()
    assert len(taken) == 2


def test_container_that_somebody_removed_keeps_nothing_else_of_ours(containers, tmp_path):
    with Guardian.start() as guardian:
        broker = containers.broker(KafkaContainer, folder=tmp_path, guardian=guardian, slots=1)
        try:
            broker.node.prepare()
            broker.node.spawn()
            made = containers.made_by(guardian.marker)
            for kind, name in made:
                if kind == "container":
                    containers.engine.client.containers.get(name).remove(force=True, v=True)
        finally:
            broker.stop()
        assert {kind for kind, _ in made} >= {"container", "network"}
        assert containers.left_of(made) == set()


def test_harnesses_of_containers_that_are_killed_leave_nothing_and_spare_each_other(
    containers, tmp_path
):
    """Two at once; one is killed: all of it is gone, nothing of the other."""
    harnesses = [begun(tmp_path / f"run{number}") for number in range(2)]
    try:
        made = [await_made(containers, harness) for harness in harnesses]
        assert {kind for kind, _ in made[0]} >= {"container", "network"}
        for number, harness in enumerate(harnesses):
            harness.send_signal(signal.SIGKILL)
            harness.wait()
            limit_s = GONE_S_MAX * overload()
            assert wait_until(
                lambda number=number: not containers.left_of(made[number]),
                timeout_s=limit_s,
                poll_s=0.1,
            ), containers.left_of(made[number])
            if number == 0:
                assert harnesses[1].poll() is None
                assert containers.left_of(made[1]) == made[1]
    finally:
        for harness in harnesses:
            harness.kill()
            harness.wait()


def begun(out, **environment):
    out.parent.mkdir(exist_ok=True)
    with out.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-c", PROGRAM, *RUN, "--minutes", "5", "--out", str(out)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, **environment},
        )


def await_made(containers, harness):
    """What it made, once that is a container at least."""

    def found():
        client = containers.engine.client
        marked = (
            one.labels[HARNESS]
            for one in client.containers.list(filters={"label": HARNESS}, ignore_removed=True)
            if one.labels[HARNESS].startswith(f"{harness.pid}-")
        )
        marker = next(marked, None)
        return set() if marker is None else containers.made_by(marker)

    assert wait_until(
        lambda: found() or harness.poll() is not None, timeout_s=BEGUN_S_MAX, poll_s=0.2
    )
    assert harness.poll() is None
    return found()


def test_containers_of_a_harness_whose_guardian_was_killed_too_go_with_the_next(
    containers, tmp_path
):
    harness = begun(tmp_path / "run")
    try:
        made = await_made(containers, harness)
        for pid in guardians_of(harness):
            os.kill(pid, signal.SIGKILL)
        harness.kill()
        harness.wait()
        time.sleep(0.5)
        assert containers.left_of(made), "nobody was there to remove it"
        engine = Engine()
        engine.sweep()
        engine.close()
        assert containers.left_of(made) == set()
    finally:
        harness.kill()
        harness.wait()


def guardians_of(harness):
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"sweep.py") for word in words) and any(
            word.startswith(f"{harness.pid}-".encode()) for word in words
        ):
            yield int(path.parent.name)


def test_run_whose_engine_of_containers_goes_away_ends_as_trouble(containers, tmp_path):
    """The engine is behind a door of ours that closes: for the run it is gone."""
    with EngineDoor(containers.engine, tmp_path / "door") as door:
        harness = begun(tmp_path / "run", DOCKER_HOST=door.address)
        try:
            made = await_made(containers, harness)
            assert wait_until(
                lambda: any((tmp_path / "run").glob("executions/*/history.jsonl")),
                timeout_s=BEGUN_S_MAX,
                poll_s=0.2,
            )
            door.close()
            code = harness.wait(BEGUN_S_MAX)
        finally:
            harness.kill()
            harness.wait()
    said = (tmp_path / "run.log").read_text()
    assert code == ExitCode.INFRASTRUCTURE, said
    assert "Traceback" not in said
    assert "does not answer" in said
    assert "removed by the next one" in said
    engine = Engine()
    engine.sweep()
    engine.close()
    assert containers.left_of(made) == set()
