"""Guarantees on effects: what consumer groups did with what stands in the log.

Work is counted by place in the log: two copies of a message there are two pieces of
work, whose repetition is the business of `exactly_once_in_log` and not of these.
"""

from deliverycheck.guarantees.delivery.dropped import deletion_of
from deliverycheck.guarantees.delivery.members import told_ns
from deliverycheck.guarantees.delivery.queued import is_queue
from deliverycheck.guarantees.delivery.record_lock import given_up
from deliverycheck.guarantees.delivery.wished import is_wished, wished_since
from deliverycheck.guarantees.delivery.work import (
    Effects,
    ExpectedCopies,
    Handed,
    piece_of,
    work_of,
)
from deliverycheck.guarantees.reached import why_not_drained, why_not_scanned
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, Delivery, Effect, History, Outcome, indexed

_KINDS = {
    (False, False): "in_effect",
    (True, False): "in_effect_of_queue",
    (True, True): "in_effect_of_dropped",
}
"""By whether its publish tells of it, and whether a log dropped it."""


def at_least_once_in_effect(history: History) -> Verdict:
    """Every message in a group's sources has an effect by that group, or was given up by it.

    Sound: an effect whose outcome is unknown may have happened, so its message is neither
    lost nor examined; a record that a share group rejected is no obligation, nor is what a group
    may have left out that seeks by its own wish. Of a log what a
    fresh reader did not find is an obligation only if it surely stood there, and was deleted or
    became too old while the group was there. Of a queue that
    one group works off alone what the application relied on is one, if it was published by the
    queue's own name, the queue keeps it, and no consumer refused it.

    Complete for scanned and drained histories; any other is UNKNOWN.
    """
    name = "at_least_once_in_effect"
    reason = why_not_scanned(history) or why_not_drained(history)
    if reason and history.header.groups:
        return unknown(name, reason)
    lost, done = _worked_off(history)
    if not lost and not done:
        return unknown(name, _why_nothing(history))
    return judge(name, lost, examined=len(lost) + done)


def at_most_once_in_effect(history: History) -> Verdict:
    """No message in a group's sources has two effects by that group.

    Sound: only effects that surely happened count, so one ``ok`` and any number of unknown
    ones are no proof; of a group that seeks by its own wish, those before that. Two ``ok`` are one,
    even before the end. Where positions are missing, and on queues, the message's id tells what is
    the same piece of work, and it may have as many effects as it has copies or was sent; how many
    copies a log without positions has is known once it was read.

    Complete for drained histories; any other without an anomaly is UNKNOWN, since a second
    effect may still come.
    """
    name = "at_most_once_in_effect"
    repeated, done = _repeated(history)
    if not done:
        return unknown(
            name,
            "nothing to examine: no consumer group has an effect that surely happened "
            "and can be told from others",
        )
    reason = why_not_drained(history)
    if reason and not repeated:
        return unknown(name, reason, examined=done)
    return judge(name, repeated, examined=done)


def exactly_once_in_effect(history: History) -> Verdict:
    """Every message in a group's sources has one effect by that group.

    Sound and complete as `at_least_once_in_effect` and `at_most_once_in_effect` together: a
    repetition is a proof at any time, an absence only in scanned and drained histories.
    """
    name = "exactly_once_in_effect"
    repeated, done = _repeated(history)
    reason = why_not_scanned(history) or why_not_drained(history)
    if reason and repeated:
        return judge(name, repeated, examined=done)
    if reason and history.header.groups:
        return unknown(name, reason)
    lost, worked_off = _worked_off(history)
    if not lost and not worked_off and not repeated:
        return unknown(name, _why_nothing(history))
    return judge(name, [*lost, *repeated], examined=len(lost) + max(worked_off, done))


@indexed
def _worked_off(history: History) -> tuple[list[Anomaly], int]:
    """What has no effect, and how much surely has one."""
    lost: list[Anomaly] = []
    done = 0
    for group in sorted(history.header.groups):
        effects = Effects(history, group)
        missing: list[tuple[int, Delivery]] = []
        for op, delivery in work_of(history, group):
            found = effects.of(delivery)
            if not found and not _may_be_missing(history, group, delivery):
                missing.append((op, delivery))
            done += any(effect.outcome is Outcome.OK for effect in found)
        if missing:
            handed = Handed(history, group)
            lost += [_lost(history, group, *one, handed) for one in missing]
    return lost, done


def _may_be_missing(history: History, group: str, delivery: Delivery) -> bool:
    """Whether the group gave it up, or may have left it out by its own wish."""
    given = (group, piece_of(history, delivery)) in given_up(history)
    return given or (group, (delivery.source, delivery.partition)) in wished_since(history)


@indexed
def _repeated(history: History) -> tuple[list[Anomaly], int]:
    """What has more effects than copies, and how much surely has one."""
    groups = sorted({effect.group for effect in history.effects})
    expected = ExpectedCopies(history)
    done = [
        effects
        for group in groups
        for effects in Effects(history, group).done()
        if expected.known(effects[0].delivery)
    ]
    repeated = [
        _duplicate(history, effects)
        for each in done
        if len(effects := _unwished(history, each)) > expected.of(each[0].delivery)
    ]
    return repeated, len(done)


def _unwished(history: History, effects: list[Effect]) -> list[Effect]:
    """Without those that follow, or may, from a member's going back to what was done."""
    return [
        one
        for one in effects
        if not is_wished(
            history, one.group, (one.delivery.source, one.delivery.partition), one.invoked_ns
        )
    ]


def _lost(history: History, group: str, op: int, delivery: Delivery, handed: Handed) -> Anomaly:
    receipts, commit = handed.to(delivery), handed.committed_past(delivery)
    published = history.by_op[op].action is Action.PUBLISH
    dropped = published and not is_queue(history, delivery.source)
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": _KINDS[published, dropped],
        "group": group,
    }
    deletion = deletion_of(history, delivery) if dropped else None
    if deletion is not None:
        facts |= {"deleted_by": deletion.process, "deleted_ns": deletion.invoked_ns}
    if receipts:
        facts["received_by"] = [receipt.process for receipt in receipts]
        facts["received_ns"] = [receipt.ns for receipt in receipts]
    else:
        facts["never_received"] = 1
    if commit is not None:
        facts["committed_by"] = commit.process
        facts["committed_ns"] = told_ns(commit)
    others = tuple(one.op for one in (deletion, commit) if one is not None)
    witnesses = (*(receipt.op for receipt in receipts), *others, op)
    return _about(history, "lost", witnesses, delivery, facts)


def _duplicate(history: History, effects: list[Effect]) -> Anomaly:
    first, *_ = effects
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": "in_effect",
        "group": first.group,
        "effects": len(effects),
        "effected_by": [effect.process for effect in effects],
        "effected_ns": [effect.completed_ns or effect.invoked_ns for effect in effects],
    }
    witnesses = tuple(effect.op for effect in effects)
    return _about(history, "duplicate", witnesses, first.delivery, facts)


def _about(
    history: History,
    name: str,
    witnesses: tuple[int, ...],
    about: Delivery,
    facts: dict[str, str | int | list[str] | list[int]],
) -> Anomaly:
    tagged = is_queue(history, about.source)
    return Anomaly(
        name=name,
        message=about.message or None,
        witnesses=tuple(dict.fromkeys(witnesses)),
        source=about.source,
        partition=about.partition,
        position=None if tagged else about.position,
        facts=facts,
    )


def _why_nothing(history: History) -> str:
    if not history.header.groups:
        return "nothing to examine: the header names no consumer group"
    return "nothing to examine: nothing stands in the groups' sources whose effect is known"
