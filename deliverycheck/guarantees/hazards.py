"""The catalogue of hazards, and which of them occurred in a history."""

from deliverycheck.guarantees.compaction_hazards import HAZARDS_OF_COMPACTION
from deliverycheck.guarantees.crash_hazards import (
    broker_killed,
    broker_paused,
    consumer_killed,
    consumer_killed_in_hand,
    producer_killed,
    producer_killed_unflushed,
)
from deliverycheck.guarantees.deletion_hazards import HAZARDS_OF_DELETIONS
from deliverycheck.guarantees.error_hazards import definite_failure, purged
from deliverycheck.guarantees.first_writes import first_write_broker_killed
from deliverycheck.guarantees.group_hazards import HAZARDS_OF_GROUPS
from deliverycheck.guarantees.hazard import Evidence, FaultColumn, Hazard, Needed, ops_of
from deliverycheck.guarantees.key_hazards import HAZARDS_OF_KEYS
from deliverycheck.guarantees.link_hazards import Finder, lost, refused, silence
from deliverycheck.guarantees.queue_catalogue import QUEUE_HAZARDS
from deliverycheck.guarantees.remade import told_apart
from deliverycheck.guarantees.remade_hazards import HAZARDS_OF_REMADE_TOPICS
from deliverycheck.guarantees.replay_hazards import HAZARDS_OF_REPLAY
from deliverycheck.guarantees.request_hazards import HAZARDS_OF_REQUESTS
from deliverycheck.guarantees.retention_hazards import HAZARDS_OF_RETENTION
from deliverycheck.guarantees.revocation_hazards import HAZARDS_OF_REVOCATIONS
from deliverycheck.guarantees.share_hazards import HAZARDS_OF_SHARES
from deliverycheck.guarantees.timeout_hazards import (
    purged_beside_others,
    timed_out_beside_others,
)
from deliverycheck.guarantees.topic_hazards import (
    config_changed,
    partitions_added,
    topic_answered,
    topic_just_created,
)
from deliverycheck.guarantees.transaction_hazards import (
    HAZARDS_IN_TIME,
    instance_fenced,
    transaction_aborted,
)
from deliverycheck.history import Action, History, NodeState

_DISTURBED = frozenset({"killed", "paused", "died"})
_NODE_DISTURBED = frozenset({NodeState.KILLED, NodeState.PAUSED, NodeState.STARVED, NodeState.DIED})


def hazards_of(history: History) -> dict[str, tuple[Evidence, ...]]:
    """The hazards that occurred, each with all the evidence for it."""
    apart = told_apart(history)
    found = {name: hazard.find(apart) for name, hazard in HAZARDS.items()}
    return {name: evidence for name, evidence in found.items() if evidence}


def undisturbed(history: History) -> tuple[Evidence, ...]:
    """Something was published, no fault was asked for, and nobody was killed, stopped or died."""
    if (
        history.faults
        or any(event.what in _DISTURBED for event in history.processes)
        or any(event.state in _NODE_DISTURBED for event in history.nodes)
    ):
        return ()
    publishes = sorted(history.select(Action.PUBLISH), key=lambda operation: operation.op)
    if not publishes:
        return ()
    messages = sum(operation.count for operation in publishes)
    return (
        Evidence(
            kind="quiet",
            ns=publishes[0].invoked_ns,
            facts={"messages": messages},
            witnesses=ops_of(publishes),
        ),
    )


