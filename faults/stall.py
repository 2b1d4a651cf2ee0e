"""Bytes are held, none is lost, and all of them arrive when it heals.

Injected by ``bandwidth rate=0`` on one stream, or on both.

Verified by reading the toxics back. That it *acted* shows in the history: calls
that lasted until the heal or timed out.

Healed by deleting the toxics; what was held flows on at once.

For delivery: a request takes effect long after its client gave up and perhaps
sent it again.
"""

from deliverycheck.plans import Direction, FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.STALL,
    title="stall",
    consequence="bytes are held and delivered when it heals",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.REQUIRED,
    streams=(Direction.UPSTREAM, Direction.DOWNSTREAM),
    kind="bandwidth",
    attributes={"rate": 0},
)
