"""The versions that are compared."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import confluent_kafka
import msgspec
from msgspec import structs

from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import Plan, Subject

LIBRARY = "confluent-kafka"
USUAL = str(confluent_kafka.__version__)
"""The version that is installed beside this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the client library.

    Attributes:
        number: as it is asked for and shown.
    """

    number: str

    @property
    def client(self) -> str | None:
        """What a subject asks for to get it; ``None`` for the usual one."""
        return None if self.number == USUAL else f"{LIBRARY}=={self.number}"

    def under(self, subject: Subject) -> Subject:
        """The subject with clients of this version."""
        return structs.replace(subject, client=self.client)

    def running(self, plan: Plan) -> Plan:
        """The plan with clients of this version."""
        return structs.replace(plan, subject=self.under(plan.subject))


def versions_of(numbers: Sequence[str]) -> tuple[Version, ...]:
    """The versions with these numbers and the usual one, each once, the oldest first.

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
    return tuple(Version(number=one) for one in sorted({*numbers, USUAL}, key=_age))


def _age(number: str) -> tuple[int, ...]:
    return tuple(map(int, number.split(".")))


def key_of(subject: Subject) -> bytes:
    """Equal for the same subject, whatever version it is run with."""
    return msgspec.json.encode(structs.replace(subject, client=None), order="sorted")
