"""A worker may do anything; its handle never blocks, loses nothing, and says what happened."""

import os
import time

import pytest

from deliverycheck.clients import (
    HelloEvent,
    Reply,
    ReturnedEvent,
    WorkerDeafError,
    WorkerDiedError,
    WorkerHandle,
    WorkerRubbishError,
    WorkerSilentError,
    commands,
    pipes,
)
from deliverycheck.clients.spawn import is_stopped, worker_environment
from selftests.fake_workers import GOOD, fake


@pytest.fixture
def start(tmp_path):
    """Start a fake worker; all are killed in the end."""
    handles = []

    def start_one(program, *, hello=True):
        handle = WorkerHandle(fake(program), tmp_path, f"worker-{len(handles) + 1}")
        handles.append(handle)
        if hello:
            handle.await_hello(5)
        return handle

    yield start_one
    for handle in handles:
        handle.kill()


def hear_until(handle, error, seconds=5):
    """What it says until it is in trouble, and the trouble."""
    heard = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            heard += handle.receive()
        except error as trouble:
            return heard, str(trouble)
        time.sleep(0.002)
    pytest.fail(f"no {error.__name__} within {seconds} s; heard {heard[-3:]}")


def test_command_is_answered_under_its_id(start):
    handle = start(GOOD)
    assert handle.call(commands.Idle(), 5) == Reply(re=1)
    assert handle.call(commands.Idle(), 5) == Reply(re=2)


def test_line_that_is_no_event_is_shown_and_what_came_before_it_is_kept(start):
    handle = start(
        "say(HELLO); say({'event': 'returned', 'op': 3}); say('Segfault at 0x0'); hear()"
    )
    heard, message = hear_until(handle, WorkerRubbishError)
    assert heard == [ReturnedEvent(op=3)]
    assert "Segfault at 0x0" in message
    assert str(handle.stderr) in message


@pytest.mark.parametrize(
    "line",
    [
        "{'event': 'sneeze'}",
        "{'event': 'ok'}",
        "{'event': 'ok', 'op': 'one'}",
        "{}",
        "[1]",
        "'\\xff'",
    ],
    ids=[
        "unknown-event",
        "field-missing",
        "field-of-the-wrong-kind",
        "neither-event-nor-reply",
        "no-object",
        "no-json",
    ],
)
def test_line_that_breaks_the_protocol_is_rubbish(start, line):
    handle = start(f"say(HELLO); say({line}); hear()")
    _, message = hear_until(handle, WorkerRubbishError)
    assert "no event of protocol 1" in message


def test_unknown_field_of_an_event_is_ignored(start):
    handle = start("say(HELLO); say({'event': 'returned', 'op': 3, 'mood': 'good'}); hear()")
    assert handle.await_line(lambda _: True, 5, "its event") == ReturnedEvent(op=3)


def test_line_without_an_end_is_cut_off_at_the_limit(start, monkeypatch):
    monkeypatch.setattr(pipes, "LINE_BYTES_MAX", 100_000)
    handle = start("say(HELLO)\nwhile True: os.write(1, b'x' * 65536)")
    _, message = hear_until(handle, WorkerRubbishError)
    assert "without its end" in message


def test_flood_of_events_ends_the_worker_not_the_harness(start, monkeypatch):
    monkeypatch.setattr(pipes, "UNASKED_BYTES_MAX", 1_000_000)
    handle = start(
        'say(HELLO)\nwhile True: say(\'\\n\'.join([\'{"event":"returned","op":1}\'] * 999))'
    )
    _, message = hear_until(handle, WorkerRubbishError)
    assert "since it last answered" in message


def test_many_events_that_were_asked_for_are_no_flood(start, monkeypatch):
    monkeypatch.setattr(pipes, "UNASKED_BYTES_MAX", 100_000)
    handle = start(
        "say(HELLO)\nwhile True:\n  n = hear()['id']\n"
        "  say('\\n'.join(['{\"event\":\"returned\",\"op\":1}'] * 2000)); say({'re': n})"
    )
    for _ in range(5):
        handle.call(commands.Idle(), 5)


def test_death_is_told_after_its_last_words_with_status_and_log(start):
    handle = start(
        "say(HELLO); say({'event': 'returned', 'op': 3})\n"
        "sys.stderr.write('assertion failed: rk\\n'); sys.exit(7)"
    )
    heard, message = hear_until(handle, WorkerDiedError)
    assert heard == [ReturnedEvent(op=3)]
    assert "exited with status 7" in message
    assert "assertion failed: rk" in message


def test_death_by_a_signal_names_the_signal(start):
    handle = start("say(HELLO); os.kill(os.getpid(), signal.SIGSEGV)")
    _, message = hear_until(handle, WorkerDiedError)
    assert "ended by signal 11" in message


def test_torn_last_line_of_a_dead_worker_is_no_event(start):
    handle = start('say(HELLO); os.write(1, b\'{"event":"returned","op":\'); sys.exit(0)')
    heard, _ = hear_until(handle, WorkerDiedError)
    assert heard == []


