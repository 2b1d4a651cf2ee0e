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

_SHARED_DELIVERY = AnomalyKind(
    name="shared_delivery",
    meaning="Two consumers of a queue were handed the same message, and neither had let go of it.",
    breaks=("disjoint_consumers",),
    severity=Severity.REPETITION,
    sentences={
        "both_first": (
            "Queue {source} handed message {message} to {one} at {one_ns:s} and to {other} at "
            "{other_ns:s}, each time as its first delivery."
        ),
        "both_acked": (
            "Queue {source} handed message {message} to {one} at {one_ns:s} and to {other} at "
            "{other_ns:s}; both acks took effect."
        ),
    },
    source="competing consumers: each message goes to one of them",
    example="c1 and c2 are handed a, each for the first time, and nothing happened to either.",
)
_UNCONFIRMED = AnomalyKind(
    name="unconfirmed",
    meaning="A publish was never answered.",
    breaks=("confirms_resolved",),
    severity=Severity.STANDSTILL,
    sentences={
        "never": (
            "{process} published message {message} to {source} at {invoked_ns:s}; it was neither "
            "confirmed nor refused, and {process} lived to the end."
        )
    },
    source="publisher confirms: each message is confirmed or refused, once",
    example="p1 publishes a; everything heals and comes to rest, and a has no answer.",
)
_CONFIRMED_TWICE = AnomalyKind(
    name="confirmed_twice",
    meaning="A publish was answered a second time.",
    breaks=("confirms_resolved",),
    severity=Severity.REPETITION,
    sentences={
        "again": (
            "{process} was answered again at {again_ns:s} for message {message}, published to "
            "{source}: its publish had ended with {first}."
        )
    },
    source="publisher confirms: each message is confirmed or refused, once",
    example="p1 publishes a, which is confirmed, and is then told that it was refused.",
)
_RETURNED_AND_ROUTED = AnomalyKind(
    name="returned_and_routed",
    meaning="A message came back as unroutable and was handed out all the same.",
    breaks=("routed_confirms",),
    severity=Severity.CORRUPTION,
    sentences={
        "in_queue": (
            "Message {message} came back as unroutable at {returned_ns:s}; queue {source} handed "
            "it to {handed_by} at {handed_ns:s} all the same."
        )
    },
    source="mandatory publishes: a message is returned if no queue takes it",
    example="p1 publishes a, which comes back as unroutable; c1 is handed a.",
)
_DELIVERED_EXPIRED = AnomalyKind(
    name="delivered_expired",
    meaning="A message was handed out after its time to wait.",
    breaks=("expiry",),
    severity=Severity.CORRUPTION,
    sentences={
        "in_queue": (
            "Message {message} was confirmed at {confirmed_ns:s} and may wait {waits_ms} ms in "
            "{source}; {handed_by} asked the queue at {asked_ns:s} and was handed it."
        )
    },
    source="time to live: a message is not delivered once its time is over",
    example="a may wait 10 ms; c1 fetches it a second after its confirm.",
)
_EXPIRED_EARLY = AnomalyKind(
    name="expired_early",
    meaning="A message was dropped as expired before its time.",
    breaks=("expiry",),
    severity=Severity.LOSS,
    sentences={
        "in_queue": (
            "Message {message} was published at {called_ns:s} and may wait {waits_ms} ms; "
            "{handed_by} was handed it from {source} at {handed_ns:s}, as expired."
        )
    },
    source="time to live: a message waits until its time is over",
    example="a may wait an hour; after a second it stands among the dead letters as expired.",
)
_REQUEUED_OUT_OF_PLACE = AnomalyKind(
    name="requeued_out_of_place",
    meaning="A message that was given back came again elsewhere than its queue says.",
    breaks=("requeue_position",),
    severity=Severity.DISORDER,
    sentences={
        "original": (
            "{process} gave message {message} back to {source} at {returned_ns:s}. Its place is "
            "before {other}, and the queue handed out {other} first: to {other_by} at "
            "{other_ns:s}, and {message} to {again_by} at {again_ns:s}."
        ),
        "back": (
            "{process} gave message {message} back to {source} at {returned_ns:s}. Its place is "
            "behind {other}, and the queue handed out {message} first: to {again_by} at "
            "{again_ns:s}, and {other} to {other_by} at {other_ns:s}."
        ),
    },
    source="requeueing: to the original position, or to the back of the queue",
    example="a stands before b; c1 is handed a and gives it back, and is then handed b.",
)
_OVER_LENGTH = AnomalyKind(
    name="over_length",
    meaning="A queue held more messages than its limit.",
    breaks=("length_limit",),
    severity=Severity.DISORDER,
    sentences={
        "in_queue": (
            "Queue {source} may hold {length_max:count message}; at {at_ns:s} it held {held}, all "
            "confirmed and handed to nobody: {held_messages}."
        )
    },
    source="maximum length of a queue",
    example="q holds one message; a and b are confirmed, and then both are fetched.",
)
_DROPPED_NEWER = AnomalyKind(
    name="dropped_newer",
    meaning="A full queue dropped a message and kept an older one.",
    breaks=("length_limit",),
    severity=Severity.LOSS,
    sentences={
        "in_queue": (
            "Queue {source} was full and dropped message {message}, a dead letter by {dead_ns:s}; "
            "it kept {older}, which stood before it and was handed to {older_by} at {older_ns:s}."
        )
    },
    source="maximum length of a queue: it drops from its head",
    example="q holds one message; of a and b it keeps a.",
)
_PRIORITY_INVERTED = AnomalyKind(
    name="priority_inverted",
    meaning="A message was handed out while one of higher priority stood ready.",
    breaks=("priority_order",),
    severity=Severity.DISORDER,
    sentences={
        "in_queue": (
            "Queue {source} handed out {message} of priority {priority} at {ahead_ns:s}, while "
            "{behind} of priority {behind_priority} stood ready since {ready_ns:s}; {behind} came "
            "at {behind_ns:s}."
        )
    },
    source="priority queues",
    example="a of priority 1 and b of priority 2 stand ready; c1 fetches a, then b.",
)

ANOMALIES = (
    _OVER_PREFETCH,
    _WRONG_REASON,
    _SHARED_DELIVERY,
    _UNCONFIRMED,
    _CONFIRMED_TWICE,
    _RETURNED_AND_ROUTED,
    _DELIVERED_EXPIRED,
    _EXPIRED_EARLY,
    _REQUEUED_OUT_OF_PLACE,
    _OVER_LENGTH,
    _DROPPED_NEWER,
    _PRIORITY_INVERTED,
)
