"""From an execution that went well: plans that cut what its messages' survival rested on.

A confirm that came is lost on its way; who had confirmed messages is killed, and so is the node
that holds them; a consumer is killed between two calls of a cycle that it finished.
"""

from collections.abc import Iterator, Sequence

from deliverycheck.history import Action, History, Operation, Outcome
from deliverycheck.plans import (
    FaultKind,
    Heal,
    Inject,
    Kill,
    Plan,
    Publish,
    Send,
    Step,
    Take,
    Work,
)
from deliverycheck.plans.model import Model
from deliverycheck.search.slices import operations_by_step

_CUTS = (FaultKind.LOSE_REPLY, FaultKind.LOSE_REQUEST, FaultKind.REFUSE)
_CYCLE = frozenset({Action.RECEIVE, Action.EFFECT, Action.COMMIT, Action.STORE_OFFSET, Action.ACK})


def followups(plan: Plan, history: History, model: Model) -> Iterator[Plan]:
    """The plan with one cut more, at each place where the history shows that something held.

    Each once, normalised, and other than the plan itself; the earliest place first.
    """
    done = operations_by_step(history)
    seen = {plan.digest}
    for number, step in enumerate(plan.steps, start=1):
        for steps in _cuts(step, done.get(number, ()), model.nodes):
            whole = (*plan.steps[: number - 1], *steps, *plan.steps[number:])
            cut = model.normalise(plan.subject, whole)
            if cut.digest not in seen:
                seen.add(cut.digest)
                yield cut


def _cuts(
    step: Step, operations: Sequence[Operation], nodes: Sequence[str]
) -> Iterator[tuple[Step, ...]]:
    """What stands in the place of the step, once for each cut."""
    if isinstance(step, (Publish, Send)) and any(one.outcome is Outcome.OK for one in operations):
        link = f"link {step.lane}"
        for fault in _CUTS:
            yield Inject(lane=link, fault=fault), step, Heal(lane=link)
        yield step, Kill(lane=step.lane)
        for node in nodes:
            yield step, Kill(lane=node), step
    if isinstance(step, Take) and any(one.deliveries for one in operations):
        yield step, Kill(lane=step.lane)
    if isinstance(step, Work):
        for calls in _finished_before(operations):
            left = step.calls - calls
            rest = (Work(lane=step.lane, calls=left),) if left > 0 else ()
            yield Work(lane=step.lane, calls=calls), Kill(lane=step.lane), *rest


def _finished_before(operations: Sequence[Operation]) -> Iterator[int]:
    """Calls after which a message was in hand and was brought to its end later."""
    calls = [one for one in operations if one.action in _CYCLE]
    in_hand = False
    for number, call in enumerate(calls, start=1):
        in_hand = bool(call.deliveries) if call.action is Action.RECEIVE else in_hand
        if in_hand and call.outcome is Outcome.OK:
            yield number