def test_worker_that_never_says_hello_is_silent(start):
    handle = start("time.sleep(60)", hello=False)
    with pytest.raises(WorkerSilentError, match=r"its hello line within 0\.1 s"):
        handle.await_hello(0.1)


@pytest.mark.parametrize(
    ("first", "complaint"),
    [
        ("say({'re': 1})", "where its hello was expected"),
        ("say({**HELLO, 'protocol': 2})", "speaks protocol 2; this harness speaks 1"),
    ],
    ids=["something-else-first", "newer-protocol"],
)
def test_wrong_hello_is_refused(start, first, complaint):
    handle = start(f"{first}; hear()", hello=False)
    with pytest.raises(WorkerRubbishError, match=complaint):
        handle.await_hello(5)


def test_program_that_cannot_be_started_is_named(tmp_path):
    with pytest.raises(WorkerDiedError, match="no-such-program"):
        WorkerHandle(("no-such-program",), tmp_path, "worker-1")


def test_killed_worker_hands_over_what_it_had_said(start):
    handle = start(
        "say(HELLO); [say({'event': 'returned', 'op': n}) for n in range(100)]\n"
        "sys.stderr.write('said'); sys.stderr.flush(); hear()"
    )
    deadline = time.monotonic() + 5
    while "said" not in handle.log_tail() and time.monotonic() < deadline:
        time.sleep(0.002)
    heard = handle.kill()
    assert [line.op for line in heard] == list(range(100))
    assert handle.exit_status() == -9
    assert handle.kill() == []


def test_paused_worker_is_stopped_and_goes_on_when_resumed(start):
    handle = start(GOOD)
    handle.pause()
    assert is_stopped(handle.pid)
    handle.send(commands.Idle())
    time.sleep(0.02)
    assert handle.receive() == []
    handle.resume()
    assert handle.await_line(lambda line: isinstance(line, Reply), 5, "its reply") == Reply(re=1)


def test_paused_worker_is_killed_all_the_same(start):
    handle = start(GOOD)
    handle.pause()
    handle.kill()
    assert handle.exit_status() == -9


def test_commands_to_a_paused_worker_wait_and_arrive_in_order(start):
    handle = start(GOOD)
    handle.pause()
    long = commands.Seek(position={"source": "x" * 10_000, "position": 0})
    for _ in range(50):
        handle.send(long)
    assert handle.wants_write
    handle.resume()
    heard = []
    deadline = time.monotonic() + 5
    while len(heard) < 50 and time.monotonic() < deadline:
        heard += handle.receive()
    assert [reply.re for reply in heard] == list(range(1, 51))


def test_worker_that_never_reads_is_deaf_before_memory_runs_out(start, monkeypatch):
    monkeypatch.setattr(pipes, "UNSENT_BYTES_MAX", 220_000)
    handle = start("say(HELLO); time.sleep(60)")
    long = commands.Seek(position={"source": "x" * 50_000, "position": 0})
    for _ in range(5):  # The pipe takes one of them, the handle keeps the others.
        handle.send(long)
    with pytest.raises(WorkerDeafError, match="it is paused, or hangs"):
        handle.send(long)


def test_sending_to_a_dead_worker_is_told_by_its_output(start):
    handle = start("say(HELLO); sys.exit(0)")
    deadline = time.monotonic() + 5
    while handle.exit_status() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    handle.send(commands.Idle())
    _, message = hear_until(handle, WorkerDiedError)
    assert "exited with status 0" in message


def test_closed_worker_leaves_in_order_and_its_last_words_are_heard(start):
    handle = start("say(HELLO)\nsys.stdin.read(); say({'event': 'returned', 'op': 9})")
    assert handle.close(5) == [ReturnedEvent(op=9)]
    assert handle.exit_status() == 0


def test_worker_that_will_not_leave_is_killed_at_the_deadline(start):
    handle = start("say(HELLO); time.sleep(60)")
    started = time.monotonic()
    handle.close(0.1)
    assert time.monotonic() - started < 2
    assert handle.exit_status() == -9


def test_killing_reaches_what_the_worker_started(start):
    handle = start(
        "import subprocess; p = subprocess.Popen(['sleep', '60']); say(HELLO)\n"
        "say({'event': 'client_error', 'error': str(p.pid)}); hear()"
    )
    child = int(handle.await_line(lambda _: True, 5, "its child's pid").error)
    handle.kill()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _lives(child):
        time.sleep(0.01)
    assert not _lives(child)


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_secrets_of_the_harness_stay_with_it():
    environment = {
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "s",
        "PYTHONHASHSEED": "0",
        "DELIVERYCHECK_HARNESS": "m",
        "KAFKA_PASSWORD": "p",
    }
    assert set(worker_environment(environment)) == {
        "PATH",
        "PYTHONHASHSEED",
        "DELIVERYCHECK_HARNESS",
    }


def test_worker_gets_its_journal_as_last_argument(start):
    handle = start("say({**HELLO, 'version': sys.argv[-1]}); hear()")
    assert isinstance(handle.hello, HelloEvent)
    assert handle.hello.version == os.fspath(handle.journal)
