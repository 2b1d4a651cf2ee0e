"""What somebody was handed and should not have been: strangers, and what is not as it was sent."""

from collections.abc import Iterable, Iterator

import msgspec

from deliverycheck.guarantees.copies import publications_by_message
from deliverycheck.guarantees.log.sources import may_be_no_log, not_logs
from deliverycheck.guarantees.remade import topic_of
from deliverycheck.guarantees.sentences import place
from deliverycheck.history import (
    Action,
    Delivery,
    History,
    Outcome,
    Publication,
    Reading,
    indexed,
)

_SPOKEN = (Action.REQUEST, Action.REPLY)


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """One reading that is a proof of something.

    Attributes:
        name: of the anomaly.
        kind: what makes it one, where that can be more than one thing.
        sent: the attempts at its message that belong to the proof.
    """

    name: str
    reading: Reading
    kind: str = "in_log"
    sent: tuple[Publication, ...] = ()
    facts: dict[str, str | int | list[str]] = {}


def suspects(history: History, readings: Iterable[Reading]) -> list[Suspect]:
    """All that is wrong with these readings: strangers, then the misrouted, then the mangled.

    In a history that was cut a publication may be missing: what bears an id of ours is then
    neither ``phantom`` nor ``resurrected``, and only its body says where it belongs.
    """
    attempts = publications_by_message(history)
    strange: list[Suspect] = []
    misrouted: list[Suspect] = []
    mangled: list[Suspect] = []
    for reading in readings:
        delivery = reading.delivery
        sent = attempts.get(delivery.message, [])
        strange += _stranger(history, reading, sent)
        misrouted += _misrouted(history, reading, sent)
        if delivery.mangled and delivery.message:
            facts: dict[str, str | int | list[str]] = {"mangled": list(delivery.mangled)}
            mangled.append(Suspect(name="mangled", reading=reading, sent=tuple(sent), facts=facts))
    return [*strange, *misrouted, *mangled]


def _stranger(history: History, reading: Reading, sent: list[Publication]) -> Iterator[Suspect]:
    """What nobody published, or of which the application had to believe that it is not there."""
    delivery = reading.delivery
    if delivery.execution is not None and delivery.execution != history.header.execution:
        facts: dict[str, str | int | list[str]] = {"execution": delivery.execution}
        yield Suspect(name="phantom", kind="other_execution", reading=reading, facts=facts)
    elif not delivery.message:
        if not _may_be_a_tombstone(history, delivery):
            yield Suspect(name="phantom", kind="not_ours", reading=reading)
    elif not sent and not history.cut:
        if delivery.message not in _spoken(history):
            yield Suspect(name="phantom", kind="unpublished", reading=reading)
    elif not history.cut and all(_is_absent(history, attempt) for attempt in sent):
        last = sent[-1]
        failed = all(attempt.outcome is Outcome.FAIL for attempt in sent)
        yield Suspect(
            name="resurrected",
            kind="in_log" if failed else "taken_for_absent",
            reading=reading,
            sent=tuple(sent),
            facts={
                "error": last.error or "no reason given",
                "failed_ns": last.completed_ns or last.invoked_ns,
            },
        )


def _is_absent(history: History, attempt: Publication) -> bool:
    """Whether it failed for good, or ended in an error that the application takes for that."""
    if attempt.outcome is Outcome.FAIL:
        return True
    told_of_an_error = attempt.outcome is Outcome.INFO and attempt.completed_ns is not None
    return history.header.error_means == "absent" and told_of_an_error and not attempt.confirmed


def _misrouted(history: History, reading: Reading, sent: list[Publication]) -> Iterator[Suspect]:
    """What belongs elsewhere: by its body, or in a whole history by every attempt at it."""
    delivery = reading.delivery
    wanted = _elsewhere(history, delivery, sent)
    if not wanted or delivery.reason is not None or delivery.source in not_logs(history):
        return
    if not any(may_be_no_log(history, attempt.target) for attempt in sent):
        yield Suspect(
            name="misrouted",
            reading=reading,
            sent=tuple(sent),
            facts={"target": wanted},
        )


def _elsewhere(history: History, delivery: Delivery, sent: list[Publication]) -> list[str]:
    """Where the message was to go; nothing if it stands where some attempt sent it.

    One that was sent again while its topic was deleted and made again stands in both logs.
    """
    wanted: set[str] = set()
    for attempt in sent:
        asked = history.by_op[attempt.op].asked_partition
        here = topic_of(attempt.target) == topic_of(delivery.source)
        if here and asked in {None, delivery.partition}:
            return []
        wanted.add(place(attempt.target, asked))
    if sent and not history.cut:
        return sorted(wanted)
    if delivery.target is None:
        return []
    return ["another partition" if delivery.target == delivery.source else delivery.target]


@indexed
def _spoken(history: History) -> frozenset[str | None]:
    """Messages of conversations, which are sent by requests and replies."""
    return frozenset(one.message for action in _SPOKEN for one in history.select(action))


@indexed
def _tombstones(history: History) -> frozenset[tuple[str, int | None, int | None]]:
    """Where tombstones stand, which have no body that could name them; no place: anywhere."""
    bodiless = {one.op for one in history.select(Action.PUBLISH) if one.tombstone}
    return frozenset(
        (publication.target, publication.partition, publication.position)
        if publication.position is not None
        else (publication.target, None, None)
        for publication in history.publications
        if publication.op in bodiless and publication.outcome is not Outcome.FAIL
    )


def _may_be_a_tombstone(history: History, delivery: Delivery) -> bool:
    here = (delivery.source, delivery.partition, delivery.position)
    places = _tombstones(history)
    return here in places or (delivery.source, None, None) in places
