"""The guarantee that a group commits past a message only after its effect."""

from bisect import bisect_right
from itertools import accumulate

from deliverycheck.guarantees.delivery.dropped import may_be_gone
from deliverycheck.guarantees.delivery.group_commits import GroupCommit, group_commits
from deliverycheck.guarantees.delivery.members import Place, group_of, standing_place
from deliverycheck.guarantees.delivery.wished import is_wished
from deliverycheck.guarantees.reached import why_not_whole
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Effect, History, Outcome, Reading, indexed

_Work = tuple[str, Place, int, str]
"""Group, source and partition, position, message."""


def commit_follows_effect(history: History) -> Verdict:
    """No commit of a group covers a message that the group was handed and has no effect of yet.

    Sound: a commit counts if it took effect, and with the moment of its answer. An effect counts
    from its call on, whatever its outcome but a failure, of any copy of the message. So a
    conviction says: by the answer of the commit nobody in the group had so much as begun.
    What its log may have dropped by then nobody can begin: who takes over begins behind it.

    Complete for groups of the header that record effects, except for what was handed only after
    the commit. A history that was cut is UNKNOWN, since effects may be missing.
    """
    name = "commit_follows_effect"
    begun = _first_effects(history)
    judged = [
        (work, handing, commit)
        for work, handing in sorted(_handed(history).items(), key=_standing)
        if (commit := _first_past(history, work)) is not None
        and history.by_op[handing.op].invoked_ns <= commit.told_ns
        and not (
            _begun_late(begun, work, commit)
            and may_be_gone(history, handing.delivery, commit.told_ns)
        )
    ]
    ahead = [
        _ahead(work, handing, commit, begun.get((work[0], work[3])))
        for work, handing, commit in judged
        if _begun_late(begun, work, commit)
    ]
    if not judged:
        return unknown(name, "nothing to examine: no group with effects committed past a message")
    if reason := why_not_whole(history):
        return unknown(name, reason, examined=len(judged))
    return judge(name, ahead, examined=len(judged))


def _begun_late(begun: dict[tuple[str, str], Effect], work: _Work, commit: GroupCommit) -> bool:
    """Whether nobody in the group had begun the effect by the answer of the commit."""
    effect = begun.get((work[0], work[3]))
    return effect is None or effect.invoked_ns > commit.told_ns


@indexed
def _first_effects(history: History) -> dict[tuple[str, str], Effect]:
    """The effect of each group and message that was called first and may have happened."""
    found: dict[tuple[str, str], Effect] = {}
    for effect in sorted(history.effects, key=lambda one: (one.invoked_ns, one.op)):
        if effect.outcome is not Outcome.FAIL:
            found.setdefault((effect.group, effect.delivery.message), effect)
    return found


def _handed(history: History) -> dict[_Work, Reading]:
    """The first handing, by its call, of each message of ours to a group that records effects."""
    recorded = {effect.group for effect in history.effects}
    found: dict[_Work, Reading] = {}
    for reading in sorted(history.receipts, key=lambda one: (_called_ns(history, one), one.op)):
        delivery = reading.delivery
        group = group_of(history, history.by_op[reading.op])
        if group is None or group not in recorded:
            continue
        obliged = delivery.source in history.header.groups.get(group, ())
        if obliged and delivery.message and delivery.position is not None:
            place = (delivery.source, delivery.partition)
            found.setdefault((group, place, delivery.position, delivery.message), reading)
    return found


def _called_ns(history: History, reading: Reading) -> int:
    return history.by_op[reading.op].invoked_ns


def _first_past(history: History, work: _Work) -> GroupCommit | None:
    """Of the commits past it that took effect, the one that was answered first."""
    positions, firsts = _earliest(history).get((work[0], work[1]), ([], []))
    number = bisect_right(positions, work[2])
    return firsts[number] if number < len(firsts) else None


@indexed
def _earliest(
    history: History,
) -> dict[tuple[str, Place], tuple[list[int], list[GroupCommit]]]:
    """Positions that were committed, rising, and for each the first answer that reaches it.

    Who seeks by its own wish may leave something out and commit past it.
    """
    found: dict[tuple[str, Place], tuple[list[int], list[GroupCommit]]] = {}
    for key, row in group_commits(history).items():
        kept = (one for one in row if one.sure and not is_wished(history, *key, one.invoked_ns))
        sure = sorted(kept, key=lambda one: one.position)
        firsts = list(accumulate(reversed(sure), _sooner))
        found[key] = ([one.position for one in sure], firsts[::-1])
    return found


def _sooner(one: GroupCommit, other: GroupCommit) -> GroupCommit:
    return min(one, other, key=lambda commit: (commit.told_ns, commit.op))


def _standing(item: tuple[_Work, Reading]) -> tuple[str, tuple[str, tuple[int, ...]], int, str]:
    group, place, position, message = item[0]
    return (group, standing_place(place), position, message)


def _ahead(work: _Work, handing: Reading, commit: GroupCommit, effect: Effect | None) -> Anomaly:
    group, (source, partition), position, message = work
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": "before_effect",
        "group": group,
        "handed_to": handing.process,
        "handed_ns": handing.ns,
        "committed": commit.position,
        "committed_by": commit.process,
        "committed_ns": commit.told_ns,
    }
    witnesses = [handing.op, commit.op]
    if effect is None:
        facts["never"] = 1
    else:
        facts |= {"effect_by": effect.process, "effect_ns": effect.invoked_ns}
        witnesses.append(effect.op)
    return Anomaly(
        name="commit_ahead",
        message=message,
        witnesses=tuple(dict.fromkeys(witnesses)),
        source=source,
        partition=partition,
        position=position,
        facts=facts,
    )
