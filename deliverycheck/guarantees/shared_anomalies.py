"""Anomalies that more than one family of guarantees finds."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_LOSING = (
    "at_least_once_in_log",
    "exactly_once_in_log",
    "at_least_once_in_effect",
    "exactly_once_in_effect",
    "dead_lettering",
    "routed_confirms",
    "expiry",
    "at_least_once_in_queue",
    "accounted_for",
    "routed_as_bound",
)

_NOT_FOUND = (
    "Message {message} was {relied} at {relied_ns:s}; reading topic {source} from the "
    "start ({found:count message}) does not find it."
)

_LOST = AnomalyKind(
    name="lost",
    meaning="What the application relied on is not there.",
    breaks=_LOSING,
    severity=Severity.LOSS,
    sentences={
        "hole": _NOT_FOUND + " It is a hole: {place} was not found, position {read_to} was.",
        "tail": _NOT_FOUND,
        "overwritten": _NOT_FOUND + " In its place, {place}, stands message {holds}.",
        "in_effect": (
            "Message {message} stands in {place}; group {group} came to the end of its sources "
            "and has no effect of it."
        ),
        "in_effect_of_queue": (
            "Message {message} was published to queue {source} and relied upon; group {group} came "
            "to the end of its sources and has no effect of it."
        ),
        "in_effect_of_dropped": (
            "Message {message} stood in {place} and is gone, deleted or too old; group {group}, "
            "which was there, came to the end of its sources and has no effect of it."
        ),
        "rejected": (
            "{rejected_by} rejected message {message} of queue {source} at {rejected_ns:s}; it is "
            "not among the dead letters."
        ),
        "dropped": (
            "Queue {source} confirmed message {message} at {confirmed_ns:s} and handed it to "
            "nobody; it is not among the dead letters either."
        ),
        "nowhere": (
            "Message {message} to {source} was confirmed at {confirmed_ns:s} and did not come back "
            "as unroutable; no queue handed it to anybody, and nothing is left."
        ),
        "not_in_queue": (
            "Message {message} to {target} was {relied} at {relied_ns:s}; queue {source}, in which "
            "it belongs, never handed it to anybody, and nothing is left."
        ),
        "unrouted": (
            "Message {message} to {target} was {relied} at {relied_ns:s}; no binding led it to any "
            "queue, and its sender was not told."
        ),
        "given_up": (
            "Message {message} to {target} was {relied} at {relied_ns:s} and handed out; nobody "
            "worked it off, it is nowhere at the end, and neither its sender nor a consumer was "
            "told."
        ),
        "gone_untold": (
            "Message {message} to {target} was {relied} at {relied_ns:s}; nobody was ever handed "
            "it, it is nowhere at the end, and its sender was not told."
        ),
        "before_its_time": (
            "Message {message} to {source} was confirmed at {confirmed_ns:s} and may wait "
            "{waits_ms} ms; at {end_ns:s} nobody had been handed it, and nothing was left."
        ),
    },
    details={
        "tail_place": "Nothing at or behind its place, {place}, was read.",
        "proves_nothing": "That confirm says only that the client let go of it.",
        "error": "The client reported {error}.",
        "received_by": "It had been handed to {received_by} at {received_ns:s}.",
        "never_received": "No consumer of the group was ever handed it.",
        "deleted_by": "{deleted_by} asked to delete it at {deleted_ns:s}.",
        "committed_by": "{committed_by} committed past it at {committed_ns:s}.",
    },
    source="total-queue checkers since Knossos: acknowledged, never dequeued",
    example="p1 publishes a (ok) and b (ok); a fresh reader finds a only: b is lost.",
)
_DUPLICATE = AnomalyKind(
    name="duplicate",
    meaning="One message is there twice.",
    breaks=(
        "exactly_once_in_log",
        "at_most_once_in_effect",
        "exactly_once_in_effect",
        "routed_as_bound",
    ),
    severity=Severity.REPETITION,
    sentences={
        "in_log": "Message {message} stands in the log {copies:count time}: {places}.",
        "in_effect": (
            "Group {group} has {effects:count effect} of message {message} in {place}: "
            "by {effected_by} at {effected_ns:s}."
        ),
        "in_queue": (
            "Queue {source} handed message {message} out twice as new: to {first_by} at "
            "{first_ns:s} and to {again_by} at {again_ns:s}."
        ),
    },
    details={"attempts": "The application sent it {attempts:count time}."},
    source="checkers of partitioned logs: one value at two offsets of a key",
    example="p1 publishes a once; a fresh reader finds a at positions 0 and 1.",
)

SHARED_ANOMALIES = (_LOST, _DUPLICATE)
