"""Guarantees on liveness."""

from deliverycheck.guarantees.guarantee import Guarantee
from deliverycheck.guarantees.liveness.resolved import resolved_in_time
from deliverycheck.guarantees.liveness.usable import usable_in_time

GUARANTEES: tuple[Guarantee, ...] = (
    Guarantee(
        name="resolved_in_time",
        title="every call answered in time",
        promise="Every operation has an outcome within the promised time of the last heal.",
        needs=frozenset(),
        check=resolved_in_time,
    ),
    Guarantee(
        name="usable_in_time",
        title="everything usable in time",
        promise=(
            "Every target that worked before the last heal works again within the promised time "
            "of it."
        ),
        needs=frozenset(),
        check=usable_in_time,
    ),
)
