"""Order of work: what one publisher sent first has its effect first."""

from collections import defaultdict
from collections.abc import Iterator

from deliverycheck.guarantees.queues.handings import sure_publications
from deliverycheck.guarantees.queues.queue_history import concluded, queues, why_unfit
from deliverycheck.guarantees.verdict import Anomaly, Verdict, unknown
from deliverycheck.history import Effect, History, Outcome, Publication

_Done = tuple[Publication, Effect]


def effects_in_order(history: History) -> Verdict:
    """First effects of one publisher's messages from one queue come in the order of its calls.

    Sound: one effect is before another if it was complete before the other was called. Only the
    first effect of each message counts, and only if it surely happened; a message that may have
    had one that nobody saw is left out.

    Complete for whole histories whose effects have known outcomes.
    """
    name = "effects_in_order"
    if reason := why_unfit(history):
        return unknown(name, reason)
    rows = [row for row in _rows(history) if len(row) > 1]
    found = [anomaly for row in rows for anomaly in _out_of_order(row)]
    nothing = "no two messages of one publisher have effects from one queue"
    examined = sum(len(row) - 1 for row in rows)
    return concluded(name, found, examined=examined, nothing=nothing)


def _rows(history: History) -> list[list[_Done]]:
    """By publisher and queue, the first effects in the order of calls of the publishes."""
    published = sure_publications(history)
    firsts: dict[tuple[str, str], Effect] = {}
    for effect in sorted(history.effects, key=lambda one: one.op):
        delivery = effect.delivery
        if delivery.source in queues(history) and effect.outcome is not Outcome.FAIL:
            firsts.setdefault((delivery.source, delivery.message), effect)
    rows: dict[tuple[str, str], list[_Done]] = defaultdict(list)
    for (source, _), effect in firsts.items():
        sent = published.get((effect.delivery.message, effect.delivery.attempt))
        if sent is not None and effect.outcome is Outcome.OK and sent.attempt == 1:
            rows[source, sent.process].append((sent, effect))
    return [sorted(row, key=lambda one: (one[0].op, one[0].sequence)) for row in rows.values()]


def _out_of_order(row: list[_Done]) -> Iterator[Anomaly]:
    """Each message whose effect came before that of one that was sent earlier: the latest such."""
    latest: _Done | None = None
    for sent, effect in row:
        before = latest is not None and _ns(effect) < latest[1].invoked_ns
        if latest is not None and before:
            yield _anomaly((sent, effect), latest)
        if latest is None or effect.invoked_ns > latest[1].invoked_ns:
            latest = (sent, effect)


def _ns(effect: Effect) -> int:
    return effect.completed_ns or effect.invoked_ns


def _anomaly(ahead: _Done, behind: _Done) -> Anomaly:
    (later, first), (earlier, second) = ahead, behind
    return Anomaly(
        name="reordered",
        message=later.message,
        witnesses=tuple(dict.fromkeys((earlier.op, later.op, first.op, second.op))),
        source=first.delivery.source,
        facts={
            "kind": "effects",
            "publisher": later.process,
            "behind": earlier.message,
            "ahead_by": first.process,
            "ahead_ns": _ns(first),
            "behind_by": second.process,
            "behind_ns": second.invoked_ns,
        },
    )
