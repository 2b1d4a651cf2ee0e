"""The engine for big histories against the one in memory: one answer, whatever the history."""

import tempfile
from importlib import import_module
from os import environ
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.big import Engine, engine_for, judge_file, packed_path
from deliverycheck.big.size import JUDGED_BY_DUCKDB, MEBIBYTE, PYTHON_FILE_MB_MAX
from deliverycheck.cli import main
from deliverycheck.cli.bench.big_history import write_big_history
from deliverycheck.cli.check import CheckOptions, check
from deliverycheck.cli.judging import judged
from deliverycheck.cli.verdict_lines import lines_of
from deliverycheck.guarantees import Validity, explain
from deliverycheck.history import Delivery
from deliverycheck.search.record import ExitCode
from selftests.story import Story, at

BOTH = settings(
    max_examples=int(environ.get("DELIVERYCHECK_EXAMPLES", "20")), deadline=None, database=None
)
PRODUCERS = ("p1#1", "p1#2", "p2#1")
MESSAGES = [f"{process}-{number}" for process in PRODUCERS for number in (1, 2, 3)]
PARTITIONS = st.sampled_from([0, 0, 0, 1, None])
SENDS = st.builds(
    dict,
    message=st.sampled_from([*MESSAGES, "odd"]),
    process=st.sampled_from(PRODUCERS),
    target=st.sampled_from(["t", "t", "t", "u"]),
    key=st.sampled_from([None, "k", "j"]),
    partition=st.sampled_from([None, None, 0, 1]),
    attempt=st.sampled_from([1, 1, 1, 2]),
    outcome=st.sampled_from(["ok", "ok", "ok", "fail", "info", "confirmed", "open"]),
    returned=st.booleans(),
    position=st.sampled_from([None, 0, 1, 2, 3]),
)
DELIVERIES = st.builds(
    Delivery,
    message=st.sampled_from([*MESSAGES, *MESSAGES, "odd", "never", ""]),
    source=st.sampled_from(["t", "t", "t", "u"]),
    partition=PARTITIONS,
    position=st.sampled_from([None, 0, 1, 2, 3, 4, 5, 6, 7]),
    attempt=st.sampled_from([1, 1, 1, 2]),
    mangled=st.sampled_from([(), (), (), (), ("key",)]),
    target=st.sampled_from([None, None, None, None, "t", "u"]),
    execution=st.sampled_from([None, None, None, "x1", "x2"]),
    redelivered=st.sampled_from([None, None, False, True]),
)
READINGS = st.tuples(
    st.sampled_from(["scan#1", "scan#1", "scan#2", "c1#1", "c1#1"]),
    st.lists(DELIVERIES, max_size=6),
    st.sampled_from([None, None, "g"]),
    st.sampled_from(["ok", "ok", "ok", "info", "open"]),
)
MOVES = st.sampled_from(["subscribe", "assign", "seek", "revoke"])
CALLS = st.lists(st.one_of(SENDS, SENDS, READINGS, READINGS, MOVES), max_size=14)


def told(calls, *, scanned=True, **header):
    """A story of publishes and receives as drawn, however little sense it makes."""
    story = Story(**header)
    for call in calls:
        if isinstance(call, tuple):
            process, deliveries, group, outcome = call
            op = story.invoke(process, "receive", target="t", group=group)
            if outcome != "open":
                getattr(story, outcome)(op, deliveries=tuple(deliveries))
            continue
        if isinstance(call, str):
            story.ok(story.invoke("c1#1", call))
            continue
        fields = dict(call)
        outcome, returned, position = (
            fields.pop(name) for name in ("outcome", "returned", "position")
        )
        op = story.publish(fields.pop("message"), **fields)
        if returned:
            story.returned(op)
        if outcome == "confirmed":
            story.info(op, confirmed=True)
        elif outcome == "ok":
            story.ok(op, position=position, partition=None if position is None else 0)
        elif outcome != "open":
            getattr(story, outcome)(op, error="an_error")
    return b"".join((story if scanned is None else story.done(scanned=scanned)).lines())


