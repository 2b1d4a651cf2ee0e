"""Stories whose calls have times of their own, in ms, for what must happen in time."""

from hypothesis import settings
from hypothesis import strategies as st

from deliverycheck.guarantees import check
from selftests.story import Story

MS = 1_000_000
WITHIN = 10
SMALL = settings(max_examples=300, deadline=None, database=None)


def verdict_of(story, guarantee):
    return check(story.history(), [guarantee])[0]


def story_of(**header):
    return Story(**{"within_ms": WITHIN} | header)


def call(story, process, action, start, end, **fields):
    """A call with these times in ms; without an end it stays open."""
    how = fields.pop("how", "ok")
    story.ms = start - 1
    op = story.invoke(process, action, **fields)
    if end is not None:
        story.ms = end - 1
        getattr(story, how)(op)
    return op


def send(story, number, start, end, **fields):
    process = fields.pop("process", f"p{number}#1")
    given = {"message": f"{process}-{number}", "target": "t"} | fields
    return call(story, process, "publish", start, end, **given)


def broken(story, start, end, lane="link p1"):
    story.ms = start - 2
    story.injected("black_hole", lane)
    story.ms = end - 2
    story.healed("black_hole", lane)


def healed(at=15, **header):
    """A fault is over at this time in ms; 10 ms from then everything must work."""
    story = story_of(**header)
    broken(story, 5, at)
    return story


def at_ms(story, ms, tell):
    story.ms = ms - 1
    tell()


def done(story, ms):
    story.ms = ms - 1
    return story.done()


TIMES = st.integers(1, 45)
LASTS = st.none() | st.integers(0, 25)
HOW = st.sampled_from(["ok", "fail", "info"])
CALLS = st.lists(st.tuples(TIMES, LASTS, HOW, st.sampled_from(["t", "u"])), max_size=4)


def told(calls):
    story = story_of()
    broken(story, 5, 15)
    for number, (start, lasts, how, target) in enumerate(calls, start=1):
        end = None if lasts is None else start + lasts
        send(story, number, start, end, how=how, target=target)
    return done(story, 50)
