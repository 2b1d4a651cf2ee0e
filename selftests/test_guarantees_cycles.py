"""Cycles of transactions against slow definitions, and at the boundaries of the checkers."""

from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import ANOMALIES, Validity
from deliverycheck.guarantees.transactions.graph import Edge, Kind, knots, shortest_cycle
from deliverycheck.guarantees.transactions.isolation import ENTITLED, Level, forbids
from deliverycheck.history import Source
from selftests.story import at
from selftests.transaction_stories import Told, found, verdict_of

SMALL = settings(max_examples=200, deadline=None, database=None)
STRICT = "strict_serializable"
READS, SERIAL = "read_order", "serializable_transactions"

EDGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([Kind.READS, Kind.PASSED])),
    max_size=14,
)


def graph_with(edges):
    graph = [[] for _ in range(6)]
    for start, to, kind in edges:
        graph[start].append(Edge(start=start, to=to, kind=kind))
    return graph


def closure(pairs):
    """Whether one node can be reached from another, over one edge or more."""
    reached = set(pairs)
    nodes = {node for pair in pairs for node in pair}
    for between, start, to in product(nodes, nodes, nodes):
        if (start, between) in reached and (between, to) in reached:
            reached.add((start, to))
    return reached


@SMALL
@given(edges=EDGES)
def test_knots_are_what_can_be_reached_both_ways(edges):
    reached = closure({(start, to) for start, to, _ in edges})
    slow = {tuple(b for b in range(6) if b == a or {(a, b), (b, a)} <= reached) for a in range(6)}
    assert knots(graph_with(edges)) == [list(knot) for knot in sorted(slow) if len(knot) > 1]


@SMALL
@given(edges=EDGES)
def test_no_cycle_through_a_node_is_shorter_than_the_one_that_is_found(edges):
    graph = graph_with(edges)
    for knot in knots(graph):
        for start in knot:
            cycle = shortest_cycle(graph, start, frozenset(knot))
            assert [edge.to for edge in cycle] == [*(edge.start for edge in cycle[1:]), start]
            assert cycle[0].start == start
            assert sum(edge.cost for edge in cycle) == cheapest(edges, start)


def cheapest(edges, start):
    """By trying: what every way costs, round after round."""
    cost = {start: 0}
    back = []
    for _ in range(7):
        for a, b, kind in edges:
            if a in cost:
                reached = cost[a] + (kind is Kind.READS)
                back += [reached] * (b == start)
                cost[b] = min(cost.get(b, reached), reached)
    return min(back)


def test_long_chain_needs_no_recursion():
    graph = [[Edge(start=n, to=(n + 1) % 5000, kind=Kind.READS)] for n in range(5000)]
    assert [len(knot) for knot in knots(graph)] == [5000]


TURNS = st.lists(st.integers(0, 2), min_size=2, max_size=10)
ORDERS = st.permutations(range(6))
OUTCOMES = st.lists(st.sampled_from(["ok", "ok", "info"]), min_size=6, max_size=6)
PAIRS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=4)


def told(turns, orders, outcomes, pairs):
    """Three processes begin and end transactions by turns; each writes to both partitions.

    Before its end a transaction is handed what `pairs` says, be it written or not.
    """
    story = Told()
    for lane in (1, 2, 3):
        story.call(f"p{lane}#1", "open", isolation=STRICT)
    owners, current = [], {}

    def message(number, partition):
        position = orders[partition].index(number)
        return at(f"m{number}-{partition}", position, partition=partition)

    for turn in [*turns, 0, 1, 2]:
        process = f"p{turn + 1}#1"
        if process in current:
            number = current.pop(process)
            handed = [message(b, 0) for a, b in sorted(pairs) if a == number and b != number]
            story.read(process, *handed, level=STRICT)
            story.end(process, f"x{number}", outcome=outcomes[number])
        elif len(owners) < 6 and len(turns) > len(owners):
            number = len(owners)
            owners.append(process)
            current[process] = number
            story.begin(process, f"x{number}")
            for partition in (0, 1):
                delivery = message(number, partition)
                story.published(
                    delivery.message,
                    delivery.position,
                    partition=partition,
                    process=process,
                    transaction=f"x{number}",
                )
    ended = [number for number in range(len(owners)) if number not in current.values()]
    story.read("scan#1", *(message(n, p) for n in ended for p in (0, 1)), level=STRICT)
    return story.done().history(), ended, owners, message


def slow_edges(history, ended, owners, message, pairs):
    """All pairs of transactions of which one comes before the other, by reads, writes, order."""
    receives = [each for each in history.operations if each.action == "receive"]
    ends = {each.transaction: each for each in history.select("commit_transaction")}
    begins = {each.transaction: each for each in history.select("begin_transaction")}

    def done_ns(number):
        names = {message(number, partition).message for partition in (0, 1)}
        seen = [r.completed_ns for r in receives if names & {d.message for d in r.deliveries}]
        end = ends[f"x{number}"]
        seen = [ns for ns in seen if ns >= end.invoked_ns]
        return min([*seen, *([end.completed_ns] if end.outcome == "ok" else [])])

    both = [(a, b) for a, b in product(ended, ended) if a != b]
    reads = {(b, a) for a, b in pairs if (a, b) in both}
    writes = {
        (a, b) for a, b in both for p in (0, 1) if message(a, p).position < message(b, p).position
    }
    order = {
        (a, b)
        for a, b in both
        if done_ns(a) < begins[f"x{b}"].invoked_ns or (owners[a] == owners[b] and a < b)
    }
    return reads, writes, order


