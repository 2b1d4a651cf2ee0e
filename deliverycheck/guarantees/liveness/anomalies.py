"""What is found in liveness."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_UNRESOLVED = AnomalyKind(
    name="unresolved",
    meaning="A call had no outcome within the promised time after the last heal.",
    breaks=("resolved_in_time",),
    severity=Severity.STANDSTILL,
    sentences={
        "never": (
            "{process} called {action} at {invoked_ns:s} and was never answered; nothing was "
            "disturbed after {since_ns:s}, and an answer was promised by {due_ns:s}."
        ),
        "late": (
            "{process} called {action} at {invoked_ns:s} and was answered at {completed_ns:s}; "
            "nothing was disturbed after {since_ns:s}, and an answer was promised by {due_ns:s}."
        ),
    },
    source="Alpern and Schneider, liveness: something good happens in the end",
    example="p1 publishes a; the last fault heals; T later the publish is still open.",
)
_UNUSABLE = AnomalyKind(
    name="unusable",
    meaning="A target that was in use did not work again within the promised time.",
    breaks=("usable_in_time",),
    severity=Severity.STANDSTILL,
    sentences={
        "never": (
            "{target} was in use before the last heal at {since_ns:s} and promised to be usable "
            "by {due_ns:s}. It was tried {tried:count time} after the heal; nothing succeeded."
        ),
        "late": (
            "{target} was in use before the last heal at {since_ns:s} and promised to be usable "
            "by {due_ns:s}. It was tried {tried:count time} after the heal; the first success "
            "came at {success_ns:s}."
        ),
    },
    source="recovery of partitions and queues after a failure, as operators measure it",
    example="p1 publishes to t; a fault comes and heals; T later publishes to t are still refused.",
)

ANOMALIES: tuple[AnomalyKind, ...] = (_UNRESOLVED, _UNUSABLE)
