"""The recorder: what is written is what is read, and a full disk spoils nothing."""

import os
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.history import (
    FORMAT,
    VERSION,
    Action,
    Delivery,
    Fail,
    Header,
    Info,
    Invoke,
    Ok,
    Outcome,
    Recorder,
    Returned,
    encode,
    read_history,
)


def recorder_at(path):
    clock = count(1_000)
    return Recorder(
        path, Header(format=FORMAT, version=VERSION, execution="x1"), lambda: next(clock)
    )


NAMES = st.text(min_size=1, max_size=5)
DELIVERIES = st.builds(
    Delivery,
    message=NAMES,
    source=NAMES,
    position=st.none() | st.integers(0, 99),
    partition=st.none() | st.integers(0, 9),
    attempt=st.integers(1, 3),
    redelivered=st.sampled_from([None, True, False]),
    mangled=st.sampled_from([(), ("key",), ("key", "headers")]),
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "process": st.sampled_from(["p1#1", "p1#2", "c1#1"]),
            "action": st.sampled_from(Action),
            "message": NAMES,
            "key": st.none() | NAMES,
            "headers": st.none() | st.dictionaries(NAMES, NAMES, max_size=2),
            "partition": st.none() | st.integers(0, 9),
            "deliveries": st.lists(DELIVERIES, min_size=1, max_size=2).map(tuple),
            "end": st.sampled_from([Ok, Fail, Info, Returned, None]),
            "error": st.none() | NAMES,
        }
    ),
    max_size=6,
)
INVOKED = ("process", "action", "message", "key", "headers", "deliveries")
ENDS = {Ok: Outcome.OK, Fail: Outcome.FAIL}


@settings(max_examples=80, deadline=None, database=None)
@given(calls=CALLS)
def test_what_is_recorded_is_what_is_read(calls, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round-trip.jsonl"
    recorder = recorder_at(path)
    for call in calls:
        fields = {name: value for name, value in call.items() if name not in {"end", "error"}}
        op = recorder.next_op()
        recorder.write(Invoke(op=op, ns=recorder.now(), target="t", group="g", **fields))
        if call["end"] is Returned:
            recorder.write(Returned(op=op, ns=recorder.now()))
        elif call["end"] is not None:
            recorder.write(call["end"](op=op, ns=recorder.now(), error=call["error"]))
    recorder.close()
    history = read_history(path)
    assert len(history.operations) == len(calls)
    for operation, call in zip(history.operations, calls, strict=True):
        assert {name: getattr(operation, name) for name in INVOKED} == {
            name: call[name] for name in INVOKED
        }
        assert operation.asked_partition == call["partition"]
        assert operation.outcome is ENDS.get(call["end"], Outcome.INFO)
        assert (operation.completed_ns is None) == (call["end"] in (None, Returned))
        assert (operation.returned_ns is not None) == (call["end"] is Returned)
        assert operation.extra == {}


def test_times_of_a_recorder_begin_with_it(tmp_path):
    recorder = recorder_at(tmp_path / "history.jsonl")
    assert recorder.now() < 100
    recorder.close()


def failing_after(size, monkeypatch):
    """The disk takes `size` more bytes, then it is full."""
    written = os.write
    left = [size]

    def write(file, data):
        if not left[0]:
            raise OSError(28, "No space left on device")
        taken = written(file, bytes(data[: left[0]]))
        left[0] -= taken
        return taken

    monkeypatch.setattr("deliverycheck.history.recorder.os.write", write)


@pytest.mark.parametrize("taken", [0, 1, 30, len(encode(Returned(op=0, ns=1)))])
def test_disk_that_fills_up_leaves_a_history_readable_to_its_end(tmp_path, monkeypatch, taken):
    path = tmp_path / "history.jsonl"
    recorder = recorder_at(path)
    recorder.write(Invoke(op=0, process="p1#1", action=Action.FLUSH, ns=1))
    failing_after(taken, monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        recorder.write(Invoke(op=1, process="p1#1", action=Action.FLUSH, ns=2))
    monkeypatch.undo()
    with pytest.raises(OSError, match="No space left"):
        recorder.write(Invoke(op=99, process="p1#1", action=Action.FLUSH, ns=3))
    recorder.close()
    history = read_history(path)
    assert [operation.op for operation in history.operations] == [0]
    assert history.cut is True


def test_line_that_the_system_takes_in_pieces_is_written_whole(tmp_path, monkeypatch):
    written = os.write
    path = tmp_path / "history.jsonl"
    monkeypatch.setattr(
        "deliverycheck.history.recorder.os.write",
        lambda file, data: written(file, bytes(data[:7])),
    )
    recorder = recorder_at(path)
    recorder.write(Invoke(op=0, process="p1#1", action=Action.FLUSH, ns=1))
    recorder.close()
    assert [operation.op for operation in read_history(path).operations] == [0]


def test_recorder_begins_its_file_anew(tmp_path):
    path = Path(tmp_path) / "history.jsonl"
    path.write_bytes(b"something else")
    recorder_at(path).close()
    assert path.read_bytes().startswith(b'{"type":"header"')
