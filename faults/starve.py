"""A node has no memory left, says so, and takes nothing from who publishes.

Injected by a memory watermark of 0 (`QueueBroker.starve`): what an operator may set as well, and
RabbitMQ's documentation names it as the way to block all who publish.

Verified by the alarm that the node tells of. That it *acted* shows in the history: what was
published meanwhile had no answer before memory came back.

Healed by the watermark that was there before (`QueueBroker.feed`), once the alarm is gone.

For delivery: connections that publish are read no more. What they sent waits in buffers, of the
kernel and of the client, and is taken later; who consumes goes on.
"""

from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name="starve",
    title="starved",
    consequence="who publishes is blocked until memory is there again",
    acts_on=frozenset({Target.NODE}),
    rule=DirectionRule.NONE,
)
