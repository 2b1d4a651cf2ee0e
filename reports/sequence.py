"""What happened between producer, proxy, broker and consumer, as a diagram of few events."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from deliverycheck.history import (
    Action,
    History,
    NodeState,
    Operation,
    Outcome,
    is_scanner,
)
from reports.axis import moment
from reports.disturbances import Disturbance, disturbances_of
from reports.lanes import lane_of, moments_of
from reports.timeline import label_of, nearest
from reports.visible import visible
from reports.words import counted

EVENTS_MAX = 15
LABEL_CHARACTERS_MAX = 30
BROKER = "broker"
_PROXY = "proxy of "
_LINK = "link "
_MESSAGES_SHOWN_MAX = 2
_CONSIDERED_MAX = 200
"""Operations around the proof; of a long history the others cannot come among so few events."""

_OF_FAULT = 1

_TO_BROKER = frozenset(
    {
        Action.PUBLISH,
        Action.REQUEST,
        Action.REPLY,
        Action.COMMIT,
        Action.ACK,
        Action.NACK,
        Action.REJECT,
        Action.DELETE_RECORDS,
        Action.INIT_TRANSACTIONS,
        Action.COMMIT_TRANSACTION,
        Action.ABORT_TRANSACTION,
    }
)
"""Calls that speak to the broker; the others are shown only where they prove something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the diagram.

    Attributes:
        start, end: columns that an arrow leads from and to; equal for a note in one column.
        kind: ``call``, ``answer``, ``unanswered`` (it is not known to have arrived) or ``note``.
        told: the same as a sentence, with its time.
        rank: how near it is to the proof: 0 is the proof, 1 a fault or an end, 2 what is about
            the messages of the proof.
    """

    ns: int
    start: str
    end: str
    kind: str
    label: str
    told: str
    rank: int

    @property
    def is_fault(self) -> bool:
        """It is a fault, or the end of one or of a process."""
        return self.rank == _OF_FAULT

    @property
    def short(self) -> str:
        """The label as far as a column is wide; what is left out is seen to be."""
        if len(self.label) <= LABEL_CHARACTERS_MAX:
            return self.label
        return f"{self.label[: LABEL_CHARACTERS_MAX - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """Columns from left to right, events from top to bottom.

    Attributes:
        is_whole: nothing that could be shown is left out.
    """

    columns: tuple[str, ...]
    events: tuple[Event, ...]
    is_whole: bool


@dataclass(slots=True, kw_only=True)
class _Story:
    """What the events of one history share."""

    history: History
    witnesses: frozenset[int]
    disturbances: tuple[Disturbance, ...]
    messages: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    events: list[Event] = field(default_factory=list)


def diagram_of(history: History, witnesses: frozenset[int]) -> Diagram | None:
    """At most 15 events, those of the proof and of the faults first; none of no operation."""
    story = _Story(history=history, witnesses=witnesses, disturbances=disturbances_of(history))
    story.messages = frozenset(_messages_of(story))
    readings = (*history.log, *history.receipts)
    story.found = frozenset(one.delivery.message for one in readings)
    events = [*_of_calls(story), *_of_faults(story), *_of_ends(story), *_of_absence(story)]
    kept = sorted(events, key=lambda one: (one.rank, one.ns))[:EVENTS_MAX]
    if not kept:
        return None
    shown = tuple(sorted(kept, key=lambda one: one.ns))
    return Diagram(columns=_columns(shown), events=shown, is_whole=len(shown) == len(events))


def _messages_of(story: _Story) -> Iterator[str]:
    """The messages that the proof is about, as far as few operations name them."""
    for op in story.witnesses:
        operation = story.history.by_op[op]
        if operation.message:
            yield operation.message
        if len(operation.deliveries) == 1:
            yield operation.deliveries[0].message


def _of_calls(story: _Story) -> Iterator[Event]:
    ordered = sorted(story.history.operations, key=lambda one: (one.invoked_ns, one.op))
    for operation in nearest(ordered, story.witnesses, _CONSIDERED_MAX):
        is_witness = operation.op in story.witnesses
        if operation.action is Action.RECEIVE:
            yield from _received(story, operation)
        elif operation.action is Action.EFFECT:
            yield _noted(story, operation)
        elif operation.action in _TO_BROKER:
            yield from _asked(story, operation)
        elif is_witness:
            yield _noted(story, operation)


def _asked(story: _Story, operation: Operation) -> Iterator[Event]:
    client, rank = lane_of(operation), _rank(story, operation)
    label = label_of(operation)
    arrived = _arrived(story, operation)
    proxy = f"{_PROXY}{client}"
    stopped = not arrived and _is_hit(story, operation)
    yield Event(
        ns=operation.invoked_ns,
        start=client,
        end=proxy if stopped else BROKER,
        kind="call" if arrived else "unanswered",
        label=label,
        told=f"{moment(operation.invoked_ns)}: {client} asks: {label}"
        + ("" if arrived else "; nothing shows that it arrived"),
        rank=rank,
    )
    if operation.completed_ns is None:
        return
    answer = _answer(operation)
    from_broker = operation.outcome is not Outcome.INFO and operation.error is None
    yield Event(
        ns=operation.completed_ns,
        start=BROKER if from_broker else client,
        end=client,
        kind="answer" if from_broker else "note",
        label=answer,
        told=f"{moment(operation.completed_ns)}: {label} of {client}: {answer}",
        rank=rank,
    )


def _arrived(story: _Story, operation: Operation) -> bool:
    """Whether something in the history shows that the broker had the call."""
    if operation.outcome is Outcome.OK or operation.position is not None:
        return True
    return operation.message is not None and operation.message in story.found


def _answer(operation: Operation) -> str:
    words = {Outcome.OK: "ok", Outcome.FAIL: "failed", Outcome.INFO: "unknown"}
    answer = words[operation.outcome]
    if operation.outcome is Outcome.INFO and operation.confirmed:
        answer = "done, which proves nothing"
    if operation.position is not None:
        answer += f", position {operation.position}"
    return visible(f"{answer}: {operation.error}" if operation.error else answer)


def _received(story: _Story, operation: Operation) -> Iterator[Event]:
    client, is_witness = lane_of(operation), operation.op in story.witnesses
    if not (operation.deliveries or operation.delivery_runs) and not is_witness:
        return
    label = _handed(story, operation)
    ns = operation.completed_ns or operation.invoked_ns
    verb = "reads" if is_scanner(operation.process) else "receives"
    yield Event(
        ns=ns,
        start=BROKER,
        end=client,
        kind="answer",
        label=label,
        told=f"{moment(ns)}: {client} {verb} {label}",
        rank=_rank(story, operation) + (is_scanner(operation.process) and not is_witness),
    )


def _handed(story: _Story, operation: Operation) -> str:
    """The messages that the proof is about with their positions, else how many there were."""
    about = [one for one in operation.deliveries if one.message in story.messages]
    count = len(operation.deliveries) + sum(run.count for run in operation.delivery_runs)
    if len(operation.deliveries) == count <= _MESSAGES_SHOWN_MAX:
        about = list(operation.deliveries)
    if not about:
        return counted(count, "message") if count else "nothing"
    places: dict[str, list[str]] = {}
    for one in about:
        found = places.setdefault(one.message or "not ours", [])
        found += [] if one.position is None else [str(one.position)]
    names = [
        f"{name} at {' and '.join(found)}" if found else name for name, found in places.items()
    ]
    more = len(names) - _MESSAGES_SHOWN_MAX
    told = ", ".join(names[:_MESSAGES_SHOWN_MAX])
    return visible(told + (f" and {more} more" if more > 0 else ""))


def _noted(story: _Story, operation: Operation) -> Event:
    ns, client = operation.completed_ns or operation.invoked_ns, lane_of(operation)
    label = f"{label_of(operation)}: {_answer(operation)}"
    told = f"{moment(ns)}: {client}: {label}"
    return _note(ns, client, label, told, rank=_rank(story, operation))


def _note(ns: int, column: str, label: str, told: str, *, rank: int = _OF_FAULT) -> Event:
    """What happened in one column; by itself of a fault, or of an end."""
    return Event(
        ns=ns,
        start=column,
        end=column,
        kind="note",
        label=label,
        told=told,
        rank=rank,
    )


def _rank(story: _Story, operation: Operation) -> int:
    """0 for the proof, 2 for what is about its messages, 3 for the rest."""
    if operation.op in story.witnesses:
        return 0
    named = {operation.message, *(one.message for one in operation.deliveries)}
    return 2 if named & story.messages else 3


def _is_hit(story: _Story, operation: Operation) -> bool:
    """Whether there was a fault on the client's link when the call was made."""
    lane, ns = lane_of(operation), operation.invoked_ns
    return any(
        one.lane.startswith(_LINK)
        and lane in one.hit
        and one.start_ns <= ns
        and (one.end_ns is None or ns < one.end_ns)
        for one in story.disturbances
    )


