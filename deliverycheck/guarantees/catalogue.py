"""The catalogue of guarantees: name, title, promise, what a check of it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.guarantees.effect import (
    at_least_once_in_effect,
    at_most_once_in_effect,
    exactly_once_in_effect,
)
from deliverycheck.guarantees.log import at_least_once_in_log, exactly_once_in_log
from deliverycheck.guarantees.order import per_key_order, per_partition_order
from deliverycheck.guarantees.verdict import Verdict
from deliverycheck.history import History

Checker = Callable[[History], Verdict]


class Need(StrEnum):
    """What an execution must have reached before a check of it can be valid."""

    SCANNED = "scanned"
    DRAINED = "drained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One promise that can be checked.

    Attributes:
        title: what a table of a report calls it.
        promise: what is promised, in one sentence.
        needs: without these no check of it is valid; a violation may be proven without them.
    """

    name: str
    title: str
    promise: str
    needs: frozenset[Need]
    check: Checker


_SCANNED = frozenset({Need.SCANNED})
_DRAINED = frozenset({Need.DRAINED})

GUARANTEES: dict[str, Guarantee] = {
    guarantee.name: guarantee
    for guarantee in (
        Guarantee(
            name="at_least_once_in_log",
            title="at least once, in the log",
            promise="Every message that the application relied on can be read afterwards.",
            needs=_SCANNED,
            check=at_least_once_in_log,
        ),
        Guarantee(
            name="exactly_once_in_log",
            title="exactly once, in the log",
            promise=(
                "Every message that the application relied on can be read afterwards, once and "
                "unchanged, where it was published to, and nothing else can."
            ),
            needs=_SCANNED,
            check=exactly_once_in_log,
        ),
        Guarantee(
            name="per_partition_order",
            title="order per partition",
            promise=(
                "Reading a partition, copies included, never goes back to an earlier call of the "
                "same producer."
            ),
            needs=_SCANNED,
            check=per_partition_order,
        ),
        Guarantee(
            name="per_key_order",
            title="order per key",
            promise=(
                "The messages of one producer with one key stand in one partition, and reading "
                "them never goes back to an earlier call."
            ),
            needs=_SCANNED,
            check=per_key_order,
        ),
        Guarantee(
            name="at_least_once_in_effect",
            title="at least once, in effect",
            promise="Every message in a consumer group's sources has an effect by that group.",
            needs=_SCANNED | _DRAINED,
            check=at_least_once_in_effect,
        ),
        Guarantee(
            name="at_most_once_in_effect",
            title="at most once, in effect",
            promise="No message in a consumer group's sources has two effects by that group.",
            needs=_DRAINED,
            check=at_most_once_in_effect,
        ),
        Guarantee(
            name="exactly_once_in_effect",
            title="exactly once, in effect",
            promise="Every message in a consumer group's sources has one effect by that group.",
            needs=_SCANNED | _DRAINED,
            check=exactly_once_in_effect,
        ),
    )
}
"""Every guarantee that can be asked for, by name."""
