"""What steps for RabbitMQ are made of, as data: kinds, their arguments, their weights.

One vocabulary and one set of weights for every claim: a holding setting and its breaking sibling
are put through the same kinds of plans. Names of exchanges and queues are those of `topologies`;
what a subject does not declare is left out of its plans.
"""

from collections.abc import Sequence
from typing import Any

from deliverycheck.plans import (
    AbortTransaction,
    Bind,
    Binding,
    BreakChannel,
    Close,
    CloseChannel,
    CommitTransaction,
    CrashLoop,
    Declare,
    Destination,
    Direction,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Match,
    MissHeartbeats,
    Pause,
    Pick,
    Queue,
    QueueKind,
    Request,
    Restart,
    Resume,
    Send,
    SetPolicy,
    Setting,
    Settle,
    Settlement,
    Silence,
    Starve,
    Step,
    Take,
    Unbind,
    Wait,
    Work,
)
from deliverycheck.plans.rabbitmq import RabbitDraft
from deliverycheck.plans.rabbitmq_state import CONSUMERS, FURTHER_QUEUES, NODE, PRODUCERS
from properties.drawing import Kind, Vocabulary, one, one_of
from properties.rabbitmq.topologies import DEAD, DEAD_TOO

_LINKS = tuple(f"link {lane}" for lane in (PRODUCERS[0], *CONSUMERS))

EXCHANGES = ("x1", "x2", "x3", "x4", "x5")
QUEUES = ("q1", "q2", "q3", "q4")
KEYS = ("a", "b", "a.b", "a.b.c", "b.a", "", ".", "a..b", "c", "a.b.b")
PATTERNS = (
    *("#", "*", "a.#", "*.b", "a.*", "a", "a.*.b", "#.b", "", "a.b.#", "*.*", "a.#.b", "b", "c"),
    *("#.#", "*a", "a.b", "#.a.#"),
)
HEADERS = (
    (),
    (),
    (("h", "v"),),
    (("h", 1),),
    (("h", "1"),),
    (("h", True), ("k", "v")),
    (("k", "v"),),
    (("x-a", "v"),),
    (("h", "v"), ("k", 2)),
)
WANTED = (*HEADERS, (("h", None),), (("h", None), ("k", "v")), (("x-a", "w"), ("k", "v")))
"""Of bindings: a header without a value asks for its presence."""

_TO_DEAD, _TO_DEAD_TOO = (
    {"dead_letter_exchange": "", "dead_letter_key": place} for place in (DEAD, DEAD_TOO)
)


def _kill(*, lane: str, calls: int) -> tuple[Step, ...]:
    """A worker is killed where it is, or a consumer in the midst of its next calls."""
    works = (Work(lane=lane, calls=calls),) if calls and lane in CONSUMERS else ()
    return *works, Kill(lane=lane)


def _send_and_close(*, lane: str, count: int, make: type[Step]) -> tuple[Step, ...]:
    """A publisher ends in order, or its channel does, before it can have all its confirms."""
    return Send(lane=lane, count=count), make(lane=lane)


def _break_channel(*, lane: str, count: int) -> tuple[Step, ...]:
    """A client has messages under way or in hand when its channel is closed for an error."""
    begun = Send(lane=lane, count=count) if lane in PRODUCERS else Take(lane=lane, count=count)
    return begun, BreakChannel(lane=lane)


def _miss_heartbeats(*, lane: str, count: int, by: Silence) -> tuple[Step, ...]:
    """A client has messages under way or in hand when its heartbeats fail to come."""
    begun = Send(lane=lane, count=count) if lane in PRODUCERS else Take(lane=lane, count=count)
    return begun, MissHeartbeats(lane=lane, by=by)


def _take(
    *, lane: str, count: int, how: Settlement | None, requeue: bool, pick: Pick
) -> tuple[Step, ...]:
    """Messages are taken, and mostly some of them settled."""
    settles = () if how is None else (Settle(lane=lane, how=how, requeue=requeue, pick=pick),)
    return Take(lane=lane, count=count), *settles


