"""Streams as they were sent: the calls of each sender, in their order."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from deliverycheck.guarantees.conversations.stream_rows import Item, Row, StreamKey
from deliverycheck.history import Action, History, Outcome


class _Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item that was sent to a stream."""

    op: int
    process: str
    key: StreamKey
    message: str
    attempt: int
    position: int | None
    confirmed: bool


class Calls:
    """Every item that was sent to a stream, by a number that rises with the order of calls."""

    def __init__(self, history: History, streams: set[str]) -> None:
        self._calls = sorted(_calls(history, streams), key=lambda call: call.op)
        self._numbers: dict[tuple[StreamKey, str, int], list[int]] = defaultdict(list)
        self._confirmed: dict[tuple[StreamKey, str], list[int]] = defaultdict(list)
        times = Counter((call.key, call.message) for call in self._calls)
        for number, call in enumerate(self._calls):
            self._numbers[call.key, call.message, call.attempt].append(number)
            if call.confirmed and times[call.key, call.message] == 1:
                self._confirmed[call.key, call.process].append(number)

    def number_of(self, row: Row, item: Item) -> tuple[str, int] | None:
        """Who sent the item, and its number; ``None`` if nobody did or it cannot be told."""
        numbers = self._numbers.get((row.key, item.message, item.attempt), [])
        return (self._calls[numbers[0]].process, numbers[0]) if len(numbers) == 1 else None

    def confirmed_by(self, row: Row, sender: str) -> list[int]:
        """The numbers of what the sender surely sent to the stream, and sent once."""
        return self._confirmed.get((row.key, sender), [])

    def message_and_op(self, number: int) -> tuple[str, int]:
        return self._calls[number].message, self._calls[number].op

    def positions(self) -> Iterable[tuple[StreamKey, int]]:
        """What is known of where items stand."""
        return ((call.key, call.position) for call in self._calls if call.position is not None)


def _calls(history: History, streams: set[str]) -> Iterable[_Call]:
    for publication in history.publications:
        if publication.target in streams:
            yield _Call(
                op=publication.op,
                process=publication.process,
                key=(
                    publication.target,
                    publication.partition,
                    history.by_op[publication.op].correlation,
                ),
                message=publication.message,
                attempt=publication.attempt,
                position=publication.position,
                confirmed=publication.outcome is Outcome.OK,
            )
    for reply in history.select(Action.REPLY):
        if reply.target in streams and reply.message:
            yield _Call(
                op=reply.op,
                process=reply.process,
                key=(reply.target, reply.partition, reply.correlation),
                message=reply.message,
                attempt=reply.attempt,
                position=reply.position,
                confirmed=reply.outcome is Outcome.OK,
            )
