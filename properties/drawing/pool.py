"""The pool of a campaign: step lists from the machine, from the strategy, and drawn uniformly.

The machine's swarm leaves kinds of steps out, which finds what other steps
would mend. A third of what Hypothesis draws are repeats and each takes 2 to 7 ms,
so of six step lists it draws two; uniform ones take 0.1 ms and do not repeat.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from deliverycheck.plans import Step, Subject
from properties.drawing.strategies import step_lists
from properties.drawing.vocabulary import STEPS_MAX, Vocabulary

StepList = tuple[Step, ...]


def drawing(count: int) -> settings:
    """Settings under which Hypothesis only draws; explicit: `CI=1` loads a profile of its own."""
    return settings(
        max_examples=count,
        stateful_step_count=STEPS_MAX,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        derandomize=False,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Draws step lists of one system; `builder` makes a machine of a subject and a hand-over."""

    vocabulary: Vocabulary
    builder: Callable[[Subject, Callable[[StepList], None]], RuleBasedStateMachine]

    def mixed(self, subject: Subject, pool_seed: int, count: int) -> Iterator[StepList]:
        """About `count` step lists for the subject, the same for the same seed and code."""
        if not count:
            return iter(())
        sixth = -(-count // 6)
        uniform = iter(self._uniform(subject, pool_seed, count - 2 * sixth))
        by_hypothesis = zip(
            self._from_machine(subject, pool_seed, sixth),
            self._from_strategy(subject, pool_seed, sixth),
            strict=False,
        )
        mixed = [(*pair, *islice(uniform, 4)) for pair in by_hypothesis]
        return chain(chain.from_iterable(mixed), uniform)

    def in_turns(
        self, subjects: Sequence[Subject], pool_seed: int, each: int
    ) -> tuple[StepList, ...]:
        """About `each` step lists for each of the subjects, which take turns in their order."""
        seeds = Random(pool_seed)  # noqa: S311  # As in `_uniform`.
        drawn = [self.mixed(subject, seeds.getrandbits(32), each) for subject in subjects]
        return tuple(chain.from_iterable(zip(*drawn, strict=False)))

    def _from_machine(self, subject: Subject, pool_seed: int, count: int) -> list[StepList]:
        drawn: list[StepList] = []

        @seed(pool_seed)
        def factory() -> RuleBasedStateMachine:
            return self.builder(subject, drawn.append)

        run_state_machine_as_test(factory, settings=drawing(count))
        return drawn

    def _from_strategy(self, subject: Subject, pool_seed: int, count: int) -> list[StepList]:
        drawn: list[StepList] = []

        @seed(pool_seed)
        @drawing(count)
        @given(step_lists(self.vocabulary, subject))
        def draw(steps: StepList) -> None:
            drawn.append(steps)

        draw()
        return drawn

    def _uniform(self, subject: Subject, pool_seed: int, count: int) -> list[StepList]:
        chance = Random(pool_seed)  # noqa: S311  # The seed is the header's; nothing secret hangs on it.
        return [self._uniform_steps(subject, chance) for _ in range(count)]

    def _uniform_steps(self, subject: Subject, chance: Random) -> StepList:
        words = self.vocabulary
        draft = words.draft(subject)
        size = chance.randint(words.steps_min, STEPS_MAX)
        node_fails_at = chance.randint(1, size * words.node_fault_share)
        for place in range(size):
            kind = words.kinds[chance.choice(words.weighted(draft.kinds()))]
            for drawn in (kind, words.node_fault) if place == node_fails_at else (kind,):
                values = {name: chance.choice(among) for name, among in drawn.arguments.items()}
                for step in drawn.makes(**values):
                    draft.offer(step)
        return draft.plan().steps
