"""A client library of another version than ours: what it takes of the profile, and of subjects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from deliverycheck.clients.errors import SettingError
from deliverycheck.clients.kafka.refusals import Asked, refusals
from deliverycheck.clients.kafka.settings import (
    check_account,
    consumer_settings,
    deviations,
    producer_settings,
)
from deliverycheck.plans import GroupKind, Setting, Subject


@dataclass(frozen=True, kw_only=True)
class OtherLibrary:
    """Settings for workers with that library.

    What it does not know of the profile is left out: it then has no such behaviour to set. What
    it does not know of a subject's own is refused.

    Attributes:
        argv: starts the process that answers for the library.
    """

    argv: tuple[str, ...]

    @cached_property
    def unknown(self) -> frozenset[str]:
        """Names of the profile that the library does not know.

        Raises:
            WorkerError: it could not be asked.
        """
        asked = [
            (kind, {"group.id": "g", one.name: one.value})
            for one in deviations()
            for kind in ("producer", "consumer")
        ]
        names = [one.name for one in deviations() for _ in range(2)]
        answers = zip(names, refusals(self.argv, asked), strict=True)
        return frozenset(name for name, refusal in answers if f'"{name}"' in (refusal or ""))

    def producer_settings(self, subject: Subject, endpoint: str, name: str) -> dict[str, Setting]:
        """The settings of the subject's producers with this library."""
        return producer_settings(subject, endpoint, name, without=self.unknown)

    def consumer_settings(
        self, subject: Subject, endpoint: str, group: str, lane: str
    ) -> dict[str, Setting]:
        """The settings of the subject's consumers with this library."""
        return consumer_settings(subject, endpoint, group, lane, without=self.unknown)

    def check_settings(self, subject: Subject) -> None:
        """The library takes every setting of the subject.

        Raises:
            SettingError: it does not; says what the library said.
        """
        check_account(subject)
        (refusal,) = self.refused([subject])
        if refusal is not None:
            raise SettingError(refusal)

    def refused(self, subjects: Sequence[Subject]) -> tuple[str | None, ...]:
        """For each subject what the library says against its settings, if it does not take them.

        Raises:
            WorkerError: it could not be asked.
        """
        asked = [(number, one) for number, of in enumerate(subjects) for one in self._asked(of)]
        answers = refusals(self.argv, [one for _, one in asked])
        said: dict[int, str] = {}
        for (number, (kind, _)), answer in zip(asked, answers, strict=True):
            if answer is not None:
                said.setdefault(number, f"{kind} settings are refused by librdkafka: {answer}")
        return tuple(map(said.get, range(len(subjects))))

    def _asked(self, subject: Subject) -> Iterator[Asked]:
        for one in (subject, subject.of_second, subject.of_output):
            if one is not None:
                yield "producer", self.producer_settings(one, "", "")
        if subject.consumer is not None:
            shares = subject.consumer.kind is GroupKind.SHARE
            yield "share" if shares else "consumer", self.consumer_settings(subject, "", "g", "")
