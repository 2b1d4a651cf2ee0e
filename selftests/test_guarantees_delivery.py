"""The delivery family against slow definitions of the same words, on tiny histories."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import History, Position, Source
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
            lanes.call(process, action, group="g", target="t")
        elif action in {"answer", "tie"}:
            lanes.answer(process)
        elif action in {"killed", "paused"}:
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
    return verdict


def found(history, guarantee):
    """The names of what is found, with the last witness: the operation that is convicted."""
    verdict = verdict_of(history, guarantee)
    return {(one.name, one.witnesses[-1]) for one in verdict.anomalies}


# commit_follows_effect


def ahead_by_definition(history):
    effects = [one for one in of(history, "effect") if one.outcome != "fail"]
    commits = [one for one in of(history, "commit") if one.outcome == "ok"]
    ahead = set()
    for position in range(4) if of(history, "effect") else ():
        handed = [
            one
            for one in of(history, "receive")
            if one.deliveries and one.deliveries[0].position == position
        ]
        past = [one.completed_ns for one in commits if one.covers[0].position > position]
        begun = [one.invoked_ns for one in effects if one.deliveries[0].position == position]
        if not past or all(one.invoked_ns > min(past) for one in handed):
            continue
        if all(ns > min(past) for ns in begun):
            ahead.add(position)
    return ahead


@SMALL
@given(steps=steps_of("receive", "effect", "commit", "commit", "answer", max_size=12))
def test_commit_is_ahead_exactly_when_nobody_had_begun_the_effect_by_its_answer(steps):
    history = told(steps)
    verdict = verdict_of(history, "commit_follows_effect")
    assert {one.position for one in verdict.anomalies} == ahead_by_definition(history)


# commits_move_forward

NEWS = ("open", "subscribe", "assign", "revoke", "lost", "close")
JOINED = [(member, action, 0, "ok") for member in MEMBERS for action in ("subscribe", "assign")]


def news_of(history, process):
    """When the process was told of something, in order, with the operation."""
    told_of = [one for one in of(history, *NEWS) if one.process == process]
    rows = [(one.completed_ns or one.invoked_ns, one) for one in told_of if one.outcome != "fail"]
    return sorted(rows, key=lambda row: (row[0], row[1].op))


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


def within_by_definition(history):
    commits = [one for one in of(history, "commit") if one.outcome == "ok"]
    return {
        ("commit_regressed", later.op)
        for earlier, later in product(commits, commits)
        if earlier.process == later.process
        and earlier.completed_ns < later.invoked_ns
        and earlier.covers[0].position > later.covers[0].position
        and not moved_between(history, later.process, earlier.invoked_ns, later.completed_ns)
    }


def stale_by_definition(history):
    subscribed = {one.process for one in of(history, "subscribe")}
    commits = [
        one for one in of(history, "commit") if one.outcome == "ok" and one.process in subscribed
    ]
    stale = set()
    for commit in commits:
        news = news_of(history, commit.process)
        before = [one for one in news if one[0] <= commit.completed_ns]
        after = [one for one in news if one[0] > commit.completed_ns]
        given = any(ns < commit.invoked_ns and one.action == "assign" for ns, one in news)
        if not given or (after and after[0][1].action == "assign"):
            continue
        last_ns, last = before[-1]
        signs = [one for one in commits if one.process != commit.process]
        if last.action in {"revoke", "lost"}:
            signs += [
                one
                for one in of(history, "assign")
                if one.process in subscribed - {commit.process} and one.outcome != "fail"
            ]
        if any(last_ns < one.invoked_ns and one.completed_ns < commit.invoked_ns for one in signs):
            stale.add(("stale_commit", commit.op))
    return stale


@SMALL
@given(
    joined=st.booleans(),
    steps=steps_of("commit", "commit", "commit", "seek", "assign", "revoke", "lost", "answer"),
)
def test_commits_go_back_or_are_stale_exactly_when_the_definitions_say_so(joined, steps):
    history = told([*JOINED, *steps] if joined else steps)
    convicted = found(history, "commits_move_forward")
    assert convicted == within_by_definition(history) | stale_by_definition(history)


def joined_by_definition(history):
    """First commits of processes behind the commit before, made before they were there."""
    commits = sorted(
        (one for one in of(history, "commit") if one.outcome != "fail"),
        key=lambda one: one.invoked_ns,
    )
    subscribed = {one.process for one in of(history, "subscribe")}
    sought = {one.process for one in of(history, "seek") if one.outcome != "fail"}
    behind = set()
    for number, commit in enumerate(commits):
        earlier = commits[:number]
        if not earlier or commit.process in {one.process for one in earlier}:
            continue
        last = earlier[-1]
        begun = min(one.invoked_ns for one in history.operations if one.process == commit.process)
        if (
            all(ending(one) < last.invoked_ns for one in earlier[:-1])
            and ending(last) < begun
            and commit.outcome == "ok"
            and commit.covers[0].position < last.covers[0].position
            and commit.process in subscribed - sought
        ):
            behind.add(("commit_regressed", commit.op))
    return behind


@SMALL
@given(
    steps=steps_of("commit", "commit", "subscribe", "seek", "answer", members=("a#1", "b#1", "c#1"))
)
def test_who_joins_goes_back_exactly_when_it_began_after_the_last_commit(steps):
    history = told(steps)
    convicted = found(history, "commits_move_forward")
    within = within_by_definition(history)
    assert convicted == joined_by_definition(history) | within | stale_by_definition(history)


# single_owner


def held_by_definition(history):
    """Process, operation, from, until, regained: as far as each was told."""
    subscribed = {one.process for one in of(history, "subscribe")}
    ends = {
        process: [(event.ns, None) for event in history.processes if event.process == process]
        for process in subscribed
    }
    for process in subscribed:
        news = [
            (ns, one)
            for ns, one in news_of(history, process) + ends[process]
            if one is None or one.action != "subscribe" or not one.covers
        ]
        news.sort(key=lambda row: row[0])
        for number, (ns, one) in enumerate(news):
            if one is None or one.action != "assign":
                continue
            after = news[number + 1 :]
            if not after:
                yield process, one.op, ns, FOREVER, False
            elif after[0][1] is None:
                yield process, one.op, ns, after[0][0], False
            else:
                following = after[0][1]
                yield process, one.op, ns, following.invoked_ns, following.action == "assign"


def overlaps_by_definition(history):
    held = list(held_by_definition(history))
    commits = [
        one
        for one in of(history, "commit")
        if one.outcome == "ok"
        and any(
            process == one.process and start < one.invoked_ns < end
            for process, _, start, end, _ in held
        )
    ]
    signs = [(one.process, one.invoked_ns, one.completed_ns) for one in commits]
    for process, _, start, _, _ in held:
        begun = min(one.invoked_ns for one in history.operations if one.process == process)
        signs.append((process, begun, start))
    return {
        given
        for process, given, start, end, regained in held
        if not regained
        and any(
            other != process
            and start < invoked
            and any(
                one.process == process and completed < one.invoked_ns and one.completed_ns < end
                for one in commits
            )
            for other, invoked, completed in signs
        )
    }


@SMALL
@given(
    steps=steps_of(
        "subscribe", "assign", "assign", "commit", "commit", "revoke", "killed", "answer",
        outcomes=st.sampled_from(["ok", "ok", "ok", "info"]), max_size=12,
    )
)  # fmt: skip
def test_partition_has_two_owners_exactly_when_the_group_took_commits_of_both(steps):
    history = told(steps)
    verdict = verdict_of(history, "single_owner")
    assert {one.witnesses[0] for one in verdict.anomalies} == overlaps_by_definition(history)
    held = list(held_by_definition(history))
    doubt = any(
        one[0] != other[0] and one[2] <= other[2] < one[3] for one, other in product(held, held)
    )
    if len({one[0] for one in held}) > 1 and not verdict.anomalies:
        assert (verdict.validity is Validity.UNKNOWN) == doubt


# single_delivery_in_group


def repeated_by_definition(history):
    subscribed = {one.process for one in of(history, "subscribe")}
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
            moved = moved and any(
                first.invoked_ns <= ns <= second.completed_ns
                for ns in [ns for ns, _ in news_of(history, first.process)]
                + [
                    ns
                    for one in of(history, "seek")
                    if one.process == first.process and one.outcome != "fail"
                    for ns in (one.invoked_ns, one.completed_ns)
                ]
            )
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


# settlement

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
            if settled and one.completed_ns < ack.invoked_ns and ack.completed_ns < since:
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


# Whole histories, and what an execution reached


@SMALL
@given(steps=steps_of("subscribe", "assign", "receive", "effect", "commit", "revoke", max_size=8))
def test_history_without_its_end_convicts_of_nothing(steps):
    whole = told(steps)
    cut = History(
        header=whole.header,
        operations=whole.operations,
        processes=whole.processes,
        cut=True,
    )
    for verdict in check(cut, NEW):
        assert verdict.validity is Validity.UNKNOWN
        nothing = verdict.reason.startswith("nothing to examine: ")
        assert nothing == (verdict.examined == 0)


def test_name_of_the_guarantee_stands_in_every_verdict():
    for name in NEW:
        assert verdict_of(Story().done().history(), name).validity is Validity.UNKNOWN
