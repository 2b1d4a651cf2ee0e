"""Histories on disk: strict in what is known, readable to any cut, the same when read again."""

import json

import msgspec
import pytest

from deliverycheck.guarantees import Validity, check
from deliverycheck.history import (
    Delivery,
    DeliveryRun,
    HistoryFormatError,
    Outcome,
    PublishRun,
    events_of,
    history_of,
    read_history,
)
from selftests.story import Story, at

HEADER = b'{"type":"header","format":"deliverycheck-history","version":1,"execution":"x1"}\n'
INVOKE = (
    b'{"type":"invoke","op":0,"process":"p1#1","action":"publish","ns":1,'
    b'"message":"m","target":"t"}\n'
)
OK = b'{"type":"ok","op":0,"ns":2,"position":7}\n'


def real_looking():
    """One line of each type, a message id that is not ASCII, bulk calls, a fault."""
    story = Story(groups={"g": ("t",)}, relies_on="call_returned")
    story.process("p1#1", "started", link="link p1")
    story.published("p1#1-1", 0, headers={"größe": "å"})
    story.injected("lose_reply", "link p1", direction="downstream", processes=("p1#1",))
    bulk = story.publish("p1#1-2", count=3)
    story.returned(bulk)
    story.process("p1#1", "error", error="_TRANSPORT", op=bulk)
    story.healed("lose_reply", "link p1")
    story.info(bulk, runs=(PublishRun(first_sequence=2, partition=0, first_position=1, count=2),))
    failed = story.publish("p1#1-5")
    story.fail(failed, error="_QUEUE_FULL")
    story.received("c1#1", at("p1#1-1", 0))
    story.effect("c1#1", at("p1#1-1", 0))
    story.committed("c1#1", 1)
    story.node("b1", "killed")
    scan = story.invoke("scan#1", "receive", target="t")
    run = DeliveryRun(
        process="p1#1", first_sequence=1, source="t", partition=0, first_position=0, count=3
    )
    story.ok(scan, delivery_runs=(run,))
    return story.done()


# Cuts


def test_history_cut_at_any_byte_is_readable_to_the_cut():
    lines = real_looking().lines()
    data = b"".join(lines)
    ends = [sum(map(len, lines[:number])) for number in range(1, len(lines) + 1)]
    whole = history_of(data)
    for size in range(1, len(data)):
        history = history_of(data[:size])
        # A line is there from the byte before its line end on: only then it is whole JSON.
        there = sum(end - 1 <= size for end in ends)
        events = [json.loads(line) for line in lines[:there]]
        ops = [event["op"] for event in events if event["type"] == "invoke"]
        assert [operation.op for operation in history.operations] == ops
        assert history.cut == (there < len(lines)), f"cut at byte {size}"
        completed = {one.op for one in history.operations if one.completed_ns is not None}
        known = {one.op: one for one in whole.operations}
        assert all(history.by_op[op] == known[op] for op in completed)


def test_no_cut_history_is_valid_for_anything():
    data = b"".join(real_looking().lines())
    for size in range(1, len(data) - 1, 7):
        verdicts = check(history_of(data[:size]))
        assert Validity.VALID not in {verdict.validity for verdict in verdicts}


def test_last_line_without_its_line_end_does_not_make_a_history_a_cut_one():
    data = b"".join(real_looking().lines())
    assert history_of(data.removesuffix(b"\n")).cut is False
    assert history_of(data + b'{"type":"inv').cut is True


def test_history_without_its_closing_mark_is_cut():
    assert history_of(HEADER + INVOKE + OK).cut is True


def test_operation_without_completion_is_unknown_and_open():
    (operation,) = history_of(HEADER + INVOKE).operations
    assert (operation.outcome, operation.completed_ns) == (Outcome.INFO, None)


