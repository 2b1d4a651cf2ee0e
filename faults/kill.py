"""A process is gone between two instructions.

Injected by SIGKILL through the handle of the worker or of the broker
(`Broker.kill`), which returns when the process was reaped.

Verified by the pid that was and how it ended; after a restart, by a pid that
changed.

Healed, for a node, by `Broker.restart`, which waits until it is usable; for a
worker, by a new incarnation.

For delivery: what the process held in memory is lost, what it handed to the
kernel is not: a process crash, not a power loss. The page cache survives.
"""

from faults.fault import DirectionRule, Fault, Target

FAULT = Fault(
    name="kill",
    title="killed",
    consequence="what the process held in memory is lost",
    acts_on=frozenset({Target.WORKER, Target.NODE}),
    rule=DirectionRule.NONE,
)
