"""What is no history is refused by both engines, in the same words, and leaves nothing behind."""

import re

import pytest

from deliverycheck.big import Engine, judge_file
from deliverycheck.big.pack import LINE_BYTES_MAX
from deliverycheck.cli.bench.big_history import write_big_history
from deliverycheck.guarantees import Validity
from deliverycheck.history import HistoryFormatError
from selftests.test_big_engines import MESSAGES, log_of, told

SENT = b'{"type":"invoke","op":%d,"process":"%s","action":"publish","ns":9,"message":"m%d",%s}'
FAULT = b'{"type":"fault","moment":"%s","fault":"f","lane":"%s","ns":9}'
BAD_LINES = {
    "type": b'{"type":"other"}',
    "no-type": b'{"op":99}',
    "number": b'{"type":"ok","op":"x","ns":1}',
    "quoted-number": b'{"type":"ok","op":"99","ns":1}',
    "no-whole-number": b'{"type":"ok","op":1.5,"ns":1}',
    "action": b'{"type":"invoke","op":99,"process":"p","action":"dance","ns":1}',
    "missing-op": b'{"type":"invoke","process":"p","action":"flush","ns":1}',
    "missing-ns": b'{"type":"invoke","op":99,"process":"p","action":"flush"}',
    "missing-process": b'{"type":"invoke","op":99,"action":"flush","ns":1}',
    "missing-target": SENT % (99, b"p9#1", 9, b'"key":"k"'),
    "missing-sent": b'{"type":"invoke","op":99,"process":"p","action":"publish","ns":9}',
    "negative-op": SENT % (-1, b"p9#1", 9, b'"target":"t"'),
    "negative-ns": b'{"type":"invoke","op":99,"process":"p","action":"flush","ns":-1}',
    "negative-partition": SENT % (99, b"p9#1", 9, b'"target":"t","partition":-1'),
    "no-attempt": SENT % (99, b"p9#1", 9, b'"target":"t","attempt":0'),
    "missing-message": b'{"type":"ok","op":0,"ns":1,"deliveries":[{"source":"t"}]}',
    "no-json": b"dust",
    "empty": b"",
    "second-header": b'{"type":"header","format":"deliverycheck-history","version":1,'
    b'"execution":"e"}',
    "invoked-twice": b'{"type":"invoke","op":0,"process":"p9#1","action":"flush","ns":1}',
    "completed-twice": b'{"type":"ok","op":0,"ns":999999999999}',
    "never-invoked": b'{"type":"ok","op":999,"ns":1}',
    "phase": b'{"type":"phase","phase":"party","ns":1}',
    "missing-phase": b'{"type":"phase","ns":1}',
    "missing-lane": b'{"type":"fault","moment":"inject","fault":"f","ns":9}',
    "moment": FAULT % (b"hail", b"b1"),
    "heal-of-nothing": FAULT % (b"heal", b"b1"),
    "heal-elsewhere": FAULT % (b"inject", b"b1") + b"\n" + FAULT % (b"heal", b"b2"),
    "healed-twice": b"\n".join(FAULT % (it, b"b1") for it in (b"inject", b"healed", b"healed")),
    "falls": b"\n".join(SENT % (op, b"p9#1", op, b'"target":"t"') for op in (99, 98)),
}


def refusals(path, names=None):
    """What each engine says of a file that is no history."""
    said = []
    for engine in Engine:
        with pytest.raises(HistoryFormatError) as refused:
            judge_file(path, names, engine)
        said.append(str(refused.value))
    return said


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_bad_line_is_named_by_both_in_the_same_words_and_nothing_is_left_behind(line, tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(told(log_of(MESSAGES)) + line + b"\n")
    small, big = refusals(path)
    assert re.search(r"history.jsonl, line \d+: ", small)
    assert big == small
    assert list(tmp_path.iterdir()) == [path]


def test_two_files_joined_are_no_history(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(2 * told(log_of(MESSAGES)))
    small, big = refusals(path)
    assert "second header" in small
    assert big == small


def test_first_of_many_bad_lines_is_told(tmp_path):
    path = tmp_path / "history.jsonl"
    again = b'{"type":"ok","op":%d,"ns":999999999999}\n'
    ends = b"".join(again % op for op in (150, 80, 0))
    path.write_bytes(told([*log_of(MESSAGES), *["assign"] * 200]) + ends)
    small, big = refusals(path)
    assert "150 is completed already" in small
    assert big == small


def test_calls_of_several_processes_may_stand_in_any_order(tmp_path):
    path = tmp_path / "history.jsonl"
    pairs = ((99, b"p8#1"), (98, b"p9#1"), (100, b"p9#1"))
    lines = (SENT % (op, process, op, b'"target":"t"') + b"\n" for op, process in pairs)
    path.write_bytes(told(log_of(MESSAGES), scanned=None) + b"".join(lines))
    for engine in Engine:
        assert judge_file(path, ["one_log"], engine).verdicts[0].validity is not Validity.INVALID


@pytest.mark.parametrize("pairs_max", [1, 10_000])
def test_call_that_falls_is_found_in_a_big_file(pairs_max, tmp_path, monkeypatch):
    monkeypatch.setattr("deliverycheck.big.format._PAIRS_MAX", pairs_max)
    monkeypatch.setattr("deliverycheck.big.format._GROUPS_A_SLICE", 1)
    path = tmp_path / "history.jsonl"
    write_big_history(path, 150_000)
    lines = path.read_bytes().split(b"\n")
    first = next(place for place, line in enumerate(lines) if b'"op":100000,' in line)
    lines[first : first + 42] = lines[first + 14 : first + 42] + lines[first : first + 14]
    path.write_bytes(b"\n".join(lines))
    small, big = refusals(path)
    assert "does not rise within process" in small
    assert big == small


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            b'{"type":"invoke","op":99,"process":"p","action":"flush","ns":%d}' % 10**30,
            f"field 'ns': {10**30} is beyond 64 bits",
        ),
        (
            b'{"type":"ok","op":0,"ns":99,"deliveries":[{"message":"m","source":"t",'
            b'"position":%d}]}' % 2**63,
            f"field 'deliveries[0].position': {2**63} is beyond 64 bits",
        ),
    ],
    ids=["ns", "position"],
)
def test_number_beyond_64_bits_is_named(line, problem, tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(told([], scanned=None) + line + b"\n")
    with pytest.raises(HistoryFormatError) as refused:
        judge_file(path, None, Engine.DUCKDB)
    assert str(refused.value) == f"{path}, line 2: {problem}"


def test_line_beyond_the_limit_is_told(tmp_path):
    path = tmp_path / "history.jsonl"
    line = b'{"type":"invoke","op":99,"process":"p","action":"flush","ns":1,"key":"%s"}\n'
    path.write_bytes(told(log_of(MESSAGES)) + line % (b"k" * 3 * LINE_BYTES_MAX))
    with pytest.raises(HistoryFormatError, match="longer than 16 MB"):
        judge_file(path, None, Engine.DUCKDB)
