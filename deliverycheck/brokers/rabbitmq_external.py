"""A RabbitMQ that somebody else runs: used, and left as it was found."""

import os
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from deliverycheck.brokers.broker import AddressError, BrokerError, Endpoint
from deliverycheck.brokers.credentials import NO_CREDENTIALS, Credentials
from deliverycheck.brokers.not_ours import NotOurs
from deliverycheck.brokers.rabbitmq_api import Account, RefusedError
from deliverycheck.brokers.rabbitmq_harness import RabbitHarness
from deliverycheck.brokers.rabbitmq_places import RabbitPlaces
from deliverycheck.brokers.rabbitmq_settings import DEAD_LETTER_RETRY_S_USUAL
from deliverycheck.brokers.relay import pass_through
from deliverycheck.plans import Topology

_AMQP_PORT, _API_PORT = 5672, 15672
_USUAL = "guest"
_AMQPS_PORT, _APIS_PORT = 5671, 15671
_EXPECTED = (
    "expected amqp://USER:PASSWORD@HOST:PORT or amqps://…, with ?api=PORT if its HTTP API has "
    "another, and with / ? # @ of a password written %2F %3F %23 %40"
)
PASSWORD = "DELIVERYCHECK_AMQP_PASSWORD"  # noqa: S105  # The name of a variable.
"""Where the password is looked for that the address does not have."""

_FORBIDDEN = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What an ``amqp://`` or ``amqps://`` address names."""

    amqp: Endpoint
    api: Endpoint
    account: Account
    is_tls: bool

    @classmethod
    def parse(cls, text: str, credentials: Credentials = NO_CREDENTIALS) -> "Address":
        """As the AMQP URI specification has it; the path, a virtual host, is not used.

        What the address does not have of the account is taken from the credentials.

        Raises:
            AddressError: it is written otherwise. What it holds is not repeated: it has a password.
        """
        try:
            url = urlsplit(text)
            is_tls = url.scheme == "amqps"
            usual = (_AMQPS_PORT, _APIS_PORT) if is_tls else (_AMQP_PORT, _API_PORT)
            port, api = url.port or usual[0], int(parse_qs(url.query).get("api", [usual[1]])[0])
        except ValueError:  # It would name what it took for a port: the begin of a password.
            message = f"--amqp: a port of it is no number up to 65535; {_EXPECTED}"
            raise AddressError(message) from None
        behind = url.path + url.query + url.fragment
        if url.scheme not in {"amqp", "amqps"} or not url.hostname or "@" in behind:
            message = f"--amqp: this is no such address; {_EXPECTED}"
            raise AddressError(message)
        user, password = credentials.account
        told = os.environ.get(PASSWORD) or password or _USUAL
        return cls(
            amqp=Endpoint(host=url.hostname, port=port),
            api=Endpoint(host=url.hostname, port=api),
            account=Account(
                user=unquote(url.username or "") or user or _USUAL,
                password=unquote(url.password or "") or told,
            ),
            is_tls=is_tls,
        )


class RabbitExternal(RabbitPlaces, NotOurs):
    """The external backend (see `QueueBroker` for what each method promises).

    Virtual hosts are named ``deliverycheck-<campaign>-…`` and deleted at `stop`; nothing
    else of the broker is touched. Its HTTP API is needed, and a user that is an
    administrator: nobody else may make a virtual host.
    """

    system = "rabbitmq"
    dead_letter_retry_s = DEAD_LETTER_RETRY_S_USUAL

    def __init__(
        self, address: str, *, slots: int = 32, credentials: Credentials = NO_CREDENTIALS
    ) -> None:
        """Nothing is asked yet; `address` is ``amqp://USER:PASSWORD@HOST:PORT``."""
        self._address = Address.parse(address, credentials)
        super().__init__(str(self._address.amqp), slots=slots)
        self._credentials = credentials
        self._version = self._runtime = ""
        # Not from `random`, which Hypothesis seeds: two campaigns would share names.
        self._prefix = f"deliverycheck-{secrets.token_hex(4)}-"
        self._direct = self._address.amqp
        self._harness = self._reached_at(self._address.amqp, self._address.api)

    def start(self) -> None:
        self._open()
        try:
            self._look()
            probe = self._harness.namespaces.lease()
        except BrokerError as error:
            raise BrokerError(self._complaint(error)) from error
        try:
            self._harness.declare(probe, Topology(queues=()))
        finally:
            self._harness.namespaces.retire(probe)

    def would_create(self) -> tuple[str, ...]:
        """What a run makes there; the broker is asked what it is, and left.

        Raises:
            BrokerError: it does not answer, or does not let us in.
        """
        try:
            self._open()
            self._look()
        except BrokerError as error:
            raise BrokerError(self._complaint(error)) from error
        finally:
            self.stop()
        names = "deliverycheck-<8 hex digits>-"
        return (
            f"answers: RabbitMQ {self._version}, {self._runtime}, at {self._address.amqp}",
            (
                f"would create: virtual hosts {names}1, {names}2 and so on, one an execution, "
                "with queues, exchanges, bindings and policies in them"
            ),
            "would delete at the end: these virtual hosts; nothing else is touched",
        )

    def _look(self) -> None:
        """Which version it is."""
        seen = self._harness.api.get("overview")
        self._version = str(seen["rabbitmq_version"])
        how = ", by TLS" if self._address.is_tls else ""
        self._runtime = f"Erlang/OTP {seen['erlang_version']}, run by somebody else{how}"

    def stop(self) -> None:
        try:
            self._harness.namespaces.close(delete=True)
            self._harness.api.close()
        finally:
            self._close_links()

    def direct_endpoint(self) -> Endpoint:
        return self._direct

    def version(self) -> str:
        return self._version or "of unknown version"

    def runtime(self) -> str:
        return self._runtime

    def _reached_at(self, amqp: Endpoint, api: Endpoint) -> RabbitHarness:
        return RabbitHarness(amqp, api, self._address.account, prefix=self._prefix)

    def _open(self) -> None:
        """Link slots are there; with TLS they lead the harness to the broker and its API, too."""
        amqp, api = self._address.amqp, self._address.api
        if self._address.is_tls:
            ways = self._open_links(amqp, pass_through, api, tls=self._credentials.tls())
            self._direct = ways[0]
            self._harness = self._reached_at(*ways)
        else:
            self._open_links(amqp, pass_through)

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
