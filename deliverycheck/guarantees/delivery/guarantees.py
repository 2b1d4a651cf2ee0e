"""Guarantees from delivery to effect."""

from deliverycheck.guarantees.delivery.effect import (
    at_least_once_in_effect,
    at_most_once_in_effect,
    exactly_once_in_effect,
)
from deliverycheck.guarantees.guarantee import DRAINED, SCANNED, Guarantee

GUARANTEES = (
    Guarantee(
        name="at_least_once_in_effect",
        title="at least once, in effect",
        promise="Every message in a consumer group's sources has an effect by that group.",
        needs=SCANNED | DRAINED,
        check=at_least_once_in_effect,
    ),
    Guarantee(
        name="at_most_once_in_effect",
        title="at most once, in effect",
        promise="No message in a consumer group's sources has two effects by that group.",
        needs=DRAINED,
        check=at_most_once_in_effect,
    ),
    Guarantee(
        name="exactly_once_in_effect",
        title="exactly once, in effect",
        promise="Every message in a consumer group's sources has one effect by that group.",
        needs=SCANNED | DRAINED,
        check=exactly_once_in_effect,
    ),
)