def _declare(*, queue: str, kind: QueueKind, count: int) -> tuple[Step, ...]:
    """Who declares a queue writes to it at once."""
    declared = Declare(queue=Queue(name=queue, kind=kind))
    return declared, Send(key=queue, count=count, wait=Wait.CONFIRMED)


def _limit(*, definition: dict[str, Setting], sent: int, refused: bool) -> tuple[Step, ...]:
    """A queue that may hold something gets a policy, and what it holds may be refused then."""
    sends = (Send(count=sent, wait=Wait.CONFIRMED),) if sent else ()
    refuses = (Take(count=2), Settle(how=Settlement.REJECT)) if refused else ()
    return *sends, SetPolicy(definition=definition), *refuses


def _bind(
    *, source: str, to: str, key: str, match: Match, headers: tuple[tuple[str, Any], ...]
) -> tuple[Step, ...]:
    """A binding, and a message that may go its way."""
    destination = Destination.EXCHANGE if to in EXCHANGES else Destination.QUEUE
    binding = Binding(
        source=source, destination=to, to=destination, key=key, match=match, headers=headers
    )
    return Bind(binding=binding), Send(exchange=source, key=key.replace("#", "a"), headers=headers)


def _unbind(**arguments: object) -> tuple[Step, ...]:
    bind, send = _bind(**arguments)  # type: ignore[arg-type]  # the same values
    assert isinstance(bind, Bind)
    return bind, Unbind(binding=bind.binding), send


_ROUTE: dict[str, Sequence[Any]] = {
    "source": EXCHANGES[:4],
    "to": (*QUEUES[:3], *QUEUES[:3], *EXCHANGES[:4]),
    "key": PATTERNS,
    "match": tuple(Match),
    "headers": WANTED,
}

