"""The broker does what was asked, and its reply never reaches the client.

Injected by ``limit_data bytes=0`` downstream: the first bytes of a reply are
destroyed and the connection is closed. So is every later connection at its
first reply: the client cannot come back until the fault is healed.

Verified by reading the toxic back. That it *acted* shows in the history: a
message that was appended, and whose client saw an error or tried again.

Healed by deleting the toxic; connections that it closed stay closed.

For delivery: the request took effect and the client cannot know. A producer
that tries again without idempotence writes the message twice, and behind a
later one.
"""

from deliverycheck.plans import Direction, FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.LOSE_REPLY,
    title="lost reply",
    consequence="the request took effect, the client cannot know",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.FIXED,
    streams=(Direction.DOWNSTREAM,),
    kind="limit_data",
    attributes={"bytes": 0},
)
