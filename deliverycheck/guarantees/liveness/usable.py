"""Guarantee that every target works again in time, once nothing is disturbed any more."""

from collections import defaultdict

import msgspec

from deliverycheck.guarantees.liveness.heal import Quiet, quiet_of
from deliverycheck.guarantees.sentences import place
from deliverycheck.guarantees.verdict import Anomaly, Verdict, judge, unknown
from deliverycheck.history import Action, History, Operation, Outcome

_SENDING = frozenset({Action.PUBLISH, Action.REQUEST, Action.REPLY})
_PROOFS_SHOWN_MAX = 5

_Target = tuple[str, int]
"""A target, and the partition that the application chose; -1 where it chose none."""


class _Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent to one target after the last heal.

    Attributes:
        works: something succeeded in the promised time.
        due_ns: within the promised time of the heal; who tried later gets that time from then.
        success_ns: when something first succeeded.
        proofs: what waited the whole promised time in vain, or did not succeed when it was over.
    """

    target: _Target
    tried: int
    works: bool
    due_ns: int
    success_ns: int | None
    proofs: list[Operation]


def usable_in_time(history: History) -> Verdict:
    """Every target that worked before the last heal works again within the promised time.

    A target works if something that was sent to it (publish, request, reply) ended ``ok``. Where
    the application chose a partition, that is a target of its own.

    Sound: unusable is only what a send waited for as long as was promised, or did not succeed
    with after that time, while nothing else succeeded in it. A confirm that proves nothing may
    have been a success: the target stays unjudged. A source that refuses what it has no room
    for is not examined, nor one to which nothing was sent after the heal. That nothing is
    received proves nothing. While a disturbance lasts, or a process is gone for which nobody
    came, nothing is promised: UNKNOWN.

    Complete for whole histories in which every such target was tried for long enough; any other
    without an anomaly is UNKNOWN.
    """
    name = "usable_in_time"
    quiet = quiet_of(history)
    if isinstance(quiet, str):
        return unknown(name, quiet)
    trials = _trials(history, quiet)
    if not trials:
        reason = "nothing to examine: nothing that worked before the last heal was used after it"
        return unknown(name, reason)
    open_ = [trial for trial in trials if not trial.works and not trial.proofs]
    unusable = [_unusable(quiet, trial) for trial in trials if trial.proofs]
    if open_ and not unusable:
        reason = f"too little was sent to {place(*_named(open_[0]))} after the last heal to tell"
        return unknown(name, reason, examined=len(trials) - len(open_))
    return judge(name, unusable, examined=len(trials) - len(open_))


def _trials(history: History, quiet: Quiet) -> list[_Trial]:
    """For each target that had worked, by name, what was sent to it after the heal."""
    full = {n for n, s in history.header.sources.items() if s.overflow == "reject_publish"}
    worked: set[_Target] = set()
    tried: dict[_Target, list[Operation]] = defaultdict(list)
    for operation in sorted(history.operations, key=lambda operation: operation.op):
        if operation.action in _SENDING and operation.target not in {None, *full}:
            success_ns = _success_ns(operation)
            if success_ns is not None and success_ns <= quiet.since_ns:
                worked.add(_target_of(operation))
            elif success_ns is not None or operation.invoked_ns >= quiet.since_ns:
                tried[_target_of(operation)].append(operation)
    return [_trial(quiet, target, tried[target]) for target in sorted(worked & tried.keys())]


def _target_of(operation: Operation) -> _Target:
    chosen = operation.asked_partition
    return str(operation.target), -1 if chosen is None else chosen


def _success_ns(operation: Operation) -> int | None:
    return operation.completed_ns if operation.outcome is Outcome.OK else None


def _trial(quiet: Quiet, target: _Target, tried: list[Operation]) -> _Trial:
    due_ns = min(quiet.due_ns(each) for each in tried)
    done = [ns for each in tried if (ns := _success_ns(each)) is not None]
    success_ns = min(done, default=None)
    may_work = any(each.confirmed and each.outcome is Outcome.INFO for each in tried)
    works = success_ns is not None and success_ns <= due_ns
    return _Trial(
        target=target,
        tried=len(tried),
        works=works,
        due_ns=due_ns,
        success_ns=success_ns,
        proofs=[]
        if works or may_work
        else [each for each in tried if _is_proof(quiet, each, due_ns)],
    )


def _is_proof(quiet: Quiet, operation: Operation, due_ns: int) -> bool:
    """It waited for the whole promised time, or was refused when that was over."""
    if operation.completed_ns is None:
        return quiet.due_ns(operation) < quiet.end_ns and not quiet.is_excused(operation)
    refused = operation.outcome is not Outcome.OK and operation.completed_ns > due_ns
    return refused or operation.completed_ns > quiet.due_ns(operation)


def _named(trial: _Trial) -> tuple[str, int | None]:
    name, partition = trial.target
    return name, None if partition == -1 else partition


def _unusable(quiet: Quiet, trial: _Trial) -> Anomaly:
    name, partition = _named(trial)
    facts: dict[str, str | int | list[str] | list[int]] = {
        "kind": "never",
        "target": place(name, partition),
        "since_ns": quiet.since_ns,
        "due_ns": trial.due_ns,
        "tried": trial.tried,
    }
    if trial.success_ns is not None:
        facts |= {"kind": "late", "success_ns": trial.success_ns}
    return Anomaly(
        name="unusable",
        witnesses=tuple(each.op for each in trial.proofs[:_PROOFS_SHOWN_MAX]),
        source=name,
        partition=partition,
        facts=facts,
    )