# What the reader refuses


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "the file is empty"),
        (b"hello", "not a JSON object; is this a deliverycheck-history file"),
        (b"hello\n", "line 1: not a JSON object"),
        (b"[1, 2]\n", "line 1: expected a JSON object"),
        (b'\xff\xfe{"type":"header"}\n', "line 1: not a JSON object"),
        (INVOKE, "line 1: expected the header first"),
        (b'{"index": 0, "f": "send"}\n', "line 1: field 'type': expected one of header, invoke"),
        (HEADER.replace(b"deliverycheck-", b"jepsen-"), "line 1: field 'format': expected"),
        (HEADER.replace(b'"version":1', b'"version":2'), "reads version 1, the file has 2"),
        (b'{"type":"header","format":"deliverycheck-history","version":9}\n', "the file has 9"),
        (
            HEADER.replace(b'"version":1', b'"version":"1"'),
            "field 'version': expected int, got str '1'",
        ),
        (HEADER + HEADER, "line 2: a second header"),
        (HEADER + b"\n" + INVOKE, "line 2: the line is empty; expected a JSON object"),
        (HEADER + INVOKE[:40] + b"\n" + OK, "line 2: not a JSON object"),
        (HEADER + b'{"type":"okay","op":0,"ns":1}\n', "line 2: field 'type': expected one of"),
        (HEADER + b'{"op":0,"ns":1}\n', "got None"),
        (HEADER + b'{"type":"ok","ns":1}\n', "field 'op': missing"),
        (HEADER + INVOKE.replace(b'"process":"p1#1",', b""), "field 'process': missing"),
        (
            HEADER + INVOKE.replace(b"publish", b"shout"),
            r"field 'action': expected one of open, .*; got 'shout'",
        ),
        (HEADER + INVOKE.replace(b'"ns":1', b'"ns":"1"'), r"field 'ns': expected int, got str '1'"),
        (HEADER + OK, "line 2: field 'op': 0 has no invoke line before this one"),
        (HEADER + b'{"type":"returned","op":0,"ns":1}\n', "0 has no invoke line"),
        (HEADER + INVOKE + OK + OK, "line 4: field 'op': 0 is completed already"),
        (HEADER + INVOKE + OK + OK.replace(b'"ok"', b'"fail"'), "0 is completed already"),
        (HEADER + INVOKE + b'{"type":"returned","op":0,"ns":1}\n' * 2, "0 has returned already"),
        (HEADER + INVOKE + INVOKE, "line 3: field 'op': 0 was invoked before"),
        (
            HEADER + INVOKE.replace(b'"op":0', b'"op":5') + INVOKE.replace(b'"op":0', b'"op":4'),
            "line 3: field 'op': 4 does not rise within process 'p1#1' .the one before was 5",
        ),
        (
            HEADER + b'{"type":"fault","moment":"heal","fault":"stall","lane":"link p1","ns":1}\n',
            "heal of fault 'stall' on 'link p1' without an inject before it",
        ),
    ],
    ids=[
        "empty-file",
        "text-without-line-end",
        "text",
        "list",
        "bytes-that-are-no-text",
        "no-header",
        "history-of-another-program",
        "other-format",
        "newer-version",
        "newer-version-with-other-fields",
        "version-that-is-no-number",
        "second-header",
        "empty-line",
        "torn-line-in-the-middle",
        "unknown-type",
        "no-type",
        "missing-op",
        "missing-process",
        "unknown-action",
        "time-that-is-no-number",
        "completion-of-nothing",
        "return-of-nothing",
        "second-completion",
        "second-completion-of-another-kind",
        "second-return",
        "same-op-twice",
        "op-that-does-not-rise",
        "heal-of-nothing",
    ],
)
def test_line_that_breaks_the_format_is_refused_with_its_place(data, complaint):
    with pytest.raises(HistoryFormatError, match=f"^mine.jsonl.*{complaint}"):
        history_of(data, name="mine.jsonl")


def test_ops_of_different_processes_may_come_in_any_order():
    later, sooner = INVOKE.replace(b'"op":0', b'"op":5'), INVOKE.replace(b"p1#1", b"p2#1")
    assert [one.op for one in history_of(HEADER + later + sooner).operations] == [5, 0]


def test_refused_file_is_named_with_its_path(tmp_path):
    path = tmp_path / "a history.jsonl"
    path.write_bytes(HEADER + OK)
    with pytest.raises(HistoryFormatError, match=r"a history\.jsonl, line 2"):
        read_history(path)


# What the reader keeps


def test_unknown_fields_of_both_lines_of_an_operation_are_kept():
    invoke = INVOKE.replace(b'"ns":1', b'"ns":1,"thread":"t-7"')
    ok = OK.replace(b'"ns":2', b'"ns":2,"broker":{"id":1}')
    (operation,) = history_of(HEADER + invoke + ok).operations
    assert operation.extra == {"thread": "t-7", "broker": {"id": 1}}


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"fault","moment":"inject","fault":"stall","lane":"link p1","ns":1,"rate":0}\n',
        b'{"type":"process","process":"p1#1","what":"died","ns":1,"rate":0}\n',
        b'{"type":"broker","node":"b1","state":"died","ns":1,"rate":0}\n',
    ],
    ids=["fault", "process", "broker"],
)
def test_unknown_fields_of_what_happened_are_evidence(line):
    history = history_of(HEADER + line)
    (event,) = history.faults + history.processes + history.nodes
    assert event.evidence == {"rate": 0}


