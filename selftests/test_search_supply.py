"""Plans for a hazard: made when they are wanted, forgotten when they are not."""

import gc
import weakref

import pytest
from msgspec import structs

from deliverycheck.plans import Publish, Stance, Subject
from deliverycheck.search.supply import SUBJECTS_MAX, Supply, Wanted
from selftests.campaign_bench import GOOD, MODEL, POOL, claim

HOLDS = claim("good", Stance.HOLDS, GOOD)


class CountedModel:
    """The model, and how often it was asked to normalise."""

    def __init__(self):
        self.asked = 0

    def __getattr__(self, name):
        return getattr(MODEL, name)

    def normalise(self, subject, steps):
        self.asked += 1
        return MODEL.normalise(subject, steps)


@pytest.fixture
def model():
    return CountedModel()


def wanted_of(model, tries_max=2):
    supply = Supply(POOL, model)
    return Wanted(
        claims=[HOLDS],
        hazard="none",
        draw=lambda: supply.queue(HOLDS, "none", tries_max),
        tries_max=tries_max,
    )


def test_no_plan_is_made_before_one_is_wanted(model):
    wanted = wanted_of(model)
    assert model.asked == 0
    assert wanted.next_plan() is not None
    assert model.asked >= len(POOL)


def test_no_more_plans_are_tried_than_may_be(model):
    wanted = wanted_of(model, tries_max=2)
    assert [wanted.next_plan() is not None for _ in range(4)] == [True, True, False, False]
    assert wanted.under_way == 2


def test_hazards_of_one_subject_share_its_plans(model):
    supply = Supply(POOL, model)
    supply.queue(HOLDS, "none", 2)
    made = model.asked
    supply.queue(HOLDS, "producer_killed", 2)
    assert model.asked == made


def test_plans_of_a_subject_that_was_long_ago_are_made_again(model):
    supply = Supply([(Publish(),)], model)
    others = [Subject(producer={"linger.ms": number}) for number in range(SUBJECTS_MAX)]
    for subject in (GOOD, *others):
        supply.queue(structs.replace(HOLDS, subject=subject), "none", 1)
    made = model.asked
    supply.queue(HOLDS, "none", 1)
    assert model.asked == made + 1


def test_queue_of_a_settled_hazard_is_forgotten_and_never_made_again(model):
    made = []

    def draw():
        queue = Supply(POOL, model).queue(HOLDS, "none", 4)
        made.append(weakref.ref(queue))
        return queue

    wanted = Wanted(claims=[HOLDS], hazard="none", draw=draw, tries_max=4)
    assert wanted.next_plan() is not None
    wanted.release()
    gc.collect()
    assert made[0]() is None
    assert wanted.next_plan() is None
    assert len(made) == 1
