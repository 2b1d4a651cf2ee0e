"""The pool hands out workers that are ready, and says why when it has none."""

import os
import time
from pathlib import Path

import pytest

from deliverycheck.clients import WorkerDiedError, WorkerPool, commands
from deliverycheck.clients import pool as pool_module
from selftests.fake_workers import GOOD, fake


@pytest.fixture
def make(tmp_path):
    """Make pools of a fake worker; all are closed in the end."""
    pools = []

    def make_one(program, spare=2):
        pools.append(WorkerPool(fake(program), spare=spare, folder=tmp_path))
        return pools[-1]

    yield make_one
    for one in pools:
        one.close()


def wait_for(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_leased_worker_has_said_hello_and_bears_its_name(make):
    handle = make(GOOD).lease("p1#1")
    assert handle.process == "p1#1"
    assert handle.hello.library == "fake"
    handle.kill()


def test_leases_beyond_the_spare_ones_are_served_too(make):
    pool = make(GOOD, spare=1)
    handles = [pool.lease(f"p{n}#1") for n in range(4)]
    assert len({handle.pid for handle in handles}) == 4
    for handle in handles:
        handle.kill()


def test_spare_workers_are_replaced_in_the_background(make):
    pool = make(GOOD, spare=2)
    pool.lease("p1#1").kill()
    wait_for(lambda: pool.spawned == 3)


def test_worker_given_back_is_leased_again_first_with_an_empty_log(make):
    pool = make(f"sys.stderr.write('old'); sys.stderr.flush(); {GOOD}", spare=1)
    handle = pool.lease("p1#1")
    handle.stderr.write_text("of another execution")
    handle.call(commands.Reset(), 5)
    pool.give_back(handle)
    again = pool.lease("p1#2")
    assert again is handle or again.process == "p1#2"
    assert again.stderr.read_text() == ""
    again.kill()


def test_worker_given_back_to_a_full_pool_is_ended(make):
    pool = make(GOOD, spare=1)
    handle = pool.lease("p1#1")
    wait_for(lambda: pool.ready == 1)
    pool.give_back(handle)
    assert not handle.alive
    assert not handle.stderr.exists()


def test_worker_that_dies_at_its_start_is_told_at_the_lease_with_its_log(make):
    pool = make("sys.stderr.write('no library librdkafka'); sys.exit(3)")
    with pytest.raises(WorkerDiedError, match=r"exited with status 3(.|\n)*no library librdkafka"):
        pool.lease("p1#1")


def test_failing_program_is_not_started_over_and_over(make):
    pool = make("sys.exit(3)", spare=4)
    time.sleep(0.3)  # A start takes some 20 ms: time enough for a dozen.
    assert 0 < pool.spawned <= 4


def test_next_lease_after_a_failure_tries_again(make, tmp_path):
    mark = tmp_path / "repaired"
    pool = make(f"os.path.exists({os.fspath(mark)!r}) or sys.exit(3); {GOOD}")
    with pytest.raises(WorkerDiedError):
        pool.lease("p1#1")
    mark.touch()
    for _ in range(3):  # Others that had been started before may still have failed.
        try:
            pool.lease("p1#1").kill()
            break
        except WorkerDiedError:
            continue
    else:
        pytest.fail("no lease after the repair")


def test_worker_without_hello_is_given_up(make, monkeypatch):
    monkeypatch.setattr(pool_module, "HELLO_S", 0.1)
    pool = make("time.sleep(60)")
    with pytest.raises(pool_module.WorkerError, match="its hello line"):
        pool.lease("p1#1")


def test_closed_pool_leaves_no_process_and_no_file(make, tmp_path):
    pids = tmp_path / "pids"
    pool = make(f"open({os.fspath(pids)!r}, 'a').write(f'{{os.getpid()}} '); {GOOD}", spare=3)
    wait_for(lambda: pool.ready == 3)
    pool.close()
    assert [pid for pid in pids.read_text().split() if Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.glob("worker-*")) == []
    with pytest.raises(WorkerDiedError, match="closed"):
        pool.lease("p1#1")
