"""Guarantees on transactions."""

from deliverycheck.guarantees.guarantee import Guarantee

GUARANTEES: tuple[Guarantee, ...] = ()
