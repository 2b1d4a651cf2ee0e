"""What steps for Kafka are made of, as data: kinds, their arguments, their weights.

One vocabulary and one set of weights for every claim: a holding setting and its
breaking sibling are put through the same kinds of plans.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deliverycheck.plans import (
    AbortTransaction,
    AddPartitions,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    Direction,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Restart,
    Resume,
    Step,
    Wait,
)
from deliverycheck.plans import Work as WorkStep
from deliverycheck.plans.kafka_state import CONSUMERS, FIRST, NODE, SECOND, TOPICS

_LINKS = tuple(f"link {lane}" for lane in (FIRST, *CONSUMERS))

REFRESHED_MS = 300
"""A client that asks every 100 ms has learned of new partitions by then."""

JUST_IN_TIME_MS, GIVEN_UP_MS = 4400, 2900
"""For requests that time out after 5 s and messages after 6 s; the library looks once a second."""

BACK_MS = 300
"""A client whose link is whole again is connected by then, and has asked for what comes next."""

FETCHED_MS = 60
"""A member that reads on has fetched by then what was confirmed; on a busy machine too, mostly."""

CLEANED_MS = 400
"""The cleaner looks every 100 ms, and a topic of a few messages is clean in less than that."""

PAST_SESSION_MS = 1100
"""A session of 500 ms is over by then, a group of the new protocol's (1 s) just so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of step, or of steps that belong together.

    Attributes:
        weight: how often it is drawn among the kinds that are applicable. Publishing
            and working must outweigh what disturbs them, or faults hit nothing.
        makes: from values of the arguments, the steps.
        arguments: the values of each argument; a value that stands twice is drawn
            twice as often.
    """

    weight: int
    makes: Callable[..., tuple[Step, ...]]
    arguments: dict[str, Sequence[Any]]


def _one(make: type[Step]) -> Callable[..., tuple[Step, ...]]:
    return lambda **arguments: (make(**arguments),)


def _one_of(make: type[Step], **arguments: object) -> tuple[Step, ...]:
    return (make(**arguments),)


def _kill(*, lane: str, calls: int) -> tuple[Step, ...]:
    """A worker is killed where it is, or a consumer in the midst of its next calls."""
    works = (WorkStep(lane=lane, calls=calls),) if calls and lane in CONSUMERS else ()
    return *works, Kill(lane=lane)


def _pause_member(*, lane: str, calls: int, other: str) -> tuple[Step, ...]:
    """A member stands still for longer than its session, and another may work meanwhile."""
    stand_in = (WorkStep(lane=other, calls=8),) if other != lane else ()
    return (
        WorkStep(lane=lane, calls=calls),
        Pause(lane=lane),
        Hold(ms=PAST_SESSION_MS),
        *stand_in,
        Resume(lane=lane),
        WorkStep(lane=lane, calls=4),
    )


def _write_to_new(
    *, lane: str, topics: Sequence[str], partition: int, count: int, wait: Wait
) -> tuple[Step, ...]:
    """Who creates a topic writes to it at once; often several, one after the other."""
    return tuple(
        step
        for topic in topics
        for step in (
            CreateTopic(topic=topic),
            Publish(lane=lane, topic=topic, partition=partition, count=count, wait=wait),
        )
    )


def _grow(*, count: int, key: str) -> tuple[Step, ...]:
    """Who writes with a key goes on with it when it has learned of the new partitions."""
    return (
        Publish(key=key),
        AddPartitions(count=count),
        Hold(ms=REFRESHED_MS),
        Publish(key=key),
    )


def _outwait(*, places: tuple[int, int], fault: FaultKind, count: int) -> tuple[Step, ...]:
    """A message is given up while its link is held, and others follow it before that.

    They must leave before the first one's request times out, which takes the connection with it,
    and the link must be back before they are given up too.
    """
    first, second = places
    return (
        *(Publish(partition=place, wait=Wait.CONFIRMED) for place in places),
        Inject(lane=f"link {FIRST}", fault=fault, direction=Direction.UPSTREAM),
        Publish(partition=first),
        Hold(ms=JUST_IN_TIME_MS),
        Publish(partition=second, count=count),
        Hold(ms=GIVEN_UP_MS),
        Heal(lane=f"link {FIRST}"),
        Publish(partition=first),
    )


def _delete(*, lane: str, calls: int, keep: int, away: str) -> tuple[Step, ...]:
    """Records are deleted of a partition that a member reads, which may be away meanwhile.

    What a member that is not away has fetched already it hands out all the same.
    """
    gone, back = _AWAY[away]
    written = Publish(wait=Wait.CONFIRMED)
    return (
        *(written, WorkStep(lane=lane)),  # It has joined: from here on it is handed what comes.
        *(written, Hold(ms=FETCHED_MS), WorkStep(lane=lane, calls=calls)),
        *(make(lane) for make in gone),
        *(written, written, written, DeleteRecords(keep=keep)),
        *(make(lane) for make in back),
        *(written, Hold(ms=FETCHED_MS), WorkStep(lane=lane, calls=6)),
    )


_AWAY: dict[str, tuple[tuple[Callable[[str], Step], ...], tuple[Callable[[str], Step], ...]]] = {
    "not": ((), ()),
    "killed": ((lambda lane: Kill(lane=lane),), ()),
    "closed": ((lambda lane: Close(lane=lane),), ()),
    # What it had asked for it is handed when it goes on; then it asks for what is gone.
    "stopped": (
        (lambda lane: Pause(lane=lane),),
        (lambda lane: Resume(lane=lane), lambda _: Hold(ms=BACK_MS)),
    ),
    "cut off": (
        (lambda lane: Inject(lane=f"link {lane}", fault=FaultKind.REFUSE),),
        (lambda lane: Heal(lane=f"link {lane}"), lambda _: Hold(ms=BACK_MS)),
    ),
}
"""How a member comes to lag behind, and how it comes back."""


def _compact(*, lane: str, key: str, tombstone: bool, away: str) -> tuple[Step, ...]:
    """A key is written again, or deleted, and its topic cleaned, twice, while others are written.

    The first cleaning dates a tombstone, the next one may drop it.
    """
    gone, back = _AWAY[away]
    other = Publish(key="k3", wait=Wait.CONFIRMED)
    return (
        *(Publish(key=key, wait=Wait.CONFIRMED), WorkStep(lane=lane, calls=4)),
        *(make(lane) for make in gone),
        Publish(key=key, tombstone=tombstone, wait=Wait.CONFIRMED),
        *(other, Hold(ms=CLEANED_MS), other, Hold(ms=CLEANED_MS), other),
        *(make(lane) for make in back),
        WorkStep(lane=lane, calls=6),
    )


def _replace(*, partition: int, commit: bool, end: type[Step] | None) -> tuple[Step, ...]:
    """A second instance takes over, and the first, which does not know it, goes on."""
    ends = () if end is None else (end(lane=SECOND),)
    wants = (CommitTransaction(lane=FIRST),) if commit else (Publish(partition=partition),)
    return Publish(lane=SECOND, partition=partition), *wants, *ends


KINDS = {
    "publish": Kind(
        weight=6,
        makes=_one(Publish),
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
            "tombstone": (False, False, False, True),
            "timestamp_shift_ms": (*(0,) * 8, -86_400_000, 600_000),
            "wait": (Wait.RETURNED, Wait.RETURNED, Wait.CONFIRMED),
        },
    ),
    "work": Kind(
        weight=6,
        makes=_one(WorkStep),
        # The last call is where the consumer may be killed: any place of the cycle.
        arguments={"lane": (*CONSUMERS[:1], *CONSUMERS), "calls": range(1, 9)},
    ),
    "inject": Kind(
        weight=4,
        makes=_one(Inject),
        arguments={
            "lane": (*_LINKS[:1], *_LINKS),
            "fault": tuple(FaultKind),
            "direction": (Direction.UPSTREAM, Direction.DOWNSTREAM),
        },
    ),
    "kill_worker": Kind(
        weight=3,
        makes=_kill,
        # After so many more calls: a consumer mostly has something in hand then.
        arguments={"lane": (FIRST, *CONSUMERS), "calls": (0, 0, 1, 2, 3)},
    ),
    "pause_member": Kind(
        weight=1,
        makes=_pause_member,
        arguments={"lane": CONSUMERS, "calls": (1, 1, 2, 3), "other": CONSUMERS},
    ),
    "heal": Kind(weight=2, makes=_one(Heal), arguments={"lane": _LINKS}),
    # A moment; longer than any backoff of the fast profile; past librdkafka's
    # timer scan of one second.
    "hold": Kind(weight=2, makes=_one(Hold), arguments={"ms": (60, 60, 300, 1100)}),
    "flush": Kind(weight=1, makes=_one(Flush), arguments={"lane": (FIRST,)}),
    # Most transactions are meant to take effect.
    "end_transaction": Kind(
        weight=4,
        makes=_one_of,
        arguments={
            "make": (CommitTransaction, CommitTransaction, AbortTransaction),
            "lane": (FIRST,),
        },
    ),
    "outwait": Kind(
        weight=1,
        makes=_outwait,
        arguments={
            "places": ((0, 1), (1, 0), (0, 0)),
            # Who is stalled has his bytes delivered at the heal; those of a black hole are gone.
            "fault": (FaultKind.STALL, FaultKind.STALL, FaultKind.BLACK_HOLE),
            "count": (1, 3),
        },
    ),
    "replace": Kind(
        weight=2,
        makes=_replace,
        arguments={
            "partition": (0, 1),
            "commit": (True, True, False),
            "end": (None, CommitTransaction, AbortTransaction),
        },
    ),
    "create_topic": Kind(
        weight=2,
        makes=_write_to_new,
        arguments={
            "lane": (FIRST,),
            "topics": (TOPICS[1:2], TOPICS[2:4], TOPICS[1:5], TOPICS[5:9]),
            "partition": (0, 1, 2),
            # A stream of batches spans the moment in which the topic becomes usable.
            "count": (1, 4, 4, 12),
            "wait": (Wait.RETURNED, Wait.CONFIRMED, Wait.CONFIRMED),
        },
    ),
    "add_partitions": Kind(weight=1, makes=_grow, arguments={"count": (1, 3), "key": ("k1", "k2")}),
    "delete_records": Kind(
        weight=1,
        makes=_delete,
        arguments={
            "lane": CONSUMERS,
            # Until it asks for more, after its commit, before it, and before its effect.
            "calls": (4, 4, 4, 3, 2, 1),
            "keep": (0, 1, 1, 2),
            "away": ("not", "killed", "closed", "cut off", "stopped", "stopped"),
        },
    ),
    # Only where a topic is compacted.
    "compact": Kind(
        weight=4,
        makes=_compact,
        arguments={
            "lane": CONSUMERS,
            "key": ("k1", "k2"),
            "tombstone": (False, True, True),
            "away": ("not", "killed", "killed", "closed", "cut off"),
        },
    ),
    "close": Kind(weight=1, makes=_one(Close), arguments={"lane": CONSUMERS}),
    "pause_worker": Kind(
        weight=1,
        makes=_one_of,
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

NODE_FAULT_SHARE = 6
"""One plan in so many may disturb the node: such a plan costs ten others, but they
run in a chain of their own, and a claim needs ten of them."""

STEPS_MIN, STEPS_MAX = 6, 14
"""Long enough to build a situation up, short enough that a minimal plan is near."""


def weighted(possible: frozenset[str]) -> list[str]:
    """The kinds among `possible`, each as often as its weight says."""
    return [name for name, kind in KINDS.items() if name in possible for _ in range(kind.weight)]
