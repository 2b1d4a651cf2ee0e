"""Steps that belong together: what each kind of the vocabulary makes of its arguments."""

from collections.abc import Callable, Sequence

from deliverycheck.history import Whence
from deliverycheck.plans import (
    AddPartitions,
    ChangeConfig,
    Close,
    CommitTransaction,
    CreateTopic,
    DeleteRecords,
    DeleteTopic,
    Direction,
    FaultKind,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    PausePartitions,
    Publish,
    Purge,
    Purged,
    Resume,
    ResumePartitions,
    Seek,
    Setting,
    Step,
    Subscribe,
    Unsubscribe,
    Wait,
)
from deliverycheck.plans import Work as WorkStep
from deliverycheck.plans.kafka_state import CONSUMERS, FIRST, GROUP_TOPIC, SECOND
from deliverycheck.plans.kafka_topic import CHANGES

REFRESHED_MS = 300
"""A client that asks every 100 ms has learned of new partitions by then."""

JUST_IN_TIME_MS, GIVEN_UP_MS = 4400, 2900
"""For requests that time out after 5 s and messages after 6 s; the library looks once a second."""

PAST_TRANSACTION_MS = 1400
"""A transaction that may be open for a second was aborted by then: the coordinator looks every
200 ms."""
BACK_MS = 300
"""A client whose link is whole again is connected by then, and has asked for what comes next."""

FETCHED_MS = 60
"""A member that reads on has fetched by then what was confirmed; on a busy machine too, mostly."""

CLEANED_MS = 400
"""The cleaner looks every 100 ms, and a topic of a few messages is clean in less than that."""

EXPIRED_MS = 2000
"""What is kept for 1.5 s is gone by then: the broker looks every 200 ms."""

PAST_SESSION_MS = 1100
"""A session of 500 ms is over by then, a group of the new protocol's (1 s) just so."""


def kill(*, lane: str, calls: int) -> tuple[Step, ...]:
    """A worker is killed where it is, or a consumer in the midst of its next calls."""
    works = (WorkStep(lane=lane, calls=calls),) if calls and lane in CONSUMERS else ()
    return *works, Kill(lane=lane)


def pause_member(*, lane: str, calls: int, other: str, ms: int) -> tuple[Step, ...]:
    """A member stands still for longer than its session, and another may work meanwhile.

    After four calls one that writes an output has only the end of its transaction left.
    """
    stand_in = (WorkStep(lane=other, calls=8),) if other != lane else ()
    return (
        WorkStep(lane=lane, calls=calls),
        Pause(lane=lane),
        Hold(ms=ms),
        *stand_in,
        Resume(lane=lane),
        WorkStep(lane=lane, calls=4),
    )


