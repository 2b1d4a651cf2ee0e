"""The first bytes of a request reach the broker, the rest does not.

Injected by ``limit_data bytes=50`` upstream: on each connection 50 bytes pass,
the rest of that chunk is destroyed and the connection is closed. 50 is more
than a length word and a request header (4 + about 20 bytes) and less than the
smallest request that carries a message (about 150).

Verified by reading the toxic back. That it *acted* shows in the history: a
client error or a second try, of a message that was not appended before.

Healed by deleting the toxic; connections that it closed stay closed.

For delivery: half a frame arrived. A broker must not take it for a request.
"""

from deliverycheck.plans import Direction, FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.TORN_REQUEST,
    title="torn request",
    consequence="half a frame arrived",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.FIXED,
    streams=(Direction.UPSTREAM,),
    kind="limit_data",
    attributes={"bytes": 50},
)
