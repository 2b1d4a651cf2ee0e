"""A RabbitMQ that somebody else runs: used, and left as it was found."""

import os
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from deliverycheck.brokers.broker import BrokerError, Endpoint
from deliverycheck.brokers.not_ours import NotOurs
from deliverycheck.brokers.rabbitmq_api import Account, RefusedError
from deliverycheck.brokers.rabbitmq_harness import RabbitHarness
from deliverycheck.brokers.rabbitmq_places import RabbitPlaces
from deliverycheck.brokers.relay import pass_through
from deliverycheck.plans import Topology

_AMQP_PORT, _API_PORT = 5672, 15672
_USUAL = "guest"
_EXPECTED = "expected amqp://USER:PASSWORD@HOST:PORT, with ?api=PORT if its HTTP API has another"
PASSWORD = "DELIVERYCHECK_AMQP_PASSWORD"  # noqa: S105  # The name of a variable.
"""Where the password is looked for that the address does not have."""

_FORBIDDEN = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What an ``amqp://`` address names."""

    amqp: Endpoint
    api: Endpoint
    account: Account

    @classmethod
    def parse(cls, text: str) -> "Address":
        """As the AMQP URI specification has it; the path, a virtual host, is not used.

        Raises:
            BrokerError: it is written otherwise. What it holds is not repeated: it has a password.
        """
        try:
            url = urlsplit(text)
            port, api = url.port or _AMQP_PORT, int(parse_qs(url.query).get("api", [_API_PORT])[0])
        except ValueError as error:
            message = f"--amqp: {error}; {_EXPECTED}"
            raise BrokerError(message) from error
        if url.scheme != "amqp" or not url.hostname:
            message = f"--amqp: this is no such address; {_EXPECTED}"
            raise BrokerError(message)
        password = unquote(url.password or "") or os.environ.get(PASSWORD, _USUAL)
        return cls(
            amqp=Endpoint(host=url.hostname, port=port),
            api=Endpoint(host=url.hostname, port=api),
            account=Account(user=unquote(url.username or _USUAL), password=password),
        )


class RabbitExternal(RabbitPlaces, NotOurs):
    """The external backend (see `QueueBroker` for what each method promises).

    Virtual hosts are named ``deliverycheck-<campaign>-…`` and deleted at `stop`; nothing
    else of the broker is touched. Its HTTP API is needed, and a user that is an
    administrator: nobody else may make a virtual host.
    """

    system = "rabbitmq"

    def __init__(self, address: str, *, slots: int = 32) -> None:
        """Nothing is asked yet; `address` is ``amqp://USER:PASSWORD@HOST:PORT``."""
        self._address = Address.parse(address)
        super().__init__(str(self._address.amqp), slots=slots)
        self._version = self._runtime = ""
        # Not from `random`, which Hypothesis seeds: two campaigns would share names.
        prefix = f"deliverycheck-{secrets.token_hex(4)}-"
        where = self._address
        self._harness = RabbitHarness(where.amqp, where.api, where.account, prefix=prefix)

    def start(self) -> None:
        try:
            seen = self._harness.api.get("overview")
            probe = self._harness.namespaces.lease()
        except BrokerError as error:
            raise BrokerError(self._complaint(error)) from error
        try:
            self._harness.declare(probe, Topology(queues=()))
        finally:
            self._harness.namespaces.retire(probe)
        self._version = str(seen["rabbitmq_version"])
        self._runtime = f"Erlang/OTP {seen['erlang_version']}, run by somebody else"
        self._open_links(self._address.amqp, pass_through)

    def stop(self) -> None:
        try:
            self._harness.namespaces.close(delete=True)
            self._harness.api.close()
        finally:
            self._close_links()

    def direct_endpoint(self) -> Endpoint:
        return self._address.amqp

    def version(self) -> str:
        return self._version or "of unknown version"

    def runtime(self) -> str:
        return self._runtime

    def _complaint(self, error: BrokerError) -> str:
        """Why the broker cannot be used, and what it would take."""
        where, user = self._address.api, self._address.account.user
        cause = error.__cause__ if isinstance(error.__cause__, RefusedError) else error
        if isinstance(cause, RefusedError) and cause.status in _FORBIDDEN:
            return f"{error}. {user!r} must be an administrator: rabbitmqctl set_user_tags"
        return (
            f"no RabbitMQ can be used at {self._address.amqp}: {error}. Its plugin "
            f"rabbitmq_management must answer at {where}; another port is told with ?api=PORT"
        )
