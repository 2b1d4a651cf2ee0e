"""The publishes of one channel whose outcome is open: by the broker's number and by what they are.

The broker counts the publishes of a channel with confirms from 1 and answers by that number. What
it gives back it gives back whole, before it confirms it.
"""

from collections import deque
from dataclasses import dataclass, field

from deliverycheck.clients.protocol import (
    CompletionEvent,
    ConfirmedAgainEvent,
    FailEvent,
    InfoEvent,
    OkEvent,
    WorkerEvent,
)
from deliverycheck.clients.rabbitmq.outcomes import NACK, NO_ROUTE, Call, outcome_of
from deliverycheck.history import Outcome, decode_body

EVENTS: dict[Outcome, type[CompletionEvent]] = {
    Outcome.OK: OkEvent,
    Outcome.FAIL: FailEvent,
    Outcome.INFO: InfoEvent,
}
_ANSWERED_MAX = 100_000
"""Numbers that are remembered after their answer; an execution has some dozens."""


@dataclass(slots=True, kw_only=True)
class OpenPublish:
    """One message that was handed over.

    Attributes:
        replying: it went to a direct reply address.
        returned: the broker gave it back.
    """

    op: int
    message: str
    attempt: int
    refusable: bool = False
    replying: bool = False
    returned: bool = False

    def answered(self, *, nack: bool = False) -> CompletionEvent:
        """How it ends when the broker confirms or refuses it."""
        if self.returned:
            # Up to 4.0 what is returned from a direct reply address was delivered as well.
            call = Call.PUBLISH if self.replying else Call.RETURN
            kind = EVENTS[outcome_of(call, NO_ROUTE)]
            return kind(op=self.op, error=NO_ROUTE, returned_unroutable=True)
        if nack:
            call = Call.NACK_BY_THE_ONLY_QUEUE if self.refusable else Call.NACK
            return EVENTS[outcome_of(call, NACK)](op=self.op, error=NACK)
        return OkEvent(op=self.op, confirmed=True)


@dataclass(kw_only=True)
class Publishes:
    """What was published on one channel and is not over.

    Attributes:
        count: publishes that the broker has counted: it numbers those of a channel with confirms.
    """

    count: int = 0
    _by_number: dict[int, OpenPublish] = field(default_factory=dict)
    _unnumbered: deque[OpenPublish] = field(default_factory=deque)
    _answered: dict[int, int] = field(default_factory=dict)

    @property
    def remaining(self) -> int:
        """Those that wait for the broker's answer."""
        return len(self._by_number)

    def add_numbered(self, publish: OpenPublish) -> None:
        """It was handed over as the next one that the broker will answer."""
        self.count += 1
        self._by_number[self.count] = publish

    def add(self, publish: OpenPublish) -> None:
        """It was handed over, and will be over with its transaction, or after a round trip."""
        self._unnumbered.append(publish)

    @property
    def unnumbered(self) -> int:
        """Those that no answer of the broker is about."""
        return len(self._unnumbered)

    def answer(self, number: int, *, multiple: bool, nack: bool) -> list[WorkerEvent]:
        """The broker confirmed or refused that one, or all up to it."""
        if multiple:
            last = number or self.count
            numbers = [one for one in self._by_number if one <= last]
        elif number in self._by_number:
            numbers = [number]
        else:
            op = self._answered.get(number)
            return [] if op is None else [ConfirmedAgainEvent(op=op)]
        return [self._over(one, nack=nack) for one in numbers]

    def give_back(self, body: bytes) -> OpenPublish | None:
        """The broker returned this message; which one it was, if it is open."""
        said = decode_body(body)
        if said is None:
            return None
        for publish in (*self._unnumbered, *self._by_number.values()):
            if (publish.message, publish.attempt) == (said.message, said.attempt):
                publish.returned = True
                return publish
        return None

    def take_unnumbered(self, count: int | None = None) -> list[OpenPublish]:
        """The first so many, or all; they are over, as the caller says."""
        some = len(self._unnumbered) if count is None else count
        return [self._unnumbered.popleft() for _ in range(some)]

    def abandon(self, error: str) -> list[WorkerEvent]:
        """The channel has ended: nothing is known of what was open."""
        left = [*self._by_number.values(), *self.take_unnumbered()]
        self._by_number.clear()
        return [InfoEvent(op=publish.op, error=error) for publish in left]

    def _over(self, number: int, *, nack: bool) -> WorkerEvent:
        publish = self._by_number.pop(number)
        if len(self._answered) < _ANSWERED_MAX:
            self._answered[number] = publish.op
        return publish.answered(nack=nack)
