"""Whether who has worked off a compacted log knows of its deletions."""

from collections.abc import Iterator

from deliverycheck.guarantees.copies import copies, rank
from deliverycheck.guarantees.delivery.wished import wished_since
from deliverycheck.guarantees.log.compaction import latest_writes
from deliverycheck.guarantees.log.sources import compacted
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Effect, History, Outcome, Publication, indexed

_NAME = "current_view"


def current_view(history: History) -> Verdict:
    """A group that acted on a value of a key has acted on the deletion of that key, too.

    Sound: a key is judged if its latest write is known, as `compaction` knows it, and is a
    tombstone, and if the group has an effect, sure to have happened, of an older value of it.
    An effect of the tombstone counts whatever its outcome but a failure. A group that seeks by its
    own wish may leave it out. That a group acts on the
    latest value itself is the business of `at_least_once_in_effect`.

    Complete for scanned and drained histories; any other is UNKNOWN.
    """
    if not compacted(history):
        return unknown(_NAME, "nothing to examine: the header declares no compacted source")
    if reason := why_not_scanned(history) or why_not_drained(history):
        return unknown(_NAME, reason)
    judged = list(_judged(history))
    if not judged:
        return unknown(_NAME, "nothing to examine: no group acted on a value that was deleted")
    stale = (_stale(history, write, effect) for write, effect, has_seen in judged if not has_seen)
    return judge(_NAME, stale, examined=len(judged))


def _judged(history: History) -> Iterator[tuple[Publication, Effect, bool]]:
    """Each deletion with a group's last effect of an older value, and whether the group saw it."""
    for group, sources in sorted(history.header.groups.items()):
        for (source, key), write in latest_writes(history).items():
            wished = (group, (source, write.partition)) in wished_since(history)
            if source in sources and history.by_op[write.op].tombstone and not wished:
                own = _effects(history).get((group, source, write.partition), [])
                older = [one for one in own if _is_older(history, one, key, write)]
                if older:
                    saw = any(one.delivery.position == write.position for one in own)
                    yield write, older[-1], saw


def _is_older(history: History, effect: Effect, key: str, write: Publication) -> bool:
    ours = rank(history).get((effect.delivery.message, effect.delivery.attempt))
    if ours is None or ours[1].key != key or effect.outcome is not Outcome.OK:
        return False
    is_value = not history.by_op[ours[1].op].tombstone
    return is_value and (effect.delivery.position or 0) < (write.position or 0)


@indexed
def _effects(history: History) -> dict[tuple[str, str, int | None], list[Effect]]:
    """By group and partition, in the order of calls, what may have happened."""
    found: dict[tuple[str, str, int | None], list[Effect]] = {}
    for effect in sorted(history.effects, key=lambda one: (one.invoked_ns, one.op)):
        if effect.outcome is not Outcome.FAIL:
            where = (effect.group, effect.delivery.source, effect.delivery.partition)
            found.setdefault(where, []).append(effect)
    return found


def _stale(history: History, write: Publication, effect: Effect) -> Anomaly:
    stands = any(
        (one.delivery.source, one.delivery.partition, one.delivery.position)
        == (write.target, write.partition, write.position)
        for one in copies(history)
    )
    return Anomaly(
        name="stale_view",
        message=effect.delivery.message,
        witnesses=(effect.op, write.op),
        source=write.target,
        partition=write.partition,
        position=effect.delivery.position,
        facts={
            "kind": "still_stands" if stands else "gone",
            "group": effect.group,
            "key": str(write.key),
            "deleted": write.position or 0,
            "effect_by": effect.process,
        },
    )
