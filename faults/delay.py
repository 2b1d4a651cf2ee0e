"""Each chunk of bytes arrives 700 ms late.

Injected by ``latency latency=700`` on one stream, or on both. 700 ms is below
the 1 s after which the clients under test give a request up, and both ways
together are above it: one direction is slowness, two are a timeout whose
request took effect.

Verified by reading the toxics back. That it *acted* shows in the history: calls
that lasted longer than the delay.

Healed by deleting the toxics; what was held flows on at once, even if its
client has gone.

For delivery: a late request takes effect although its client is dead.
"""

from deliverycheck.plans import Direction, FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.DELAY,
    title="delay",
    consequence="requests or replies come late, perhaps after their client has gone",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.REQUIRED,
    streams=(Direction.UPSTREAM, Direction.DOWNSTREAM),
    kind="latency",
    attributes={"latency": 700, "jitter": 0},
)
