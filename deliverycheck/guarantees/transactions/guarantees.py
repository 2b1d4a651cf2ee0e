"""Guarantees on transactions."""

from deliverycheck.guarantees.guarantee import Guarantee
from deliverycheck.guarantees.transactions.read_committed import read_committed

GUARANTEES: tuple[Guarantee, ...] = (
    Guarantee(
        name="read_committed",
        title="only committed messages are read",
        promise=(
            "A reader that asks for committed messages is handed none whose transaction was not "
            "committed."
        ),
        needs=frozenset(),
        check=read_committed,
    ),
)
