"""How a broker of somebody else lets us in: TLS and an account; no secret is ever shown."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from deliverycheck.brokers.broker import BrokerError

_SECURITY = re.compile(r"(security\.protocol|sasl\.|ssl\.|username|password)")
_JAAS = re.compile(r'\b(username|password)\s*=\s*"((?:[^"\\]|\\.)*)"')
# As librdkafka spells them, as RabbitMQ's own clients do, and as people write them.
_CA = ("ssl.ca.location", "cacertfile", "ssl.truststore.location")
_CERTIFICATE = ("ssl.certificate.location", "certfile")
_KEY = ("ssl.key.location", "keyfile")
_KEY_PASSWORD = "ssl.key.password"  # noqa: S105  # The name of a setting.
_MECHANISM = ("sasl.mechanism", "sasl.mechanisms")
_VERIFY = "enable.ssl.certificate.verification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a file of client settings says of TLS and of an account.

    Attributes:
        settings: by librdkafka's names; those of the Java client are understood where they can be.
    """

    settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    def first(self, *names: str) -> str | None:
        """The value of the first of these settings that there is."""
        return next((self.settings[name] for name in names if name in self.settings), None)

    @property
    def is_tls(self) -> bool:
        """Whether the broker is to be reached by TLS."""
        return self.settings.get("security.protocol", "").upper().endswith("SSL")

    @property
    def account(self) -> tuple[str | None, str | None]:
        """User and password, as far as they are told."""
        found = dict(_JAAS.findall(self.settings.get("sasl.jaas.config", "")))
        return (
            self.first("sasl.username", "username") or found.get("username"),
            self.first("sasl.password", "password") or found.get("password"),
        )

    def kafka_settings(self) -> dict[str, str]:
        """For Kafka clients that reach the cluster by a link that speaks TLS for them."""
        user, password = self.account
        if user is None:
            return {}
        return {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": self.first(*_MECHANISM) or "PLAIN",
            "sasl.username": user,
            "sasl.password": password or "",
        }

    def tls(self) -> ssl.SSLContext:
        """What our end of a link to the broker trusts, and shows.

        Raises:
            BrokerError: a file that is named cannot be read; names it.
        """
        authority, certificate = self.first(*_CA), self.first(*_CERTIFICATE)
        key = self.first(*_KEY)
        try:
            context = ssl.create_default_context(cafile=authority)
            if certificate is not None:
                # Without any, OpenSSL would ask the terminal for it, and wait.
                password = self.settings.get(_KEY_PASSWORD, "")
                context.load_cert_chain(certificate, key, password)
        except OSError as error:  # ssl.SSLError is one.
            files = " and ".join(one for one in (authority, certificate, key) if one)
            message = (
                f"TLS: {files} cannot be used: {error.strerror or error}; expected PEM files, and "
                f"{_KEY_PASSWORD} of a key that has one"
            )
            raise BrokerError(message) from error
        if self.first(_VERIFY) == "false":
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


NO_CREDENTIALS = Credentials()
"""The broker lets in whoever comes."""


def is_about_security(name: str) -> bool:
    """Whether a client setting of this name belongs into a file of credentials."""
    return _SECURITY.match(name) is not None or name in {*_CA, *_CERTIFICATE, *_KEY, _VERIFY}
