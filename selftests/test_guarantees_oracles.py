"""Checkers against slow definitions of the same words, on small generated logs."""

from collections import Counter
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity, check
from selftests.story import Story, at

SMALL = settings(max_examples=150, deadline=None, database=None)
MESSAGES = [f"p{producer}#1-{number}" for producer in (1, 2) for number in (1, 2, 3)]
OUTCOMES = st.sampled_from(["ok", "fail", "info", "open"])
LOGS = st.lists(st.tuples(st.sampled_from(MESSAGES), st.integers(0, 1)), max_size=8)


def told(log, outcomes):
    """Every message is published once, with its outcome; then the log is read."""
    story = Story()
    for message, outcome in outcomes.items():
        op = story.publish(message, key=message[-1])
        if outcome != "open":
            getattr(story, outcome)(op)
    story.scanned(
        *(at(message, place, partition=part) for place, (message, part) in enumerate(log))
    )
    return story.done().history()


def validity_of(history, guarantee):
    return check(history, [guarantee])[0].validity


@SMALL
@given(log=LOGS, outcomes=st.fixed_dictionaries(dict.fromkeys(MESSAGES, OUTCOMES)))
def test_at_least_once_is_broken_exactly_when_a_confirmed_message_is_missing(log, outcomes):
    confirmed = {message for message, outcome in outcomes.items() if outcome == "ok"}
    missing = confirmed - {message for message, _ in log}
    broken = validity_of(told(log, outcomes), "at_least_once_in_log") is Validity.INVALID
    assert broken == bool(missing)


@SMALL
@given(log=LOGS, outcomes=st.fixed_dictionaries(dict.fromkeys(MESSAGES, OUTCOMES)))
def test_exactly_once_is_broken_exactly_when_the_multiset_of_the_log_is_wrong(log, outcomes):
    found = Counter(message for message, _ in log)
    wrong = any(
        found[message] > 1
        or (outcome == "ok" and not found[message])
        or (outcome == "fail" and found[message])
        for message, outcome in outcomes.items()
    )
    broken = validity_of(told(log, outcomes), "exactly_once_in_log") is Validity.INVALID
    assert broken == wrong


@SMALL
@given(log=LOGS)
def test_order_is_broken_exactly_when_some_pair_of_copies_stands_the_wrong_way_round(log):
    wrong = any(
        here == there and early[:2] == late[:2] and early[-1] > late[-1]
        for (early, here), (late, there) in combinations(log, 2)
    )
    history = told(log, dict.fromkeys(MESSAGES, "ok"))
    assert (validity_of(history, "per_partition_order") is Validity.INVALID) == wrong


@SMALL
@given(
    done=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["ok", "info", "fail"])), max_size=10
    )
)
def test_effects_are_judged_by_how_many_surely_happened_at_each_position(done):
    story = Story(groups={"g": ("t",)})
    places = [at(f"p1#1-{number + 1}", number) for number in range(4)]
    for place in places:
        story.published(place.message, place.position)
    for number, outcome in done:
        story.effect("c1#1", places[number], outcome=outcome)
    story.scanned(*places)
    history = story.done().history()
    sure = Counter(number for number, outcome in done if outcome == "ok")
    maybe = Counter(number for number, outcome in done if outcome == "info")
    lost = any(not sure[number] and not maybe[number] for number in range(4))
    twice = any(count > 1 for count in sure.values())
    broken = {
        verdict.guarantee
        for verdict in check(history)
        if verdict.validity is Validity.INVALID and verdict.guarantee.endswith("in_effect")
    }
    assert broken == (
        ({"at_least_once_in_effect"} if lost else set())
        | ({"at_most_once_in_effect"} if twice else set())
        | ({"exactly_once_in_effect"} if lost or twice else set())
    )
