"""Hazards of topics: written to when they are new, have grown, or have other settings."""

from collections.abc import Iterable, Iterator

from deliverycheck.guarantees.hazard import Evidence, ops_of
from deliverycheck.history import Action, History, Operation, Outcome, ProcessEvent

JUST_CREATED_NS = 1_000_000_000
"""1 s after its creation a topic is not new any more: leaders were elected in far less."""


def topic_just_created(history: History) -> tuple[Evidence, ...]:
    """A topic just created was written to before all its partitions had answered."""
    return tuple(
        _written_to("early", declare, early) for declare, early, _ in _new_topics(history) if early
    )


def topic_answered(history: History) -> tuple[Evidence, ...]:
    """A topic just created was written to once all its partitions had answered, and not before."""
    return tuple(
        _written_to("answered", declare, soon)
        for declare, early, soon in _new_topics(history)
        if soon and not early
    )


def _new_topics(
    history: History,
) -> Iterator[tuple[Operation, list[Operation], list[Operation]]]:
    """Each creation of a topic, with the publishes before and soon after it answered."""
    answers = _answers(history)
    publishes = _by_number(history, Action.PUBLISH)
    for declare in _by_number(history, Action.DECLARE):
        if declare.outcome is Outcome.OK and declare.target is not None:
            answered_ns = _first_since(declare.invoked_ns, answers.get(declare.target, ()))
            own = [one for one in publishes if one.target == declare.target]
            early = [one for one in own if _is_early(one, declare, answered_ns)]
            soon = [one for one in own if _is_soon(one, answered_ns)]
            yield declare, early, soon


def _by_number(history: History, action: Action) -> list[Operation]:
    return sorted(history.select(action), key=lambda operation: operation.op)


def _written_to(kind: str, declare: Operation, publishes: list[Operation]) -> Evidence:
    first = min(publishes, key=lambda publish: publish.invoked_ns)
    return Evidence(
        kind=kind,
        ns=first.invoked_ns,
        facts={
            "topic": str(declare.target),
            "after_ms": (first.invoked_ns - declare.invoked_ns) // 1_000_000,
            "process": first.process,
            "messages": sum(publish.count for publish in publishes),
        },
        witnesses=(declare.op, *ops_of(publishes)),
    )


def _answers(history: History) -> dict[str, list[int]]:
    """When each topic was known to answer in all its partitions."""
    answers: dict[str, list[int]] = {}
    for event in history.processes:
        topic = event.evidence.get("topic")
        if event.what == "answered" and isinstance(topic, str):
            answers.setdefault(topic, []).append(event.ns)
    return answers


def _first_since(ns: int, moments: Iterable[int]) -> int | None:
    return min((moment for moment in moments if moment >= ns), default=None)


def _is_early(publish: Operation, declare: Operation, answered_ns: int | None) -> bool:
    after_ns = publish.invoked_ns - declare.invoked_ns
    soon = 0 <= after_ns <= JUST_CREATED_NS
    return soon and (answered_ns is None or publish.invoked_ns < answered_ns)


def _is_soon(publish: Operation, answered_ns: int | None) -> bool:
    return answered_ns is not None and 0 <= publish.invoked_ns - answered_ns <= JUST_CREATED_NS


def partitions_added(history: History) -> tuple[Evidence, ...]:
    """A topic got more partitions between what one process wrote to it before and after."""
    publishes = _by_number(history, Action.PUBLISH)
    return tuple(
        evidence
        for event in history.processes
        if event.what == "partitions_added"
        for evidence in _written_around("grown", event, publishes)
    )


def config_changed(history: History) -> tuple[Evidence, ...]:
    """A topic got other settings between what one process wrote to it before and after."""
    publishes = _by_number(history, Action.PUBLISH)
    return tuple(
        evidence
        for event in history.processes
        if event.what == "config_changed"
        for evidence in _written_around("changed", event, publishes)
    )


def _written_around(
    kind: str, changed: ProcessEvent, publishes: list[Operation]
) -> Iterator[Evidence]:
    """For each process that wrote to the topic before that, and again since."""
    topic = changed.evidence.get("topic")
    own = [one for one in publishes if one.target == topic]
    before = {one.process for one in own if one.invoked_ns < changed.ns}
    for process in sorted(before):
        since = [one for one in own if one.process == process and one.invoked_ns >= changed.ns]
        if since:
            yield Evidence(
                kind=kind,
                ns=changed.ns,
                facts={
                    **_what(changed),
                    "topic": str(topic),
                    "changed_ns": changed.ns,
                    "process": process,
                    "messages": sum(one.count for one in since),
                },
                witnesses=ops_of(since),
            )


def _what(changed: ProcessEvent) -> dict[str, str | int]:
    told = changed.evidence
    if changed.what == "partitions_added":
        return {"partitions": int(str(told.get("partitions")))}
    return {"name": str(told.get("name")), "value": str(told.get("value"))}
