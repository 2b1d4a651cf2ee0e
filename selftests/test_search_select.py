"""Selection: each plan once, the hazards in turn, and what adds most for its time first."""

from itertools import islice

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliverycheck.plans import FaultKind, Inject, Kill, Publish
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import varied
from deliverycheck.search.select import FAMILIAR
from properties.kafka.strategies import plans
from selftests.plan_samples import LOG_ONLY, WITH_GROUP

MODEL = KafkaModel()
HAZARDS = ("none", "lost_reply", "producer_killed", "broker_killed")
QUIET = MODEL.normalise(LOG_ONLY, (Publish(),))
KILLED = MODEL.normalise(LOG_ONLY, (Publish(), Kill(lane="p1"), Publish()))
CUT = MODEL.normalise(
    LOG_ONLY, (Publish(), Inject(lane="link p1", fault=FaultKind.LOSE_REPLY), Publish())
)
NODE = MODEL.normalise(LOG_ONLY, (Publish(), Kill(lane="b1"), Publish()))
SOME = [MODEL.normalise(LOG_ONLY, (Publish(count=size),)) for size in (2, 3, 4)]


def weighed_each_time(among, hazard):
    """The same order for one hazard, by weighing every plan that is left each time."""
    left, worth, order = list(among), {}, []
    while left:
        gains = [
            sum(worth.get(one, 1.0) for one in MODEL.features(plan)) / MODEL.seconds(plan)
            for plan in left
            if hazard in MODEL.hazards_in_reach(plan)
        ]
        if not gains:
            return order
        fitting = [plan for plan in left if hazard in MODEL.hazards_in_reach(plan)]
        best = fitting[gains.index(max(gains))]
        for feature in MODEL.features(best):
            worth[feature] = worth.get(feature, 1.0) * FAMILIAR
        left.remove(best)
        order.append(best)
    return order


@given(st.lists(plans(WITH_GROUP), max_size=12, unique_by=lambda plan: plan.digest))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_each_plan_comes_once_whatever_it_reaches(some):
    chosen = list(varied(some, HAZARDS, MODEL))
    assert sorted(plan.digest for plan in chosen) == sorted(plan.digest for plan in some)


def test_hazards_take_turns():
    chosen = list(varied([*SOME, QUIET, CUT, KILLED, NODE], HAZARDS, MODEL))
    reached = [MODEL.hazards_in_reach(plan) & set(HAZARDS) for plan in chosen[:4]]
    assert reached == [{hazard} for hazard in HAZARDS]


def test_hazard_that_comes_beside_others_has_no_turn_of_its_own():
    both = [
        MODEL.normalise(LOG_ONLY, (*CUT.steps, Kill(lane="p1"), Publish(count=count)))
        for count in (1, 2)
    ]
    some = ("lost_reply", "producer_killed", "broker_killed")
    assert {"lost_reply", "producer_killed"} <= MODEL.hazards_in_reach(both[0])
    chosen = list(varied([*both, NODE], some, MODEL))
    assert chosen.index(NODE) == 1


def test_plan_that_adds_nothing_waits_for_those_that_do():
    chosen = list(varied([*SOME, QUIET], ["none"], MODEL))
    assert chosen.index(QUIET) == 1  # One message is another feature than several.


def test_weighing_only_what_would_be_next_gives_the_same_order():
    pool = [*SOME, QUIET, CUT, KILLED, NODE]
    for hazard in HAZARDS:
        expected = weighed_each_time(pool, hazard)
        assert list(islice(varied(pool, [hazard], MODEL), len(expected))) != []
        reaching = [plan for plan in pool if hazard in MODEL.hazards_in_reach(plan)]
        assert list(varied(reaching, [hazard], MODEL)) == expected
