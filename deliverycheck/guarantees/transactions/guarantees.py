"""Guarantees on transactions."""

from deliverycheck.guarantees.guarantee import SCANNED, Guarantee
from deliverycheck.guarantees.transactions.atomic import atomic_transactions
from deliverycheck.guarantees.transactions.cycles import read_order, serializable_transactions
from deliverycheck.guarantees.transactions.fencing import fencing
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
    Guarantee(
        name="atomic_transactions",
        title="transactions are whole",
        promise="Of a transaction all messages and committed positions take effect, or none does.",
        needs=SCANNED,
        check=atomic_transactions,
    ),
    Guarantee(
        name="fencing",
        title="fenced instances have no effect",
        promise=(
            "Once a newer instance has taken over a transactional id, no transaction takes effect "
            "that an older one asks to commit."
        ),
        needs=frozenset(),
        check=fencing,
    ),
    Guarantee(
        name="read_order",
        title="transactions read in an order",
        promise=(
            "What transactions read of one another fits one order, in which each comes after those "
            "that had taken effect before it began and after those before it in its process."
        ),
        needs=frozenset(),
        check=read_order,
    ),
    Guarantee(
        name="serializable_transactions",
        title="transactions are strictly serializable",
        promise=(
            "What transactions read and write fits one order, in which each comes after those "
            "that had taken effect before it began and after those before it in its process."
        ),
        needs=SCANNED,
        check=serializable_transactions,
    ),
)
