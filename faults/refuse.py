"""Connections are reset and new ones refused.

Injected by switching the proxy off.

Verified by reading its switch back. That it *acted* shows in the history: the
client reports the broken connection at once.

Healed by switching the proxy on again.

For delivery: what was under way is lost on either side of the proxy, as a lost
request or a lost reply; nothing else is, since every client notices.
"""

from deliverycheck.plans import FaultKind
from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name=FaultKind.REFUSE,
    title="refused link",
    consequence="connections are reset, new ones refused",
    acts_on=frozenset({Target.LINK}),
    rule=DirectionRule.NONE,
    disables=True,
)
