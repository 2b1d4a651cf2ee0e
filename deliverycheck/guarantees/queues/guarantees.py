"""Guarantees on queues."""

from deliverycheck.guarantees.guarantee import Guarantee

GUARANTEES: tuple[Guarantee, ...] = ()
