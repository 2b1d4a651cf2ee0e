"""The shrinker finds small plans, never on one lucky execution, never beyond its budget."""

from collections import Counter
from itertools import combinations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliverycheck.plans import (
    CreateTopic,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Publish,
    Wait,
    Work,
)
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.rates import tries_to_see
from deliverycheck.search import Budget, Measured, Shrinker, tally, wilson
from properties.kafka.strategies import plans
from selftests.plan_samples import LOG_ONLY, RICH_PLAN, WITH_GROUP

MODEL = KafkaModel()
PLENTY = Budget(executions=5000, seconds=60)


class Oracle:
    """Convicts plans with all `needed` kinds of step, with probability `rate`."""

    def __init__(self, *needed, rate=1.0, seed=0):
        self.needed = needed
        self.rate = rate
        self.chance = Random(seed)  # noqa: S311  # Nothing secret hangs on it.
        self.seen = Counter()
        self.convicted = Counter()

    def holds_for(self, plan):
        return set(self.needed) <= {type(step) for step in plan.steps}

    def __call__(self, plan):
        convicts = self.holds_for(plan) and self.chance.random() < self.rate
        self.seen[plan.digest] += 1
        self.convicted[plan.digest] += convicts
        return convicts


class Copies:
    """Convicts plans with a fault, by chance for each topic that is published to behind it."""

    def __init__(self, rate):
        self.rate = rate
        self.chance = Random(5)  # noqa: S311  # Nothing secret hangs on it.

    def __call__(self, plan):
        faults = any(isinstance(step, Inject) for step in plan.steps)
        topics = {step.topic for step in plan.steps if isinstance(step, Publish)}
        return faults and any(self.chance.random() < self.rate for _ in topics)


def smaller_by_one(plan):
    """Every plan that is this one without one of its steps."""
    for part in combinations(plan.steps, len(plan.steps) - 1):
        yield MODEL.normalise(plan.subject, part)


