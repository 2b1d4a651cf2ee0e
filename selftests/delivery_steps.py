"""Calls of consumers that overlap, and what happened between them: for slow definitions."""

from hypothesis import settings
from hypothesis import strategies as st

from deliverycheck.guarantees import check
from deliverycheck.history import Position
from selftests.story import Story, at

SMALL = settings(max_examples=300, deadline=None, database=None)
FOREVER = float("inf")
MS = 1_000_000
MEMBERS = ("c1#1", "c2#1")
NEW = (
    "commit_follows_effect",
    "commits_move_forward",
    "single_owner",
    "single_delivery_in_group",
    "settlement",
)
OUTCOMES = st.sampled_from(["ok", "ok", "ok", "info", "fail"])


def place(position, partition=0):
    return (Position(source="t", partition=partition, position=position),)


def message(position):
    return at(f"p1#1-{position + 1}", position)


class Lanes:
    """Calls of processes that overlap: a call is answered when its process makes the next one.

    What follows a `tie` happens at the moment of the last line.
    """

    def __init__(self, **header):
        self.story = Story(**header)
        self._open = {}

    def call(self, process, action, *, outcome="ok", answer=None, **fields):
        self.answer(process)
        op = self.story.invoke(process, action, **fields)
        self._open[process] = (op, outcome, answer or {})

    def tie(self):
        self.story.ms = self.story.events[-1].ns // MS - 1

    def answer(self, process):
        if process in self._open:
            op, outcome, answer = self._open.pop(process)
            getattr(self.story, outcome)(op, **answer)

    def history(self):
        for process in list(self._open):
            self.answer(process)
        return self.story.done().history()


def told(steps, **header):
    """The history of (process, action, number, outcome); a number may be a position or place."""
    lanes = Lanes(groups={"g": ("t",)}, **header)
    for process, action, number, outcome in steps:
        if action == "tie" and len(lanes.story.events) > 1:
            lanes.tie()
        elif action == "receive":
            handed = {"deliveries": (message(number),)} if outcome == "ok" else {}
            lanes.call(process, action, outcome=outcome, answer=handed, group="g")
        elif action == "effect":
            lanes.call(process, action, outcome=outcome, group="g", deliveries=(message(number),))
        elif action == "commit":
            lanes.call(process, action, outcome=outcome, group="g", covers=place(number))
        elif action == "subscribe":
            lanes.call(process, action, outcome=outcome, group="g", target="t")
        elif action in {"answer", "tie"}:
            lanes.answer(process)
        elif action in {"started", "killed", "closed", "died", "paused"}:
            lanes.answer(process)
            lanes.story.process(process, action)
        else:
            lanes.call(process, action, outcome=outcome, covers=place(0))
    return lanes.history()


def steps_of(*actions, members=MEMBERS, outcomes=OUTCOMES, max_size=9):
    return st.lists(
        st.tuples(
            st.sampled_from(members),
            st.sampled_from([*actions, "tie"]),
            st.integers(0, 3),
            outcomes,
        ),
        max_size=max_size,
    )


def ending(operation):
    return operation.completed_ns if operation.outcome == "ok" else FOREVER


def of(history, *actions):
    return [one for one in history.operations if one.action in actions]


def verdict_of(history, guarantee):
    (verdict,) = check(history, [guarantee])
    assert (verdict.guarantee, verdict.count) == (guarantee, len(verdict.anomalies))
    assert "the checker raised" not in (verdict.reason or "")
    return verdict


def found(history, guarantee):
    """The names of what is found, with the last witness: the operation that is convicted."""
    verdict = verdict_of(history, guarantee)
    return {(one.name, one.witnesses[-1]) for one in verdict.anomalies}


NEWS = ("open", "subscribe", "assign", "revoke", "lost", "close")
JOINED = [(member, action, 0, "ok") for member in MEMBERS for action in ("subscribe", "assign")]


def news_of(history, process):
    """When the process was told of something, in order, with the operation."""
    told_of = [one for one in of(history, *NEWS) if one.process == process]
    rows = [(one.completed_ns or one.invoked_ns, one) for one in told_of if one.outcome != "fail"]
    return sorted(rows, key=lambda row: (row[0], row[1].op))


def joined(history):
    """Processes that subscribed, or may have."""
    return {one.process for one in of(history, "subscribe") if one.outcome != "fail"}


def moved_between(history, process, start, end):
    seeks = [
        ns
        for one in of(history, "seek")
        if one.process == process and one.outcome != "fail"
        for ns in (one.invoked_ns, one.completed_ns)
    ]
    adrift = [
        one
        for one in of(history, "seek")
        if one.process == process and one.outcome == "info" and one.invoked_ns < end
    ]
    return adrift or any(
        start <= ns <= end for ns in [ns for ns, _ in news_of(history, process)] + seeks
    )
