"""Guarantees on conversations."""

from deliverycheck.guarantees.guarantee import Guarantee

GUARANTEES: tuple[Guarantee, ...] = ()
