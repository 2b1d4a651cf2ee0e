"""What is handed out again, against slow definitions of the same words."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.history import Position, Source
from selftests.delivery_steps import (
    JOINED,
    MEMBERS,
    OUTCOMES,
    SMALL,
    Lanes,
    ending,
    found,
    joined,
    message,
    moved_between,
    news_of,
    of,
    steps_of,
    told,
)
from selftests.story import at


def repeated_by_definition(history):
    subscribed = joined(history)
    sought = {one.process for one in of(history, "seek") if one.outcome != "fail"}
    commits = sorted(
        (one for one in of(history, "commit") if one.outcome != "fail"),
        key=lambda one: one.invoked_ns,
    )
    handings = [one for one in of(history, "receive") if one.deliveries]
    repeated = set()
    for first, second in product(handings, handings):
        if first.deliveries != second.deliveries or first.invoked_ns >= second.invoked_ns:
            continue
        position = first.deliveries[0].position
        between = [
            one
            for one in handings
            if one.process == first.process
            and one.deliveries == first.deliveries
            and first.invoked_ns < one.invoked_ns < second.invoked_ns
        ]
        given = any(
            one.action == "assign" and ns < first.invoked_ns
            for ns, one in news_of(history, first.process)
        )
        if first.process == second.process:
            moved = moved_between(history, first.process, first.invoked_ns, second.completed_ns)
            if not between and given and not moved:
                repeated.add(("repeated_delivery", second.op))
        begun = min(one.invoked_ns for one in history.operations if one.process == second.process)
        before = [one for one in commits if one.invoked_ns < begun]
        if (
            first.completed_ns < begun
            and before
            and second.process in subscribed - sought
            and all(ending(one) < before[-1].invoked_ns for one in before[:-1])
            and ending(before[-1]) < begun
            and before[-1].covers[0].position > position
            and all(one.covers[0].position > position for one in commits if one.invoked_ns >= begun)
        ):
            repeated.add(("repeated_delivery", second.op))
    return repeated


@SMALL
@given(
    steps=steps_of(
        "receive", "receive", "receive", "commit", "assign", "seek", "revoke", "answer",
        max_size=12,
    )
)  # fmt: skip
def test_member_is_handed_a_message_again_exactly_when_nothing_moved_it(steps):
    history = told([*JOINED[:2], *steps])
    assert found(history, "single_delivery_in_group") == repeated_by_definition(history)


@SMALL
@given(
    before=steps_of("receive", "receive", "commit", "commit", members=("c1#1",), max_size=5),
    after=steps_of("subscribe", "seek", "receive", "receive", "commit", max_size=6),
)
def test_who_joins_is_handed_a_message_again_exactly_when_it_was_committed_past(before, after):
    history = told([*before, ("c1#1", "answer", 0, "ok"), *after])
    assert found(history, "single_delivery_in_group") == repeated_by_definition(history)


QUEUE = {"q": Source(kind="queue")}
TAGGED = st.tuples(
    st.sampled_from(MEMBERS), st.integers(0, 1), st.sampled_from([None, True, False])
)
SETTLES = st.tuples(st.sampled_from(MEMBERS), st.integers(1, 4), OUTCOMES)


def told_of_queue(steps):
    lanes = Lanes(sources=QUEUE)
    for number in (0, 1):
        lanes.story.published(message(number).message, target="q", partition=None)
    tags = dict.fromkeys(MEMBERS, 0)
    for process, what, how in steps:
        if how in {"ok", "info", "fail"}:
            covers = (Position(source="q", position=what),)
            lanes.call(process, "ack", outcome=how, covers=covers)
        elif how == "subscribe":
            lanes.call(process, how, target="q")
        elif how == "tie":
            lanes.tie()
        elif how == "answer":
            lanes.answer(process)
        else:
            tags[process] += 1
            handed = at(
                message(what).message, tags[process], source="q", partition=None, redelivered=how
            )
            lanes.call(process, "receive", answer={"deliveries": (handed,)})
    return lanes.history()


def of_process(history, action, process):
    return [one for one in of(history, action) if one.process == process]


def unsettled_by_definition(history):
    handings = [(one, one.deliveries[0]) for one in of(history, "receive") if one.deliveries]
    done = sorted(
        (one for one in of(history, "ack") if one.outcome == "ok"),
        key=lambda one: one.completed_ns,
        reverse=True,
    )
    acks = {(one.process, one.covers[0].position): one for one in done}.values()  # The first.
    convicted = set()
    for (one, first), (other, second) in product(handings, handings):
        begun = [
            each.invoked_ns
            for each in history.operations
            if each.process == other.process and each.action != "ack"
        ]
        acted = [each.invoked_ns for each in history.operations if each.process == other.process]
        since = min(begun if of_process(history, "subscribe", other.process) else acted)
        if first.message != second.message:
            continue
        tag = (one.process, first.position)
        for ack in acks:
            settled = (ack.process, ack.covers[0].position) == tag
            if settled and one.completed_ns <= ack.invoked_ns and ack.completed_ns < since:
                convicted.add(("redelivered_after_ack", other.op))
        elsewhere = one.process != other.process and one.completed_ns < since
        in_turn = one.process == other.process and one.completed_ns < other.invoked_ns
        if second.redelivered is False and (elsewhere or in_turn):
            convicted.add(("unflagged_redelivery", other.op))
    return convicted


@SMALL
@given(
    steps=st.lists(
        st.one_of(
            TAGGED,
            TAGGED,
            SETTLES,
            st.tuples(
                st.sampled_from(MEMBERS),
                st.just(0),
                st.sampled_from(["subscribe", "answer", "tie"]),
            ),
        ),
        max_size=12,
    )
)
def test_message_comes_again_wrongly_exactly_when_the_definitions_say_so(steps):
    history = told_of_queue(steps)
    assert found(history, "settlement") == unsettled_by_definition(history)
