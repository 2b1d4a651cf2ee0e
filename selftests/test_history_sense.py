"""What a reader refuses so that a line's silence, or a misspelt word, accuses nobody."""

import json

import pytest

from deliverycheck.history import HistoryFormatError, events_of, history_of
from deliverycheck.history.sense import BULK_MESSAGES_MAX
from selftests.story import Story, at

HEADER = b'{"type":"header","format":"deliverycheck-history","version":1,"execution":"x1"}\n'
INVOKE = (
    b'{"type":"invoke","op":0,"process":"p1#1","action":"publish","ns":1,'
    b'"message":"m","target":"t"}\n'
)


def header_with(**fields):
    return json.dumps(json.loads(HEADER) | fields).encode() + b"\n"


def invoke(action, **fields):
    said = {"type": "invoke", "op": 0, "process": "p1#1", "action": action, "ns": 5}
    return json.dumps(said | fields).encode() + b"\n"


def complaint_about(*lines):
    with pytest.raises(HistoryFormatError) as refused:
        history_of(b"".join(lines))
    return str(refused.value).removeprefix("history.jsonl, ")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (invoke("publish", target="t"), "'message': missing; an invoke of 'publish' needs it"),
        (invoke("publish", message="m"), "'target': missing; an invoke of 'publish' needs it"),
        (invoke("publish", message="m", target=None), "'target': missing; an invoke of 'publish'"),
        (invoke("publish"), "'message': missing; an invoke of 'publish' needs it"),
        (
            invoke("publish", message="", target="t"),
            "'message': empty; an invoke of 'publish' needs it",
        ),
        (invoke("publish", mesage="m", target="t"), "'message': missing"),
        (invoke("effect", deliveries=[]), "'group': missing; an invoke of 'effect' needs it"),
        (
            invoke("effect", group="g", message="m"),
            "'deliveries': missing; an effect names there what was worked on",
        ),
        (
            invoke("publish", message="m", target="t", count=0),
            "'count': expected int >= 1, got 0, in a line of type 'invoke'",
        ),
        (
            invoke("publish", message="m", target="t", count=-2),
            "'count': expected int >= 1, got -2, in a line of type 'invoke'",
        ),
        (invoke("flush", ns=-1), "'ns': expected int >= 0, got -1, in a line of type 'invoke'"),
        (invoke("flush", op=-1), "'op': expected int >= 0, got -1, in a line of type 'invoke'"),
        (
            invoke("commit", covers=[{"source": "t", "position": -1001}]),
            "'covers[0].position': expected int >= 0, in a line of type 'invoke'",
        ),
        (
            invoke("receive", isolation="read_comitted"),
            (
                "'isolation': expected one of read_uncommitted, read_committed, "
                "strict_serializable; "
                "got 'read_comitted' (did you mean 'read_committed'?)"
            ),
        ),
    ],
)
def test_call_that_lacks_what_it_is_judged_by_is_refused(line, complaint):
    assert complaint_about(HEADER, line).startswith(f"line 2: field {complaint}")


@pytest.mark.parametrize(
    "line",
    [
        invoke("receive"),
        invoke("effect", group="g"),
        invoke("effect", group="g", message="m", deliveries=[{"message": "", "source": "t"}]),
        invoke("effect", group="g", deliveries=[{"message": "m", "source": "t", "position": 0}]),
        invoke("publish", message="m", target=""),
        invoke("publish", message="m", target="t", ns=0, count=1),
        invoke("publish", message="p1#1-0", target="t", count=2),
        invoke("request"),
        invoke("commit"),
    ],
)
def test_what_a_call_may_leave_out_is_no_error(line):
    assert len(history_of(HEADER + line).operations) == 1


@pytest.mark.parametrize("message", ["m", "m3", "7", "m-", "m-x", "m-07", "m-²", "m-" + "1" * 19])
def test_bulk_publish_whose_id_cannot_be_counted_on_is_refused(message):
    line = invoke("publish", message=message, target="t", count=3)
    told = complaint_about(HEADER, line)
    assert told.startswith("line 2: field 'message': expected an id that ends in - and a number")
    assert told.endswith(f"of a publish with count 3; got {message!r}")