def test_line_with_a_field_more_is_read_as_the_line_without_it():
    story = Story(groups={"g": ("t",)})
    story.published("p1#1-1", 0, partition=0, key="k")
    story.received("c1#1", at("p1#1-1", 0))
    story.scanned("p1#1-1")
    story.process("p1#1", "killed")
    plain = story.done().lines()
    more = [line.replace(b"{", b'{"colour":"red",', 1) for line in plain]
    operations = history_of(b"".join(more)).operations
    assert all(operation.extra == {"colour": "red"} for operation in operations)
    without = tuple(msgspec.structs.replace(operation, extra={}) for operation in operations)
    assert without == history_of(b"".join(plain)).operations


def test_partition_that_was_asked_for_is_kept_beside_the_one_that_was_given():
    invoke = INVOKE.replace(b'"ns":1', b'"ns":1,"partition":2')
    ok = OK.replace(b'"ns":2', b'"ns":2,"partition":1')
    (operation,) = history_of(HEADER + invoke + ok).operations
    assert (operation.asked_partition, operation.partition) == (2, 1)


def test_call_may_return_after_its_confirm():
    returned = b'{"type":"returned","op":0,"ns":9}\n'
    (operation,) = history_of(HEADER + INVOKE + OK + returned).operations
    assert (operation.completed_ns, operation.returned_ns) == (2, 9)


def test_fault_span_gathers_its_moments_processes_and_evidence():
    story = Story()
    story.fault("inject", "kill", "p1", processes=("p1#1",), evidence={"pid": 7})
    story.fault("injected", "kill", "p1", processes=("p1#1", "p1#2"), evidence={"gone": True})
    (span,) = story.history().faults
    assert (span.inject_ns, span.injected_ns, span.heal_ns) == (1_000_000, 2_000_000, None)
    assert (span.processes, span.evidence) == (("p1#1", "p1#2"), {"pid": 7, "gone": True})


# Bulk calls


def bulk(completion, **fields):
    story = Story()
    op = story.publish("p1#1-4", count=3)
    getattr(story, completion)(op, **fields)
    return story.history().publications


RUN = PublishRun(first_sequence=5, partition=1, first_position=40, count=2)


def test_run_gives_consecutive_messages_consecutive_positions():
    placed = [(one.message, one.partition, one.position) for one in bulk("ok", runs=(RUN,))]
    assert placed == [("p1#1-4", None, None), ("p1#1-5", 1, 40), ("p1#1-6", 1, 41)]


@pytest.mark.parametrize(
    ("completion", "fields", "confirmed"),
    [
        ("ok", {}, [True, True, True]),
        ("ok", {"runs": (RUN,)}, [True, True, True]),
        ("info", {"runs": (RUN,)}, [False, True, True]),
        ("info", {"confirmed": True}, [True, True, True]),
        ("info", {}, [False, False, False]),
        ("fail", {}, [False, False, False]),
    ],
    ids=[
        "ok-confirms-all",
        "ok-confirms-all-even-without-positions",
        "unknown-confirms-what-it-placed",
        "confirm-that-proves-nothing-is-one-for-all",
        "unknown-confirms-nothing",
        "failed-confirms-nothing",
    ],
)
def test_messages_of_a_bulk_publish_are_confirmed_as_its_completion_says(
    completion, fields, confirmed
):
    assert [one.confirmed for one in bulk(completion, **fields)] == confirmed


def test_run_of_deliveries_is_read_as_single_deliveries():
    story = Story()
    op = story.invoke("scan#1", "receive")
    run = DeliveryRun(
        process="p1#1", first_sequence=9, source="t", partition=2, first_position=5, count=2
    )
    story.ok(op, delivery_runs=(run,))
    assert [reading.delivery for reading in story.history().log] == [
        Delivery(message="p1#1-9", source="t", partition=2, position=5),
        Delivery(message="p1#1-10", source="t", partition=2, position=6),
    ]


def test_events_of_a_file_are_what_was_written_in_its_order():
    story = real_looking()
    assert list(events_of(b"".join(story.lines()))) == story.events


def test_every_event_is_one_line():
    assert all(line.count(b"\n") == 1 for line in real_looking().lines())
