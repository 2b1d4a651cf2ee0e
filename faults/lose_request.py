"""The client's request never reaches the broker, and the connection is closed.

Injected by ``limit_data bytes=0`` upstream: the first bytes of a request are
destroyed and the connection is closed, and so is every later one at its first
request, until the fault is healed.

Verified by reading the toxic back. That it *acted* shows in the history: a
client error or a second try, of a message that was not appended before.

Healed by deleting the toxic; connections that it closed stay closed.

For delivery: nothing arrived and the client cannot know. A second try is the
first one to take effect.
"""

from deliverycheck.plans import Direction, FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.LOSE_REQUEST,
    title="lost request",
    consequence="the request never arrived, the client cannot know",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.FIXED,
    streams=(Direction.UPSTREAM,),
    kind="limit_data",
    attributes={"bytes": 0},
)
