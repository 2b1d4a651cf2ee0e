"""Steps and plans as Hypothesis strategies over a vocabulary."""

from functools import cache

from hypothesis import strategies as st

from deliverycheck.plans import Plan, Step, Subject
from deliverycheck.plans.drafting import planned
from properties.drawing.vocabulary import STEPS_MAX, Kind, Vocabulary


@cache  # A strategy that is made anew is looked through anew: half the time of a draw.
def steps_of(vocabulary: Vocabulary, kind: str) -> st.SearchStrategy[tuple[Step, ...]]:
    """Steps of one kind of the vocabulary."""
    return _made(vocabulary.kinds[kind])


@cache
def node_faults(vocabulary: Vocabulary) -> st.SearchStrategy[tuple[Step, ...]]:
    """The broker's process is killed or stopped, and may be brought back."""
    return _made(vocabulary.node_fault)


def _made(kind: Kind) -> st.SearchStrategy[tuple[Step, ...]]:
    arguments = {name: st.sampled_from(values) for name, values in kind.arguments.items()}
    return st.builds(kind.makes, **arguments)


@cache
def _kinds(vocabulary: Vocabulary, possible: frozenset[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(vocabulary.weighted(possible))


@st.composite
def step_lists(
    draw: st.DrawFn,
    vocabulary: Vocabulary,
    subject: Subject,
    *,
    min_size: int | None = None,
    max_size: int = STEPS_MAX,
) -> tuple[Step, ...]:
    """Steps that are applicable to `subject` one after the other, chosen by weight.

    What may be drawn next follows from the model alone, never from a broker. One
    list in `node_fault_share` may disturb the node.
    """
    draft, share = vocabulary.draft(subject), vocabulary.node_fault_share
    least = vocabulary.steps_min if min_size is None else min_size
    size = draw(st.integers(min_value=least, max_value=max_size))
    node_may_fail = draw(st.integers(min_value=1, max_value=share)) == share
    node_fails_at = draw(st.integers(min_value=1, max_value=size)) if node_may_fail else None
    for place in range(size):
        if place == node_fails_at:
            for step in draw(node_faults(vocabulary)):
                draft.offer(step)
        for step in draw(steps_of(vocabulary, draw(_kinds(vocabulary, draft.kinds())))):
            draft.offer(step)
    return draft.plan().steps


def plans(
    vocabulary: Vocabulary,
    subject: Subject,
    *,
    min_size: int | None = None,
    max_size: int = STEPS_MAX,
) -> st.SearchStrategy[Plan]:
    """Plans that put `subject` to the test; every one is applicable as it stands."""
    return step_lists(vocabulary, subject, min_size=min_size, max_size=max_size).map(
        lambda drawn: planned(vocabulary.draft(subject), drawn)
    )
