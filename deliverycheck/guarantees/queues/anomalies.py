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

_WRONG_REASON = AnomalyKind(
    name="wrong_reason",
    meaning="A dead letter says that it died of something else than it did.",
    breaks=("dead_lettering",),
    severity=Severity.CORRUPTION,
    sentences={
        "was_rejected": (
            "Message {message} in {source} says that it is a dead letter because of {reason}; {by} "
            "had rejected it."
        ),
        "nobody_rejected": (
            "Message {message} in {source} says that it is a dead letter because it was rejected; "
            "nobody had been handed it."
        ),
        "no_such_limit": (
            "Message {message} in {source} says that it is a dead letter because of {reason}; "
            "neither it nor a queue it came from has such a limit."
        ),
    },
    source="the header of a dead letter that tells queue, reason and count of its deaths",
    example="c1 rejects a, and a stands among the dead letters as expired.",
)

ANOMALIES = (_OVER_PREFETCH, _WRONG_REASON)