_CUT = {
    "complaint": (
        "{publishes:count publish} of {process} over {lane} stood open when {process} reported "
        "an error."
    ),
    "twice": "{publishes:count publish} of {process} over {lane} stands twice in the log.",
    "late": (
        "{publishes:count publish} of {process} over {lane} was completed only after the heal."
    ),
}
_OPEN = {"open": "{operations:count operation} of {process} over {lane} met it."}
_REFUSED = _OPEN | {"complaint": "{process} reported {error} at {error_ns:s}."}
_PRODUCER = {"killed": "{process} was killed at {killed_ns:s} after {messages:count message}."}
_UNFLUSHED = {
    "killed": (
        "{process} was killed at {killed_ns:s} with {messages:count message} handed over and "
        "not confirmed."
    )
}
_CONSUMER = {"killed": "{process} was killed at {killed_ns:s} after {deliveries:count delivery}."}
_IN_HAND = {
    "killed": (
        "{process} was killed at {killed_ns:s} with {deliveries:count delivery} in hand: "
        "{message} was without {without}."
    )
}
_FAILED = {
    "failed": (
        "{publishes:count publish} of {process} failed for good, from {failed_ns:s} on: {error}."
    )
}
_TIMED_OUT = {
    "timed_out": (
        "{message} timed out at {timed_out_ns:s} while {messages:count other message} of {process} "
        "was without an answer."
    )
}
_PURGED_BESIDE = {
    "purged": (
        "{message} was purged at {purged_ns:s} while {messages:count other message} of "
        "{process} was without an answer."
    )
}
_PURGED = {
    "failed": (
        "{publishes:count publish} of {process} had no confirm when it was told to forget them, "
        "from {failed_ns:s} on: {error}."
    )
}
_DOWN = {"down": "{node} went down at {down_ns:s}; {operations:count operation} met that."}
_FIRST_WRITE = {
    "first": (
        "{node} went down at {down_ns:s}, and {process} had no confirm from {place} yet "
        "({messages:count message} on the way)."
    )
}
_QUIET = {"quiet": "Nothing was broken while {messages:count message} went out."}
_ANSWERED = {
    "answered": (
        "{process} wrote to {topic} {after_ms} ms after its creation was asked for, when its "
        "partitions had answered ({messages:count message})."
    )
}
_ABORTED = {
    "aborted": (
        "{process} aborted a transaction at {aborted_ns:s} of which {messages:count message} had "
        "been confirmed."
    )
}
_FENCED = {
    "fenced": (
        "{process} asked to commit {transaction} at {asked_ns:s}, when {newer} had taken its "
        "transactional id over at {fenced_ns:s}."
    )
}
_GROWN = {
    "grown": (
        "{topic} had {partitions} partitions from {changed_ns:s} on, and {process} wrote to it "
        "before and since ({messages:count message})."
    )
}
_CONFIG_CHANGED = {
    "changed": (
        "{topic} had {name}={value} from {changed_ns:s} on, and {process} wrote to it before and "
        "since ({messages:count message})."
    )
}
_EARLY = {
    "early": (
        "{process} wrote to {topic} {after_ms} ms after its creation was asked for, before its "
        "partitions had answered ({messages:count message})."
    )
}


def _on_link(
    name: str,
    title: str,
    column: FaultColumn,
    find: Finder,
    sentences: dict[str, str],
) -> Hazard:
    return Hazard(
        name=name,
        title=title,
        fault_column=column,
        needs=Needed.LINK,
        sentences=sentences,
        find=find,
    )


