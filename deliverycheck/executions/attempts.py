"""What a publisher sent and has no outcome of, and what of it goes out again."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from deliverycheck.history import Completion

ATTEMPTS_MAX = 3
"""An application that sends again gives up some time; the third shows what the second did not."""

UNNUMBERED = -1
"""The number of a message that is no operation yet."""


class Message(Protocol):
    """What a worker is told of one message."""

    @property
    def op(self) -> int:
        """The operation that it is."""

    @property
    def attempt(self) -> int:
        """Which attempt at the message, from 1."""


_M = TypeVar("_M", bound=Message)


class Attempts(Generic[_M]):
    """The attempts of one incarnation; what ended in an error is tried again, if `again`."""

    def __init__(self, *, again: bool) -> None:
        self._again = again
        self._sent: dict[int, _M] = {}
        self._failed: list[_M] = []

    @property
    def left(self) -> bool:
        """Whether something is to go out again."""
        return bool(self._failed)

    def forget(self) -> None:
        """Nothing was sent: the publisher is another one."""
        self._sent, self._failed = {}, []

    def sent(self, message: _M) -> _M:
        """The message is about to go out."""
        self._sent[message.op] = message
        return message

    def over(self, completion: Completion) -> None:
        """An operation ended, be it one of these or not."""
        message = self._sent.pop(completion.op, None)
        if (
            message is not None
            and self._again
            and completion.error is not None
            and message.attempt < ATTEMPTS_MAX
        ):
            self._failed.append(message)

    def next(self, attempt: Callable[[_M], _M]) -> tuple[_M, ...]:
        """What failed goes out as the next attempt, which `attempt` makes an operation."""
        failed, self._failed = self._failed, []
        return tuple(attempt(_later(message)) for message in failed)


def _later(message: _M) -> _M:
    assert isinstance(message, msgspec.Struct)  # noqa: S101  # All that workers are told are.
    later: _M = msgspec.structs.replace(message, attempt=message.attempt + 1)
    return later
