"""Cuts into what went well: which, where, and that the queue gives them last."""

import pytest

from deliverycheck.plans import FaultKind, Flush, Heal, Inject, Kill, Plan, Publish, Wait, Work
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.plans.kafka_state import NODE
from deliverycheck.search.followups import followups
from deliverycheck.search.queue import LEARNT_MAX, Queue
from selftests.plan_samples import WITH_GROUP
from selftests.story import Story, at

MODEL = KafkaModel()


def plan(*steps) -> Plan:
    return MODEL.normalise(WITH_GROUP, steps)


def cuts(good, story):
    return [one.steps for one in followups(good, story.history(), MODEL)]


def step(story, number):
    story.process("harness", "step", evidence={"number": number})


def published(outcome="ok"):
    story = Story()
    step(story, 1)
    getattr(story, outcome)(story.publish("p1#1-1"))
    return story


def test_confirm_that_came_is_lost_and_who_had_it_is_killed():
    publish = Publish()
    found = cuts(plan(publish), published())
    link = "link p1"
    assert found == [
        *(
            (Inject(lane=link, fault=fault), publish)
            for fault in (FaultKind.LOSE_REPLY, FaultKind.LOSE_REQUEST, FaultKind.REFUSE)
        ),
        (publish, Kill(lane="p1")),
        (publish, Kill(lane=NODE), publish),
    ]


@pytest.mark.parametrize("outcome", ["info", "fail"])
def test_publish_without_a_confirm_is_no_place_to_cut(outcome):
    assert cuts(plan(Publish()), published(outcome)) == []


def test_what_is_left_of_the_plan_goes_on_after_the_cut():
    good = plan(Publish(wait=Wait.CONFIRMED), Publish(partition=1))
    first = cuts(good, published())[0]
    assert first[0] == Inject(lane="link p1", fault=FaultKind.LOSE_REPLY)
    assert first[1:] == (good.steps[0], Heal(lane="link p1"), good.steps[1])


def test_consumer_is_killed_between_the_calls_of_a_cycle_that_it_finished():
    good = plan(Publish(wait=Wait.CONFIRMED), Work(calls=4))
    story = Story()
    step(story, 1)
    story.published("p1#1-1", 0)
    step(story, 2)
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    story.committed("c1#1", 1)
    story.received("c1#1")
    killed = [steps for steps in cuts(good, story) if Kill(lane="c1") in steps]
    assert [[one.calls for one in steps if isinstance(one, Work)] for steps in killed] == [
        [1, 3],
        [2, 2],
        [3, 1],
    ]


def test_cut_that_is_the_plan_itself_is_none():
    good = plan(Publish(), Kill(lane="p1"))
    assert good.steps not in cuts(good, published())


class Judged:
    def __init__(self, of, story, *, inconclusive=None, gone=False):
        self.plan, self.inconclusive = of, inconclusive
        self._story, self._gone = story, gone

    def history(self):
        if self._gone:
            raise FileNotFoundError
        return self._story.history()


def queue(*plans, fits=lambda _: True):
    return Queue(plans, MODEL, fits=fits)


def test_cuts_come_when_the_plans_are_out_and_each_plan_once():
    one, two = plan(Publish()), plan(Publish(), Flush(), Publish(partition=1))
    waiting = queue(one, one, two)
    assert next(waiting) == one
    waiting.learn(Judged(one, published()))
    given = [two, *cuts_as_plans(one)]
    assert list(waiting) == given


def cuts_as_plans(good):
    return list(followups(good, published().history(), MODEL))


def test_cut_that_does_not_fit_is_left_out():
    waiting = queue(plan(Publish()), fits=MODEL.broker_wide)
    next(waiting)
    waiting.learn(Judged(plan(Publish()), published()))
    assert [MODEL.broker_wide(one) for one in waiting] == [True]


@pytest.mark.parametrize("trouble", [{"inconclusive": "no broker"}, {"gone": True}])
def test_execution_that_cannot_be_read_gives_no_cuts(trouble):
    waiting = queue()
    waiting.learn(Judged(plan(Publish()), published(), **trouble))
    assert list(waiting) == []


def test_histories_take_turns_and_only_so_many_are_read():
    waiting = queue()
    goods = [plan(Publish(count=number)) for number in range(1, LEARNT_MAX + 2)]
    for good in goods:
        waiting.learn(Judged(good, published()))
    first = [next(waiting) for _ in range(LEARNT_MAX)]
    assert [good.steps[0] in cut.steps for good, cut in zip(goods, first, strict=False)] == (
        [True] * LEARNT_MAX
    )
    assert not any(goods[-1].steps[0] in one.steps for one in waiting)
