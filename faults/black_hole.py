"""Silence: bytes are taken and destroyed, and the connection stays open.

Injected by ``timeout timeout=0`` on one stream, or on both. Neither side hears
of it until its own timeout.

Verified by reading the toxics back. That it *acted* shows in the history: calls
that timed out, or messages handed over meanwhile that a scan does not find.

Healed by deleting the toxics, which closes the connections they held: a stream
that lost bytes could not go on.

For delivery: upstream as a lost request, downstream as a lost reply, but noticed
only after a timeout; and a client that expects no reply never notices.
"""

from deliverycheck.plans import Direction, FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.BLACK_HOLE,
    title="black hole",
    consequence="silence; what was sent is gone, and healing closes the connection",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.REQUIRED,
    streams=(Direction.UPSTREAM, Direction.DOWNSTREAM),
    kind="timeout",
    attributes={"timeout": 0},
)
