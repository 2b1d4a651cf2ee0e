"""The container engine of this machine: found, asked, and what it says in words."""

import gc
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import docker
import docker.errors
import requests
from testcontainers.core.docker_client import DockerClient

from deliverycheck.brokers.broker import BrokerError
from deliverycheck.brokers.containers.owner import HARNESS, is_orphan
from deliverycheck.brokers.node import PortTakenError
from deliverycheck.brokers.provision import ProvisionError

_PORT_TAKEN = ("port is already allocated", "address already in use", "ports are not available")
_OF_THIS_MACHINE = ("", "localhost", "127.0.0.1", "localunixsocket", "localnpipe")
_START = "start one (sudo systemctl start docker), or set DOCKER_HOST to one that runs"
_TROUBLE = (docker.errors.DockerException, requests.RequestException)


class Engine:
    """An engine that answers. Any thread may ask."""

    def __init__(self) -> None:
        """It is there, and what harnesses left in it that are dead is gone.

        Raises:
            ProvisionError: there is none, or it is not ours to use.
        """
        trouble: ProvisionError | None = None
        _require_here(address())
        try:
            self.client = DockerClient().client
            _require_here(self.client.api.base_url)  # Which a file of testcontainers may say, too.
            self.version = str(self.client.version()["Version"])
        except _TROUBLE as error:
            trouble = _unusable(error)
        if trouble is not None:
            _let_go_of_sockets()
            raise trouble

    def close(self) -> None:
        """No connection to it is kept."""
        self.client.close()

    def sweep(self) -> int:
        """Nothing is left of harnesses that are dead; returns how many things there were."""
        return self.remove(is_orphan)

    def remove_of(self, marker: str) -> int:
        """Nothing is left of this harness."""
        return self.remove(lambda carried: carried.get(HARNESS) == marker)

    def remove(self, wanted: Callable[[Mapping[str, str]], bool]) -> int:
        """Containers with their volumes, then networks; what is gone already is fine."""
        filters = {"label": HARNESS}
        containers = [
            one
            for one in self.client.containers.list(all=True, filters=filters, ignore_removed=True)
            if wanted(one.labels)
        ]
        for one in containers:
            with suppress(docker.errors.APIError):
                one.remove(force=True, v=True)
        networks = [
            one
            for one in self.client.networks.list(filters=filters)
            if wanted(one.attrs.get("Labels") or {})
        ]
        for network in networks:
            with suppress(docker.errors.APIError):
                network.remove()
        return len(containers) + len(networks)


def _require_here(url: str) -> None:
    """It is one of this machine; no other is asked for anything."""
    host = urlsplit(url).hostname or ""
    if host not in _OF_THIS_MACHINE:
        problem = f"the engine at {address()} is on another machine, {host}"
        fix = "use one of this machine: a broker's ports are on its loopback address"
        raise ProvisionError("container engine", problem, fix)


def address() -> str:
    """Where it is looked for, as people know it."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


@contextmanager
def asking(what: str) -> Iterator[None]:
    """What goes wrong in the with-block is told as trouble of the infrastructure.

    Raises:
        PortTakenError: another process has a port that was to be published.
        BrokerError: anything else that the engine says, or that it is gone.
    """
    try:
        yield
    except docker.errors.APIError as error:
        words = str(error.explanation or error)
        kind = PortTakenError if any(sign in words for sign in _PORT_TAKEN) else BrokerError
        message = f"the container engine could not {what}: {words}"
        raise kind(message) from error
    except _TROUBLE as error:
        raise gone(what, error) from error


def gone(what: str, error: Exception) -> BrokerError:
    """The engine did not answer."""
    return BrokerError(
        f"the container engine at {address()} does not answer, asked to {what}: {_cause(error)}. "
        "Is it still running? What it holds of this run is removed by the next one"
    )


def _let_go_of_sockets() -> None:
    """docker-py 7 leaves the socket open on which nobody answered; the error's trace holds it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _unusable(error: Exception) -> ProvisionError:
    cause, where = _cause(error), address()
    if isinstance(cause, PermissionError):
        problem = f"permission denied for the engine at {where}"
        fix = "sudo usermod -aG docker $USER and log in again, or use an engine without root"
    elif isinstance(cause, (FileNotFoundError, ConnectionRefusedError)):
        problem = f"no engine answers at {where}"
        fix = _START
    else:
        problem, fix = f"the engine at {where} cannot be used: {cause}", _START
    return ProvisionError("container engine", problem, fix)


def _cause(error: BaseException) -> BaseException:
    """The innermost: libraries wrap what the operating system said three times."""
    seen: BaseException = error
    for _ in range(8):
        inner = seen.__cause__ or seen.__context__
        if inner is None:
            nested = [one for one in seen.args if isinstance(one, BaseException)]
            inner = nested[0] if nested else getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    return seen
