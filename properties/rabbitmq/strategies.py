"""Steps and plans for RabbitMQ as Hypothesis strategies over the vocabulary."""

from functools import cache

from hypothesis import strategies as st

from deliverycheck.plans import Plan, Step, Subject
from deliverycheck.plans.rabbitmq import RabbitDraft, RabbitModel
from properties.rabbitmq.vocabulary import (
    KINDS,
    NODE_FAULT,
    NODE_FAULT_SHARE,
    STEPS_MAX,
    STEPS_MIN,
    Kind,
    weighted,
)


@cache
def steps_of(kind: str) -> st.SearchStrategy[tuple[Step, ...]]:
    """Steps of one kind of the vocabulary."""
    return _made(KINDS[kind])


@cache
def node_faults() -> st.SearchStrategy[tuple[Step, ...]]:
    """The broker's process is killed or stopped, and may be brought back."""
    return _made(NODE_FAULT)


def _made(kind: Kind) -> st.SearchStrategy[tuple[Step, ...]]:
    arguments = {name: st.sampled_from(values) for name, values in kind.arguments.items()}
    return st.builds(kind.makes, **arguments)


@st.composite
def step_lists(
    draw: st.DrawFn, subject: Subject, *, min_size: int = STEPS_MIN, max_size: int = STEPS_MAX
) -> tuple[Step, ...]:
    """Steps that are applicable to `subject` one after the other, chosen by weight.

    What may be drawn next follows from the model alone, never from a broker. One list in
    `NODE_FAULT_SHARE` may disturb the node.
    """
    draft = RabbitDraft(subject)
    size = draw(st.integers(min_value=min_size, max_value=max_size))
    node_may_fail = draw(st.integers(min_value=1, max_value=NODE_FAULT_SHARE)) == NODE_FAULT_SHARE
    node_fails_at = draw(st.integers(min_value=1, max_value=size)) if node_may_fail else None
    for place in range(size):
        if place == node_fails_at:
            for step in draw(node_faults()):
                draft.offer(step)
        for step in draw(steps_of(draw(st.sampled_from(weighted(draft.kinds()))))):
            draft.offer(step)
    return draft.plan().steps


def plans(
    subject: Subject, *, min_size: int = STEPS_MIN, max_size: int = STEPS_MAX
) -> st.SearchStrategy[Plan]:
    """Plans that put `subject` to the test; every one is applicable as it stands."""
    model = RabbitModel()
    return step_lists(subject, min_size=min_size, max_size=max_size).map(
        lambda drawn: model.normalise(subject, drawn)
    )