HAZARDS: dict[str, Hazard] = {
    hazard.name: hazard
    for hazard in (
        Hazard(
            name="none",
            title="nothing was broken",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_QUIET,
            find=undisturbed,
        ),
        Hazard(
            name="topic_just_created",
            title="a topic was written to before all its partitions answered",
            fault_column=FaultColumn.NEW_TOPIC,
            needs=Needed.NOTHING,
            sentences=_EARLY,
            find=topic_just_created,
        ),
        Hazard(
            name="transaction_aborted",
            title="a transaction was aborted of which messages had been confirmed",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_ABORTED,
            find=transaction_aborted,
        ),
        Hazard(
            name="instance_fenced",
            title="an instance asked to commit after a newer one had taken over",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_FENCED,
            find=instance_fenced,
        ),
        Hazard(
            name="definite_failure",
            title="a publish failed for good, as its error proves",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_FAILED,
            find=definite_failure,
        ),
        _on_link(
            "timed_out_beside_others",
            "a message timed out while others of its producer were without an answer",
            FaultColumn.STALL,
            timed_out_beside_others,
            _TIMED_OUT,
        ),
        _on_link(
            "purged_beside_others",
            "a message was purged while others of its producer were, or were later, unanswered",
            FaultColumn.LOST_REPLY,
            purged_beside_others,
            _PURGED_BESIDE,
        ),
        Hazard(
            name="purged",
            title="a producer was told to forget messages without a confirm",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_PURGED,
            find=purged,
        ),
        Hazard(
            name="partitions_added",
            title="a topic got more partitions while a process wrote to it",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_GROWN,
            find=partitions_added,
        ),
        Hazard(
            name="config_changed",
            title="a topic got another setting while a process wrote to it",
            fault_column=FaultColumn.NO_FAULT,
            needs=Needed.NOTHING,
            sentences=_CONFIG_CHANGED,
            find=config_changed,
        ),
        *HAZARDS_OF_DELETIONS,
        *HAZARDS_OF_REMADE_TOPICS,
        *HAZARDS_OF_REPLAY,
        *HAZARDS_OF_REVOCATIONS,
        *HAZARDS_OF_RETENTION,
        *HAZARDS_OF_COMPACTION,
        Hazard(
            name="topic_answered",
            title="a new topic was written to once all its partitions had answered",
            fault_column=FaultColumn.NEW_TOPIC,
            needs=Needed.NOTHING,
            sentences=_ANSWERED,
            find=topic_answered,
        ),
        _on_link(
            "lost_reply",
            "a batch was sent and its reply lost",
            FaultColumn.LOST_REPLY,
            lost("lose_reply"),
            _CUT,
        ),
        _on_link(
            "lost_request",
            "a request was lost, or torn, on its way",
            FaultColumn.LOST_REQUEST,
            lost("lose_request", "torn_request"),
            _CUT,
        ),
        _on_link(
            "black_hole",
            "bytes were sent into silence",
            FaultColumn.BLACK_HOLE,
            silence("black_hole"),
            _OPEN,
        ),
        _on_link(
            "stall", "bytes were held until the heal", FaultColumn.STALL, silence("stall"), _OPEN
        ),
        _on_link("delay", "bytes were late", FaultColumn.DELAY, silence("delay"), _OPEN),
        _on_link("refuse", "connections were refused", FaultColumn.REFUSED, refused, _REFUSED),
        Hazard(
            name="producer_killed",
            title="a process that had published was killed",
            fault_column=FaultColumn.WORKER_KILLED,
            needs=Needed.WORKER,
            sentences=_PRODUCER,
            find=producer_killed,
        ),
        Hazard(
            name="producer_killed_unflushed",
            title="a process was killed with messages handed over and not confirmed",
            fault_column=FaultColumn.WORKER_KILLED,
            needs=Needed.WORKER,
            sentences=_UNFLUSHED,
            find=producer_killed_unflushed,
        ),
        Hazard(
            name="consumer_killed",
            title="a process that had received was killed",
            fault_column=FaultColumn.WORKER_KILLED,
            needs=Needed.WORKER,
            sentences=_CONSUMER,
            find=consumer_killed,
        ),
        Hazard(
            name="consumer_killed_in_hand",
            title="a process was killed between receiving a message and being done with it",
            fault_column=FaultColumn.WORKER_KILLED,
            needs=Needed.WORKER,
            sentences=_IN_HAND,
            find=consumer_killed_in_hand,
        ),
        *HAZARDS_OF_GROUPS,
        Hazard(
            name="broker_killed",
            title="the broker was killed while somebody spoke to it",
            fault_column=FaultColumn.BROKER_KILLED,
            needs=Needed.NODE,
            sentences=_DOWN,
            find=broker_killed,
        ),
        Hazard(
            name="first_write_broker_killed",
            title="the broker was killed before a producer had a first confirm from a partition",
            fault_column=FaultColumn.BROKER_KILLED,
            needs=Needed.NODE,
            sentences=_FIRST_WRITE,
            find=first_write_broker_killed,
        ),
        Hazard(
            name="broker_paused",
            title="the broker was stopped while somebody spoke to it",
            fault_column=FaultColumn.BROKER_PAUSED,
            needs=Needed.NODE,
            sentences=_DOWN,
            find=broker_paused,
        ),
        *QUEUE_HAZARDS,
        *HAZARDS_OF_REQUESTS,
        *HAZARDS_OF_KEYS,
        *HAZARDS_IN_TIME,
        *HAZARDS_OF_SHARES,
    )
}
"""Every situation that a claim can be about, by name."""
