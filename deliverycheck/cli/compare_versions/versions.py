"""The versions that are compared: of a client library, or of a broker."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import confluent_kafka
import msgspec
from msgspec import structs

from deliverycheck.cli.makers import maker_of
from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import Plan, Subject

LIBRARY = "confluent-kafka"
USUAL = str(confluent_kafka.__version__)
"""The version that is installed beside this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of what is compared.

    Attributes:
        number: as it is asked for and shown.
        option: what a replay asks for it with.
        client: what a subject asks for to get it, of a client library; ``None`` for the usual one.
        broker: what a target asks for to get it, of a broker; ``None`` for the usual one.
    """

    number: str
    option: str
    client: str | None = None
    broker: str | None = None

    def under(self, subject: Subject) -> Subject:
        """The subject with clients of this version."""
        return subject if self.client is None else structs.replace(subject, client=self.client)

    def running(self, plan: Plan) -> Plan:
        """The plan with clients of this version."""
        return structs.replace(plan, subject=self.under(plan.subject))


def client_versions(numbers: Sequence[str]) -> tuple[Version, ...]:
    """The versions of the library with these numbers and the usual one, the oldest first.

    Raises:
        UsageError: one is no version, or there is nothing to compare.
    """
    for number in numbers:
        if not re.fullmatch(r"\d+(\.\d+)+", number):
            msg = (
                f"version {number!r}: expected numbers and dots, such as 2.3.0 for {LIBRARY}==2.3.0"
            )
            raise UsageError(msg)
    if not set(numbers) - {USUAL}:
        msg = f"only {USUAL} is named, the usual one; name another version to compare it with"
        raise UsageError(msg)
    return tuple(_client_version(one) for one in sorted({*numbers, USUAL}, key=_age))


def _client_version(number: str) -> Version:
    requirement = f"{LIBRARY}=={number}"
    client = None if number == USUAL else requirement
    return Version(number=number, option=f"--client {requirement}", client=client)


def broker_versions(texts: Sequence[str]) -> tuple[str, tuple[Version, ...]]:
    """The system of ``rabbitmq:4.0 rabbitmq:3.10``, and these with the usual one, the oldest first.

    Raises:
        UsageError: one is no version of a system's broker, or they are of several systems, or
            there is nothing to compare.
    """
    systems = {text.partition(":")[0] for text in texts}
    if len(systems) > 1:
        msg = f"brokers of {' and '.join(sorted(systems))}: name versions of one system"
        raise UsageError(msg)
    (system,) = systems
    maker = maker_of(system)
    numbers = {maker.version(system, text) for text in texts}
    if not numbers - {maker.usual}:
        msg = f"only {maker.usual} is named, the usual one; name another version to compare it with"
        raise UsageError(msg)
    usual = Version(number=maker.usual, option=f"--broker {system}:{maker.usual}")
    others = (
        Version(number=one, option=f"--broker {system}:{one}", broker=f"{system}:{one}")
        for one in numbers - {maker.usual}
    )
    return system, tuple(sorted((usual, *others), key=lambda one: _age(one.number)))


def _age(number: str) -> tuple[int, ...]:
    """``4``, the newest of its line, comes after ``4.0``."""
    parts = tuple(map(int, number.split(".")))
    return parts if len(parts) > 1 else (*parts, 1 << 16)


def of_any_version(subject: Subject) -> Subject:
    """The subject without the version of a client; a program of its own is no version."""
    return structs.replace(subject, client=None) if "==" in (subject.client or "") else subject


def key_of(subject: Subject) -> bytes:
    """Equal for the same subject, whatever version it is run with."""
    return msgspec.json.encode(of_any_version(subject), order="sorted")
