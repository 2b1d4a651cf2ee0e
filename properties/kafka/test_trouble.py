"""Trouble of the infrastructure: one clear message, the right exit code, nothing left behind."""

import json
import os
import signal
import time
from pathlib import Path
from random import Random

import pytest

from deliverycheck.brokers.aftermath import Harness
from deliverycheck.brokers.processes import wait_until
from deliverycheck.history import read_history
from deliverycheck.search.record import ExitCode

CLAIM = ("--claim", "kafka-acks-all", "--minutes", "0.2")
ENDED_S_MAX = 60.0
KILLS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trouble")


@pytest.fixture(scope="module", autouse=True)
def nothing_of_them_is_left():
    """A test that fails leaves a harness behind, but not for longer than the module."""
    started = []
    begin = Harness.__init__

    def remembered(self, *arguments, **options):
        begin(self, *arguments, **options)
        started.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Harness, "__init__", remembered)
        yield
    for harness in started:
        if harness.process.poll() is None:
            harness.process.kill()
            harness.process.wait()


def process_of(harness, program):
    """The pid of the broker or proxy for executions side by side."""
    for pid in harness.pids():
        process = Path(f"/proc/{pid}")
        if program in (process / "cmdline").read_text() and (
            (process / "cwd").readlink() == harness.folder / "broker"
        ):
            return pid
    pytest.fail(f"no {program} among {harness.pids()}: {harness.words()}")


def ended(harness):
    """Its exit code; nothing of it lives."""
    code = harness.process.wait(ENDED_S_MAX)
    assert wait_until(lambda: not harness.pids(), timeout_s=2.0)
    assert "Traceback" not in harness.words()
    return code


def record_of(harness):
    return json.loads((harness.folder / "campaign.json").read_text())


# The harness is killed.


def test_killed_harness_leaves_no_process_no_port_and_readable_histories(folder):
    """Several at once: what ends one must leave the others alone."""
    seed = time.time_ns() % 1_000_000
    chance = Random(seed)  # noqa: S311  # Printed if it fails.
    harnesses = [Harness(folder / f"killed-{number}") for number in range(KILLS)]
    for number, harness in enumerate(harnesses):
        when = harness.await_moment(chance, in_start=number == 0)
        aftermath = harness.kill()
        assert aftermath.left == (), f"seed {seed}, killed {when}"
        assert number == 0 or (aftermath.histories and aftermath.ports)
        assert all(other.process.poll() is None for other in harnesses[number + 1 :])


# It is told to stop.


@pytest.fixture(scope="module")
def stopped(folder):
    """Harnesses that met a signal in the middle of their executions."""
    harnesses = {
        number: Harness(folder / f"stopped-by-{number.name}")
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    for number, harness in harnesses.items():
        harness.await_execution()
        harness.process.send_signal(number)
    return harnesses


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_run_in_order_with_a_report_of_what_was_done(stopped, number):
    harness = stopped[number]
    code = ended(harness)
    record = record_of(harness)
    assert record["interrupted"]
    assert record["executions"]
    assert code == record["exit_code"] == ExitCode.NOT_EXERCISED
    assert (harness.folder / "report.html").exists()
    assert "interrupted" in harness.words()


def test_second_ctrl_c_ends_a_run_at_once(folder):
    harness = Harness(folder / "stopped-twice")
    harness.await_execution()
    harness.process.send_signal(signal.SIGINT)
    assert wait_until(lambda: "ends at once" in harness.words(), timeout_s=5.0)
    harness.process.send_signal(signal.SIGINT)
    assert harness.process.wait(2.0) == -signal.SIGINT
    assert wait_until(lambda: not harness.pids(), timeout_s=2.0)
    assert all(read_history(path) for path in harness.histories() if path.stat().st_size)


# Something that it runs dies.


@pytest.fixture(scope="module")
def bereft(folder):
    """Harnesses whose proxy or broker was ended from outside, by what ended it."""
    deaths = {
        "proxy": ("toxiproxy-server", signal.SIGKILL),
        "broker killed": ("kafka.Kafka", signal.SIGKILL),
        "broker aborted": ("kafka.Kafka", signal.SIGABRT),
    }
    harnesses = {name: Harness(folder / name.replace(" ", "-"), CLAIM) for name in deaths}
    for name, (program, number) in deaths.items():
        harnesses[name].await_execution()
        os.kill(process_of(harnesses[name], program), number)
    return harnesses


def test_run_goes_on_when_its_proxy_dies(bereft):
    code = ended(bereft["proxy"])
    record = record_of(bereft["proxy"])
    assert "a fresh broker, because" in bereft["proxy"].words()
    assert "ended by SIGKILL" in bereft["proxy"].words()
    assert "toxiproxy.log" in bereft["proxy"].words()
    assert 0 < record["inconclusive"] < record["executions"]
    assert code in {ExitCode.AS_CLAIMED, ExitCode.INFRASTRUCTURE, ExitCode.NOT_EXERCISED}


def test_broker_killed_from_outside_is_taken_for_out_of_memory_and_no_finding(bereft):
    code = ended(bereft["broker killed"])
    record = record_of(bereft["broker killed"])
    assert "ended by SIGKILL, out of memory" in bereft["broker killed"].words()
    assert "notes" not in record
    assert 0 < record["inconclusive"] < record["executions"]
    assert code in {ExitCode.AS_CLAIMED, ExitCode.INFRASTRUCTURE, ExitCode.NOT_EXERCISED}


def test_broker_that_aborts_by_itself_is_a_finding(bereft):
    code = ended(bereft["broker aborted"])
    record = record_of(bereft["broker aborted"])
    assert code == ExitCode.BROKEN
    assert [note for note in record["notes"] if "died by itself (ended by SIGABRT)" in note]
    assert "b1.log" in record["notes"][0]
    assert 0 < record["inconclusive"] < record["executions"]
