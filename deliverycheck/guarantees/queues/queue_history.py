"""What happened to each queue: what was published to it, handed from it, settled."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from deliverycheck.guarantees.became import dead_letter_places
from deliverycheck.guarantees.queues.handing import Copy, Handing, SentHanding
from deliverycheck.guarantees.queues.handings import handings_by_queue
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Source, indexed

QUEUE = "queue"
WITNESSES_MAX = 20
"""Operations that one anomaly names: of a queue that is too long the first ones show it."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One queue of the header and all that the history knows of it.

    Attributes:
        handings: to everybody, fresh readers too, in the order in which they were complete.
        feeds: the sources whose dead letters may come here, over any number of steps.
    """

    name: str
    source: Source
    handings: tuple[Handing, ...]
    feeds: frozenset[str]

    @cached_property
    def by_copy(self) -> dict[Copy, list[SentHanding]]:
        """The handings of each copy that surely comes from one publish."""
        found: dict[Copy, list[SentHanding]] = defaultdict(list)
        for handing in self.handings:
            if isinstance(handing, SentHanding):
                found[handing.copy].append(handing)
        return dict(found)

    @cached_property
    def firsts(self) -> list[SentHanding]:
        """What was surely handed for the first time: called so, and no other is."""
        fresh = [
            [handing for handing in handings if handing.is_fresh]
            for handings in self.by_copy.values()
        ]
        return [handings[0] for handings in fresh if len(handings) == 1]

    @cached_property
    def messages(self) -> frozenset[str]:
        """Every message that was ever handed from it."""
        return frozenset(handing.delivery.message for handing in self.handings)


@indexed
def queues(history: History) -> dict[str, Queue]:
    """The queues that the header declares, by name."""
    sources = history.header.sources
    names = sorted(name for name, source in sources.items() if source.kind == QUEUE)
    if not names:
        return {}
    handed = handings_by_queue(history, frozenset(names))
    ways = {name: dead_letter_places(history, name) for name in sources}
    return {
        name: Queue(
            name=name,
            source=sources[name],
            handings=tuple(handed.get(name, ())),
            feeds=_feeding(ways, name),
        )
        for name in names
    }


def _feeding(ways: dict[str, frozenset[str | None]], name: str) -> frozenset[str]:
    """The sources whose dead letters come to `name`, directly or through others, at any time.

    Where it is not declared to what they go, they may come to any.
    """
    before: dict[str, list[str]] = defaultdict(list)
    anywhere: list[str] = []
    for each, places in ways.items():
        for place in places - {None}:
            if place in ways:
                before[place].append(each)
            else:
                anywhere.append(each)
    found: set[str] = set()
    todo = [*before[name], *anywhere]
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo += before[each]
    return frozenset(found)


def queues_before(history: History, queue: Queue) -> list[Queue]:
    """The declared queues whose dead letters come to this one, by name."""
    return [each for each in queues(history).values() if each.name in queue.feeds]


def why_unfit(history: History) -> str | None:
    """Why no guarantee on queues can be judged; ``None`` if one may be."""
    if not queues(history):
        return "nothing to examine: the header declares no queue"
    if history.cut:
        return "the history was cut before its end: what is missing may have been recorded later"
    return None


def concluded(name: str, found: Iterable[Anomaly], *, examined: int, nothing: str) -> Verdict:
    """The verdict of a check; if it looked at nothing, `nothing` says what there was not."""
    anomalies = tuple(found)
    if not anomalies and not examined:
        return unknown(name, f"nothing to examine: {nothing}")
    return judge(name, anomalies, examined=examined)
