"""Hazards of topics that were deleted and made again, while somebody wrote to them or read them."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import in_order_of_call
from deliverycheck.guarantees.hazard import (
    WITNESSES_MAX,
    Evidence,
    FaultColumn,
    Hazard,
    Needed,
    ops_of,
)
from deliverycheck.guarantees.remade import before
from deliverycheck.guarantees.sentences import place
from deliverycheck.history import Action, History, Operation, Outcome, Publication

_Reached = dict[tuple[str, int | None], int]
"""By process and partition, the position after the last one that it was handed."""


def topic_remade(history: History) -> tuple[Evidence, ...]:
    """Topics that were deleted, with messages that were confirmed before and after."""
    return tuple(
        Evidence(
            kind="remade",
            ns=deletion.invoked_ns,
            facts={
                "process": deletion.process,
                "topic": str(deletion.target),
                "deleted_ns": deletion.invoked_ns,
                "gone": len(gone),
                "messages": len(come),
                "message": come[0].message,
            },
            witnesses=(deletion.op, *(one.op for one in (*gone, *come)))[:WITNESSES_MAX],
        )
        for deletion, gone, come in _remade(history)
        if gone and come
    )


def written_while_deleted(history: History) -> tuple[Evidence, ...]:
    """Deleted topics to which messages were on their way until they were made again."""
    found = []
    for deletion, _, _ in _remade(history):
        back_ns = _back_ns(history, deletion)
        if back_ns is None:
            continue
        written = _on_their_way(history, str(deletion.target), back_ns)
        if written:
            found.append(
                Evidence(
                    kind="written",
                    ns=deletion.invoked_ns,
                    facts={
                        "topic": str(deletion.target),
                        "messages": sum(one.count for one in written),
                        "message": str(written[0].message),
                        "back_ns": back_ns,
                    },
                    witnesses=(deletion.op, *ops_of(written))[:WITNESSES_MAX],
                )
            )
    return tuple(found)


def _back_ns(history: History, deletion: Operation) -> int | None:
    """When somebody began to make the topic again; ``None`` if nobody did."""
    return min(
        (
            one.invoked_ns
            for one in history.select(Action.DECLARE)
            if one.target == deletion.target and one.invoked_ns > deletion.invoked_ns
        ),
        default=None,
    )


def _on_their_way(history: History, topic: str, back_ns: int) -> list[Operation]:
    """What had no answer then, of those who were there to send it."""
    gone = {
        event.process
        for event in history.processes
        if event.what in {"killed", "died"} and event.ns <= back_ns
    }
    return [
        one
        for one in sorted(history.select(Action.PUBLISH), key=lambda one: one.op)
        if one.target in {topic, before(topic)}
        and one.process not in gone
        and one.invoked_ns < back_ns
        and (one.completed_ns is None or one.completed_ns > back_ns)
    ]


def remade_under_member(history: History) -> tuple[Evidence, ...]:
    """Members that go on, with a position of the deleted log that the present one has."""
    return tuple(
        evidence
        for deletion, _, come in _remade(history)
        for evidence in _carried(history, deletion, come)
    )


def _remade(
    history: History,
) -> Iterator[tuple[Operation, list[Publication], list[Publication]]]:
    """Each deletion of a topic, with what was confirmed in the log that went, and in the next."""
    for deletion in sorted(history.select(Action.DELETE), key=lambda one: one.op):
        if deletion.outcome is Outcome.OK:
            topic = str(deletion.target)
            yield (
                deletion,
                _confirmed_in(history, before(topic)),
                _confirmed_in(history, topic),
            )


def _confirmed_in(history: History, log: str) -> list[Publication]:
    ok = (one for one in in_order_of_call(history) if one.outcome is Outcome.OK)
    return [one for one in ok if one.target == log]


def _carried(history: History, deletion: Operation, come: list[Publication]) -> Iterator[Evidence]:
    topic = str(deletion.target)
    for (process, partition), reached in _reached(history, before(topic)).items():
        here = [one for one in come if one.partition == partition and one.position is not None]
        passed = [one for one in here if (one.position or 0) < reached]
        end = 1 + max((one.position or 0 for one in here), default=-1)
        if reached > end or not passed or not _goes_on(history, process, deletion):
            continue  # Beyond the end it is sent where its settings say.
        yield Evidence(
            kind="carried" if reached < end else "carried_to_the_end",
            ns=deletion.invoked_ns,
            facts={
                "process": process,
                "place": place(topic, partition, reached),
                "deleted_ns": deletion.invoked_ns,
                "messages": len(passed),
                "message": passed[0].message,
            },
            witnesses=(deletion.op, *(one.op for one in passed))[:WITNESSES_MAX],
        )


def _reached(history: History, log: str) -> _Reached:
    """How far each member had come in this log."""
    found: _Reached = {}
    for reading in history.receipts:
        delivery = reading.delivery
        if delivery.source == log and delivery.position is not None:
            key = (reading.process, delivery.partition)
            found[key] = max(delivery.position + 1, found.get(key, 0))
    return dict(sorted(found.items(), key=lambda each: (each[0][0], each[0][1] or 0)))


def _goes_on(history: History, process: str, deletion: Operation) -> bool:
    """Whether that incarnation asked for more, or committed, when the topic was gone."""
    return any(
        one.process == process and one.invoked_ns > deletion.invoked_ns
        for action in (Action.RECEIVE, Action.COMMIT)
        for one in history.select(action)
    )


_REMADE = {
    "remade": (
        "{process} deleted {topic} at {deleted_ns:s} with {gone:count confirmed message}; "
        "{messages:count message} were confirmed in the one that was made again, {message} among "
        "them."
    )
}
_WRITTEN = {
    "written": (
        "{messages:count message} to {topic}, {message} among them, were on their way when it was "
        "made again at {back_ns:s}."
    )
}
_CARRIED = {
    "carried": (
        "{process} had come to {place} when the topic was deleted at {deleted_ns:s}, and went on: "
        "below that position the topic that was made again has {messages:count message}, {message} "
        "among them, and above it more."
    ),
    "carried_to_the_end": (
        "{process} had come to {place} when the topic was deleted at {deleted_ns:s}, and went on: "
        "all of {messages:count message} of the topic that was made again, {message} among them, "
        "are below that position, and it is just behind them."
    ),
}

HAZARDS_OF_REMADE_TOPICS: tuple[Hazard, ...] = (
    Hazard(
        name="topic_remade",
        title="a topic was deleted and made again, and written to before and after",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_REMADE,
        find=topic_remade,
    ),
    Hazard(
        name="written_while_deleted",
        title="messages to a deleted topic were on their way when it was made again",
        fault_column=FaultColumn.NEW_TOPIC,
        needs=Needed.NOTHING,
        sentences=_WRITTEN,
        find=written_while_deleted,
    ),
    Hazard(
        name="remade_under_member",
        title="a topic was deleted and made again under a member that goes on",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_CARRIED,
        find=remade_under_member,
    ),
)
"""Of topics deleted and made again."""