def judged_by_both(data, names=JUDGED_BY_DUCKDB):
    """The answers of both engines to one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.jsonl"
        path.write_bytes(data)
        return judge_file(path, names, Engine.PYTHON), judge_file(path, names, Engine.DUCKDB)


def assert_equal(data):
    small, big = judged_by_both(data)
    assert big.verdicts == small.verdicts
    for verdict in small.verdicts:
        assert explain(verdict, big.history) == explain(verdict, small.history)


@BOTH
@given(
    calls=CALLS,
    relies_on=st.sampled_from(["confirm", "confirm", "call_returned"]),
    error_means=st.sampled_from(["unknown", "absent"]),
    scanned=st.sampled_from([True, True, True, True, False, None]),
)
def test_any_history_has_one_answer(calls, relies_on, error_means, scanned):
    assert_equal(told(calls, relies_on=relies_on, error_means=error_means, scanned=scanned))


SIZES = {
    "deliverycheck.big.sent._OPS_A_RANGE": 3,
    "deliverycheck.big.order._ROWS_A_SLICE": 2,
    "deliverycheck.big.readers._RECEIPTS_A_SLICE": 1,
}


@BOTH
@given(calls=CALLS)
def test_any_history_has_one_answer_in_however_many_pieces_it_is_looked_at(calls):
    with pytest.MonkeyPatch.context() as patch:
        for name, size in SIZES.items():
            patch.setattr(name, size)
        assert_equal(told(calls))


def log_of(messages, missed=()):
    """Every message is confirmed; the log holds these, in this order; a reader misses some."""
    handed = [at(message, place) for place, message in enumerate(messages) if place not in missed]
    return [
        *(
            {
                "message": message,
                "process": message.rpartition("-")[0],
                "key": message[-1],
                "outcome": "ok",
                "returned": False,
                "position": None,
            }
            for message in MESSAGES
        ),
        ("scan#1", [at(message, place) for place, message in enumerate(messages)], None, "ok"),
        *(("c1#1", part, None, "ok") for part in (handed[:4], handed[4:])),
    ]


@BOTH
@given(
    messages=st.permutations(MESSAGES),
    cut=st.integers(0, 9),
    again=st.lists(st.integers(0, 8)),
    missed=st.sets(st.integers(0, 9), max_size=3),
)
def test_logs_with_losses_and_repetitions_have_one_answer(messages, cut, again, missed):
    kept = [*messages[cut:], *(MESSAGES[number] for number in again)]
    assert_equal(told(log_of(kept, missed)))


@pytest.mark.parametrize("torn", [b'{"type":"ok","op":1,', b'{"type"', b"{", b'"', b"x"])
def test_torn_last_line_is_left_out_by_both(torn):
    whole = told(log_of(MESSAGES), scanned=None)
    assert_equal(whole + torn)


def test_history_of_a_header_alone_tells_neither_anything():
    assert_equal(Story().lines()[0])


def test_generated_big_history_is_sound(tmp_path):
    path = tmp_path / "history.jsonl"
    messages = 20_000
    write_big_history(path, messages)
    small, big = (
        judge_file(path, JUDGED_BY_DUCKDB, engine) for engine in (Engine.PYTHON, Engine.DUCKDB)
    )
    assert {verdict.validity for verdict in big.verdicts} == {Validity.VALID}
    assert big.verdicts == small.verdicts
    assert packed_path(path).exists()


@pytest.mark.parametrize(
    "fields",
    [{"transaction": "x"}, {"tombstone": True}, {"count": 2}],
    ids=lambda fields: next(iter(fields)),
)
def test_what_only_memory_can_judge_is_unknown_with_the_reason(fields):
    story = Story()
    story.published("p1#1-1", 0, **fields)
    story.scanned("p1#1-1")
    _, big = judged_by_both(b"".join(story.done().lines()))
    assert {verdict.validity for verdict in big.verdicts} == {Validity.UNKNOWN}
    assert all("big history" in verdict.reason for verdict in big.verdicts)


def test_other_guarantees_on_a_big_history_are_unknown_with_the_reason():
    _, big = judged_by_both(told(log_of(MESSAGES)), ("at_most_once_in_effect",))
    assert "judged in memory" in big.verdicts[0].reason


def test_size_of_the_file_decides(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"")
    assert engine_for(path) is Engine.PYTHON
    with path.open("r+b") as file:
        file.truncate(PYTHON_FILE_MB_MAX * MEBIBYTE + 1)
    assert engine_for(path) is Engine.DUCKDB


def test_check_chooses_the_engine_by_size_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "history.jsonl"
    path.write_bytes(told(log_of(MESSAGES[1:])))
    assert judged(path, JUDGED_BY_DUCKDB).engine is Engine.PYTHON
    small = judged(path, JUDGED_BY_DUCKDB)
    monkeypatch.setattr("deliverycheck.big.size.PYTHON_FILE_MB_MAX", 0)
    big = judged(path, JUDGED_BY_DUCKDB)
    assert big.engine is Engine.DUCKDB
    assert big.verdicts == small.verdicts
    (head, _), *rest = lines_of(big, asked_for=True)
    assert "duckdb" in head.lower()
    assert rest == list(lines_of(small, asked_for=True))[1:]


def test_packed_form_of_another_layout_is_made_anew(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(told(log_of(MESSAGES)))
    duckdb.sql(f"COPY (SELECT 1 AS other) TO '{packed_path(path)}' (FORMAT parquet)")
    (verdict,) = judge_file(path, ["at_least_once_in_log"], Engine.DUCKDB).verdicts
    assert verdict.validity is Validity.VALID


def test_no_room_is_an_error_of_the_disk(tmp_path, monkeypatch):
    path = tmp_path / "history.jsonl"
    path.write_bytes(told(log_of(MESSAGES)))

    def full(_self):
        raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr("deliverycheck.big.suspects.Suspects.find", full)
    with pytest.raises(OSError, match=r"history.jsonl: no room: DuckDB holds 700 MB .* are free"):
        judge_file(path, None, Engine.DUCKDB)


@pytest.fixture
def full_disk(tmp_path, monkeypatch):
    """A history beside which DuckDB can write nothing."""
    path = tmp_path / "history.jsonl"
    path.write_bytes(told(log_of(MESSAGES)))

    def full(*_):
        raise duckdb.IOException("Could not write file: No space left on device")

    monkeypatch.setattr(import_module("deliverycheck.big.pack"), "_copy", full)
    return path


def test_packing_on_a_full_disk_says_what_is_needed(full_disk, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["deliverycheck", "history", "pack", str(full_disk)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == ExitCode.INFRASTRUCTURE
    (line,) = capsys.readouterr().err.splitlines()
    assert "history.jsonl: no room" in line


def test_checking_on_a_full_disk_goes_on_with_the_next(full_disk, tmp_path, monkeypatch, capsys):
    other = tmp_path / "other.jsonl"
    other.write_bytes(told(log_of(MESSAGES)))
    size = full_disk.stat().st_size
    full_disk.write_bytes(full_disk.read_bytes() + b"\n" * MEBIBYTE)
    monkeypatch.setattr("deliverycheck.big.size.PYTHON_FILE_MB_MAX", size / MEBIBYTE)
    options = CheckOptions(paths=(full_disk, other), names=("at_least_once_in_log",))
    told_of = []
    assert check(options, told_of.append) is ExitCode.INFRASTRUCTURE
    assert "no room" in str(told_of)
    assert "other.jsonl" in capsys.readouterr().out


def test_more_suspects_than_fit_are_counted_and_the_first_are_shown(monkeypatch):
    for name in ("suspects", "judge"):
        monkeypatch.setattr(f"deliverycheck.big.{name}.SUSPECTS_MAX", 2)
    kept = [*MESSAGES[5:], *MESSAGES[6:]]
    names = ["at_least_once_in_log", "exactly_once_in_log", "per_partition_order"]
    small, big = judged_by_both(told(log_of(kept)), names)
    for one, other in list(zip(big.verdicts, small.verdicts, strict=True))[:2]:
        assert (one.validity, one.count, one.examined) == (Validity.INVALID, other.count, 9)
        assert one.anomalies == other.anomalies
    assert big.verdicts[2].validity is Validity.UNKNOWN