def has_cycle(pairs):
    return any(a == b for a, b in closure(pairs))


@SMALL
@given(turns=TURNS, orders=st.tuples(ORDERS, ORDERS), outcomes=OUTCOMES, pairs=PAIRS)
def test_cycles_are_found_exactly_where_no_order_fits(turns, orders, outcomes, pairs):
    history, *facts = told(turns, orders, outcomes, pairs)
    reads, writes, order = slow_edges(history, *facts, pairs)
    by_reads = has_cycle(reads | order)
    by_writes = has_cycle(writes | order)
    assert bool(found(history, READS)) == by_reads
    names = set(found(history, SERIAL))
    assert ("read_cycle" in names) == by_reads
    assert ("write_cycle" in names) == by_writes
    if not by_reads and not by_writes:
        assert bool(names) == has_cycle(reads | writes | order)


def two(level=None):
    story = Told()
    for process in ("p1#1", "p2#1"):
        story.call(process, "open", isolation=level)
    return story


def of_each_other(story, *, level="read_committed", ends=("ok", "ok"), later=()):
    """x1 and x2 write one message each, are handed that of the other, and commit."""
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.wrote("p2#1", "x2", ("p2#1-1", 1))
    story.read("p1#1", at("p2#1-1", 1), level=level)
    story.read("p2#1", at("p1#1-1", 0), level=level)
    for process, name, outcome in (("p1#1", "x1", ends[0]), ("p2#1", "x2", ends[1])):
        story.end(process, name, outcome=outcome)
    story.read("c1#1", *later)
    return story.done().history()


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("read_committed", ["read_cycle"]),
        (STRICT, ["read_cycle"]),
        ("read_uncommitted", []),
        (None, []),
    ],
)
def test_cycle_of_reads_counts_for_readers_that_ask_for_committed_messages(level, names):
    assert found(of_each_other(two(), level=level), READS) == names


SEEN = (at("p1#1-1", 0), at("p2#1-1", 1))


@pytest.mark.parametrize(
    ("ends", "later", "names"),
    [
        (("ok", "info"), SEEN, ["read_cycle"]),
        (("ok", "info"), SEEN[:1], []),
        (("info", "info"), SEEN, ["read_cycle"]),
        (("ok", "fail"), SEEN, []),
    ],
    ids=["one-unknown-and-seen", "unknown-and-not-seen-since", "both-seen", "refused"],
)
def test_cycle_needs_transactions_that_took_effect(ends, later, names):
    assert found(of_each_other(two(), ends=ends, later=later), READS) == names


def test_what_was_handed_over_after_the_commit_was_asked_for_is_no_read_of_it():
    story = two()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.wrote("p2#1", "x2", ("p2#1-1", 1))
    receive = story.invoke("p1#1", "receive", isolation="read_committed")
    commit = story.invoke("p1#1", "commit_transaction", transaction="x1")
    story.ok(commit)
    story.read("p2#1", at("p1#1-1", 0))
    story.end("p2#1", "x2")
    story.ok(receive, deliveries=(at("p2#1-1", 1),))
    assert found(story.done().history(), READS) == []


def test_what_a_process_was_handed_after_its_commit_belongs_to_its_next_transaction():
    story = two()
    story.whole("p1#1", "x1", ("p1#1-1", 0))
    story.wrote("p2#1", "x2", ("p2#1-1", 1))
    story.read("p2#1", at("p1#1-1", 0))
    story.end("p2#1", "x2")
    story.read("p1#1", at("p2#1-1", 1))
    story.whole("p1#1", "x3", ("p1#1-2", 2))
    verdict = verdict_of(story.done().history(), READS)
    assert (verdict.validity, verdict.examined) == (Validity.VALID, 2)


def test_receive_that_names_its_transaction_is_of_it_whoever_made_it():
    story = two()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.wrote("p2#1", "x2", ("p2#1-1", 1))
    story.read("c1#1", at("p2#1-1", 1), transaction="x1")
    story.read("c2#1", at("p1#1-1", 0), transaction="x2")
    story.end("p1#1", "x1")
    story.end("p2#1", "x2")
    assert found(story.done().history(), READS) == ["read_cycle"]


def test_read_of_its_own_message_is_no_edge():
    story = two()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.read("p1#1", at("p1#1-1", 0))
    story.end("p1#1", "x1")
    assert verdict_of(story.done().history(), READS).examined == 0