@given(plans(WITH_GROUP), st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_on_a_certain_oracle_the_result_is_one_minimal(plan, data):
    kinds = sorted({type(step) for step in plan.steps}, key=lambda kind: kind.__name__)
    oracle = Oracle(*data.draw(st.lists(st.sampled_from(kinds), min_size=1, unique=True)))
    smallest = Shrinker(MODEL, oracle, PLENTY).shrink(plan).smallest.plan
    assert oracle.holds_for(smallest)
    assert MODEL.normalise(smallest.subject, smallest.steps) == smallest
    assert not any(oracle.holds_for(one) for one in smaller_by_one(smallest) if one.steps)


@given(
    plans(WITH_GROUP).filter(lambda plan: plan.steps),
    st.sampled_from([0.05, 0.3, 0.7, 1.0]),
    st.integers(0, 1000),
    st.integers(0, 40),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_budget_is_never_exceeded_and_what_comes_back_was_seen_convicting(
    plan, rate, seed, executions
):
    oracle = Oracle(type(plan.steps[0]), rate=rate, seed=seed)
    budget = Budget(executions=executions, seconds=60)
    shrunk = Shrinker(MODEL, oracle, budget).shrink(plan)
    assert shrunk.executions == oracle.seen.total() <= executions
    for record in (shrunk.smallest, shrunk.most_reproducible):
        assert record.executions == oracle.seen[record.plan.digest]
        assert record.convictions == oracle.convicted[record.plan.digest]
        if record.plan != plan:
            assert record.convictions >= 2


def test_one_lucky_execution_counts_for_nothing():
    lucky = Counter()

    def convicts(plan):
        lucky[plan.digest] += 1
        return plan == RICH_PLAN or lucky[plan.digest] == 1

    shrunk = Shrinker(MODEL, convicts, PLENTY).shrink(RICH_PLAN)
    assert shrunk.smallest.plan == RICH_PLAN
    assert shrunk.most_reproducible.plan == RICH_PLAN


@pytest.mark.parametrize("executions", range(12, 40, 3))
def test_lucky_candidate_is_not_the_result_wherever_the_budget_ends(executions):
    tries = Counter()

    def convicts(plan):
        tries[plan.digest] += 1
        return tries[plan.digest] == (8 if plan == RICH_PLAN else 1)

    shrunk = Shrinker(MODEL, convicts, Budget(executions=executions, seconds=60)).shrink(RICH_PLAN)
    assert shrunk.smallest.plan == RICH_PLAN
    assert shrunk.most_reproducible.plan == RICH_PLAN


def test_plan_that_never_convicts_again_comes_back_unchanged():
    shrunk = Shrinker(MODEL, lambda _: False, PLENTY).shrink(RICH_PLAN)
    assert shrunk.smallest.plan == RICH_PLAN
    assert (shrunk.smallest.convictions, shrunk.executions) == (0, 24)


def test_result_is_measured_ten_times_where_the_budget_allows():
    shrunk = Shrinker(MODEL, Oracle(Publish), PLENTY).shrink(RICH_PLAN)
    assert len(shrunk.smallest.plan.steps) == 1
    assert shrunk.smallest.tally == tally(10, 10)


def test_rare_break_is_still_shrunk():
    oracle = Oracle(Publish, Inject, rate=0.5, seed=3)
    shrunk = Shrinker(MODEL, oracle, PLENTY).shrink(RICH_PLAN)
    assert {type(step) for step in shrunk.smallest.plan.steps} == {Publish, Inject}


def test_time_is_a_budget_too():
    seconds = iter(range(1000))
    oracle = Oracle(Publish)
    budget = Budget(executions=1000, seconds=5)
    shrunk = Shrinker(MODEL, oracle, budget, clock=lambda: next(seconds)).shrink(RICH_PLAN)
    assert shrunk.executions <= 5


def test_shrinking_that_is_stopped_executes_nothing_more():
    oracle = Oracle(Publish)
    shrinker = Shrinker(MODEL, oracle, PLENTY, stopped=lambda: oracle.seen.total() >= 4)
    assert shrinker.shrink(RICH_PLAN).executions == 4


def test_arguments_shrink_when_no_step_can_go():
    steps = (Publish(count=12, key="k1"), Inject(lane="link p1", fault=FaultKind.REFUSE))
    steps = (*steps, Hold(ms=1100), Publish(partition=1))
    plan = MODEL.normalise(LOG_ONLY, steps)
    oracle = Oracle(Publish, Inject, Hold)
    smallest = Shrinker(MODEL, oracle, PLENTY).shrink(plan).smallest.plan
    assert smallest.steps == (
        Inject(lane="link p1", fault=FaultKind.REFUSE),
        Hold(ms=60),
        Publish(),
    )


def test_work_shrinks_to_the_calls_that_it_takes():
    plan = MODEL.normalise(WITH_GROUP, (Publish(), Work(calls=8), Kill(lane="c1")))

    def convicts(tried):
        works = [step.calls for step in tried.steps if isinstance(step, Work)]
        return sum(works) >= 5 and any(isinstance(step, Kill) for step in tried.steps)

    smallest = Shrinker(MODEL, convicts, PLENTY).shrink(plan).smallest.plan
    assert smallest.steps == (Publish(), Work(calls=5), Kill(lane="c1"))


def test_pair_that_only_goes_together_is_taken_out_together():
    fault = Inject(lane="link p1", fault=FaultKind.REFUSE)
    steps = (Publish(), fault, Heal(lane="link p1"), Flush(), Publish(), Kill(lane="p1"))
    smallest = Shrinker(MODEL, Oracle(Kill), PLENTY).shrink(MODEL.normalise(LOG_ONLY, steps))
    assert smallest.smallest.plan.steps == (Publish(), Kill(lane="p1"))


def test_publishes_to_one_place_become_one_and_what_made_the_place_goes():
    steps = (CreateTopic(topic="t2"), Publish(topic="t2", count=4), Flush(), Publish(count=6))
    plan = MODEL.normalise(LOG_ONLY, steps)

    def convicts(tried):
        counts = [step.count for step in tried.steps if isinstance(step, Publish)]
        return sum(counts) >= 10

    assert Shrinker(MODEL, convicts, PLENTY).shrink(plan).smallest.plan.steps == (
        Publish(count=10),
    )


def test_publish_that_waits_takes_the_place_of_what_lets_time_pass():
    steps = (Publish(), Flush(), Publish(partition=1), Kill(lane="p1"))
    plan = MODEL.normalise(LOG_ONLY, steps)

    def convicts(tried):
        waits = any(isinstance(step, Flush) for step in tried.steps) or any(
            isinstance(step, Publish) and step.wait is Wait.CONFIRMED for step in tried.steps
        )
        return waits and any(isinstance(step, Kill) for step in tried.steps)

    smallest = Shrinker(MODEL, convicts, PLENTY).shrink(plan).smallest.plan
    assert smallest.steps == (Publish(wait=Wait.CONFIRMED), Kill(lane="p1"))


def test_rare_break_is_sought_in_copies_if_these_pay():
    oracle = Copies(rate=0.15)
    plan = MODEL.normalise(LOG_ONLY, (Publish(), *RICH_PLAN.steps))
    shrinker = Shrinker(MODEL, oracle, PLENTY)
    shrunk = shrinker.shrink(plan)
    assert shrinker.amplify is not None
    assert {type(step) for step in shrunk.smallest.plan.steps} == {Publish, Inject}
    assert len(shrunk.smallest.plan.steps) == 2
    assert shrunk.most_reproducible.rate > shrunk.smallest.rate > 0


def test_copies_that_are_one_chance_together_are_given_up():
    chance = Random(0)  # noqa: S311  # Nothing secret hangs on it.

    def convicts(plan):
        messages = sum(step.count for step in plan.steps if isinstance(step, Publish))
        return chance.random() < (1.0 if messages > 20 else 0.2 if messages > 5 else 0.0)

    plan = MODEL.normalise(LOG_ONLY, (Publish(count=6), Flush(), Publish(partition=1)))
    shrinker = Shrinker(MODEL, convicts, PLENTY)
    smallest = shrinker.shrink(plan).smallest
    assert shrinker.amplify is None
    assert sum(step.count for step in smallest.plan.steps if isinstance(step, Publish)) > 5


def test_copies_do_not_bring_back_what_the_plan_was_freed_of():
    chance = Random(1)  # noqa: S311  # Nothing secret hangs on it.

    def convicts(plan):
        created = {step.topic for step in plan.steps if isinstance(step, CreateTopic)}
        written = {step.topic for step in plan.steps if isinstance(step, Publish)}
        return any(chance.random() < 0.2 for _ in created & written)

    steps = (Publish(), CreateTopic(topic="t2"), Publish(topic="t2"), Flush(), Publish())
    shrinker = Shrinker(MODEL, convicts, PLENTY)
    shrunk = shrinker.shrink(MODEL.normalise(LOG_ONLY, steps))
    assert shrinker.amplify is not None
    assert shrunk.smallest.plan.steps == (CreateTopic(topic="t2"), Publish(topic="t2"))


def test_of_a_way_that_went_wrong_the_half_that_went_right_is_kept():
    """Copies convict by their number once the holds are gone; the plan alone needs a kill."""
    chance = Random(2)  # noqa: S311  # Nothing secret hangs on it.

    def convicts(plan):
        messages = sum(step.count for step in plan.steps if isinstance(step, Publish))
        killed = any(isinstance(step, Kill) for step in plan.steps)
        return messages > 5 or (killed and chance.random() < 0.4)

    steps = (Publish(), Flush(), Hold(ms=60), Publish(), Flush(), Publish(), Kill(lane="p1"))
    plan = MODEL.normalise(LOG_ONLY, steps)
    smallest = Shrinker(MODEL, convicts, PLENTY).shrink(plan).smallest
    assert [type(step) for step in smallest.plan.steps] == [Publish, Kill]
    assert smallest.convictions >= 2


def test_sure_break_is_not_sought_in_copies():
    shrinker = Shrinker(MODEL, Copies(rate=1.0), PLENTY)
    shrinker.shrink(MODEL.normalise(LOG_ONLY, RICH_PLAN.steps))
    assert shrinker.amplify is None


def test_shrinking_goes_on_from_what_was_saved(tmp_path):
    first = Oracle(Publish, Inject, rate=0.6)
    begun = Shrinker(MODEL, first, Budget(executions=20, seconds=60))
    begun.shrink(RICH_PLAN)
    begun.measured.save(tmp_path / "state.json")
    known = Measured.load(tmp_path / "state.json")
    assert known.executions == 20

    def convicts(plan):
        again[plan.digest] += 1
        return second(plan)

    again, second = Counter(), Oracle(Publish, Inject, rate=0.6, seed=1)
    shrunk = Shrinker(MODEL, convicts, PLENTY, measured=known).shrink(RICH_PLAN)
    assert {type(step) for step in shrunk.smallest.plan.steps} == {Publish, Inject}
    assert not again[RICH_PLAN.digest]
    assert known.executions == 20 + again.total()


# Reference values: Newcombe 1998, table I, and the closed form for 0 and n of n.
WILSON = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
    (10, 10): (0.7225, 1.0),
    (0, 0): (0.0, 1.0),
}


@pytest.mark.parametrize(("counts", "interval"), WILSON.items(), ids=map(str, WILSON))
def test_wilson_interval_has_its_known_values(counts, interval):
    assert wilson(*counts) == pytest.approx(interval, abs=5e-5)


@given(st.integers(0, 300), st.integers(1, 300))
def test_wilson_interval_holds_the_rate_and_mirrors(successes, trials):
    successes = min(successes, trials)
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials + 1e-9
    assert successes / trials - 1e-9 <= high <= 1
    assert wilson(trials - successes, trials) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("rate", "tries"),
    [(1.0, 1), (0.9, 1), (0.5, 4), (0.25, 8), (0.01, 8), (0.0, 8)],
    ids=["certain", "nearly", "every-other", "one-in-four", "rare", "never"],
)
def test_tries_rise_as_the_rate_falls_up_to_the_limit(rate, tries):
    assert tries_to_see(rate, missed=0.1, tries_max=8) == tries
