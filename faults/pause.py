"""A process stands still, and goes on later as if nothing had happened.

Injected by SIGSTOP through the handle of the worker or of the broker
(`Broker.pause`), which returns when the kernel reports every thread stopped.

Verified by that report. That it *acted* shows in the history: calls that
lasted until the resume, a session that expired, a message that waited.

Healed by SIGCONT (`Broker.resume`).

For delivery: the others may count it as dead while it lives: a consumer that
wakes up works on what was given to another (a zombie).
"""

from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name="pause",
    title="paused",
    consequence="the process lives and the others may count it as dead",
    acts_on=frozenset({Target.WORKER, Target.NODE}),
    rule=DirectionRule.NONE,
)
