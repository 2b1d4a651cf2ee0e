"""The catalogue of anomalies: what each name means, what it breaks, how it is told."""

from enum import StrEnum

import msgspec

_LOG = ("at_least_once_in_log", "exactly_once_in_log")
_EFFECT = ("at_least_once_in_effect", "exactly_once_in_effect")


class Severity(StrEnum):
    """How bad an anomaly is for whoever owns the data."""

    LOSS = "loss"
    CORRUPTION = "corruption"
    REPETITION = "repetition"
    DISORDER = "disorder"


class AnomalyKind(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue.

    Attributes:
        breaks: the guarantees that it breaks.
        sentences: templates by the fact ``kind``; a fact's name stands in braces.
        details: a sentence to add where the named fact is known.
        source: where the name comes from.
        example: a worked example, one line of story.
    """

    name: str
    meaning: str
    breaks: tuple[str, ...]
    severity: Severity
    sentences: dict[str, str]
    source: str
    example: str
    details: dict[str, str] = {}


_LOST = AnomalyKind(
    name="lost",
    meaning="What the application relied on is not there.",
    breaks=(*_LOG, *_EFFECT),
    severity=Severity.LOSS,
    sentences={
        "in_log": (
            "Message {message} was {relied} at {relied_ns:s}; reading topic {source} from the "
            "start ({found:count message}) does not find it."
        ),
        "in_effect": (
            "Message {message} stands in {place}; group {group} came to the end of its sources "
            "and has no effect of it."
        ),
    },
    details={
        "proves_nothing": "That confirm says only that the client let go of it.",
        "error": "The client reported {error}.",
        "received_by": "It had been handed to {received_by} at {received_ns:s}.",
        "never_received": "No consumer of the group was ever handed it.",
        "committed_by": "{committed_by} committed past it at {committed_ns:s}.",
    },
    source="total-queue checkers since Knossos: acknowledged, never dequeued",
    example="p1 publishes a (ok) and b (ok); a fresh reader finds a only: b is lost.",
)
_DUPLICATE = AnomalyKind(
    name="duplicate",
    meaning="One message is there twice.",
    breaks=("exactly_once_in_log", "at_most_once_in_effect", "exactly_once_in_effect"),
    severity=Severity.REPETITION,
    sentences={
        "in_log": "Message {message} stands in the log {copies:count time}: {places}.",
        "in_effect": (
            "Group {group} has {effects:count effect} of message {message} in {place}: "
            "by {effected_by} at {effected_ns:s}."
        ),
    },
    details={"attempts": "The application sent it {attempts:count time}."},
    source="checkers of partitioned logs: one value at two offsets of a key",
    example="p1 publishes a once; a fresh reader finds a at positions 0 and 1.",
)
_RESURRECTED = AnomalyKind(
    name="resurrected",
    meaning="A message is there although its publish provably failed.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={
        "in_log": (
            "Publishing message {message} failed for good at {failed_ns:s} ({error}); it stands "
            "in {place} all the same."
        )
    },
    source="Adya's G1a read as a queue: a failed write was read",
    example="p1 publishes a, which fails for good; a fresh reader finds a.",
)
_PHANTOM = AnomalyKind(
    name="phantom",
    meaning="Something is there that this execution never published.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={
        "unpublished": "Message {message} stands in {place}; no process published it.",
        "not_ours": "A message that is not ours stands in {place}.",
        "other_execution": (
            "Message {message} in {place} belongs to execution {execution}, not to this one."
        ),
    },
    source="total-queue checkers: dequeued, never attempted",
    example="p1 publishes a; a fresh reader finds a and z.",
)
_MISROUTED = AnomalyKind(
    name="misrouted",
    meaning="A message is in another topic, or partition, than it was published to.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={"in_log": "Message {message} was published to {target} and stands in {place}."},
    source="docs/history-format.md: bodies name their target, so that a leak is visible",
    example="p1 publishes a to t1; a fresh reader finds it in t2.",
)
_MANGLED = AnomalyKind(
    name="mangled",
    meaning="A message came back changed.",
    breaks=("exactly_once_in_log",),
    severity=Severity.CORRUPTION,
    sentences={"in_log": "Message {message} in {place} came back with another {mangled}."},
    source="docs/history-format.md: key, headers, body and timestamp come back as sent",
    example="p1 publishes a with key k; a fresh reader finds a with key j.",
)
_REORDERED = AnomalyKind(
    name="reordered",
    meaning="A message stands behind one that the same producer sent after it.",
    breaks=("per_partition_order", "per_key_order"),
    severity=Severity.DISORDER,
    sentences={
        "first_copy": (
            "{process} sent {message} before {behind}, and {message} stands behind it: "
            "{place} after position {behind_position}."
        ),
        "second_copy": (
            "{process} sent {message} before {behind}, and a second copy of {message} stands "
            "behind it: {place} after position {behind_position}; the first is at position "
            "{first_position}."
        ),
        "split_key": (
            "{process} sent {message} and {behind} with key {key}, and they stand in different "
            "partitions of {source}: {partitions}. No reader is given an order between them."
        ),
    },
    details={"of_key": "Both have key {of_key}."},
    source="checkers of partitioned logs: nonmonotonic-send within one process",
    example="p1 publishes a, b, c; a fresh reader finds a c b, or a b c a.",
)

ANOMALIES: dict[str, AnomalyKind] = {
    kind.name: kind
    for kind in (_LOST, _DUPLICATE, _RESURRECTED, _PHANTOM, _MISROUTED, _MANGLED, _REORDERED)
}
"""Every name that a checker of this package gives to an anomaly."""
