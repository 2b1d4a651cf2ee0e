"""The catalogue of hazards of queues."""

from deliverycheck.guarantees import queue_hazards as find
from deliverycheck.guarantees.hazard import FaultColumn, Hazard, Needed
from deliverycheck.guarantees.queue_changes import (
    dead_letters_moved,
    limited_in_use,
    shortened_in_use,
)
from deliverycheck.guarantees.queue_closing import (
    channel_broken_beside,
    channel_closed_beside,
    closed_unconfirmed,
)
from deliverycheck.guarantees.queue_handover import handed_over
from deliverycheck.guarantees.queue_heartbeats import heartbeats_missed
from deliverycheck.guarantees.queue_starved import broker_starved

QUEUE_HAZARDS: tuple[Hazard, ...] = (
    Hazard(
        name="node_killed",
        title="the broker was killed, whether or not anybody spoke to it",
        fault_column=FaultColumn.BROKER_KILLED,
        needs=Needed.NODE,
        sentences={"killed": "{node} was killed at {down_ns:s}."},
        find=find.node_killed,
    ),
    Hazard(
        name="broker_starved",
        title="messages were published while the broker had no memory left",
        fault_column=FaultColumn.BROKER_STARVED,
        needs=Needed.MEMORY,
        sentences={
            "starved": (
                "{node} had no memory left from {down_ns:s}, and {messages:count message} that "
                "was published then waited."
            )
        },
        find=broker_starved,
    ),
    Hazard(
        name="broker_killed_holding",
        title="the broker was killed with confirmed messages in its queues",
        fault_column=FaultColumn.BROKER_KILLED,
        needs=Needed.NODE,
        sentences={"held": "{node} went down at {down_ns:s} and held {messages:count message}."},
        find=find.broker_killed_holding,
    ),
    Hazard(
        name="broker_killed_committing",
        title="the broker was killed while a commit was under way",
        fault_column=FaultColumn.BROKER_KILLED,
        needs=Needed.NODE,
        sentences={"open": "{node} was killed at {down_ns:s}; a commit of {process} was open."},
        find=find.broker_killed_committing,
    ),
    Hazard(
        name="queue_just_declared",
        title="the broker was killed within half a second of a queue's declaration",
        fault_column=FaultColumn.BROKER_KILLED,
        needs=Needed.NODE,
        sentences={
            "young": (
                "{node} was killed {after_ms} ms after a queue had been declared, and held "
                "{messages:count message}."
            )
        },
        find=find.queue_just_declared,
    ),
    Hazard(
        name="unroutable",
        title="a message was published that no queue wants",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences={"unroutable": "{process} published {messages:count message} to no queue."},
        find=find.unroutable,
    ),
    Hazard(
        name="requeued",
        title="a consumer gave a message back",
        fault_column=FaultColumn.SETTLEMENT,
        needs=Needed.NOTHING,
        sentences={"requeued": "{process} gave {messages:count message} back."},
        find=find.requeued,
    ),
    Hazard(
        name="rejected",
        title="a consumer refused a message for good",
        fault_column=FaultColumn.SETTLEMENT,
        needs=Needed.NOTHING,
        sentences={"rejected": "{process} refused {messages:count message} for good."},
        find=find.rejected,
    ),
    Hazard(
        name="closed_in_hand",
        title="a client closed with messages in hand",
        fault_column=FaultColumn.SETTLEMENT,
        needs=Needed.NOTHING,
        sentences={
            "closed": "{process} closed at {closed_ns:s} with {messages:count message} in hand."
        },
        find=find.closed_in_hand,
    ),
    Hazard(
        name="closed_unconfirmed",
        title="a publisher closed before it had all its confirms",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences={
            "closed": (
                "{process} closed at {closed_ns:s} and had no answer for {messages:count message}."
            )
        },
        find=closed_unconfirmed,
    ),
    Hazard(
        name="channel_closed_beside",
        title="a channel was closed, and another one of its connection went on",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences={
            "closed": (
                "{process} closed its channel at {closed_ns:s}, and {other} went on by another "
                "one of the same connection."
            )
        },
        find=channel_closed_beside,
    ),
    Hazard(
        name="channel_broken_beside",
        title="the broker closed a channel for an error, and another one of its connection went on",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences={
            "broken": (
                "The broker closed the channel of {process} at {closed_ns:s} for an error, and "
                "{other} went on by another one of the same connection."
            )
        },
        find=channel_broken_beside,
    ),
    Hazard(
        name="heartbeats_missed",
        title="a client was silent for longer than its heartbeats allow, and lost its connection",
        fault_column=FaultColumn.HEARTBEATS,
        needs=Needed.WORKER,
        sentences={
            kind: (
                "{process} was "
                + kind
                + " from {since_ns:s} on for {silent_ms} ms, with heartbeats of {heartbeat_s} s, "
                "and its connection was lost."
            )
            for kind in ("stopped", "stalled")
        },
        find=heartbeats_missed,
    ),
    Hazard(
        name="handed_over",
        title="a consumer closed, and its queue went to another one",
        fault_column=FaultColumn.SETTLEMENT,
        needs=Needed.NOTHING,
        sentences={"heir": "{process} closed at {closed_ns:s}, and {queue} went to {other}."},
        find=handed_over,
    ),
    Hazard(
        name="two_consumers",
        title="two consumers were handed messages of one queue",
        fault_column=FaultColumn.NO_FAULT,
        needs=Needed.NOTHING,
        sentences={"both": "{consumers:count consumer} were handed messages of {queue}."},
        find=find.two_consumers,
    ),
    Hazard(
        name="length_reached",
        title="more messages came to a queue than it may hold",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={
            "length": "{messages:count message} came to {queue}, which may hold {length_max}."
        },
        find=find.length_reached,
    ),
    Hazard(
        name="limited_in_use",
        title="a queue that held messages got other limits",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={
            "limited": "{queue} got other limits at {down_ns:s} and held {messages:count message}."
        },
        find=limited_in_use,
    ),
    Hazard(
        name="shortened_in_use",
        title="a queue that held messages may hold fewer from then on",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={
            "shortened": (
                "{queue} got a limit of length at {down_ns:s} that the {messages:count message} "
                "passed that it held."
            )
        },
        find=shortened_in_use,
    ),
    Hazard(
        name="dead_letters_moved",
        title="a queue that held messages got another place for its dead",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={
            "moved": (
                "{queue} got another place for its dead at {down_ns:s}, and "
                "{messages:count message} that it held died after that."
            )
        },
        find=dead_letters_moved,
    ),
    Hazard(
        name="publish_refused",
        title="the broker refused a publish",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={"refused": "{messages:count message} of {process} were refused."},
        find=find.publish_refused,
    ),
    Hazard(
        name="expired",
        title="a message waited for longer than it may",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={"expired": "{messages:count message} of {process} waited for too long."},
        find=find.expired,
    ),
    Hazard(
        name="message_timed",
        title="a message was given a time to wait of its own",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={"timed": "{messages:count message} of {process} had a time to wait."},
        find=find.message_timed,
    ),
    Hazard(
        name="delivery_limit_reached",
        title="a message was handed out more often than it may fail",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={
            "limit": (
                "{message} was handed out {deliveries:count time} from {queue}, whose limit is "
                "{delivery_limit}."
            )
        },
        find=find.delivery_limit_reached,
    ),
    Hazard(
        name="handed_out_often",
        title="a message was handed out more than 20 times",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={"often": "{message} was handed out {deliveries:count time} from {queue}."},
        find=find.handed_out_often,
    ),
    Hazard(
        name="dead_lettered",
        title="messages became dead letters",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={"dead": "{messages:count dead letter} was handed out: {reasons}."},
        find=find.dead_lettered,
    ),
    Hazard(
        name="dead_letters_refused",
        title="dead letters had no place to go",
        fault_column=FaultColumn.LIMIT,
        needs=Needed.NOTHING,
        sentences={
            "full": "Dead letters of {queue} go to {target}, which may hold a few only.",
            "unbound": "Dead letters of {queue} go to {target}, which no queue is.",
        },
        find=find.dead_letters_refused,
    ),
)
"""Each situation of queues that a claim can be about."""
