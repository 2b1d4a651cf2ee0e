"""Trouble of the infrastructure: one clear message, the right exit code, nothing left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from deliverycheck.brokers import BrokerError, Guardian, open_kafka
from deliverycheck.brokers.aftermath import PROGRAM, Harness
from deliverycheck.brokers.processes import wait_until
from deliverycheck.brokers.provision import toolchain
from deliverycheck.clients import WorkerPool, client_program
from deliverycheck.executions import LiveTarget, SlotPool, execute
from deliverycheck.history import ExecutionFolder, read_history
from deliverycheck.plans import Plan, Publish, Subject
from deliverycheck.search.record import ExitCode
from faults import Injector, Toxiproxy

ENDLESS = ("--profile", "ci", "--minutes", "5")
ECHO_S = 0.4  # A second signal that comes sooner counts as the first.
CLAIM = ("--claim", "kafka-acks-all", "--minutes", "0.1")
# What a death broke runs once more on a fresh broker: 57 s, three harnesses on two idle cores.
ENDED_S_MAX = 240.0
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
    end(started)


def end(harnesses):
    for harness in harnesses:
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
    harnesses = [Harness(folder / f"killed-{number}", ENDLESS) for number in range(KILLS)]
    try:
        for number, harness in enumerate(harnesses):
            when = harness.await_moment(chance, in_start=number == 0)
            aftermath = harness.kill()
            assert aftermath.left == (), f"seed {seed}, killed {when}"
            assert number == 0 or (aftermath.histories and aftermath.ports)
            assert all(other.process.poll() is None for other in harnesses[number + 1 :])
    finally:
        end(harnesses)  # Else they work beside all tests that follow.


# It is told to stop.


@pytest.fixture(scope="module")
def stopped(folder):
    """Harnesses that met a signal in the middle of their executions."""
    harnesses = {
        number: Harness(folder / f"stopped-by-{number.name}", ENDLESS)
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
    assert code == record["exit_code"]
    # Never a verdict on the rest; one inconclusive execution of a dozen is over the 5 %.
    expected = ExitCode.INFRASTRUCTURE if record["inconclusive"] else ExitCode.NOT_EXERCISED
    assert code in {ExitCode.AS_CLAIMED, expected}, harness.words()
    assert (harness.folder / "report.html").exists()
    assert "interrupted" in harness.words()


def test_second_ctrl_c_ends_a_run_at_once(folder):
    harness = Harness(folder / "stopped-twice", ENDLESS)
    harness.await_execution()
    harness.process.send_signal(signal.SIGINT)
    assert wait_until(lambda: "ends at once" in harness.words(), timeout_s=5.0)
    time.sleep(ECHO_S)
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
    assert record["notes"] == []
    assert 0 < record["inconclusive"] < record["executions"]
    assert code in {ExitCode.AS_CLAIMED, ExitCode.INFRASTRUCTURE, ExitCode.NOT_EXERCISED}


def test_broker_that_aborts_by_itself_is_a_finding(bereft):
    code = ended(bereft["broker aborted"])
    record = record_of(bereft["broker aborted"])
    assert code == ExitCode.BROKEN
    assert [note for note in record["notes"] if "died by itself (ended by SIGABRT)" in note]
    assert "b1.log" in record["notes"][0]
    assert 0 < record["inconclusive"] < record["executions"]


# A disk is full: a small one, in a mount namespace of the test's own.

_ON_SMALL_DISK = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


def on_small_disk(size, place, command, **environment):
    """What the command printed, and its exit code; the disk is gone with its namespace."""
    place.mkdir(parents=True)
    own = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    try:
        mounting = [*own, "mount", "-t", "tmpfs", "none", place]
        subprocess.run(mounting, check=True)  # noqa: S603  # Our own words.
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mount namespace of our own is allowed here")
    return subprocess.run(  # noqa: S603  # As above.
        [*own, "sh", "-c", _ON_SMALL_DISK, "-", size, place, *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=ENDED_S_MAX,
        check=False,
    )


def run_into(folder):
    return [sys.executable, "-c", PROGRAM, "run", "--profile", "smoke", *CLAIM, "--out", folder]


def test_full_disk_under_the_campaign_ends_it_with_what_was_found(folder):
    disk = folder / "small"
    ran = on_small_disk("150k", disk, run_into(disk / "campaign"))
    printed = " ".join((ran.stdout + ran.stderr).split())
    assert ran.returncode == ExitCode.INFRASTRUCTURE, printed
    assert re.search(r"stopped before its end: …/[\w./-]+: No space left on device", printed)
    assert "Traceback" not in printed
    assert "acks=all, flushed" in printed


def test_full_disk_under_the_broker_is_named_and_no_finding(folder):
    disk = folder / "small data"
    ran = on_small_disk(
        "1m", disk, run_into(folder / "no-room-for-data"), DELIVERYCHECK_DATA=str(disk)
    )
    printed = " ".join((ran.stdout + ran.stderr).split())
    assert ran.returncode == ExitCode.INFRASTRUCTURE, printed
    assert "No space left on device" in printed
    assert "broker/b1.log" in printed
    assert "Traceback" not in printed


# The broker does not start.


@pytest.fixture(scope="module")
def kafka():
    return toolchain().kafka


def start(kafka, folder, **overrides):
    with (
        Guardian.start() as guardian,
        open_kafka(kafka, folder=folder, guardian=guardian, slots=1, overrides=overrides),
    ):
        pytest.fail("it started")


def test_java_that_does_not_run_kafka_is_named_with_the_log(kafka, folder):
    bad = replace(kafka, java=replace(kafka.java, executable=Path("/bin/false")))
    with pytest.raises(BrokerError, match=r"b1 is gone \(exit code 1\).*bad-java/b1\.log"):
        start(bad, folder / "bad-java")


def test_java_that_is_not_there_is_named(kafka, folder):
    bad = replace(kafka, java=replace(kafka.java, executable=Path("/nowhere/java")))
    with pytest.raises(BrokerError, match=r"cannot start /nowhere/java: .*No such file.*doctor"):
        start(bad, folder / "no-java")


def test_broker_setting_that_kafka_refuses_stands_in_the_message(kafka, folder):
    with pytest.raises(BrokerError, match=r"(?s)b1 is gone.*b1\.log.*log\.segment\.bytes"):
        start(kafka, folder / "bad-setting", **{"log.segment.bytes": "many"})


# A worker misbehaves: a foreign program in a few lines.

HELLO = """
import json, os, sys, time
def say(text): os.write(1, text.encode() + b"\\n")
say(json.dumps({"event": "hello", "protocol": 1, "language": "python", "library": "fake",
    "version": "0", "capabilities": ["open_producer", "publish", "flush", "reset", "exit"]}))
