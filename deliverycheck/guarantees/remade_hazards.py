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
from deliverycheck.history import (
    Action,
    History,
    Operation,
    Outcome,
    Publication,
    is_scanner,
)

_Reached = dict[int | None, tuple[str, int]]
"""By partition, the position after the last one that was handed to anybody, and to whom."""


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
    """Consumers that go on, where the present log has messages below a position of the deleted one.

    Also where it has none above: at its very end it is read on from there, and beyond its end too
    if it grows first. Nor need the one that goes on be the one that came so far: it may have taken
    over from it.
    """
    return tuple(
        evidence for deletion, _, _ in _remade(history) for evidence in _carried(history, deletion)
    )


def committed_to_remade(history: History) -> tuple[Evidence, ...]:
    """Commits of what was handed over from a deleted log, which may have come to the present one.

    Where that has messages below the position: its group begins behind them.
    """
    return tuple(
        evidence for deletion, _, _ in _remade(history) for evidence in _brought(history, deletion)
    )


def _brought(history: History, deletion: Operation) -> Iterator[Evidence]:
    topic = str(deletion.target)
    for commit in sorted(history.select(Action.COMMIT), key=lambda one: one.op):
        is_late = commit.completed_ns is None or commit.completed_ns > deletion.invoked_ns
        if not is_late or commit.outcome is Outcome.FAIL:
            continue
        for cover in commit.covers:
            here = history.log_by_partition.get((topic, cover.partition), ())
            passed = [one for one in here if (one.delivery.position or 0) < cover.position]
            if cover.source == before(topic) and passed:
                yield Evidence(
                    kind="brought",
                    ns=commit.invoked_ns,
                    facts={
                        "process": commit.process,
                        "place": place(topic, cover.partition, cover.position),
                        "committed_ns": commit.invoked_ns,
                        "deleted_ns": deletion.invoked_ns,
                        "messages": len(passed),
                        "message": passed[0].delivery.message,
                    },
                    witnesses=(deletion.op, commit.op, *(one.op for one in passed))[:WITNESSES_MAX],
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


def _carried(history: History, deletion: Operation) -> Iterator[Evidence]:
    topic = str(deletion.target)
    going_on = _who_go_on(history, deletion)
    for partition, (process, reached) in _reached(history, before(topic)).items():
        here = history.log_by_partition.get((topic, partition), ())
        passed = [one for one in here if (one.delivery.position or 0) < reached]
        if not passed or not going_on:
            continue
        yield Evidence(
            kind="carried",
            ns=deletion.invoked_ns,
            facts={
                "process": process,
                "place": place(topic, partition, reached),
                "deleted_ns": deletion.invoked_ns,
                "other": process if process in going_on else going_on[0],
                "messages": len(passed),
                "message": passed[0].delivery.message,
            },
            witnesses=tuple(dict.fromkeys((deletion.op, *(one.op for one in passed))))[
                :WITNESSES_MAX
            ],
        )


def _reached(history: History, log: str) -> _Reached:
    """Who had come how far in this log."""
    found: _Reached = {}
    for reading in history.receipts:
        delivery = reading.delivery
        if delivery.source == log and delivery.position is not None:
            reached = (reading.process, delivery.position + 1)
            known = found.setdefault(delivery.partition, reached)
            found[delivery.partition] = max(known, reached, key=lambda one: one[1])
    return dict(sorted(found.items(), key=lambda each: each[0] or 0))


def _who_go_on(history: History, deletion: Operation) -> list[str]:
    """Incarnations that were there when the topic went, and asked for more or committed then."""
    there = {
        one.process
        for action in (Action.SUBSCRIBE, Action.RECEIVE)
        for one in history.select(action)
        if one.invoked_ns < deletion.invoked_ns and not is_scanner(one.process)
    }
    later = {
        one.process
        for action in (Action.RECEIVE, Action.COMMIT)
        for one in history.select(action)
        if one.invoked_ns > deletion.invoked_ns
    }
    return sorted(there & later)


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
        "{process} had come to {place} when the topic was deleted at {deleted_ns:s}, and {other} "
        "went on: below that position the topic that was made again has "
        "{messages:count message}, {message} among them."
    )
}
_BROUGHT = {
    "brought": (
        "{process} committed {place} at {committed_ns:s}, behind what it had been handed of the "
        "topic that was deleted at {deleted_ns:s}: below that the topic that was made again has "
        "{messages:count message}, {message} among them."
    )
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
    Hazard(
        name="committed_to_remade",
        title="what came from a deleted topic was committed once it was made again",
        fault_column=FaultColumn.RECORDS_GONE,
        needs=Needed.NOTHING,
        sentences=_BROUGHT,
        find=committed_to_remade,
    ),
)
"""Of topics deleted and made again."""
