"""What all worlds share: steps, the story that they tell, what they do not keep."""

from os import environ
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from deliverycheck.history import Event, History, encode, history_of
from selftests.story import Story

STEPS_MAX = 30
TIMES = int(environ.get("DELIVERYCHECK_EXAMPLES", "1"))
"""So many times as many examples, of which each run draws others; once: always the same."""


def examples(count: int) -> settings:
    """How many a property draws."""
    return settings(
        max_examples=count * TIMES,
        derandomize=TIMES == 1,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


class Flaw:
    """What a step of a world does wrong.

    `breaks` names the guarantees that call it so; `besides`, by guarantee, what others rightly
    call the same thing.
    """

    def __init__(self, anomaly: str, breaks: set[str], besides: dict[str, str] | None = None):
        self.found = dict.fromkeys(breaks, anomaly) | (besides or {})


def told(events: list[Event]) -> History:
    """The events as a reader of their file sees them."""
    return history_of(b"".join(encode(event) for event in events))


class World:
    """One run of a correct system.

    A subclass has a method for each verb in `verbs`, which takes three small numbers; `end` comes
    last. `not_kept` names the guarantees that what happened here is entitled to break: a consumer
    that crashed between its effect and its commit has the effect again.
    """

    verbs: tuple[str, ...] = ()

    def __init__(self, story: Story) -> None:
        self.story = story
        self.not_kept: set[str] = set()

    @classmethod
    def of(cls, steps: list[tuple[str, int, int, int]]) -> "World":
        world = cls()
        for verb, *numbers in steps:
            getattr(world, verb)(*numbers)
        world.end()
        return world

    def end(self) -> None:
        """Everything becomes quiet, is worked off and is read."""

    @property
    def events(self) -> list[Event]:
        return self.story.events

    def history(self) -> History:
        return told(self.events)


def steps_for(kind: type[World], *, steps_max: int = STEPS_MAX):
    """Lists of steps of one kind of world."""
    number = st.integers(0, 7)
    step = st.tuples(st.sampled_from(kind.verbs), number, number, number)
    return st.lists(step, max_size=steps_max)


def worlds(kind: type[World], *, steps_max: int = STEPS_MAX):
    """Runs of one kind of world."""
    return steps_for(kind, steps_max=steps_max).map(kind.of)


def long_run(kind: type[World], seed: int, steps: int = 60) -> World:
    """A run of so many steps that most guarantees have something to examine."""
    chance = Random(seed)  # noqa: S311  # Nothing is kept secret.
    return kind.of(
        [
            (chance.choice(kind.verbs), *(chance.randrange(8) for _ in range(3)))
            for _ in range(steps)
        ]
    )
