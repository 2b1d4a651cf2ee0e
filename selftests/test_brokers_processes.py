"""Programs of the harness: what they inherit, and that a signal acted when its call returns."""

import os
import signal
import sys
from pathlib import Path

import pytest

from deliverycheck.brokers.guardian import Guardian
from deliverycheck.brokers.processes import Child, ProcessError, exit_text, wait_until


@pytest.fixture(scope="module")
def guardian():
    with Guardian.start() as running:
        yield running


@pytest.fixture
def sleeper(guardian, tmp_path):
    child = Child.spawn(["sleep", "60"], log=tmp_path / "log", guardian=guardian)
    yield child
    child.kill()


def test_paused_process_is_stopped_when_pause_returns(sleeper):
    sleeper.pause()
    assert state_of(sleeper.pid) == "T"
    sleeper.resume()
    assert state_of(sleeper.pid) != "T"


def test_process_can_be_paused_again_and_killed_while_stopped(sleeper):
    sleeper.pause()
    sleeper.resume()
    sleeper.pause()
    assert sleeper.kill() == -signal.SIGKILL


def test_signal_for_a_process_that_is_gone_says_how_it_ended(sleeper):
    os.kill(sleeper.pid, signal.SIGTERM)
    assert wait_until(lambda: sleeper.exit_code() is not None, timeout_s=1)
    with pytest.raises(ProcessError, match=r"SIGSTOP .* it is gone, ended by SIGTERM"):
        sleeper.pause()


def test_missing_program_is_named(guardian, tmp_path):
    with pytest.raises(ProcessError, match=r"cannot start /no/such/java: .*No such file"):
        Child.spawn(["/no/such/java"], log=tmp_path / "log", guardian=guardian)


def test_only_what_changes_no_behaviour_is_inherited(guardian, tmp_path, monkeypatch):
    monkeypatch.setenv("KAFKA_OPTS", "-Dsomething")
    monkeypatch.setenv("HTTP_PROXY", "nowhere")
    code = "import os; print(*sorted(os.environ), sep='\\n')"
    command = [sys.executable, "-c", code]
    child = Child.spawn(
        command, log=tmp_path / "log", guardian=guardian, environment={"LOG_LEVEL": "error"}
    )
    child.wait(5)
    seen = set(child.last_lines(100))
    assert {"PATH", "DELIVERYCHECK_HARNESS", "LOG_LEVEL"} <= seen
    assert not {"KAFKA_OPTS", "HTTP_PROXY"} & seen


def test_last_lines_are_the_last_that_this_program_printed(guardian, tmp_path):
    tmp_path.joinpath("log").write_text("of the one before\n")
    command = [sys.executable, "-c", "print(*range(9), sep='\\n')"]
    child = Child.spawn(command, log=tmp_path / "log", guardian=guardian)
    child.wait(5)
    assert child.last_lines(2) == ("7", "8")
    assert child.last_lines(99)[0] == "0"


@pytest.mark.parametrize(
    ("code", "text"), [(3, "exit code 3"), (-9, "ended by SIGKILL"), (-99, "ended by signal 99")]
)
def test_exit_code_is_told_in_words(code, text):
    assert exit_text(code) == text


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
