"""RabbitMQ's HTTP API, as far as the harness asks it; connections are kept and shared."""

import base64
import json
import queue
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

from deliverycheck.brokers.broker import BrokerError, Endpoint

# 10 s: answers took 1 to 30 ms on a quiet machine, up to 0.2 s at load 13 on two cores.
_ANSWER_S_MAX = 10.0
_KEPT_MAX = 16
_UNAUTHORIZED, _NOT_FOUND, _REFUSED = 401, 404, 400


class RefusedError(BrokerError):
    """The API answered with an error; `status` is the one of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom the harness is for the broker."""

    user: str
    password: str = field(repr=False)


class RabbitApi:
    """Asks one node. May be used from any thread."""

    def __init__(self, endpoint: Endpoint, account: Account) -> None:
        """Nothing is asked yet."""
        self._endpoint = endpoint
        self._user = account.user
        token = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self._closed = False
        self._idle: queue.LifoQueue[HTTPConnection] = queue.LifoQueue(_KEPT_MAX)

    def get(self, *path: str) -> Any:  # noqa: ANN401  # JSON, whose shape the caller knows.
        """What the API says of it.

        Raises:
            RefusedError: it has an error to say.
            BrokerError: nobody answers there.
        """
        return self._ask("GET", path, None)

    def put(self, *path: str, body: Mapping[str, Any]) -> None:
        """It is so now; raises as `get` does."""
        self._ask("PUT", path, body)

    def delete(self, *path: str) -> None:
        """It is gone; raises as `get` does, but not if it was gone already."""
        try:
            self._ask("DELETE", path, None)
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise

    def answers(self) -> bool:
        """Whether it can be asked at all yet."""
        try:
            self.get("whoami")
        except RefusedError:
            raise
        except BrokerError:
            return False
        return True

    def close(self) -> None:
        """No connection is kept from now on."""
        self._closed = True
        self.drop_idle()

    def drop_idle(self) -> None:
        """Those that are kept are closed: the node is gone."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def _ask(self, method: str, path: tuple[str, ...], body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401
        address = "/api/" + "/".join(quote(part, safe="") for part in path)
        content = None if body is None else json.dumps(body)
        status, answer = self._exchanged(method, address, content)
        if status >= _REFUSED:
            raise RefusedError(self._complaint(method, address, status, answer), status)
        return json.loads(answer) if answer else None

    def _exchanged(self, method: str, address: str, content: str | None) -> tuple[int, bytes]:
        """All that we ask may be asked twice: a kept connection may have been closed meanwhile."""
        with suppress(queue.Empty):
            kept = self._idle.get_nowait()
            try:
                return self._on(kept, method, address, content)
            except (OSError, HTTPException):
                kept.close()
        host, port = self._endpoint.host, self._endpoint.port
        fresh = HTTPConnection(host, port, timeout=_ANSWER_S_MAX)
        try:
            return self._on(fresh, method, address, content)
        except (OSError, HTTPException) as error:
            fresh.close()
            message = f"RabbitMQ's HTTP API at {self._endpoint} does not answer: {error!r}"
            raise BrokerError(message) from error

    def _on(
        self, connection: HTTPConnection, method: str, address: str, content: str | None
    ) -> tuple[int, bytes]:
        connection.request(method, address, body=content, headers=self._headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()
        if self._closed:
            self.drop_idle()
        return answer

    def _complaint(self, method: str, address: str, status: int, answer: bytes) -> str:
        if status == _UNAUTHORIZED:
            return (
                f"RabbitMQ at {self._endpoint} does not let user {self._user!r} do {method} "
                f"{address}: wrong user or password, or not an administrator ({_reason(answer)})"
            )
        return f"RabbitMQ refused {method} {address} with {status}: {_reason(answer)}"


def _reason(answer: bytes) -> str:
    """The broker's own words."""
    with suppress(ValueError, AttributeError):
        said = json.loads(answer)
        return " ".join(str(said.get("reason") or said.get("error") or said).split())
    return answer.decode(errors="replace").strip()[:300] or "it said no more"
