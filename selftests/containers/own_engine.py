"""A Docker engine of our own for a test: where root has the program, or may install it.

It shares nothing with one that the machine may have: another socket, another folder, and no rule
of the firewall. Nothing of it is left.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from deliverycheck.brokers.processes import wait_until

PACKAGES = ("docker.io", "iptables")
_UP_S_MAX = 60.0
_DOWN_S_MAX = 30.0


class NoEngineError(Exception):
    """None can be had here; the text says why and what to do."""


def why_none() -> str | None:
    """Why no engine can be started here; ``None`` if one can, or could with `PACKAGES`."""
    if os.geteuid() != 0:
        return "an engine of our own needs root; start one yourself and set DOCKER_HOST"
    if shutil.which("dockerd") is None and shutil.which("apt-get") is None:
        return "no dockerd and no apt-get: install an engine yourself and set DOCKER_HOST"
    return None


@contextmanager
def own_engine(*, may_install: bool) -> Iterator[dict[str, str]]:
    """An engine answers for the with-block; the variables by which it is found."""
    reason = why_none()
    if reason is not None:
        raise NoEngineError(reason)
    if shutil.which("dockerd") is None:
        if not may_install:
            words = " ".join(PACKAGES)
            msg = f"no dockerd. To have {words} installed: make test-containers ENGINE=install"
            raise NoEngineError(msg)
        _install()
    folder = Path(tempfile.mkdtemp(prefix="deliverycheck-engine-"))
    try:
        with _running(folder) as address:
            yield {"DOCKER_HOST": address}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_it_runs(image: str) -> None:
    """A container of the image, which has a shell, runs on the engine that the environment names.

    Raises:
        NoEngineError: it does not: an engine may answer and lack the rights that containers take.
    """
    client = docker.from_env()
    try:
        client.containers.run(
            image, ["-c", "true"], entrypoint="/bin/sh", network_mode="none", remove=True
        )
    except docker.errors.DockerException as error:
        msg = f"the engine runs no container: {error}"
        raise NoEngineError(msg) from None
    finally:
        client.close()


def _install() -> None:
    for words in (("update",), ("-y", "--no-install-recommends", "install", *PACKAGES)):
        apt = ["apt-get", "-q", *words]
        done = subprocess.run(apt, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            msg = f"{' '.join(apt)} ended with {done.returncode}: {''.join(last)}"
            raise NoEngineError(msg)


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    address = f"unix://{folder}/socket"
    command = ["dockerd", "--host", address, "--ip", "127.0.0.1"]
    for option, name in {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}.items():
        command += [f"--{option}", str(folder / name)]
    # Ours are the only networks that it makes, and loopback needs no rule.
    command += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as engine,
    ):
        try:
            if not wait_until(lambda: _answers(address, engine), timeout_s=_UP_S_MAX, poll_s=0.1):
                said = (folder / "log").read_text(errors="replace").strip().splitlines()[-3:]
                msg = f"dockerd did not come up in {_UP_S_MAX:.0f} s: {' / '.join(said)}"
                raise NoEngineError(msg)
            yield address
        finally:
            engine.terminate()
            try:
                engine.wait(_DOWN_S_MAX)
            except subprocess.TimeoutExpired:
                engine.kill()


def _answers(address: str, engine: "subprocess.Popen[bytes]") -> bool:
    if engine.poll() is not None:
        msg = f"dockerd ended with {engine.returncode}; may this machine make networks and mounts?"
        raise NoEngineError(msg)
    import docker  # noqa: PLC0415  # A second to import.
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        client = docker.DockerClient(base_url=address)
    except DockerException:
        return False
    client.close()
    return True