def _of_faults(story: _Story) -> Iterator[Event]:
    for one in story.disturbances:
        client = one.lane.removeprefix(_LINK)
        on_link, on_node = one.lane != client, not one.hit
        column = f"{_PROXY}{client}" if on_link else BROKER if on_node else client
        where = f" ({one.lane})" if column == BROKER else ""
        yield _note(one.start_ns, column, f"{one.label}{where}", one.told)
        if one.end_ns is not None:
            over = "healed" if on_link else "goes on"
            told = f"{moment(one.end_ns)}: {one.lane} {over}"
            yield _note(one.end_ns, column, f"{over}{where}", told)


def _of_ends(story: _Story) -> Iterator[Event]:
    for one in moments_of(story.history):
        yield _note(one.ns, one.lane, one.label, one.told)
    for node in story.history.nodes:
        if node.state is NodeState.DIED:
            told = f"{moment(node.ns)}: {visible(node.node)} died by itself"
            yield _note(node.ns, BROKER, "died", told)


def _of_absence(story: _Story) -> Iterator[Event]:
    """What a full read at the end did not find."""
    done = story.history.done
    if done is None or not done.scanned:
        return
    published = {one.message for one in story.history.publications}
    for message in sorted((story.messages & published) - story.found)[:_MESSAGES_SHOWN_MAX]:
        name = visible(message)
        told = f"{moment(done.ns)}: a full read from the start does not find {name}"
        yield _note(done.ns, BROKER, f"{name} is nowhere", told, rank=0)


def _columns(events: tuple[Event, ...]) -> tuple[str, ...]:
    """Producers, their proxies, the broker, the proxies of consumers, consumers, readers."""
    named = {name for one in events for name in (one.start, one.end)}
    return tuple(sorted(named, key=_place))


def _place(column: str) -> tuple[int, str]:
    client = column.removeprefix(_PROXY)
    is_proxy, is_producer = client != column, client.startswith("p")
    if column == BROKER:
        return (3, "")
    if is_scanner(column):
        return (7, column)
    if is_producer:
        return (2 if is_proxy else 1, column)
    return (4 if is_proxy else 5, column)
