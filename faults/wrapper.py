"""The one module that touches the `toxiproxy` package, and what it makes good.

The package keeps its server's address in process-wide state, sends without a
timeout, and hides server errors (a 500 is an empty answer). Its `requests` is
therefore replaced by a shim that sends to the client whose call is under way,
over kept connections, with timeouts, and names each error.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import toxiproxy.api
import toxiproxy.exceptions

from deliverycheck.brokers.broker import Endpoint, Slot
from faults.errors import FaultError, ToxiproxyRefusedError, ToxiproxyUnreachableError
from faults.fault import Toxic

# (to connect, to answer). 2.0 s: an answer takes 1 ms, at load 10 up to 0.3 s;
# a removal that takes longer hangs (measured: 3 of 475 had not returned after 5 s).
_TIMEOUTS_S_MAX = (1.0, 2.0)
_SERVER_ERROR = 500
_TRIES_MAX = 2

_under_way = threading.local()

# The package has no types; what is used of it is named here, once.
_api: Any = toxiproxy.api
_package: Any = toxiproxy
_errors: Any = toxiproxy.exceptions


class ToxiproxyClient:
    """Calls one server; any thread may, several at once."""

    def __init__(self, endpoint: Endpoint, obituary: Callable[[], str | None]) -> None:
        """Nothing is sent; `obituary` tells how the server's process ended, if it did."""
        self._base = f"http://{endpoint}"
        self._obituary = obituary
        self._sessions: queue.LifoQueue[requests.Session] = queue.LifoQueue()

    def version(self) -> str:
        """The server's version, as it tells it."""
        with self._calling("version"):
            return str(_api.APIConsumer.get("/version").json()["version"])

    def populate(self, slots: tuple[Slot, ...]) -> None:
        """Each slot has a proxy of its name, from its advertised address to the broker's listener.

        The package would make them one by one, with two requests each.
        """
        proxies = [
            {
                "name": slot.name,
                "listen": str(slot.advertised),
                "upstream": str(slot.listener),
                "enabled": True,
            }
            for slot in slots
        ]
        with self._calling("populate"):
            _api.APIConsumer.post("/populate", json=proxies)

    def state(self, slot: Slot) -> tuple[bool, dict[str, Toxic]]:
        """Whether the slot's proxy is switched on, and its toxics by name."""
        with self._calling(f"read {slot.name}"):
            answer = _api.APIConsumer.get(f"/proxies/{slot.name}").json()
        held = {each["name"]: _toxic(each) for each in answer["toxics"]}
        return bool(answer["enabled"]), held

    def add(self, slot: Slot, toxic: Toxic) -> None:
        """Ask for a toxic. That it is there shows only in `state`."""
        with self._calling(f"add {toxic.name} to {slot.name}"):
            try:
                _proxy(slot).add_toxic(
                    name=toxic.name,
                    type=toxic.kind,
                    stream=str(toxic.stream),
                    toxicity=1.0,
                    attributes=dict(toxic.attributes),
                )
            except _errors.ProxyExists:
                # Sent twice after a broken connection; `state` shows whether it is ours.
                return

    def remove(self, slot: Slot, toxic_name: str) -> None:
        """Ask for a toxic to go. Gone already is fine."""
        with self._calling(f"remove {toxic_name} from {slot.name}"):
            try:
                _proxy(slot).destroy_toxic(toxic_name)
            except _errors.NotFound:
                return

    def switch(self, slot: Slot, *, on: bool) -> None:
        """Switch the slot's proxy on or off; off closes its connections."""
        with self._calling(f"switch {slot.name} {'on' if on else 'off'}"):
            proxy = _proxy(slot)
            if on:
                proxy.enable()
            else:
                proxy.disable()

    def close(self) -> None:
        """Close the kept connections."""
        while True:
            try:
                self._sessions.get_nowait().close()
            except queue.Empty:
                return

    def send(self, method: str, path: str, options: Mapping[str, Any]) -> requests.Response:
        """One request over a kept connection, tried again where the server had dropped that.

        Raises:
            ToxiproxyUnreachableError: no answer in time, or no connection.
            ToxiproxyRefusedError: an answer of 500 or above.
        """
        session = self._borrowed()
        url = self._base + path
        for left in reversed(range(_TRIES_MAX)):
            try:
                response = session.request(method, url, timeout=_TIMEOUTS_S_MAX, **options)
                break
            except requests.Timeout as error:
                session.close()
                raise ToxiproxyUnreachableError(self._silence(method, path, error)) from error
            except requests.RequestException as error:
                if left == 0 or self._obituary() is not None:
                    session.close()
                    raise ToxiproxyUnreachableError(self._silence(method, path, error)) from error
        self._sessions.put(session)
        if response.status_code >= _SERVER_ERROR:
            message = f"Toxiproxy: {method} {path}: {response.status_code} {response.text.strip()}"
            raise ToxiproxyRefusedError(message)
        return response

    def _borrowed(self) -> requests.Session:
        try:
            return self._sessions.get_nowait()
        except queue.Empty:
            session = requests.Session()
            # Neither HTTP_PROXY nor .netrc of the user has a say in a call to loopback.
            session.trust_env = False
            return session

    def _silence(self, method: str, path: str, error: Exception) -> str:
        ended = self._obituary()
        seen = f"its process {ended}" if ended else f"its process runs; {error}"
        return f"Toxiproxy at {self._base} did not answer {method} {path}: {seen}"

    @contextmanager
    def _calling(self, what: str) -> Iterator[None]:
        """The package's calls in the with-block go to this server, and its errors get names."""
        _under_way.client = self
        try:
            yield
        except FaultError as error:
            error.add_note(f"asked to {what}")
            raise
        except (_errors.InvalidToxic, _errors.NotFound, _errors.ProxyExists) as error:
            answer = error.args[0] if error.args else b""
            words = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
            message = f"Toxiproxy refused to {what}: {words.strip() or type(error).__name__}"
            raise ToxiproxyRefusedError(message) from error
        except (ValueError, KeyError, TypeError) as error:
            message = f"Toxiproxy answered something else than asked to {what}: {error!r}"
            raise ToxiproxyRefusedError(message) from error
        finally:
            _under_way.client = None


class _Shim:
    """Stands where the package expects `requests`."""

    def get(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401  # As in requests.
        return _send("GET", url, options)

    def post(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401
        return _send("POST", url, options)

    def delete(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401
        return _send("DELETE", url, options)


def _send(method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
    """By the client whose call is under way; the address in `url` is the process-wide one."""
    client: ToxiproxyClient = _under_way.client
    path = url.split("/", 3)[3]
    return client.send(method, f"/{path}", options)


_api.requests = _Shim()


def _proxy(slot: Slot) -> Any:  # noqa: ANN401  # The package's Proxy.
    """The package's handle. Asking it for one would read all proxies of the server."""
    return _package.Proxy(
        name=slot.name, upstream=str(slot.listener), listen=str(slot.advertised), enabled=True
    )


def _toxic(answer: Mapping[str, Any]) -> Toxic:
    return Toxic(kind=answer["type"], stream=answer["stream"], attributes=answer["attributes"])
