"""The page of histories that were judged without a run."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from deliverycheck.guarantees import ANOMALIES, check
from deliverycheck.history import Position, read_history
from reports import JudgedHistory, ReportError, render_judged
from reports.judged import answer_of_judged, html_of_judged, parts_of
from reports.words import _VERBS
from selftests.story import Story, at

GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "history.jsonl"


def judged(history, *, name="h.jsonl", names=None):
    return JudgedHistory(name=name, path=name, history=history, verdicts=check(history, names))


def page_of(*histories):
    return html_of_judged(answer_of_judged(histories), parts_of(histories))


def text_of(page):
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_first_sentence_says_what_is_violated():
    page = page_of(judged(read_history(EXAMPLE), names=["at_least_once_in_effect"]))
    assert "<title>1 guarantee is violated</title>" in page
    assert '<h1 class="bad">' in page


def test_first_sentence_says_that_nothing_is_violated():
    page = page_of(judged(read_history(EXAMPLE), names=["at_least_once_in_log"]))
    assert "<title>Nothing is violated: 1 guarantee held</title>" in page
    assert '<h1 class="good">' in page


def test_first_sentence_says_that_nothing_could_be_concluded():
    assert "<title>Nothing could be concluded</title>" in page_of(judged(Story().done().history()))


def test_guarantees_that_the_same_breaks_share_a_card():
    names = ["at_least_once_in_effect", "exactly_once_in_effect"]
    page = page_of(judged(read_history(EXAMPLE), names=names))
    assert page.count("<article") == 1
    assert page.count('href="#history-1-at_least_once_in_effect"') == 2
    assert "Broken promise: exactly once, in effect" in text_of(page)
    replay = "deliverycheck check h.jsonl " + " ".join(f"--guarantee {name}" for name in names)
    assert replay in text_of(page)


def test_card_has_the_proof_in_words_and_in_the_picture():
    page = page_of(judged(read_history(EXAMPLE), names=["at_least_once_in_effect"]))
    assert "op 7 billing#1 commit up to orders/0 at position 2" in text_of(page)
    assert len(re.findall(r'<tr id="[^"]+" class="witness">', page)) == 3


def test_what_had_nothing_to_examine_is_one_line():
    page = page_of(judged(read_history(EXAMPLE)))
    ((count, line),) = re.findall(
        r"Nothing to examine for (\d+) more</summary><p[^>]*>([^<]*)", page
    )
    assert int(count) == len(line.split(", "))
    assert {"matching_replies", "gapless_stream"} <= set(line.split(", "))
    assert "replies match requests" not in page


def test_each_history_has_its_own_part_and_its_own_anchors():
    histories = [judged(read_history(EXAMPLE), name=name) for name in ("a.jsonl", "b.jsonl")]
    page = page_of(*histories)
    ids = re.findall(r'id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert {"history-1-at_least_once_in_effect", "history-2-at_least_once_in_effect"} <= set(ids)
    assert "2 histories, each judged from its file alone" in page


def test_every_link_of_the_page_leads_to_a_place_on_it():
    page = page_of(judged(read_history(EXAMPLE)))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(re.findall(r'id="([^"]*)"', page))


def test_page_asks_no_network_and_says_that_a_history_was_cut():
    page = page_of(judged(Story().history()))
    assert "default-src 'none'" in page
    assert "ends before its end" in page
    assert not re.search(r"(src|href)=\"https?:", page)


def test_names_from_the_history_are_text_and_steer_nothing():
    story = Story(relies_on="call_returned")
    story.returned(story.publish("<b>\u202e-1", target="<script>"))
    covers = (Position(source="t", position=1),)
    story.ok(story.invoke("<i>", "commit", covers=covers, group="g"))
    story.scanned(at("x-1", 0, source="<script>"))
    page = page_of(judged(story.done().history(), name="<u>.jsonl"))
    assert "<b>" not in page
    assert "<script>-" not in page
    assert "<i>" not in page
    assert "<u>" not in page
    assert "\u202e" not in page


def test_path_with_a_blank_is_quoted_in_the_command():
    page = page_of(judged(read_history(EXAMPLE), name="my history.jsonl"))
    assert "deliverycheck check &#39;my history.jsonl&#39;" in page


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/anomaly*.jsonl"))[::7], ids=str)
def test_any_violation_can_be_shown(path):
    assert "<article" in page_of(judged(read_history(path)))


def test_folder_is_made_and_the_file_named(tmp_path):
    path = render_judged([judged(read_history(EXAMPLE))], tmp_path / "a" / "b")
    assert path == tmp_path / "a" / "b" / "report.html"
    assert path.read_text().startswith("<!doctype html>")


def files_of(folder, *histories):
    """The JUnit tree and the summary beside the page."""
    render_judged(histories, folder)
    tree = ET.fromstring((folder / "junit.xml").read_bytes())  # noqa: S314  # Our own file.
    return tree, (folder / "summary.md").read_text()


def test_junit_fails_what_is_violated_and_skips_what_is_unknown(tmp_path):
    junit, summary = files_of(tmp_path, judged(read_history(EXAMPLE)))
    counts = {name: int(junit.get(name)) for name in ("tests", "failures", "skipped")}
    cases = {case.get("name"): case for case in junit.iter("testcase")}
    assert counts == {
        "tests": len(cases),
        "failures": len(junit.findall(".//failure")),
        "skipped": len(junit.findall(".//skipped")),
    }
    failure = cases["at_least_once_in_effect"].find("failure")
    assert "Again: deliverycheck check h.jsonl --guarantee" in failure.text
    assert cases["at_least_once_in_log"].find("failure") is None
    assert "| ✓ holds |" in summary
    assert "| **✗ violated** |" in summary


def test_no_text_of_a_history_is_markup_in_its_files(tmp_path):
    story = Story()
    story.published("<b>@all|#1-1")
    story.scanned()
    junit, summary = files_of(tmp_path, judged(story.done().history(), name="]]><x>|@all"))
    assert junit.find("testsuite").get("name") == "]]><x>|@all"
    assert "<b>" not in summary
    assert "@all" not in summary


def test_history_that_says_nothing_has_files_that_say_so(tmp_path):
    junit, summary = files_of(tmp_path, judged(Story().done().history()))
    assert junit.get("tests") == junit.get("skipped") != "0"
    assert summary.startswith("### Nothing could be concluded")


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be made"):
        render_judged([judged(read_history(EXAMPLE))], tmp_path / "file" / "b")


def test_every_severity_has_a_verb_for_the_first_sentence_of_a_run():
    assert {kind.severity for kind in ANOMALIES.values()} <= _VERBS.keys()
