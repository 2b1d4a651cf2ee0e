"""Pages that answer a question: what they say is what claims and corpus have."""

import re
from pathlib import Path

import pytest

from deliverycheck.cli.pages import steps_in_words
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import FaultKind, Inject, Kill, Plan, Publish, Subject, Wait, Work
from deliverycheck.search import Corpus, load_plan
from properties import kafka, rabbitmq
from reports.matrix_page import in_lines

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "questions").glob("*.md"))
CORPUS = Corpus(ROOT / "corpus")
BY_ID = {claim.id: claim for claim in (*kafka.CLAIMS, *rabbitmq.CLAIMS)}
LINES_MAX = 60
PARTS = ["What shows it", "What to", "See it yourself", "What this cannot say", "Sources"]

_FILE = re.compile(r"corpus/[\w-]+/\w+\.json")
_PLAN = re.compile(
    r"`(?P<claim>[\w-]+)` broke it in (?P<convictions>\d+) of (?P<executions>\d+) executions "
    r"when it was kept,\n\[`(?P<file>corpus/\S+)`\]\(\.\./\.\./(?P=file)\):\n\n"
    r"```\n(?P<steps>.*?)\n```",
    re.DOTALL,
)
_DETECTED = re.compile(r"^\| `([\w-]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def rows_of(page):
    """The page's table of claims."""
    lines = [
        line for line in page.read_text().splitlines() if re.match(r"\| `(kafka|rabbitmq)-", line)
    ]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def detected():
    """What docs/detection.md says of each claim, as a page tells it."""
    found = _DETECTED.findall((DOCS / "detection.md").read_text())
    return {
        claim: f"{hits} of {seeds} seeds, after {median} (at most {most})"
        for claim, hits, seeds, median, most in found
    }


def kept(claim):
    """How often the smallest kept plan broke the claim, as a page tells it."""
    smallest = CORPUS.smallest(claim.id)
    if smallest is None:
        return "none kept" if claim.stance == "breaks" else ""
    return f"{smallest[2].convictions} of {smallest[2].executions}"


def row_wanted(claim, measured):
    guarantee = GUARANTEES[claim.guarantee]
    return [
        f"`{claim.id}`",
        claim.stance.value,
        claim.setting,
        f"[{guarantee.title}](../guarantees/{guarantee.name}.md)",
        kept(claim),
        measured.get(claim.id, "not measured" if claim.stance == "breaks" else ""),
    ]


def test_index_lists_every_page_and_no_other():
    listed = re.findall(r"\(questions/([\w-]+\.md)\)", (DOCS / "questions.md").read_text())
    assert sorted(listed) == [page.name for page in PAGES]


@every_page
def test_index_asks_what_the_page_asks(page):
    title = page.read_text().splitlines()[0].removeprefix("# ")
    assert f"| [{title}](questions/{page.name}) |" in (DOCS / "questions.md").read_text()


@every_page
def test_page_answers_first_and_ends_with_its_sources(page):
    text = page.read_text()
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert text.splitlines()[2].startswith("**")
    assert len(heads) == len(PARTS)
    assert all(map(str.startswith, heads, PARTS))
    assert len(text.splitlines()) <= LINES_MAX


@every_page
def test_row_of_a_claim_is_what_claim_corpus_and_detection_say(page):
    rows, measured = rows_of(page), detected()
    assert rows
    assert rows == [row_wanted(BY_ID[row[0].strip("`")], measured) for row in rows]


@every_page
def test_plan_in_words_is_that_of_the_corpus(page):
    shown = list(_PLAN.finditer(page.read_text()))
    assert shown
    for one in shown:
        plan, entry = load_plan(ROOT / one["file"])
        assert one["steps"] == in_lines(steps_in_words(plan))
        assert one["claim"] == entry.claim
        rate = (int(one["convictions"]), int(one["executions"]))
        assert rate == (entry.convictions, entry.executions)


@every_page
def test_every_plan_that_the_page_names_is_shown_and_can_be_replayed(page):
    text = page.read_text()
    assert set(_FILE.findall(text)) == {one["file"] for one in _PLAN.finditer(text)}
    assert re.search(r"^    deliverycheck (replay|run) ", text, re.MULTILINE)


def test_plan_on_the_index_is_written_as_a_report_writes_it():
    steps = (
        Publish(wait=Wait.CONFIRMED),
        Inject(lane="link p1", fault=FaultKind.LOSE_REPLY),
        Work(calls=2),
        Kill(lane="c1"),
    )
    plan = Plan(system="kafka", subject=Subject(), steps=steps)
    assert f"```\n{in_lines(steps_in_words(plan))}\n```" in (DOCS / "questions.md").read_text()