print("a fake, for a test", file=sys.stderr, flush=True)
sys.stdin.readline()
HELD = b'{"event": "held", "point": "on_delivery"' + b" " * 60_000 + b"}" + bytes([10])
"""
PLAN = Plan(system="kafka", subject=Subject(producer={"acks": "all"}), steps=(Publish(),))


@pytest.fixture(scope="module")
def live(kafka, folder):
    """A broker and a proxy that behave; whose workers run is for the test to say."""
    with (
        Guardian.start() as guardian,
        open_kafka(kafka, folder=folder / "live", guardian=guardian, slots=4) as broker,
    ):
        proxy = Toxiproxy(
            toolchain().toxiproxy.executable,
            slots=broker.slots(),
            folder=folder / "live",
            guardian=guardian,
        )
        proxy.start()
        try:
            yield broker, Injector(proxy)
        finally:
            proxy.stop()


def executed(live, folder, name, program):
    """The plan with workers that run this program."""
    workers = folder / name
    workers.mkdir()
    broker, links = live
    pool = WorkerPool((sys.executable, "-I", "-S", "-c", program), spare=1, folder=workers)
    try:
        target = LiveTarget(
            broker=broker,
            links=links,
            workers=pool,
            program=client_program("kafka"),
            slots=SlotPool(broker.slots()),
        )
        return execute(PLAN, target, ExecutionFolder(root=folder / f"{name}-execution"))
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("name", "program", "words"),
    [
        (
            "rubbish",
            HELLO + "say('Hello, world'); time.sleep(60)",
            "printed a line that is no event",
        ),
        ("dies", HELLO + "sys.exit(7)", "exited with status 7"),
        ("endless-line", HELLO + "while True: os.write(1, b'x' * 65536)", "without its end"),
        (
            "flood",
            HELLO + "while True: os.write(1, HELD)",
            "of events since it last answered",
        ),
        (
            "not-its-own",
            HELLO + "say(json.dumps({'event': 'ok', 'op': 77})); time.sleep(60)",
            "completed operation 77, which it was never asked for",
        ),
        ("no-hello", "print('starting up...', flush=True)", "printed a line that is no event"),
    ],
    ids=[
        "prints-rubbish",
        "dies",
        "prints-an-endless-line",
        "floods",
        "completes-what-is-not-its-own",
        "says-no-hello",
    ],
)
def test_worker_that_misbehaves_is_named_with_its_log(live, folder, name, program, words):
    execution = executed(live, folder, name, program)
    assert execution.inconclusive is not None
    assert words in execution.inconclusive
    assert str(folder / name / "worker-1.stderr") in execution.inconclusive
    assert execution.broker_died is None
    assert read_history(execution.folder.history).cut


def test_worker_that_hangs_leaves_the_execution_unknown_and_is_killed(live, folder, monkeypatch):
    monkeypatch.setattr("deliverycheck.executions.producer.OPEN_DEADLINE_S", 0.2)
    monkeypatch.setattr("deliverycheck.executions.stage.CALL_DEADLINE_S", 0.2)
    monkeypatch.setattr("deliverycheck.executions.tail.JOIN_DEADLINE_S", 0.2)
    execution = executed(live, folder, "hangs", HELLO + "time.sleep(60)")
    history = read_history(execution.folder.history)
    assert execution.inconclusive is None
    assert "p1#1 did not answer after the last heal and was killed" in history.phases[-1].reason
