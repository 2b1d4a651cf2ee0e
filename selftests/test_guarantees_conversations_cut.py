"""What a history that was cut proves of conversations: nothing that the whole one does not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import Delivery, Position, history_of
from selftests.interleaving import lane_of
from selftests.story import Story
from selftests.stream_story import STREAMS

GUARANTEES = ["matching_replies", "gapless_stream"]

WHO = st.sampled_from(["c1#1", "c2#1"])
HOW = st.sampled_from(["ok", "ok", "info", "fail"])
REQUESTS = st.sampled_from(["a", "b"])
NAMED = st.none() | REQUESTS
PLACES = st.none() | st.integers(0, 3)
MESSAGES = st.sampled_from(["m-1", "m-2", "m-3"])
WHERE = st.sampled_from(["s", "answers"])
HANDED = st.lists(
    st.builds(Delivery, message=MESSAGES, source=WHERE, position=PLACES, correlation=NAMED),
    max_size=3,
).map(tuple)

CALLS = st.one_of(
    st.tuples(
        st.just("request"),
        WHO,
        HOW,
        st.fixed_dictionaries({"message": REQUESTS}),
        st.fixed_dictionaries({"deliveries": HANDED}),
    ),
    st.tuples(
        st.just("receive"),
        WHO,
        HOW,
        st.fixed_dictionaries({"group": st.sampled_from([None, "g"])}),
        st.fixed_dictionaries({"deliveries": HANDED}),
    ),
    st.tuples(
        st.sampled_from(["reply", "publish"]),
        WHO,
        HOW,
        st.fixed_dictionaries({"message": MESSAGES, "correlation": NAMED, "target": WHERE}),
        st.fixed_dictionaries({"position": PLACES}),
    ),
    st.tuples(
        st.sampled_from(["assign", "seek", "revoke"]),
        WHO,
        HOW,
        st.fixed_dictionaries(
            {"covers": PLACES.map(lambda at: (Position(source="s", position=at or 0),))}
        ),
        st.just({}),
    ),
)


def retold(lines, data):
    """The lines without the last, with the processes in any other order."""
    header, *others, _ = lines
    queues, lanes, told = {}, {}, [header]
    for line in others:
        queues.setdefault(lane_of(line, lanes), []).append(line)
    while queues:
        lane = data.draw(st.sampled_from(sorted(queues)))
        told.append(queues[lane].pop(0))
        if not queues[lane]:
            del queues[lane]
    return told


@settings(max_examples=150, deadline=None, database=None)
@given(calls=st.lists(CALLS, min_size=1, max_size=5), data=st.data())
def test_conversation_cut_anywhere_convicts_of_nothing_that_the_whole_one_does_not(calls, data):
    story = Story(sources=STREAMS)
    for action, process, how, asked, answered in calls:
        getattr(story, how)(story.invoke(process, action, **asked), **answered)
    lines = story.done().lines()
    whole = check(history_of(b"".join(lines)), GUARANTEES)
    convicted = {one.guarantee for one in whole if one.validity is Validity.INVALID}
    told = retold(lines, data)
    for end in range(1, len(told) + 1):
        for verdict in check(history_of(b"".join(told[:end])), GUARANTEES):
            assert verdict.validity is not Validity.VALID
            assert verdict.validity is Validity.UNKNOWN or verdict.guarantee in convicted
