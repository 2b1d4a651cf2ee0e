"""What is found in queues."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_OVER_PREFETCH = AnomalyKind(
    name="over_prefetch",
    meaning="A consumer was handed more than it may hold unsettled.",
    breaks=("prefetch_bound",),
    severity=Severity.DISORDER,
    sentences={
        "in_queue": (
            "{process} had asked for at most {prefetch:count unsettled message} of {source}; at "
            "{handed_ns:s} it held {held}: {held_messages}."
        ),
    },
    source="the queueing protocol's quality of service: a bound on unacknowledged deliveries",
    example="c1 subscribes with prefetch 1 and is handed a and b before it settles either.",
)

ANOMALIES = (_OVER_PREFETCH,)