def write_to_new(
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


def grow(*, count: int, key: str) -> tuple[Step, ...]:
    """Who writes with a key goes on with it when it has learned of the new partitions."""
    return (
        Publish(key=key),
        AddPartitions(count=count),
        Hold(ms=REFRESHED_MS),
        Publish(key=key),
    )


def change_config(
    *, change: tuple[str, Setting], count: int, bytes_: int, back: bool
) -> tuple[Step, ...]:
    """Who writes to a topic goes on when a setting of it was changed, and perhaps changed back."""
    name, value = change
    default = CHANGES[name][-1]
    written = Publish(count=count, bytes=bytes_)
    return (
        *(Publish(), ChangeConfig(name=name, value=value), Hold(ms=FETCHED_MS), written),
        *((ChangeConfig(name=name, value=default), Hold(ms=FETCHED_MS), written) if back else ()),
    )


def outwait(*, places: tuple[int, int], fault: FaultKind, count: int) -> tuple[Step, ...]:
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


def outlast(*, lane: str, ms: int, end: type[Step] | None) -> tuple[Step, ...]:
    """A producer stands still in a transaction, perhaps for longer than it may be open."""
    other = () if end is None else (end(lane=SECOND),)
    return (
        Publish(lane=lane, wait=Wait.CONFIRMED),
        Pause(lane=lane),
        Hold(ms=ms),
        Resume(lane=lane),
        CommitTransaction(lane=lane),
        *other,
    )


def end_late(
    *, fault: FaultKind, direction: Direction, first: type[Step], second: type[Step], count: int
) -> tuple[Step, ...]:
    """The end of a transaction meets a link that keeps its request or its answer, and the next
    transaction is under way soon after the heal."""
    return (
        Publish(lane=FIRST, wait=Wait.CONFIRMED),
        Inject(lane=f"link {FIRST}", fault=fault, direction=direction),
        first(lane=FIRST),
        Heal(lane=f"link {FIRST}"),
        Publish(lane=FIRST, count=count, wait=Wait.CONFIRMED),
        Publish(lane=FIRST, partition=1),
        second(lane=FIRST),
    )


def alternate(*, key: str, count: int, wait: Wait) -> tuple[Step, ...]:
    """Two applications write with one key in turn."""
    return tuple(
        Publish(lane=lane, key=key, count=count, wait=wait) for lane in (FIRST, SECOND, FIRST)
    )


def purge(*, count: int, what: Purged, fault: FaultKind | None) -> tuple[Step, ...]:
    """A producer is told to forget what it was just handed; its replies may be lost by then."""
    lost = (Inject(lane=f"link {FIRST}", fault=fault),) if fault else ()
    return *lost, Publish(count=count), Purge(what=what)


def delete(*, lane: str, calls: int, keep: int, away: str) -> tuple[Step, ...]:
    """Records are deleted of a partition that a member reads, which may be away meanwhile.

    What a member that is not away has fetched already it hands out all the same. One that is
    done has worked off all that it could first.
    """
    written = Publish(wait=Wait.CONFIRMED)
    if away == "done":  # With all that came before, too.
        done = (written, Hold(ms=FETCHED_MS), WorkStep(lane=lane, calls=8 * calls))
        return *done, DeleteRecords(keep=keep), written, WorkStep(lane=lane, calls=4)
    gone, back = _AWAY[away]
    return (
        *(written, WorkStep(lane=lane)),  # It has joined: from here on it is handed what comes.
        *(written, Hold(ms=FETCHED_MS), WorkStep(lane=lane, calls=calls)),
        *(make(lane) for make in gone),
        *(written, written, written, DeleteRecords(keep=keep)),
        *(make(lane) for make in back),
        *(written, Hold(ms=FETCHED_MS), WorkStep(lane=lane, calls=6)),
    )


def hand_over(*, lanes: tuple[str, str], count: int, closes: bool) -> tuple[Step, ...]:
    """A member that has worked all off, and polls on, gives partitions up to another in order.

    One that leaves does so, too.
    """
    first, second = lanes
    return (
        *(Publish(count=count, wait=Wait.CONFIRMED), Publish(partition=1, wait=Wait.CONFIRMED)),
        WorkStep(lane=first, calls=4 * (count + 2)),
        *((Close(lane=first),) if closes else ()),
        WorkStep(lane=second, calls=6),
    )


def work_cut_off(*, lane: str, fault: FaultKind, calls: int) -> tuple[Step, ...]:
    """A member that was handed something is cut off, goes on with it, and dies of that."""
    return (
        *(Publish(count=2, wait=Wait.CONFIRMED), WorkStep(lane=lane, calls=1)),
        *(Inject(lane=f"link {lane}", fault=fault, direction=Direction.UPSTREAM),),
        *(WorkStep(lane=lane, calls=calls), Kill(lane=lane), Heal(lane=f"link {lane}")),
    )


def silence(*, lane: str, calls: int, back: bool) -> tuple[Step, ...]:
    """A member wants nothing of its partitions for a time, and asks on all the same."""
    written = Publish(count=2, wait=Wait.CONFIRMED)
    return (
        *(written, WorkStep(lane=lane, calls=2), PausePartitions(lane=lane)),
        *(WorkStep(lane=lane, calls=2), written, WorkStep(lane=lane, calls=calls)),
        *((ResumePartitions(lane=lane), WorkStep(lane=lane, calls=8)) if back else ()),
    )


def leave(*, lane: str, calls: int, other: str, back: bool) -> tuple[Step, ...]:
    """A member subscribes to nothing any more, others may go on, and it may come back."""
    written = Publish(count=3, wait=Wait.CONFIRMED)
    return (
        *(written, WorkStep(lane=lane, calls=calls), Unsubscribe(lane=lane)),
        *(WorkStep(lane=lane, calls=4), written, WorkStep(lane=other, calls=6)),
        *((Subscribe(lane=lane), WorkStep(lane=lane, calls=8)) if back else ()),
    )


def read_again(*, lane: str, calls: int, to: Whence, back: int) -> tuple[Step, ...]:
    """A member that has worked something off reads on elsewhere."""
    return (
        *(*_WRITTEN, WorkStep(lane=lane, calls=calls)),
        *(Seek(lane=lane, to=to, back=back), *_WRITTEN, WorkStep(lane=lane, calls=calls)),
    )


def read_deleted(*, lane: str, back: int, keep: int) -> tuple[Step, ...]:
    """A member goes back to what it was handed, of which all but the last few are gone."""
    return (
        *(*_WRITTEN, WorkStep(lane=lane, calls=4), WorkStep(lane=lane, calls=4)),
        *(DeleteRecords(keep=keep), Seek(lane=lane, to=Whence.POSITION, back=back)),
        *(*_WRITTEN, WorkStep(lane=lane, calls=4)),
    )


_WRITTEN = (Publish(count=2, wait=Wait.CONFIRMED), CommitTransaction(lane=FIRST))
"""Something to be read, whether it is sent in transactions or not."""


def remake(*, lane: str, first: int, meanwhile: int, then: int, away: str) -> tuple[Step, ...]:
    """A topic is deleted and made again while a member reads it, which may be away meanwhile.

    It had come as far as `first`; what it finds when it asks again begins at 0. Who writes
    meanwhile writes to a topic that is gone.
    """
    gone, back = _AWAY[away]
    early = (Publish(count=meanwhile),) if meanwhile else ()
    return (
        *(Publish(count=first, wait=Wait.CONFIRMED), WorkStep(lane=lane, calls=4)),
        *(Hold(ms=FETCHED_MS), WorkStep(lane=lane, calls=4 * first)),
        *(make(lane) for make in gone),
        *(DeleteTopic(), *early, CreateTopic(topic=GROUP_TOPIC)),
        Publish(count=then, wait=Wait.CONFIRMED),
        *(make(lane) for make in back),
        WorkStep(lane=lane, calls=8),
    )


def expire(*, lane: str, calls: int, count: int, away: str) -> tuple[Step, ...]:
    """What was written becomes too old while a member has not come to it, or has."""
    gone, back = _AWAY[away]
    written = Publish(count=count, wait=Wait.CONFIRMED)
    return (
        *(written, WorkStep(lane=lane, calls=calls)),
        *(make(lane) for make in gone),
        *(written, Hold(ms=EXPIRED_MS)),
        *(make(lane) for make in back),
        *(WorkStep(lane=lane, calls=6), Publish(wait=Wait.CONFIRMED)),
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


def compact(*, lane: str, key: str, tombstone: bool, away: str) -> tuple[Step, ...]:
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


def replace(*, partition: int, commit: bool, end: type[Step] | None) -> tuple[Step, ...]:
    """A second instance takes over, and the first, which does not know it, goes on."""
    ends = () if end is None else (end(lane=SECOND),)
    wants = (CommitTransaction(lane=FIRST),) if commit else (Publish(partition=partition),)
    return Publish(lane=SECOND, partition=partition), *wants, *ends
