"""Guarantees on liveness."""

from deliverycheck.guarantees.guarantee import Guarantee

GUARANTEES: tuple[Guarantee, ...] = ()
