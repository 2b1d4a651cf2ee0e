"""Nothing outlives the harness, however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deliverycheck.brokers import sweep
from deliverycheck.brokers.guardian import Guardian, sweep_leftovers
from deliverycheck.brokers.processes import wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="markers are read from /proc"
)

ROOT = Path(__file__).resolve().parents[1]
GONE_S_MAX = 2.0
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

# A harness with a child, a grandchild in a session of its own, a stopped child
# and a listener; it prints their pids and the port.
HARNESS = """
import socket, subprocess, sys, time
from pathlib import Path
from deliverycheck.brokers import sweep
from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.processes import Child

log = Path(sys.argv[1])
guardian = Guardian.start()
parent = '''
import subprocess, sys, time
print(subprocess.Popen(["sleep", "60"], start_new_session=True).pid, flush=True)
time.sleep(60)
'''
listener = '''
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
'''
first = Child.spawn([sys.executable, "-c", parent], log=log / "parent", guardian=guardian)
second = Child.spawn([sys.executable, "-c", listener], log=log / "listener", guardian=guardian)
third = Child.spawn(["sleep", "60"], log=log / "stopped", guardian=guardian)
third.pause()
while not (first.last_lines() and second.last_lines()):
    time.sleep(0.01)
data = sweep.data_folder(guardian.marker)
data.mkdir(parents=True)
data.joinpath("segment").write_bytes(b"x")
grandchild = first.last_lines()[0]
port = second.last_lines()[0]
print(guardian.pid, first.pid, second.pid, third.pid, grandchild, port, data, flush=True)
time.sleep(60)
"""


def started_harness(folder):
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, sweep.DATA_VARIABLE: str(folder / "data")},
    )
    with harness.stdout:
        *pids, port, data = harness.stdout.readline().split()
    return harness, [int(pid) for pid in pids], int(port), Path(data)


def lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def none_lives(pids):
    return not any(lives(pid) for pid in pids)


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_and_no_port_of_a_harness_outlives_it(tmp_path, ended_by):
    harness, pids, port, data = started_harness(tmp_path)
    assert all(lives(pid) for pid in pids)

    harness.send_signal(ended_by)
    harness.wait()

    assert wait_until(lambda: none_lives(pids), timeout_s=GONE_S_MAX), "a process lives on"
    assert not data.exists()
    assert connect_refused(port)


def connect_refused(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_next_start_ends_what_a_killed_guardian_could_not(tmp_path, monkeypatch):
    harness, pids, _, data = started_harness(tmp_path)
    guardian, *others = pids
    os.kill(guardian, signal.SIGKILL)
    harness.kill()
    harness.wait()
    assert all(lives(pid) for pid in others)

    monkeypatch.setenv(sweep.DATA_VARIABLE, str(tmp_path / "data"))
    ended = sweep_leftovers()

    assert set(others) <= ended
    assert none_lives(others)
    assert not data.exists()


def test_what_belongs_to_a_living_harness_is_left_alone(tmp_path):
    harness, pids, _, data = started_harness(tmp_path)
    try:
        assert not sweep_leftovers() & set(pids)
        assert all(lives(pid) for pid in pids)
        assert data.exists()
    finally:
        harness.kill()
        harness.wait()
        assert wait_until(lambda: none_lives(pids), timeout_s=GONE_S_MAX)


def test_guardian_is_shared_and_ends_with_its_last_user():
    with Guardian.start() as first:
        with Guardian.start() as second:
            assert second is first
            assert os.environ[sweep.VARIABLE] == first.marker
        assert lives(first.pid)
        child = subprocess.Popen(SLEEP)
    assert not lives(first.pid)
    assert child.wait(timeout=1) == -signal.SIGKILL


def test_killed_guardian_is_replaced_at_the_next_registration():
    with Guardian.start() as guardian:
        before = guardian.pid
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda: not lives(before), timeout_s=1)
        guardian.register(os.getpid())
        assert guardian.pid != before
        assert lives(guardian.pid)
        guardian.forget(os.getpid())


@pytest.mark.parametrize(
    ("marker", "judged_dead"),
    [
        (f"{os.getpid()}-{sweep.start_time(os.getpid())}-ab", False),
        (f"{os.getpid()}-1-ab", True),
        ("something else", False),
    ],
    ids=["its-harness-lives", "its-pid-is-anothers-now", "not-of-our-form-is-not-ours"],
)
def test_marker_tells_whether_its_harness_lives(marker, judged_dead):
    sleeper = subprocess.Popen(SLEEP, env={**os.environ, sweep.VARIABLE: marker})
    try:
        assert wait_until(lambda: sweep.marker_of(sleeper.pid) == marker, timeout_s=1)
        started = time.monotonic()
        assert (sleeper.pid in sweep_leftovers()) is judged_dead
        assert time.monotonic() - started < GONE_S_MAX
    finally:
        sleeper.kill()
        sleeper.wait()


CLEANED = """
import os, signal, sys, time
from pathlib import Path
from deliverycheck.brokers.guardian import Guardian

guardian = Guardian.start()
for name in ("kept", "forgotten"):
    made = f"open({sys.argv[1] + '/' + name!r}, 'w').write(str(os.environ))"
    command = (sys.executable, "-c", "import os; " + made)
    guardian.clean_with(command)
guardian.forget_cleaner(command)
if sys.argv[2] == "close":
    guardian.close()
else:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("end", ["close", "kill"])
def test_what_has_no_process_is_cleaned_by_its_command_unless_that_was_forgotten(tmp_path, end):
    """And unmarked, or a harness that starts meanwhile would end it."""
    subprocess.run(
        [sys.executable, "-c", CLEANED, str(tmp_path), end], check=end == "close", cwd=ROOT
    )
    kept = tmp_path / "kept"
    overload = max(1.0, os.getloadavg()[0] / os.cpu_count())
    assert wait_until(lambda: kept.exists() and kept.read_text(), timeout_s=GONE_S_MAX * overload)
    assert sweep.VARIABLE not in kept.read_text()
    assert not (tmp_path / "forgotten").exists()


@pytest.mark.parametrize("line", ['!["/no/such/program"]\n', '!["cut off'])
def test_cleaner_that_cannot_be_started_keeps_nothing_alive(line):
    marker = f"{os.getpid()}-1-cd"
    sleeper = subprocess.Popen(SLEEP, env={**os.environ, sweep.VARIABLE: marker})
    try:
        assert wait_until(lambda: sweep.marker_of(sleeper.pid) == marker, timeout_s=1)
        guardian = [sys.executable, "-I", "-S", sweep.__file__, marker]
        subprocess.run(guardian, input=line, text=True, check=True, timeout=10)
        assert sleeper.wait(timeout=1) == -signal.SIGKILL
    finally:
        sleeper.kill()
        sleeper.wait()