COMPLETED = {"op": 0, "ns": 9}
PLACE = {"source": "t", "position": -1}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"position": -1}, "position"),
        ({"ns": -5}, "ns"),
        ({"deliveries": [{"message": "m", **PLACE}]}, "deliveries[0].position"),
        ({"starts": [PLACE]}, "starts[0].position"),
        ({"ends": [PLACE]}, "ends[0].position"),
        ({"covers": [PLACE]}, "covers[0].position"),
        ({"runs": [[0, 0, -1, 1]]}, "runs[0][2]"),
        ({"runs": [[-1, 0, 0, 1]]}, "runs[0][0]"),
        ({"delivery_runs": [["p1#1", 0, "t", 0, -1, 1]]}, "delivery_runs[0][4]"),
        ({"delivery_runs": [["p1#1", -1, "t", 0, 0, 1]]}, "delivery_runs[0][1]"),
    ],
)
def test_number_below_zero_is_refused(fields, field):
    for kind in ("ok", "fail", "info"):
        line = json.dumps({"type": kind} | COMPLETED | fields).encode() + b"\n"
        told = complaint_about(HEADER, INVOKE, line)
        assert told.startswith(f"line 3: field {field!r}: expected int >= 0")


@pytest.mark.parametrize("count", [0, -3])
@pytest.mark.parametrize(
    ("field", "run", "place"),
    [("runs", [0, 0, 0], 3), ("delivery_runs", ["p1#1", 0, "t", 0, 0], 5)],
)
def test_run_of_nothing_is_refused(field, run, place, count):
    line = json.dumps({"type": "ok", **COMPLETED, field: [[*run, count]]}).encode() + b"\n"
    told = complaint_about(HEADER, INVOKE, line)
    assert told.startswith(f"line 3: field '{field}[0][{place}]': expected int >= 1")


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"fault","moment":"inject","fault":"stall","lane":"link p1","ns":-1}\n',
        b'{"type":"process","process":"p1#1","what":"died","ns":-1}\n',
        b'{"type":"broker","node":"b1","state":"died","ns":-1}\n',
        b'{"type":"phase","phase":"drain","ns":-1}\n',
    ],
)
def test_time_before_the_beginning_is_refused(line):
    assert complaint_about(HEADER, line).startswith("line 2: field 'ns': expected int >= 0, got -1")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"partition": -1}, "'partition': expected int >= 0, got -1"),
        ({"attempt": 0}, "'attempt': expected int >= 1, got 0"),
        ({"prefetch": -1}, "'prefetch': expected int >= 0, got -1"),
        ({"headers": {"a": "1", "b": 2}}, "'headers.b': expected str, got int"),
        (
            {"deliveries": [{"message": "m", "source": "t", "partition": -1}]},
            "'deliveries[0].partition': expected int >= 0",
        ),
        (
            {"deliveries": [{"message": "m", "source": "t", "deliveries": 0}]},
            "'deliveries[0].deliveries': expected int >= 1",
        ),
    ],
)
def test_number_that_counts_nothing_is_refused(fields, complaint):
    line = invoke("publish", message="m", target="t", **fields)
    assert complaint_about(HEADER, line).startswith(f"line 2: field {complaint}")


@pytest.mark.parametrize("kind", ["ok", "fail", "info", "returned"])
def test_answer_may_have_the_time_of_its_call_and_none_before(kind):
    line = b'{"type":"%s","op":0,"ns":5}\n' % kind.encode()
    assert history_of(HEADER + invoke("flush", ns=5) + line).operations
    told = complaint_about(HEADER, invoke("flush", ns=6), line)
    assert told.startswith("line 3: field 'ns': 5 is before the invoke of operation 0 at 6;")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (
            {"relies_on": "confrim"},
            (
                "'relies_on': expected one of confirm, call_returned; got 'confrim' "
                "(did you mean 'confirm'?)"
            ),
        ),
        ({"error_means": "abesnt"}, "'error_means': expected one of unknown, absent; got 'abesnt'"),
        ({"clock": "wall"}, "'clock': expected one of monotonic_ns; got 'wall'"),
        (
            {"sources": {"a": {}, "q": {"kind": "que"}}},
            "'sources.q.kind': expected one of log, queue, stream; got 'que' (did you mean 'queue'",
        ),
        (
            {"sources": {"q": {"kind": "queue", "overflow": "drop-head"}}},
            "'sources.q.overflow': expected one of drop_head, reject_publish; got 'drop-head'",
        ),
        (
            {"sources": {"q": {"requeue": "front"}}},
            "'sources.q.requeue': expected one of original, back; got 'front'",
        ),
        (
            {"sources": {"a": {}, "t": {"retention": 5}}},
            (
                "'sources.t.retention': expected one of kind, compacted, retention_ms, expires_ms, "
                "length_max, overflow, dead_letter, delivery_limit, priorities, requeue, "
                "limited_later; got 'retention' (did you mean 'retention_ms'?)"
            ),
        ),
        (
            {"sources": {"a": {}, "t": {"retention_ms": "5"}}},
            "'sources.t.retention_ms': expected int | null, got str, in a line of type 'header'",
        ),
        ({"sources": {"t": 5}}, "'sources.t': expected object, got int"),
        ({"sources": []}, "'sources': expected object, got array"),
        ({"sources": {"t": {"retention_ms": -1}}}, "'sources.t.retention_ms': expected int >= 0"),
        ({"sources": {"q": {"priorities": 0}}}, "'sources.q.priorities': expected int >= 1"),
        ({"groups": {"g": ["t"], "h": "t"}}, "'groups.h': expected array, got str"),
        ({"within_ms": -1}, "'within_ms': expected int >= 0, got -1"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"story": "kept"}], ids=["known", "with-a-field-more"])
