"""A conviction told: the smallest plan in words, what proves it, how often, what holds instead."""

import hashlib
from collections.abc import Sequence

from deliverycheck.guarantees import ANOMALIES, Validity, explain
from deliverycheck.history import Action, History, Operation, Outcome
from deliverycheck.plans import (
    Claim,
    Inject,
    Kill,
    Pause,
    Plan,
    Stance,
    Starve,
    Step,
    lane_of,
    verb_of,
)
from deliverycheck.plans.campaign import StepLine, Tally, Violation
from deliverycheck.plans.describe import describe_step
from deliverycheck.search.judgement import Judgement
from deliverycheck.search.slices import operations_by_step

SENTENCES_MAX = 3
OPERATIONS_MAX = 15


def signature(claim: Claim, judgement: Judgement) -> str:
    """Equal for "the same" violation: claim, anomalies, hazards, and the shape of the plan."""
    anomalies = sorted({anomaly.name for anomaly in judgement.verdicts[claim.guarantee].anomalies})
    parts = [claim.id, *anomalies, *judgement.occurred(claim), *shape_of(judgement.plan)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def shape_of(plan: Plan) -> tuple[str, ...]:
    """What each step does and to whom it does harm; equal for plans of different arguments."""
    return tuple(map(_shape, plan.steps))


def _shape(step: Step) -> str:
    fault = f" {step.fault}" if isinstance(step, Inject) else ""
    lane = lane_of(step) if isinstance(step, (Inject, Kill, Pause, Starve)) else ""
    return f"{verb_of(step)}{fault} {lane}"


def violation_of(  # noqa: PLR0913  # all but the first two by name
    claim: Claim,
    judgement: Judgement,
    *,
    rate: Tally,
    found_after: int,
    plan_file: str,
    folder: str,
    evidence: Sequence[str] = (),
) -> Violation:
    """The record of a conviction, for reports."""
    history = judgement.history()
    verdict = judgement.verdicts[claim.guarantee]
    assert verdict.validity is Validity.INVALID, verdict  # noqa: S101  # only convictions are told
    told = explain(verdict, history)
    anomaly = verdict.anomalies[0].name
    operations = [line for one in told.anomalies[:SENTENCES_MAX] for line in one.witnesses]
    more = verdict.count - SENTENCES_MAX
    sentences = [one.sentence for one in told.anomalies[:SENTENCES_MAX]]
    return Violation(
        id=signature(claim, judgement),
        claim=claim.id,
        guarantee=claim.guarantee,
        anomaly=anomaly,
        hazards=judgement.occurred(claim),
        title=_title(claim, anomaly),
        sentences=(*sentences, *([f"And {more} more like it."] if more > 0 else [])),
        steps=step_lines(judgement.plan, history),
        plan_steps=judgement.plan.steps,
        operations=tuple(dict.fromkeys(operations))[:OPERATIONS_MAX],
        folder=folder,
        plan_file=plan_file,
        rate=rate,
        found_after=found_after,
        promise=claim.promise,
        source=claim.source,
        replay=f"deliverycheck replay {plan_file} --claim {claim.id} --times 10",
        evidence=tuple(evidence),
    )


def _title(claim: Claim, anomaly: str) -> str:
    kind = ANOMALIES.get(anomaly)
    if claim.stance is Stance.HOLDS:
        return f"{claim.setting}: broke what it was claimed to hold ({anomaly})"
    told = _clause(kind.meaning) if kind is not None else anomaly
    return f"{claim.setting}: {_CONSEQUENCES.get(anomaly, told)}"


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


_CONSEQUENCES = {
    "lost": "messages that the application relied on are lost",
    "duplicate": "a message comes twice",
    "reordered": "messages change their order",
    "aborted_read": "messages of aborted transactions are read",
    "commit_ahead": "a commit comes before the effect that it covers",
    "resurrected": "messages that were taken for absent are there",
    "torn": "a part of a transaction is read",
}


def step_lines(plan: Plan, history: History) -> tuple[StepLine, ...]:
    """The steps in words, each with what became of it in this execution."""
    by_step = operations_by_step(history)
    return tuple(
        StepLine(
            number=number,
            lane=lane_of(step) or "",
            text=describe_step(step),
            result=_result(by_step.get(number, [])),
        )
        for number, step in enumerate(plan.steps, start=1)
    )


_WORK = {
    Action.RECEIVE: "receive",
    Action.EFFECT: "effect",
    Action.STORE_OFFSET: "store_offset",
    Action.COMMIT: "commit",
    Action.SEEK: "seek",
    Action.BEGIN_TRANSACTION: "begin",
    Action.COMMIT_TRANSACTION: "commit transaction",
    Action.ABORT_TRANSACTION: "abort transaction",
}
"""The calls of an application cycle, in a few words."""


_OF_CONSUMERS = frozenset({Action.RECEIVE, Action.EFFECT, Action.COMMIT, Action.STORE_OFFSET})


def _worked(call: Operation) -> str:
    words = _WORK[call.action]
    return words if call.outcome is Outcome.OK else f"{words} {call.outcome}"


_ENDS = frozenset({Action.COMMIT_TRANSACTION, Action.ABORT_TRANSACTION})


def _result(operations: Sequence[Operation]) -> str:
    """What became of a step's operations, in a few words; empty where it made none."""
    if any(one.action in _OF_CONSUMERS for one in operations):
        return ", ".join(_worked(one) for one in operations if one.action in _WORK)
    publishes = [one for one in operations if one.action is Action.PUBLISH]
    if publishes:
        return _published(publishes)
    ends = [one for one in operations if one.action in _ENDS]
    if ends:
        return "done" if ends[-1].outcome is Outcome.OK else "not known"
    return ""


def _published(publishes: Sequence[Operation]) -> str:
    confirmed = sum(one.outcome is Outcome.OK for one in publishes)
    hollow = sum(one.outcome is Outcome.INFO and one.confirmed for one in publishes)
    failed = sum(one.outcome is Outcome.FAIL for one in publishes)
    open_ = len(publishes) - confirmed - hollow - failed
    parts = [
        (confirmed, "confirmed"),
        (hollow, "done, as far as the client can know"),
        (failed, "refused"),
        (open_, "handed over, never confirmed"),
    ]
    several = len(publishes) > 1
    return ", ".join(f"{count} {text}" if several else text for count, text in parts if count)
