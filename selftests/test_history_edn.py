"""Histories in EDN: what Jepsen's checker of logs reads, and what it must never be told."""

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.history import (
    Action,
    DeliveryRun,
    Header,
    History,
    Operation,
    Outcome,
    Position,
    PublishRun,
    history_of,
    read_history,
)
from deliverycheck.history.edn import edn_of
from deliverycheck.history.edn_text import Keyword, text_of
from selftests.story import Story, at
from selftests.test_guarantees_golden import backwards
from selftests.worlds.anything import ANYTHING
from selftests.worlds.world import told

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "history.jsonl"
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|:([\w*+!?.-]+)|(-?\d+)|(nil)|([{}\[\]])|[\s,]+')
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)")
_MEANT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def read(text):
    """The value that an EDN reader makes of the text; keywords keep their colon."""
    stack = [[]]
    end = 0
    for token in _TOKEN.finditer(text):
        assert token.start() == end, text[end:]
        end = token.end()
        string, keyword, number, nil, bracket = token.groups()
        if bracket and bracket in "{[":
            stack.append([])
        elif bracket:
            closed = stack.pop()
            pairs = zip(closed[::2], closed[1::2], strict=True)
            stack[-1].append(dict(pairs) if bracket == "}" else tuple(closed))
        elif string is not None:
            stack[-1].append(_ESCAPE.sub(meant, string))
        elif keyword or number or nil:
            stack[-1].append(f":{keyword}" if keyword else int(number) if number else None)
    assert end == len(text)
    (value,) = stack.pop()
    return value


def meant(escape):
    word = escape[1]
    return chr(int(word[1:], 16)) if len(word) > 1 else _MEANT[word]


def lines_of(story):
    return [read(line) for line in edn_of(story.history())]


def calls_of(story, kind=None):
    return [
        (line[":type"], line[":f"], line[":value"])
        for line in lines_of(story)
        if line[":process"] != ":nemesis" and kind in {None, line[":type"]}
    ]


VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.integers(), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, database=None)
@given(value=VALUES)
def test_text_is_read_back_as_it_was(value):
    text = text_of(value)
    assert "\n" not in text
    assert read(text) == value


def test_keyword_has_a_colon_and_keys_keep_their_order():
    assert text_of({Keyword("f"): Keyword("send"), Keyword("a"): None}) == "{:f :send, :a nil}"


def test_sends_and_polls_of_the_example_are_as_jepsen_has_them():
    lines = [read(line) for line in edn_of(read_history(EXAMPLE))]
    assert lines[0][":value"] == {
        ":keys": {0: ("orders", 0)},
        ":values": {0: "order-1", 1: "order-2", 2: "order-3"},
    }
    assert [line[":index"] for line in lines] == list(range(len(lines)))
    assert lines[1:3] == [
        {
            ":index": 1, ":type": ":invoke", ":time": 0, ":process": 0, ":f": ":send",
            ":value": ((":send", 0, 0),), ":op": 0, ":client": "shop#1",
        },
        {
            ":index": 2, ":type": ":ok", ":time": 4_000_000, ":process": 0, ":f": ":send",
            ":value": ((":send", 0, (0, 0)),), ":op": 0, ":client": "shop#1",
        },
    ]  # fmt: skip
    assert lines[6][":error"] == "timed out"
    assert lines[-1][":value"] == ((":poll", {0: ((0, 0), (1, 1), (2, 2))}),)


def test_confirm_without_a_position_has_none_and_a_failure_stays_as_it_was_asked():
    story = Story()
    story.ok(story.publish("a-1"), partition=0)
    story.fail(story.publish("a-2", partition=0))
    story.info(story.publish("a-3", partition=0), position=7)
    assert [value for kind, _, value in calls_of(story) if kind != ":invoke"] == [
        ((":send", 0, (None, 0)),),
        ((":send", 0, 1),),
        ((":send", 0, (7, 2)),),
    ]