def test_header_that_says_what_there_is_not_is_refused(fields, complaint, more):
    told = complaint_about(header_with(**fields, **more))
    assert told.startswith(f"line 1: field {complaint}")


def test_words_that_are_left_open_may_be_any():
    """What a process did, a fault's name and a dead letter's reason have no closed list."""
    story = Story(clock="monotonic_ns", relies_on="call_returned", error_means="absent")
    story.process("p1#1", "danced")
    story.injected("flood", "link p1")
    story.received("c1#1", at("m", 0, reason="odd"))
    assert history_of(b"".join(story.lines())).operations


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([HEADER, INVOKE, b"\n"], "line 3: the line is empty"),
        ([HEADER, b" \r\n", INVOKE], "line 2: the line is empty"),
        ([b"\xef\xbb\xbf", HEADER, INVOKE], "line 1: begins with a byte order mark"),
        ([HEADER, b"[" * 100_000, b"\n"], "line 2: not a JSON object (nested too deeply)"),
        ([HEADER, b"[" * 100_000], "line 2: not a JSON object (nested too deeply)"),
        ([b"[" * 100_000], "line 1: not a JSON object (nested too deeply)"),
        ([HEADER, b'{"a":' * 100_000, b"\n"], "line 2: not a JSON object (nested too deeply)"),
        (
            [HEADER, INVOKE.replace(b'"m"', b"[" * 100_000 + b"]" * 100_000)],
            "line 2: not a JSON object (nested too deeply)",
        ),
    ],
)
def test_line_that_cannot_be_read_says_why(lines, complaint):
    assert complaint_about(*lines).startswith(complaint)


def test_events_of_a_file_are_refused_as_its_history_is():
    with pytest.raises(HistoryFormatError, match="line 2: field 'target': missing"):
        list(events_of(HEADER + invoke("publish", message="m")))


def bulks(publish, placed, read):
    run, delivered = [0, 0, 0, placed], ["p1#1", 0, "t", 0, 0, read]
    yield HEADER
    yield invoke("publish", message="p1#1-0", target="t", count=publish)
    yield json.dumps({"type": "ok", "op": 0, "ns": 9, "runs": [run]}).encode() + b"\n"
    yield invoke("receive", op=1, process="scan#1")
    yield json.dumps({"type": "ok", "op": 1, "ns": 9, "delivery_runs": [delivered]}).encode()


def test_bulk_operations_name_no_more_messages_than_memory_holds():
    third = BULK_MESSAGES_MAX // 3
    assert len(history_of(b"".join(bulks(third, third, third))).operations) == 2
    told = complaint_about(*bulks(third, third, third + 1))
    assert told == (
        "line 5: field 'delivery_runs': with it the bulk operations of this file name 3000001 "
        "messages; expected at most 3000000"
    )
    assert "line 3: field 'runs'" in complaint_about(*bulks(third, 10**12, 1))
    assert "line 2: field 'count'" in complaint_about(*bulks(10**12, 1, 1))


def test_single_messages_are_no_bulk():
    lines = [invoke("publish", op=op, message=f"p1#1-{op}", target="t") for op in range(3)]
    assert len(history_of(HEADER + b"".join(lines)).publications) == 3