def test_transaction_that_began_in_the_moment_that_another_was_done_came_not_after_it():
    story = two()
    story.wrote("p1#1", "x1", ("p1#1-1", 0))
    story.read("p1#1", at("p2#1-1", 1))
    story.end("p1#1", "x1")
    story.ms -= 1
    story.whole("p2#1", "x2", ("p2#1-1", 1))
    assert found(story.done().history(), READS) == []


def test_queue_has_no_order_of_positions():
    for kind, names in (("queue", []), ("log", ["write_cycle"])):
        story = two(STRICT)
        story.events[0] = Told(sources={"t": Source(kind=kind)}).events[0]
        story.whole("p1#1", "x1", ("p1#1-1", None))
        story.whole("p2#1", "x2", ("p2#1-1", None))
        story.read("scan#1", at("p2#1-1", 0), at("p1#1-1", 1))
        assert found(story.done().history(), SERIAL) == names


def test_two_messages_at_one_position_have_no_order():
    story = two(STRICT)
    story.whole("p1#1", "x1", ("p1#1-1", None))
    story.whole("p2#1", "x2", ("p2#1-1", None))
    story.read("scan#1", at("p2#1-1", 0), at("p1#1-1", 0))
    assert verdict_of(story.done().history(), SERIAL).examined == 0


def test_reading_without_a_position_has_no_order():
    story = two(STRICT)
    story.whole("p1#1", "x1", ("p1#1-1", None))
    story.whole("p2#1", "x2", ("p2#1-1", None))
    story.read("scan#1", at("p2#1-1", None), at("p1#1-1", 1))
    assert verdict_of(story.done().history(), SERIAL).examined == 0


def test_order_of_writes_counts_between_those_alone_that_ask_for_it():
    story = Told()
    story.call("p1#1", "open", isolation=STRICT)
    story.whole("p1#1", "x1", ("p1#1-1", None))
    story.whole("p2#1", "x2", ("p2#1-1", None))
    story.read("scan#1", at("p2#1-1", 0), at("p1#1-1", 1), level=STRICT)
    assert verdict_of(story.done().history(), SERIAL).examined == 0


def test_anomaly_names_a_shortest_way_round_and_the_operations_that_show_it():
    history = of_each_other(two())
    (anomaly,) = verdict_of(history, READS).anomalies
    assert anomaly.facts["transactions"] == ["x1", "x2"]
    sent = [each.op for each in history.select("publish")]
    handed = [each.op for each in history.select("receive") if each.process != "c1#1"]
    assert sorted(anomaly.witnesses) == sorted(sent + handed)


def test_clocks_that_run_backwards_are_no_cycle():
    story = two()
    story.whole("p1#1", "x1", ("p1#1-1", 0))
    story.ms = 1
    story.wrote("p2#1", "x2", ("p2#1-1", 1))
    story.ms = 40
    story.read("p2#1", at("p1#1-1", 0))
    story.ms = 2
    story.end("p2#1", "x2")
    assert found(story.done().history(), READS) == []


def test_shortest_way_round_need_not_lead_through_the_first_of_its_knot():
    story = Told()
    messages = [at(f"p{number}#1-1", number) for number in range(3)]
    for number, message in enumerate(messages):
        story.wrote(f"p{number}#1", f"x{number}", (message.message, number))
    for number, handed in enumerate(([2], [0, 2], [1])):
        story.read(f"p{number}#1", *(messages[each] for each in handed))
    for number in range(3):
        story.end(f"p{number}#1", f"x{number}")
    (anomaly,) = verdict_of(story.done().history(), READS).anomalies
    assert anomaly.facts["transactions"] == ["x1", "x2"]


def test_each_knot_is_one_anomaly():
    story = two()
    for pair in (0, 2):
        a, b = f"x{pair}", f"x{pair + 1}"
        story.wrote("p1#1", a, (f"p1#1-{pair}", pair * 2))
        story.wrote("p2#1", b, (f"p2#1-{pair}", pair * 2 + 1))
        story.read("p1#1", at(f"p2#1-{pair}", pair * 2 + 1))
        story.read("p2#1", at(f"p1#1-{pair}", pair * 2))
        story.end("p1#1", a)
        story.end("p2#1", b)
    assert found(story.done().history(), READS) == ["read_cycle"] * 2


ISOLATION = Path(__file__).parents[1] / "docs" / "isolation.md"


def test_isolation_page_has_a_row_for_each_anomaly_and_says_what_each_level_forbids():
    rows = [line.strip("| ").split(" | ") for line in ISOLATION.read_text().splitlines()]
    told = {row[0].strip("`"): row[1:] for row in rows if row[0].startswith("`") and row[1:]}
    assert told == {
        name: ["forbidden" if forbids(level, name) else "entitled" for level in Level]
        for name in ENTITLED[Level.READ_UNCOMMITTED]
    }


def test_each_level_forbids_what_the_one_before_forbids_and_is_about_anomalies_of_the_catalogue():
    levels = list(Level)
    for weaker, stronger in pairwise(levels):
        assert ENTITLED[stronger] < ENTITLED[weaker]
    assert ENTITLED[levels[0]] < ANOMALIES.keys()