def test_publish_that_nobody_answered_goes_where_its_message_was_found():
    story = Story()
    story.publish("a-1")
    story.publish("b-1")
    story.scanned(at("a-1", 4, partition=1))
    lines = lines_of(story)
    assert lines[0][":value"][":keys"] == {0: ("t", None), 1: ("t", 1)}
    sent = {line[":client"]: line[":value"] for line in lines if line[":f"] == ":send"}
    assert sent == {"a": ((":send", 1, 0),), "b": ((":send", 0, 1),)}


def test_bulk_publish_is_a_send_for_each_message():
    story = Story()
    op = story.publish("p-1", count=2)
    story.info(op, runs=(PublishRun(first_sequence=1, partition=0, first_position=5, count=1),))
    assert [value for _, _, value in calls_of(story, ":info")] == [
        ((":send", 1, (5, 0)),),
        ((":send", 0, 1),),
    ]


def test_runs_of_deliveries_are_told_one_by_one_and_what_has_no_position_is_not():
    story = Story()
    op = story.invoke("scan#1", "receive")
    run = DeliveryRun(
        process="p", first_sequence=1, source="t", partition=0, first_position=3, count=2
    )
    story.ok(op, deliveries=(at("p-9", None),), delivery_runs=(run,))
    assert calls_of(story, ":ok") == [(":ok", ":poll", ((":poll", {0: ((3, 0), (4, 1))}),))]


def test_empty_receive_has_no_key_and_one_that_is_unknown_has_no_map():
    story = Story()
    story.received("c")
    story.info(story.invoke("c", "receive"))
    assert [value for _, _, value in calls_of(story)] == [
        ((":poll",),),
        ((":poll", {}),),
        ((":poll",),),
        ((":poll",),),
    ]


def test_body_that_is_not_ours_has_a_value_of_its_place():
    story = Story()
    story.scanned(at("", 0), at("", 1))
    assert lines_of(story)[0][":value"][":values"] == {
        0: "not ours, t/0 at 0",
        1: "not ours, t/0 at 1",
    }


def transaction(*ends, sends=("ok", "ok")):
    story = Story()
    for number, how in enumerate(sends, start=1):
        op = story.publish(f"p-{number}", transaction="x", partition=0)
        getattr(story, how)(op)
    for action, how in ends:
        getattr(story, how)(story.invoke("p", action, transaction="x"))
    return story


def test_transaction_is_one_call_from_its_first_send_to_its_end():
    lines = lines_of(transaction(("commit_transaction", "ok")))[1:]
    assert [(line[":type"], line[":f"], line[":time"]) for line in lines] == [
        (":invoke", ":txn", 1_000_000),
        (":ok", ":txn", 6_000_000),
    ]
    assert lines[0][":value"] == ((":send", 0, 0), (":send", 0, 1))
    assert lines[1][":value"] == ((":send", 0, (None, 0)), (":send", 0, (None, 1)))


def test_outcome_of_a_transaction_is_known_only_if_nobody_can_doubt_it():
    def outcome(*ends):
        return calls_of(transaction(*ends))[-1][0]

    commit, abort = "commit_transaction", "abort_transaction"
    assert outcome((commit, "info"), (commit, "ok")) == ":ok"
    assert outcome((commit, "fail")) == ":fail"
    assert outcome((abort, "ok")) == ":fail"
    assert outcome((commit, "fail"), (abort, "info")) == ":fail"
    assert outcome((commit, "info"), (abort, "ok")) == ":info"
    assert outcome((abort, "info")) == ":info"
    assert outcome() == ":info"


def test_send_that_failed_is_no_part_of_its_transaction():
    story = transaction(("commit_transaction", "ok"), sends=("ok", "fail"))
    assert calls_of(story, ":ok")[0][2] == ((":send", 0, (None, 0)),)


def test_transaction_that_nobody_ended_stays_open_to_the_end():
    story = transaction()
    story.done()
    assert lines_of(story)[-1][":time"] == 5_000_001


def numbers_of(story):
    return [line[":process"] for line in lines_of(story) if line[":type"] == ":invoke"]


