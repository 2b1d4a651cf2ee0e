"""Whether compacted logs keep the latest value of each key, and forget what was deleted."""

from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter

from deliverycheck.guarantees.copies import copies, copies_by_message, rank
from deliverycheck.guarantees.log.dropping import may_be_below_the_start, may_be_deleted
from deliverycheck.guarantees.log.keys import keys
from deliverycheck.guarantees.log.sources import compacted, promised_ms
from deliverycheck.guarantees.log.uncommitted import uncommitted
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.guarantees.sentences import place
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import History, Publication, Reading, indexed

_NAME = "compaction"
_Key = tuple[str, str]
"""Source and key."""


def compaction(history: History) -> Verdict:
    """Of each key of a compacted log the latest value stands, and none if it was deleted.

    Sound: a key is judged if all its writes that took effect, or may have, have a known
    position in one partition, and the last of them was confirmed, in no transaction but a
    committed one. What failed or was sent elsewhere and stands there all the same replaces
    what is older, too. A value that may lie below the start of a log that also keeps for a time
    may be gone, and so may what somebody asked to delete. Older values may stand beside the
    latest: compaction takes its time. A tombstone may go, but only after what it deletes.

    Complete for scanned histories; any other is UNKNOWN. That what is kept keeps its position
    and its order is the business of `one_log` and of the guarantees on order.
    """
    if not compacted(history):
        return unknown(_NAME, "nothing to examine: the header declares no compacted source")
    if reason := why_not_scanned(history):
        return unknown(_NAME, reason)
    latest = latest_writes(history)
    if not latest:
        return unknown(_NAME, "nothing to examine: of no key is the latest write known")
    found = [*_compacted_away(history, latest), *_undeleted(history, latest)]
    return judge(_NAME, found, examined=len(latest))


@indexed
def latest_writes(history: History) -> dict[_Key, Publication]:
    """The last write of each key, if it is known and surely took effect."""
    found: dict[_Key, Publication] = {}
    for key, written in sorted(keys(history).items()):
        if written.is_unplaced or len(written.last) > 1:
            continue
        for write in sorted(written.writes, key=attrgetter("op")):
            at = (write.partition, write.position)
            is_last = write.target == key[0] and at in written.last.items()
            if is_last and _surely_stood(history, write):
                found.setdefault(key, write)
    return found


def _surely_stood(history: History, write: Publication) -> bool:
    if write.target in promised_ms(history) and may_be_below_the_start(history, write):
        return False
    if may_be_deleted(history, write):
        return False
    return write.confirmed and (write.message, write.attempt) not in uncommitted(history)


def _compacted_away(history: History, latest: dict[_Key, Publication]) -> Iterator[Anomaly]:
    found, values = copies_by_message(history), _values(history)
    for (source, key), write in latest.items():
        if history.by_op[write.op].tombstone or write.message in found:
            continue
        older = values[source, key][-1:]
        yield Anomaly(
            name="compacted_away",
            message=write.message,
            witnesses=(write.op, *(reading.op for reading in older)),
            source=source,
            partition=write.partition,
            position=write.position,
            facts={
                "kind": "latest",
                "key": key,
                **({"older": _where(older[0])} if older else {}),
            },
        )


def _undeleted(history: History, latest: dict[_Key, Publication]) -> Iterator[Anomaly]:
    """Keys of which a value stands and the tombstone behind it does not."""
    values = _values(history)
    standing = {
        (reading.delivery.source, reading.delivery.partition, reading.delivery.position)
        for reading in copies(history)
    }
    for (source, key), write in latest.items():
        tombstone = history.by_op[write.op].tombstone
        if not tombstone or (source, write.partition, write.position) in standing:
            continue
        for reading in values[source, key][-1:]:
            yield Anomaly(
                name="undeleted",
                message=reading.delivery.message,
                witnesses=(write.op, reading.op),
                source=source,
                partition=reading.delivery.partition,
                position=reading.delivery.position,
                facts={
                    "kind": "in_log",
                    "key": key,
                    "deleted": keys(history)[source, key].last[write.partition],
                },
            )


def _values(history: History) -> dict[_Key, list[Reading]]:
    """By source and key, the values that fresh readers found, in the order of positions."""
    ours = rank(history)
    found: dict[_Key, list[Reading]] = defaultdict(list)
    for reading in copies(history):
        delivery = reading.delivery
        known = ours.get((delivery.message, delivery.attempt))
        if known is None or known[1].key is None:
            continue
        if not history.by_op[known[1].op].tombstone:
            found[delivery.source, known[1].key].append(reading)
    return found


def _where(reading: Reading) -> str:
    delivery = reading.delivery
    at = place(delivery.source, delivery.partition, delivery.position)
    return f"message {delivery.message} in {at}"