KINDS = {
    "send": Kind(
        weight=6,
        makes=one(Send),
        arguments={
            "lane": (*PRODUCERS[:1] * 4, *PRODUCERS),
            "key": (*("q1",) * 9, "q2", "nowhere"),
            # Mostly few; now and then enough that a limit or a prefetch is passed.
            "count": (1, 1, 2, 3, 4, 12),
            "expires_ms": (*(None,) * 14, 60, 60_000),
            "priority": (None, None, None, 0, 2, 9),
            "headers": (*((),) * 9, (("h", "v"),)),
            "bytes": (*(0,) * 12, 1000, 20_000, 300_000),
            "wait": (Wait.RETURNED, Wait.RETURNED, Wait.CONFIRMED),
        },
    ),
    "route": Kind(
        weight=6,
        makes=one(Send),
        arguments={
            "exchange": EXCHANGES,
            "key": KEYS,
            "headers": HEADERS,
            "count": (1, 1, 2),
            "wait": (Wait.RETURNED, Wait.CONFIRMED),
        },
    ),
    "request": Kind(
        weight=8,
        makes=one(Request),
        arguments={"lane": (*PRODUCERS[:1] * 3, *PRODUCERS), "count": (1, 1, 2, 3)},
    ),
    "limit": Kind(
        weight=5,
        makes=_limit,
        arguments={
            "sent": (0, 2),
            "refused": (False, True),
            "definition": (
                *({"length_max": 1}, {"length_max": 3}, {"expires_ms": 60}, {}),
                *(_TO_DEAD, _TO_DEAD_TOO, _TO_DEAD_TOO, {"length_max": 1, **_TO_DEAD}),
                {"expires_ms": 60, **_TO_DEAD},
            ),
        },
    ),
    "bind": Kind(weight=5, makes=_bind, arguments=_ROUTE),
    "unbind": Kind(weight=1, makes=_unbind, arguments=_ROUTE),
    "work": Kind(
        weight=5,
        makes=one(Work),
        # The last call is where the consumer may be killed: any place of the cycle.
        arguments={"lane": (*CONSUMERS[:1], *CONSUMERS), "calls": range(1, 9)},
    ),
    "take": Kind(
        weight=4,
        makes=_take,
        arguments={
            "lane": (*CONSUMERS[:1], *CONSUMERS),
            "count": (1, 2, 3, 5),
            "how": (None, *Settlement, Settlement.NACK),
            "requeue": (True, True, False),
            "pick": tuple(Pick),
        },
    ),
    "settle": Kind(
        weight=3,
        makes=one(Settle),
        arguments={
            "lane": CONSUMERS,
            "how": tuple(Settlement),
            "requeue": (True, True, False),
            "pick": tuple(Pick),
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
        makes=_kill,
        arguments={"lane": (PRODUCERS[0], *CONSUMERS), "calls": (0, 0, 1, 2, 3)},
    ),
    "crash_loop": Kind(
        weight=1,
        makes=one(CrashLoop),
        arguments={"lane": CONSUMERS[:1], "cycles": (1, 2, 3, 4)},
    ),
    "heal": Kind(weight=2, makes=one(Heal), arguments={"lane": _LINKS}),
    # A moment; longer than a message of 60 ms may wait; longer than a queue is young.
    "hold": Kind(weight=2, makes=one(Hold), arguments={"ms": (60, 60, 120, 600)}),
    "flush": Kind(weight=1, makes=one(Flush), arguments={"lane": PRODUCERS}),
    # Most transactions are meant to take effect.
    "end_transaction": Kind(
        weight=4,
        makes=one_of,
        arguments={
            "make": (CommitTransaction, CommitTransaction, AbortTransaction),
            "lane": (*PRODUCERS[:1], *PRODUCERS),
        },
    ),
    "declare": Kind(
        weight=1,
        makes=_declare,
        arguments={
            "queue": FURTHER_QUEUES,
            "kind": (QueueKind.CLASSIC, QueueKind.QUORUM),
            "count": (1, 4),
        },
    ),
    "close": Kind(weight=1, makes=one(Close), arguments={"lane": CONSUMERS}),
    "close_channel": Kind(weight=1, makes=one(CloseChannel), arguments={"lane": CONSUMERS}),
    "send_and_close": Kind(
        weight=1,
        makes=_send_and_close,
        arguments={
            "lane": (*PRODUCERS[:1], *PRODUCERS),
            "count": (1, 4, 12),
            "make": (Close, Close, CloseChannel),
        },
    ),
    "break_channel": Kind(
        weight=3,
        makes=_break_channel,
        arguments={"lane": (*PRODUCERS, *CONSUMERS), "count": (1, 1, 3)},
    ),
    "miss_heartbeats": Kind(
        weight=4,
        makes=_miss_heartbeats,
        arguments={
            "lane": (PRODUCERS[0], *CONSUMERS[:1], *CONSUMERS),
            "count": (1, 1, 3),
            "by": tuple(Silence),
        },
    ),
    "pause_worker": Kind(
        weight=1,
        makes=one_of,
        arguments={"make": (Pause, Resume), "lane": (PRODUCERS[0], *CONSUMERS)},
    ),
}


def _disturb_node(  # noqa: PLR0913 - by name, and each is drawn
    *,
    make: type[Step],
    key: str,
    count: int,
    wait: Wait,
    under_way: tuple[Step, ...],
    back: type[Step] | None,
) -> tuple[Step, ...]:
    """The node is killed, stopped or starved with messages in its queues, and may come back."""
    send = Send(key=key, count=count, wait=wait)
    returns = () if back is None else (back(lane=NODE), send)
    return send, *under_way, make(lane=NODE), send, *returns


NODE_FAULT = Kind(
    weight=1,
    makes=_disturb_node,
    arguments={
        "make": (Kill, Kill, Kill, Pause, Starve),
        "key": ("q1", "q1", "q1", "q5"),
        "count": (1, 4, 12),
        "wait": (Wait.CONFIRMED, Wait.CONFIRMED, Wait.RETURNED),
        # Of a transaction: its commit has no answer yet.
        "under_way": ((), (), (CommitTransaction(wait=Wait.SENT),)),
        "back": (None, None, Restart, Resume),
    },
)

VOCABULARY = Vocabulary(
    kinds=KINDS, node_fault=NODE_FAULT, node_fault_share=6, steps_min=5, draft=RabbitDraft
)