def test_calls_that_overlap_and_what_follows_an_unknown_one_have_processes_of_their_own():
    story = Story()
    one, two = story.publish("p-1"), story.publish("p-2")
    story.ok(one)
    story.info(two)
    story.ok(story.publish("p-3"))
    story.info(story.publish("p-4"))
    story.ok(story.publish("p-5"))
    assert numbers_of(story) == [0, 1, 0, 0, 2]


def test_reader_that_was_moved_has_a_new_process():
    for action in ("assign", "subscribe", "seek", "revoke", "lost"):
        story = Story()
        story.received("c", at("a-1", 0))
        story.ok(story.invoke("c", action, covers=(Position(source="t", position=0, partition=0),)))
        story.received("c", at("a-1", 0))
        first, *_, last = numbers_of(story)
        assert first != last, action


def test_assignment_and_subscription_are_told_with_their_keys_and_other_moves_are_not():
    story = Story()
    story.scanned(at("a-1", 0), at("a-1", 0, partition=1), at("b-1", 0, source="u"))
    story.ok(story.invoke("c", "subscribe", target="t"))
    covers = (Position(source="u", position=0, partition=0),)
    for action in ("assign", "seek", "revoke"):
        story.ok(story.invoke("c", action, covers=covers))
    moves = [call for call in calls_of(story, ":ok") if call[1] != ":poll"]
    assert moves == [(":ok", ":subscribe", (0, 1)), (":ok", ":assign", (2,))]


def test_what_was_done_to_the_system_is_told_by_the_nemesis():
    story = Story()
    story.injected("black_hole", "link p1")
    story.healed("black_hole", "link p1")
    story.node("b1", "killed")
    story.process("c1#1", "killed")
    told_of = [(line[":f"], line[":value"]) for line in lines_of(story)[1:]]
    assert told_of == [
        *((":fault", ("black_hole", moment, "link p1"))
          for moment in ("inject", "injected", "heal", "healed")),
        (":node", ("b1", "killed")),
        (":process", ("c1#1", "killed")),
    ]  # fmt: skip


@settings(max_examples=60, deadline=None, database=None)
@given(events=ANYTHING)
def test_any_history_has_an_edn_that_jepsen_can_pair(events):
    history = told(events)
    lines = [read(line) for line in edn_of(history)]
    assert [line[":index"] for line in lines] == list(range(len(lines)))
    assert [line[":time"] for line in lines] == sorted(line[":time"] for line in lines)
    busy = {}
    for line in lines:
        process = line[":process"]
        if line[":type"] == ":invoke":
            assert busy.get(process) is None
            busy[process] = line[":op"]
        elif process != ":nemesis":
            assert busy[process] == line[":op"]
            busy[process] = "retired" if line[":type"] == ":info" else None
    assert set(busy.values()) <= {None, "retired"}


def test_edn_does_not_depend_on_how_lines_of_processes_interleave():
    data = EXAMPLE.read_bytes()
    assert list(edn_of(history_of(backwards(data)))) == list(edn_of(history_of(data)))


def test_every_message_of_the_log_is_polled():
    history = read_history(EXAMPLE)
    polled = sum(
        len(pairs)
        for line in map(read, edn_of(history))
        if line[":type"] == ":ok" and line[":f"] == ":poll"
        for mop in line[":value"]
        for pairs in mop[1].values()
    )
    received = sum(len(one.deliveries) for one in history.select(Action.RECEIVE))
    assert polled == received


def test_open_transaction_ends_behind_its_beginning_whatever_the_clock_said():
    sent = Operation(
        op=1,
        process="p1#1",
        action=Action.PUBLISH,
        outcome=Outcome.OK,
        invoked_ns=9,
        completed_ns=5,
        message="p1#1-1",
        target="t",
        transaction="x1",
    )
    header = Header(format="deliverycheck-history", version=1, execution="x")
    lines = [read(line) for line in edn_of(History(header=header, operations=(sent,)))][1:]
    assert [line[":type"] for line in lines] == [":invoke", ":info"]
