"""Trouble of the infrastructure: one clear message each, nothing left behind, nor by Erlang."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from deliverycheck.brokers import BrokerError, Guardian, RabbitProcess
from deliverycheck.brokers.aftermath import GONE_S_MAX, Harness
from deliverycheck.brokers.ports import listeners, pids_behind
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import rabbit_toolchain
from deliverycheck.brokers.sweep import marked_processes

ENDLESS = ("--minutes", "5", "--system", "rabbitmq")
OUR_PORTS = range(10_240, 32_768)
NODES = """
import sys, time
from pathlib import Path
from deliverycheck.brokers import Guardian, RabbitProcess
from deliverycheck.brokers.provision import rabbit_toolchain

with Guardian.start() as guardian:
    broker = RabbitProcess(
        rabbit_toolchain().rabbitmq, folder=Path(sys.argv[1]), guardian=guardian, slots=4
    )
    print("starting", flush=True)
    broker.start()
    if "paused" in sys.argv:
        broker.pause("b1")
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def rabbitmq():
    return rabbit_toolchain().rabbitmq


# The harness is killed.


@pytest.mark.parametrize(
    ("words", "wait_s"),
    [(("starting",), 0.0), (("starting",), 1.0), (("up",), 0.0), (("up", "paused"), 0.0)],
    ids=["before-the-node-is-there", "while-it-starts", "while-it-runs", "while-it-is-paused"],
)
def test_killed_harness_leaves_no_node_no_port_mapper_and_no_port(tmp_path, words, wait_s):
    harness = subprocess.Popen(  # noqa: S603  # Our own program.
        [sys.executable, "-c", NODES, tmp_path, *words], stdout=subprocess.PIPE, text=True
    )
    try:
        for line in harness.stdout:
            if line.strip() == words[0]:
                break
        time.sleep(wait_s)  # Its end is the moment.
        pids = of_harness(harness.pid)
        ports = {
            port
            for port, pid in pids_behind(OUR_PORTS, likely=pids).items()
            if pid in {*pids, harness.pid}
        }
        sockets = listeners(ports)
    finally:
        harness.kill()
        harness.wait()
        harness.stdout.close()
    assert pids, "the guardian at least was there"
    if words[0] == "up":
        assert len(ports) >= 10, "the node's, and ours for its names"
    overload = max(1.0, os.getloadavg()[0] / os.cpu_count())
    wait_until(
        lambda: not of_harness(harness.pid) and not set(listeners(ports)) & set(sockets),
        timeout_s=GONE_S_MAX * overload,
        poll_s=0.02,
    )
    assert of_harness(harness.pid) == frozenset()
    assert set(listeners(ports)) & set(sockets) == set()
    assert "epmd" not in programs()


def of_harness(pid):
    """Pids that carry its marker."""
    return frozenset(each for each, marker in marked_processes() if marker.startswith(f"{pid}-"))


def programs():
    return {name(path) for path in Path("/proc").glob("[0-9]*/comm")}


def name(path):
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # It has ended meanwhile.


def test_killed_campaign_leaves_no_process_no_port_and_readable_histories(tmp_path):
    seed = time.time_ns() % 1_000_000
    harness = Harness(tmp_path / "killed", ENDLESS)
    try:
        when = harness.await_moment(Random(seed), in_start=False)  # noqa: S311
        aftermath = harness.kill()
        assert aftermath.left == (), f"seed {seed}, killed {when}"
        assert aftermath.histories
        assert aftermath.ports
    finally:
        if harness.process.poll() is None:
            harness.process.kill()
            harness.process.wait()


def test_stopped_broker_leaves_no_process_of_erlang(rabbitmq, tmp_path):
    with Guardian.start() as guardian:
        others = of_harness(os.getpid())  # Brokers that the session's claims run on.
        broker = RabbitProcess(rabbitmq, folder=tmp_path, guardian=guardian, slots=1)
        broker.start()
        own = of_harness(os.getpid()) - others
        assert {name(Path(f"/proc/{pid}/comm")) for pid in own} >= {"beam.smp"}
        broker.stop()
        assert wait_until(lambda: not of_harness(os.getpid()) - others, timeout_s=GONE_S_MAX), (
            "its port programs end with it"
        )


# The node does not come up.


def start(rabbitmq, folder, **overrides):
    with Guardian.start() as guardian:
        broker = RabbitProcess(
            rabbitmq, folder=folder, guardian=guardian, slots=1, overrides=overrides
        )
        try:
            broker.start()
            pytest.fail("it started")
        finally:
            broker.stop()


def test_setting_that_rabbitmq_refuses_stands_in_the_message(rabbitmq, tmp_path):
    with pytest.raises(BrokerError, match=r"(?s)b1 is gone.*b1\.log.*no\.such\.setting"):
        start(rabbitmq, tmp_path, **{"no.such.setting": "1"})


def test_server_that_does_not_run_is_named_with_its_log(rabbitmq, tmp_path):
    script = tmp_path / "server" / "sbin" / "rabbitmq-server"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\necho 'erl: not found'; exit 127\n")
    script.chmod(0o755)
    (tmp_path / "server" / "plugins").symlink_to(rabbitmq.server / "plugins")
    bad = replace(rabbitmq, server=tmp_path / "server")
    with pytest.raises(BrokerError, match=r"(?s)b1 is gone \(exit code 127\).*erl: not found"):
        start(bad, tmp_path / "node")


def test_server_without_a_plugin_that_is_needed_names_it(rabbitmq, tmp_path):
    plugins = tmp_path / "server" / "plugins"
    plugins.mkdir(parents=True)
    for each in (rabbitmq.server / "plugins").iterdir():
        if not each.name.startswith("rabbitmq_stream-"):
            (plugins / each.name).symlink_to(each)
    bad = replace(rabbitmq, server=tmp_path / "server")
    with pytest.raises(BrokerError, match="RabbitMQ's plugin rabbitmq_stream is missing: "):
        start(bad, tmp_path / "node")
