"""What a source was when: as it was declared, and as limits that were set made it."""

from collections import defaultdict
from math import inf
from typing import NamedTuple

from deliverycheck.history import Action, History, Operation, Outcome, Source, indexed


class Stretch(NamedTuple):
    """From when to when at most a source was so. While it changes it may be either."""

    since_ns: float
    until_ns: float
    source: Source


def was(
    history: History, name: str, since_ns: float = 0, until_ns: float = inf
) -> tuple[Source, ...]:
    """All that the declared source may have been at some moment of that time."""
    return tuple(
        stretch.source
        for stretch in _stretches(history).get(name, ())
        if stretch.since_ns <= until_ns and since_ns <= stretch.until_ns
    )


def dead_letter_places(
    history: History, name: str, since_ns: float = 0, until_ns: float = inf
) -> frozenset[str | None]:
    """Where its dead letters may have gone at some moment of that time; ``None`` is nowhere."""
    return frozenset(source.dead_letter for source in was(history, name, since_ns, until_ns))


def is_told(history: History, name: str) -> bool:
    """Whether each time that its limits were set the history says what it became."""
    changes = (one for one in history.select(Action.SET_LIMITS) if one.target == name)
    return all(one.becomes is not None for one in changes)


@indexed
def _stretches(history: History) -> dict[str, list[Stretch]]:
    changes: dict[str, list[Operation]] = defaultdict(list)
    for one in history.select(Action.SET_LIMITS):
        if one.outcome is not Outcome.FAIL and one.becomes is not None:
            changes[one.target or ""].append(one)
    return {
        name: _in_turn(source, sorted(changes[name], key=lambda one: one.invoked_ns))
        for name, source in history.header.sources.items()
    }


def _in_turn(source: Source, changes: list[Operation]) -> list[Stretch]:
    """What a change left behind ends with the next one, unless that is not known to be later."""
    found: list[Stretch] = []
    since_ns, before_ns = 0.0, 0.0
    for one in changes:
        end_ns = _end_ns(one)
        until_ns = end_ns if before_ns <= one.invoked_ns else inf
        found.append(Stretch(since_ns, until_ns, source))
        since_ns, before_ns, source = one.invoked_ns, end_ns, one.becomes or source
    return [*found, Stretch(since_ns, inf, source)]


def _end_ns(change: Operation) -> float:
    """When it surely was so; never, of one that may have had no effect."""
    done = change.outcome is Outcome.OK and change.completed_ns is not None
    return float(change.completed_ns or 0) if done else inf
