"""What steps for Kafka are made of, as data: kinds, their arguments, their weights.

One vocabulary and one set of weights for every claim: a holding setting and its
breaking sibling are put through the same kinds of plans.
"""

from deliverycheck.history import Whence
from deliverycheck.plans import (
    AbortTransaction,
    Call,
    Chooser,
    Close,
    CommitTransaction,
    Direction,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Purged,
    Restart,
    Resume,
    Settling,
    Step,
    Wait,
)
from deliverycheck.plans import Work as WorkStep
from deliverycheck.plans.kafka import KafkaDraft
from deliverycheck.plans.kafka_state import CONSUMERS, FIRST, NODE, TOPICS
from deliverycheck.plans.kafka_topic import CHANGES
from properties.drawing import Kind, Vocabulary, one, one_of
from properties.kafka import makers

_LINKS = tuple(f"link {lane}" for lane in (FIRST, *CONSUMERS))


KINDS = {
    "publish": Kind(
        weight=6,
        makes=one(Publish),
        arguments={
            "lane": (FIRST,),
            "topic": (*TOPICS[:1] * 4, *TOPICS[1:5]),
            "partition": (0, 1, 2),
            "key": (None, None, None, "k1", "k2"),
            # Mostly few; now and then enough that several batches are in flight.
            "count": (1, 1, 2, 3, 4, 12),
            # Mostly plain: what a message looks like rarely decides what becomes of it.
            "headers": (*((),) * 9, (("h1", "v1"),), (("h1", ""), ("h2", "ä"))),
            "bytes": (*(0,) * 12, 1000, 20_000, 300_000),
            # The last lies further ahead than Kafka takes by default.
            "timestamp_shift_ms": (*(0,) * 16, -86_400_000, -1, 600_000, 7_200_000),
            "chosen_by": (*(Chooser.DEFAULT,) * 5, *Chooser),
            "call": (*(Call.EACH,) * 4, Call.BATCH),
            "tombstone": (*(False,) * 9, True),
            "wait": (Wait.RETURNED, Wait.RETURNED, Wait.CONFIRMED),
        },
    ),
    "work": Kind(
        weight=6,
        makes=one(WorkStep),
        # The last call is where the consumer may be killed: any place of the cycle.
        arguments={"lane": (*CONSUMERS[:1], *CONSUMERS), "calls": range(1, 9)},
    ),
    # Each record takes two calls, and a third if its member keeps it.
    "settle": Kind(
        weight=4,
        makes=one(WorkStep),
        arguments={
            "lane": CONSUMERS,
            "calls": (2, 4, 4, 6),
            "settling": (Settling.RELEASE, Settling.RELEASE, Settling.REJECT),
        },
    ),
    "inject": Kind(
        weight=4,
        makes=one(Inject),
        arguments={
            "lane": (*_LINKS[:1], *_LINKS),
            "fault": tuple(FaultKind),
            "direction": (Direction.UPSTREAM, Direction.DOWNSTREAM),
        },
    ),
    "kill_worker": Kind(
        weight=3,
        makes=makers.kill,
        # After so many more calls: a consumer mostly has something in hand then.
        arguments={"lane": (FIRST, *CONSUMERS), "calls": (0, 0, 1, 2, 3)},
    ),
    "pause_member": Kind(
        weight=1,
        makes=makers.pause_member,
        arguments={
            "lane": CONSUMERS,
            "calls": (1, 1, 2, 3, 4),
            "other": CONSUMERS,
            "ms": (makers.PAST_SESSION_MS, makers.PAST_SESSION_MS, makers.PAST_TRANSACTION_MS),
        },
    ),
    "heal": Kind(weight=2, makes=one(Heal), arguments={"lane": _LINKS}),
    # A moment; longer than any backoff of the fast profile; past librdkafka's
    # timer scan of one second.
    "hold": Kind(weight=2, makes=one(Hold), arguments={"ms": (60, 60, 300, 1100)}),
    "flush": Kind(weight=1, makes=one(Flush), arguments={"lane": (FIRST,)}),
    "purge": Kind(
        weight=1,
        makes=makers.purge,
        arguments={
            "count": (1, 4),
            "what": tuple(Purged),
            # What was purged leaves its place to others, whose replies may be lost.
            "fault": (None, FaultKind.LOSE_REPLY),
        },
    ),
    "alternate": Kind(
        weight=1,
        makes=makers.alternate,
        arguments={
            "key": ("k1", "k2"),
            "count": (1, 1, 3),
            "wait": (Wait.RETURNED, Wait.CONFIRMED),
        },
    ),
    # Most transactions are meant to take effect.
    "end_transaction": Kind(
        weight=4,
        makes=one_of,
        arguments={
            "make": (CommitTransaction, CommitTransaction, AbortTransaction),
            "lane": (FIRST,),
        },
    ),
    "outwait": Kind(
        weight=1,
        makes=makers.outwait,
        arguments={
            "places": ((0, 1), (1, 0), (0, 0)),
            # Who is stalled has his bytes delivered at the heal; those of a black hole are gone.
            "fault": (FaultKind.STALL, FaultKind.STALL, FaultKind.BLACK_HOLE),
            "count": (1, 3),
        },
    ),
    "outlast": Kind(
        weight=1,
        makes=makers.outlast,
        arguments={
            "lane": (FIRST,),
            "ms": (300, makers.PAST_TRANSACTION_MS, makers.PAST_TRANSACTION_MS),
            "end": (None, None, CommitTransaction),
        },
    ),
    "end_late": Kind(
        weight=1,
        makes=makers.end_late,
        arguments={
            "fault": (FaultKind.STALL, FaultKind.DELAY),
            "direction": (Direction.UPSTREAM, Direction.UPSTREAM, Direction.DOWNSTREAM),
            "first": (CommitTransaction, AbortTransaction),
            "second": (CommitTransaction, AbortTransaction),
            "count": (1, 2),
        },
    ),
    "replace": Kind(
        weight=2,
        makes=makers.replace,
        arguments={
            "partition": (0, 1),
            "commit": (True, True, False),
            "end": (None, CommitTransaction, AbortTransaction),
        },
    ),
    "create_topic": Kind(
        weight=2,
        makes=makers.write_to_new,
        arguments={
            "lane": (FIRST,),
            "topics": (TOPICS[1:2], TOPICS[2:4], TOPICS[1:5], TOPICS[5:9]),
            "partition": (0, 1, 2),
            # A stream of batches spans the moment in which the topic becomes usable.
            "count": (1, 4, 4, 12),
            "wait": (Wait.RETURNED, Wait.CONFIRMED, Wait.CONFIRMED),
        },
    ),
    "add_partitions": Kind(
        weight=1, makes=makers.grow, arguments={"count": (1, 3), "key": ("k1", "k2")}
    ),
    "delete_records": Kind(
        weight=1,
        makes=makers.delete,
        arguments={
            "lane": CONSUMERS,
            # Until it asks for more, after its commit, before it, and before its effect.
            "calls": (4, 4, 4, 3, 2, 1),
            "keep": (0, 1, 1, 2),
            "away": ("not", "killed", "closed", "cut off", "stopped", "stopped", "done", "done"),
        },
    ),
    "remake_topic": Kind(
        weight=1,
        makes=makers.remake,
        arguments={
            "lane": CONSUMERS,
            "first": (1, 1, 2, 3),
            "meanwhile": (0, 0, 0, 1, 3),
            # Fewer than it had read, as many, and more.
            "then": (1, 2, 4, 8),
            "away": ("not", "not", "stopped", "stopped", "cut off", "killed", "closed"),
        },
    ),
    # Only where the subject names a setting that may change in use.
    "change_config": Kind(
        weight=8,
        makes=makers.change_config,
        arguments={
            "change": tuple((name, few[0]) for name, few in CHANGES.items()),
            "count": (1, 1, 3),
            "bytes_": (0, 3000, 20_000),
            "back": (True, False),
        },
    ),
    # Only where a topic keeps for a time.
    "expire": Kind(
        weight=8,
        makes=makers.expire,
        arguments={
            "lane": CONSUMERS,
            "calls": (1, 2, 4, 8),
            "count": (1, 2, 4),
            "away": ("not", "not", "killed", "stopped", "cut off", "closed"),
        },
    ),
    # Only where a topic is compacted.
    "compact": Kind(
        weight=4,
        makes=makers.compact,
        arguments={
            "lane": CONSUMERS,
            "key": ("k1", "k2"),
            "tombstone": (False, True, True),
            "away": ("not", "killed", "killed", "closed", "cut off"),
        },
    ),
    "hand_over": Kind(
        weight=1,
        makes=makers.hand_over,
        arguments={
            "lanes": (CONSUMERS, CONSUMERS[::-1]),
            "count": (2, 3, 5),
            "closes": (False, False, True),
        },
    ),
    # Only where commits are not waited for: those of others stop the member.
    "work_cut_off": Kind(
        weight=6,
        makes=makers.work_cut_off,
        arguments={
            "lane": CONSUMERS,
            "fault": (FaultKind.BLACK_HOLE, FaultKind.BLACK_HOLE, FaultKind.LOSE_REQUEST),
            "calls": (2, 2, 3),
        },
    ),
    "silence": Kind(
        weight=1,
        makes=makers.silence,
        arguments={"lane": CONSUMERS, "calls": (1, 2, 4), "back": (True, True, False)},
    ),
    "leave": Kind(
        weight=1,
        makes=makers.leave,
        arguments={
            "lane": CONSUMERS,
            "calls": (2, 3, 4, 5),
            "other": CONSUMERS,
            "back": (True, True, False),
        },
    ),
    # Only where an application seeks at will.
    "seek": Kind(
        weight=12,
        makes=makers.read_again,
        arguments={
            "lane": (*CONSUMERS[:1], *CONSUMERS),
            "calls": (4, 6, 8),
            "to": tuple(Whence),
            "back": (0, 1, 2, 3),
        },
    ),
    "seek_deleted": Kind(
        weight=6,
        makes=makers.read_deleted,
        arguments={
            "lane": (*CONSUMERS[:1], *CONSUMERS),
            "back": (0, 1, 2, 3),
            "keep": (0, 0, 1),
        },
    ),
    "close": Kind(weight=1, makes=one(Close), arguments={"lane": CONSUMERS}),
    "pause_worker": Kind(
        weight=1,
        makes=one_of,
        arguments={"make": (Pause, Resume), "lane": (FIRST, *CONSUMERS)},
    ),
}


_KNOWN = (Flush(), *(Publish(partition=number, wait=Wait.CONFIRMED) for number in (0, 1, 2)))
"""After it the producer has a confirm from every partition of the first topic."""


def _disturb_node(
    *,
    before: tuple[Step, ...],
    make: type[Step],
    partition: int,
    count: int,
    back: type[Step] | None,
) -> tuple[Step, ...]:
    """The node is killed or stopped, somebody writes to it, and it may come back before the end."""
    publish = Publish(partition=partition, count=count)
    returns = () if back is None else (back(lane=NODE), publish)
    return *before, publish, make(lane=NODE), publish, *returns


NODE_FAULT = Kind(
    weight=1,
    makes=_disturb_node,
    arguments={
        # What is known of the producer when a leader comes back decides what it accepts.
        "before": ((), _KNOWN, _KNOWN),
        "make": (Kill, Pause),
        "partition": (0, 1, 2),
        "count": (1, 4),
        "back": (None, Restart, Resume),
    },
)

VOCABULARY = Vocabulary(
    kinds=KINDS, node_fault=NODE_FAULT, node_fault_share=6, steps_min=6, draft=KafkaDraft
)
