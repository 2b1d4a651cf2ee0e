"""What a hazard is, and what shows that it occurred."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from deliverycheck.guarantees.sentences import fill
from deliverycheck.history import History, Operation

WITNESSES_MAX = 20
"""Operations that one piece of evidence names: enough to look, few enough to read."""


class FaultColumn(StrEnum):
    """The columns of the matrix: what was broken, as its head says it."""

    NO_FAULT = "no fault"
    NEW_TOPIC = "new topic"
    SETTLEMENT = "given back"
    LIMIT = "limit reached"
    RECORDS_GONE = "records gone"
    LOST_REPLY = "lost reply"
    LOST_REQUEST = "lost request"
    BLACK_HOLE = "black hole"
    STALL = "stall"
    DELAY = "delay"
    REFUSED = "refused"
    REBALANCE = "rebalance"
    WORKER_KILLED = "worker killed"
    WORKER_PAUSED = "worker paused"
    HEARTBEATS = "heartbeats missed"
    BROKER_KILLED = "broker killed"
    BROKER_PAUSED = "broker paused"
    BROKER_STARVED = "broker starved"


class Needed(StrEnum):
    """What a backend must let us hit, so that the hazard can occur at all."""

    NOTHING = "nothing"
    LINK = "link"
    WORKER = "worker"
    NODE = "node"
    MEMORY = "memory"


BROKER_WIDE = frozenset({Needed.NODE, Needed.MEMORY})
"""What every client of the broker meets."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One occurrence of a hazard.

    Attributes:
        kind: which of the hazard's sentences tells it.
        ns: the moment from which it is shown.
        witnesses: numbers of the first operations that show it.
        span: index of the fault in `History.faults`.
    """

    kind: str
    ns: int
    facts: dict[str, str | int] = {}
    witnesses: tuple[int, ...] = ()
    span: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A situation that a claim is about.

    Attributes:
        title: the situation in a few words.
        sentences: by kind of evidence, the template that tells it.
        find: every occurrence in a history; none if the situation is not shown.
    """

    name: str
    title: str
    fault_column: FaultColumn
    needs: Needed
    sentences: dict[str, str]
    find: Callable[[History], tuple[Evidence, ...]]

    def tell(self, evidence: Evidence) -> str:
        """The evidence in words."""
        return fill(self.sentences[evidence.kind], evidence.facts)


def ops_of(operations: list[Operation]) -> tuple[int, ...]:
    """The numbers of the first of them."""
    return tuple(operation.op for operation in operations[:WITNESSES_MAX])
