"""`deliverycheck check`: what a stranger sees of recorded histories, and what is written."""

import dataclasses
import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from deliverycheck.big import Engine
from deliverycheck.cli import judging, main
from deliverycheck.guarantees import GUARANTEES

GOLDEN = Path(__file__).parent / "golden"
LOST = GOLDEN / "at_least_once_in_log/anomaly-confirmed-and-missing.jsonl"
HOLDS = GOLDEN / "at_least_once_in_log/near-miss-there-twice.jsonl"
NOTHING = GOLDEN / "at_least_once_in_log/empty.jsonl"
ASKED = ("--guarantee", "at_least_once_in_log")
EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "history.jsonl"


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """Run `deliverycheck check` in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["deliverycheck", "check", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return call


def saved(name, data):
    Path(name).write_bytes(data)
    return name


# What is printed.


def test_violations_come_first_then_what_holds_then_what_is_unknown(cli):
    _, out, _ = cli(EXAMPLE)
    signs = [line[0] for line in out.splitlines()[1:] if line[0] in "✗✓?-"]
    assert "".join(signs) == "".join(sorted(signs, key="✗✓?-".index))
    assert {"✗", "✓", "?"} <= set(signs)


def test_guarantees_without_anything_to_examine_are_one_line_that_names_them(cli):
    _, out, _ = cli(EXAMPLE)
    (line,) = [line for line in out.splitlines() if line.startswith("- ")]
    assert "matching_replies" in line
    assert "resolved_in_time" in line
    assert out.count("nothing to examine") == 1


def test_every_guarantee_is_named_once(cli):
    _, out, _ = cli(EXAMPLE)
    told = [name for name in GUARANTEES if f"[{name}]" in out]
    idle = out.splitlines()[-1].partition(": ")[2].split(", ")
    assert sorted(told + idle) == sorted(GUARANTEES)


def test_guarantee_that_was_asked_for_is_told_with_its_reason(cli):
    code, out, _ = cli(EXAMPLE, "--guarantee", "matching_replies")
    assert code == 4
    (line,) = out.splitlines()[1:]
    assert line.startswith("? replies match requests: unknown, nothing to examine: no request")


def test_what_breaks_two_guarantees_is_told_once(cli):
    _, out, _ = cli(EXAMPLE)
    assert out.count("Message order-2 stands in orders/0 at position 1;") == 1
    lines = out.splitlines()
    place = next(n for n, line in enumerate(lines) if "[exactly_once_in_effect]" in line)
    assert lines[place + 1] == "    As told above."


def test_history_is_headed_by_its_name_and_size(cli):
    _, out, _ = cli(EXAMPLE)
    assert (
        out.splitlines()[0] == f"{EXAMPLE}: 12 operations of 4 processes, 9.011 s (engine: python)"
    )


def test_violations_beyond_those_shown_are_counted(cli):
    lines = LOST.read_bytes().splitlines(keepends=True)
    publish = (
        '{{"type":"invoke","op":{0},"process":"x","action":"publish","ns":1,"message":"m{0}",'
        '"target":"t"}}\n{{"type":"ok","op":{0},"ns":2}}\n'
    )
    more = "".join(publish.format(op) for op in range(100, 130)).encode()
    data = lines[0] + more + b"".join(lines[1:])
    _, out, _ = cli(saved("h.jsonl", data), "--guarantee", "at_least_once_in_log")
    assert "31 lost" in out
    assert "    … and 11 more of them." in out


# Several files, and standard input.


def test_several_histories_are_told_one_after_the_other_and_counted(cli):
    code, out, err = cli(HOLDS, LOST, NOTHING)
    assert (code, err) == (1, "")
    assert [out.index(str(path)) for path in (HOLDS, LOST, NOTHING)] == sorted(
        out.index(str(path)) for path in (HOLDS, LOST, NOTHING)
    )
    assert out.splitlines()[-1] == "3 histories: 2 violated, 1 unknown"


def test_history_of_which_nothing_is_known_is_not_green_beside_one_that_holds(cli):
    assert cli(HOLDS, NOTHING, *ASKED)[0] == 4
    assert cli(HOLDS, HOLDS, *ASKED)[0] == 0
    assert cli(NOTHING, LOST, *ASKED)[0] == 1


def test_file_that_is_no_history_is_told_and_the_others_are_judged(cli):
    code, out, err = cli(LOST, saved("bad.jsonl", b'{"type":"heder"}\n'), "nowhere.jsonl", HOLDS)
    assert code == 2
    assert "bad.jsonl, line 1: field 'type': expected one of header" in err
    assert "nowhere.jsonl: cannot be read" in err
    assert "1 lost" in out
    assert out.splitlines()[-1].startswith("2 histories: ")


def test_standard_input_is_a_history(cli):
    code, out, _ = cli("-", stdin=LOST.read_bytes())
    assert code == 1
    assert out.startswith("standard input: ")


def test_bad_line_of_standard_input_is_told_with_its_number(cli):
    code, out, err = cli("-", stdin=LOST.read_bytes() + b"[]\n")
    assert (code, out) == (2, "")
    assert err.startswith("deliverycheck: standard input, line ")


def test_standard_input_cannot_be_read_twice(cli):
    code, _, err = cli("-", "-")
    assert code == 2
    assert "can be read once" in err


# A history that was cut.


def test_torn_last_line_is_survived_and_told(cli):
    data = HOLDS.read_bytes()
    code, out, err = cli(saved("h.jsonl", data + b'{"type":"pha'), *ASKED)
    assert (code, err) == (4, "")
    assert "! The last line is torn, and left out." in out
    assert "before its end" not in out.replace("was cut before its end", "")


def test_missing_end_is_told_with_what_it_means(cli):
    lines = HOLDS.read_bytes().splitlines(keepends=True)
    code, out, _ = cli(saved("h.jsonl", b"".join(lines[:-1])), *ASKED)
    assert code == 4
    assert "! It ends before its end (no line of phase done)" in out
    assert "torn" not in out


def test_last_line_without_its_line_end_is_whole(cli):
    code, out, _ = cli(saved("h.jsonl", HOLDS.read_bytes().rstrip(b"\n")), *ASKED)
    assert code == 0
    assert "!" not in out


# Bad lines.


LINES = {
    "number-in-words": (
        {"type": "invoke", "op": "a", "process": "p", "action": "publish", "ns": 1},
        "field 'op': expected int, got str 'a', in a line of type 'invoke'",
    ),
    "field-missing": (
        {"type": "invoke", "process": "p", "action": "publish", "ns": 1},
        "field 'op': missing; a line of type 'invoke' needs it",
    ),
    "word-misspelt": (
        {"type": "invoke", "op": 1, "process": "p", "action": "publsh", "ns": 1},
        "got 'publsh' (did you mean 'publish'?)",
    ),
    "word-unlike-any": (
        {"type": "phase", "phase": "xyz", "ns": 1},
        "field 'phase': expected one of workload, settle, drain, scan, done; got 'xyz'",
    ),
    "field-of-a-delivery": (
        {"type": "ok", "op": 0, "ns": 1, "deliveries": [{"message": "a"}]},
        "field 'deliveries[0].source': missing",
    ),
    "wrong-inside-a-delivery": (
        {"type": "ok", "op": 0, "ns": 1, "deliveries": [{"message": "a", "source": 5}]},
        "field 'deliveries[0].source': expected str, got int, in a line of type 'ok'",
    ),
    "long-value": (
        {"type": "ok", "op": "x" * 100, "ns": 1},
        "field 'op': expected int, got str, in a line of type 'ok'",
    ),
}


@pytest.mark.parametrize(("line", "message"), LINES.values(), ids=LINES)
def test_bad_line_is_told_with_its_number_field_and_what_was_expected(line, message, cli):
    head = b'{"type":"header","format":"deliverycheck-history","version":1,"execution":"x"}\n'
    code, _, err = cli(saved("h.jsonl", head + json.dumps(line).encode() + b"\n"))
    assert code == 2
    assert err.startswith("deliverycheck: h.jsonl, line 2: field ")
    assert message in err
    assert err.count("\n") == 1


def test_line_nested_without_end_is_a_bad_line_and_breaks_no_guarantee(cli):
    code, out, err = cli(saved("h.jsonl", LOST.read_bytes() + b"[" * 100_000 + b"\n"))
    assert (code, out) == (2, "")
    assert "not a JSON object (nested too deeply)" in err
    assert err.count("\n") == 1


def test_folder_is_told_with_the_history_in_it(cli):
    Path("run").mkdir()
    code, _, err = cli("run")
    assert (code, err) == (2, "deliverycheck: run: a folder without a history.jsonl\n")
    saved("run/history.jsonl", HOLDS.read_bytes())
    code, _, err = cli("run")
    told = "deliverycheck: run: a folder; its history is run/history.jsonl\n"
    assert (code, err) == (2, told)


# What goes wrong in the program itself.


@pytest.mark.parametrize("asked", ["", "1"], ids=["in-one-line", "with-its-traceback"])
def test_error_of_the_program_is_no_broken_guarantee(asked, cli, monkeypatch):
    def raises(path, names):
        msg = f"of {path.name}\nby zero {names}"
        raise ZeroDivisionError(msg)

    monkeypatch.setenv("DELIVERYCHECK_TRACEBACK", asked)
    monkeypatch.setattr("deliverycheck.cli.check.judged", raises)
    code, out, err = cli(LOST)
    *traceback, line = err.splitlines()
    assert (code, out) == (3, "")
    assert line == (
        "deliverycheck: an error of deliverycheck itself, ZeroDivisionError: "
        f"of {LOST.name} by zero None; please tell the project, with what "
        "DELIVERYCHECK_TRACEBACK=1 shows besides"
    )
    assert bool(traceback) == bool(asked)
    assert not asked or traceback[0] == "Traceback (most recent call last):"


def test_error_without_words_is_told_by_its_name(cli, monkeypatch):
    def raises(*_):
        raise MemoryError

    monkeypatch.setattr("deliverycheck.cli.check.judged", raises)
    code, _, err = cli(LOST)
    assert code == 3
    assert "deliverycheck itself, MemoryError; please" in err


# JSON, EDN, and the report.


def test_json_has_an_entry_for_each_file_with_its_verdicts(cli):
    code, out, err = cli(LOST, HOLDS, "--json", *ASKED)
    assert (code, err) == (1, "")
    first, second = json.loads(out)
    assert first["file"] == str(LOST)
    assert (first["cut"], first["engine"]) == (False, "python")
    assert [one["validity"] for one in first["verdicts"]] == ["invalid"]
    assert [one["validity"] for one in second["verdicts"]] == ["valid"]


def test_json_stays_json_when_a_report_is_written(cli):
    _, out, _ = cli(LOST, "--json", "--report", "out", "--edn", "h.edn")
    assert json.loads(out)
    assert Path("out/report.html").exists()
    assert Path("h.edn").exists()


def test_edn_is_written_and_named(cli):
    code, out, _ = cli(LOST, "--edn", "h.edn")
    assert code == 1
    assert out.endswith("\nEDN: h.edn\n")
    assert Path("h.edn").read_text().startswith("{:index 0, :type :info,")


def test_edn_of_several_histories_is_refused_before_anything_is_judged(cli):
    code, out, err = cli(LOST, HOLDS, "--edn", "h.edn")
    assert (code, out) == (2, "")
    assert "one history makes one file" in err


def test_edn_is_not_mixed_with_the_verdicts(cli):
    code, out, err = cli(LOST, "--edn", "-")
    assert (code, out) == (2, "")
    assert err == "deliverycheck: --edn -: the verdicts go to standard output; name a file\n"
    assert not Path("-").exists()


@pytest.mark.parametrize(
    ("option", "written"),
    [
        ("--edn", "h.jsonl"),
        ("--edn", "./sub/../h.jsonl"),
        ("--edn", "linked.jsonl"),
        ("--report", "h.jsonl"),
        ("--report", "linked.jsonl"),
    ],
)
def test_input_is_not_overwritten(option, written, cli):
    Path("sub").mkdir()
    name = saved("h.jsonl", LOST.read_bytes())
    Path("linked.jsonl").symlink_to(name)
    code, out, err = cli(name, option, written)
    assert (code, out) == (2, "")
    asked = f"{option} {Path(written)}"
    assert err == (
        f"deliverycheck: {asked}: would overwrite the history h.jsonl; choose another name\n"
    )
    assert Path(name).read_bytes() == LOST.read_bytes()


def test_history_that_bears_the_name_of_a_report_is_not_overwritten(cli):
    Path("out").mkdir()
    name = saved("out/report.html", LOST.read_bytes())
    code, _, err = cli(HOLDS, name, "--report", "out")
    assert code == 2
    assert "--report out: would overwrite the history out/report.html" in err
    assert Path(name).read_bytes() == LOST.read_bytes()


def test_report_may_lie_beside_its_history(cli):
    Path("out").mkdir()
    name = saved("out/h.jsonl", LOST.read_bytes())
    assert cli(name, "--report", "out", "--edn", "out/h.edn")[0] == 1
    assert Path("out/report.html").exists()


def test_edn_of_standard_input_is_written(cli):
    assert cli("-", "--edn", "h.edn", stdin=LOST.read_bytes())[0] == 1
    assert Path("h.edn").exists()


def test_edn_that_cannot_be_written_is_told_in_one_line(cli):
    code, _, err = cli(HOLDS, "--edn", "no/such/folder/h.edn", *ASKED)
    assert code == 3
    assert err.count("\n") == 1
    assert "no/such/folder/h.edn" in err


def test_edn_of_a_history_that_is_not_held_whole_is_refused(cli, monkeypatch):
    def from_disk(path, names):
        found = judging.judged(path, names)
        return dataclasses.replace(found, engine=Engine.DUCKDB)

    monkeypatch.setattr("deliverycheck.cli.check.judged", from_disk)
    code, out, err = cli(LOST, "--edn", "h.edn")
    assert code == 2
    assert out.startswith(f"{LOST} (engine: duckdb)\n")
    assert "too big to be held in memory" in err
    assert not Path("h.edn").exists()


def test_report_shows_each_history_with_its_violations(cli):
    code, out, _ = cli(LOST, HOLDS, "--report", "out")
    assert code == 1
    assert out.endswith("\nReport: out/report.html\n")
    page = Path("out/report.html").read_text()
    assert "Message p1#1-2 was confirmed at 0.004 s" in page
    assert f"{HOLDS.parent.name}/{HOLDS.name}" in page
    assert "2 histories, each judged from its file alone" in page
    assert 'id="history-1-at_least_once_in_log"' in page
    assert 'href="#history-1-at_least_once_in_log"' in page


def test_report_names_no_place_of_the_machine_where_its_histories_lay(cli):
    cli(LOST, Path(saved("h.jsonl", HOLDS.read_bytes())).resolve(), "--report", "out")
    for path in Path("out").iterdir():
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        assert not [one for one in (str(LOST.parent), str(Path.cwd())) if one in text]


def test_report_that_cannot_be_written_is_told_in_one_line(cli):
    saved("out", b"a file")
    assert cli(LOST, "--report", "out")[0] == 1
    code, _, err = cli(HOLDS, "--report", "out", *ASKED)
    assert code == 3
    assert err == "deliverycheck: out: cannot be made (File exists)\n"
