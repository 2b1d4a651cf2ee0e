"""The project's own pages: what they point to exists, what they show is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from deliverycheck.cli.app import app
from deliverycheck.cli.bench.figures import GOALS
from deliverycheck.guarantees import GUARANTEES, HAZARDS, check, summary_of
from deliverycheck.guarantees.explain import explain
from deliverycheck.history import Invoke, NodeState, Phase, read_history
from deliverycheck.history.codec import _TYPES
from deliverycheck.history.events import Header
from deliverycheck.history.operation import Action
from faults import FAULTS
from properties import rabbitmq
from properties.kafka import CLAIMS
from selftests.test_layers import MAY_IMPORT

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "deliverycheck").rglob("*.md"))
    if "_content" not in page.parts
)
ARCHITECTURE_LINES_MAX = 80
DECISION_LINES_MAX = 60
GUARANTEE_LINES_MAX = 40

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"\bdeliverycheck ((?:[a-z]+ )*?[a-z]+)(?=[\s`\]]|$)([^`\n]*)")
_WORD = re.compile(r"`([^`]+)`")


def name_of(page):
    return str(page.relative_to(ROOT))


def prose_of(page):
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def part_of(page, title):
    """The lines below a heading, up to the next of the same or a higher level."""
    found = re.search(
        rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,3}} |\Z)",
        page.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"{name_of(page)} has no part {title!r}"
    return found[2]


def rows_of(text):
    """The cells of each row of the tables in a text, without heads and rules."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    rules = [place for place, row in enumerate(rows) if set("".join(row)) <= set("-: ")]
    heads = {place - 1 for place in rules} | set(rules)
    return [row for place, row in enumerate(rows) if place not in heads]


def anchor_of(heading):
    """As the common renderers make it of a heading."""
    text = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(page):
    return {anchor_of(title) for title in re.findall(r"^#+ (.*)$", prose_of(page), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page):
    broken = []
    for target in _LINK.findall(prose_of(page)):
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        if not place.exists() or (anchor and anchor not in anchors_of(place)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_a_page_names_exists_with_its_options(page):
    commands = get_command(app).commands
    unknown = []
    for words, rest in _COMMAND.findall(shell_lines_of(page)):
        name = words.split()[0]
        options = (
            set()
            if name not in commands
            else {option for parameter in commands[name].params for option in parameter.opts}
        )
        wrong = [
            one
            for one in re.findall(r"(?<!\S)(--[a-z-]+)", rest.partition(" -- ")[0])
            if one not in options | {"--help"}
        ]
        if name not in commands or wrong:
            unknown.append((name, wrong))
    assert unknown == []


def shell_lines_of(page):
    """What stands in code spans and indented lines: a command is meant there, not the project."""
    text = page.read_text()
    spans = _WORD.findall(prose_of(page))
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    return "\n".join(
        one for one in (*spans, *lines) if one.strip().startswith(("deliverycheck ", ".venv"))
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_rule_that_a_page_names_exists(page):
    rules = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)", page.read_text(), re.MULTILINE))
    assert named - rules == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_claim_that_a_page_names_is_claimed(page):
    claimed = {claim.id for claim in CLAIMS}
    named = {
        word for word in _WORD.findall(prose_of(page)) if re.fullmatch(r"kafka-[a-z0-9-]+", word)
    }
    assert named - claimed == set()


def test_example_history_is_what_the_script_makes_of_the_log():
    command = [sys.executable, str(EXAMPLES / "from_log.py"), str(EXAMPLES / "app.log")]
    made = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    assert made.decode() == (EXAMPLES / "history.jsonl").read_text()


def test_example_script_says_which_line_of_a_log_it_does_not_understand(tmp_path):
    log = tmp_path / "app.log"
    log.write_text((EXAMPLES / "app.log").read_text().splitlines()[0] + "\nhello\n")
    command = [sys.executable, str(EXAMPLES / "from_log.py"), str(log)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (1, "line 2 is not understood: hello\n")


def test_example_history_gets_the_verdicts_that_its_page_says():
    page = part_of(DOCS / "history-format.md", "A worked example")
    said = {row[0].strip("`"): row[1] for row in rows_of(page)}
    history = read_history(EXAMPLES / "history.jsonl")
    verdicts = check(history)
    found = {verdict.guarantee: verdict.validity.value for verdict in verdicts}
    assert {name: found[name] for name in said} == said
    assert {name for name, validity in found.items() if validity == "invalid"} <= said.keys()
    sentence = " ".join(page.rpartition("    Message")[2].split("\n\n")[0].split())
    (lost,) = [one for one in verdicts if one.guarantee == "at_least_once_in_effect"]
    assert explain(lost, history).anomalies[0].sentence == f"Message {sentence}", summary_of(lost)


def test_lines_that_the_page_shows_stand_in_the_example():
    shown = re.search(r"```\n(\{.*?)```", (DOCS / "history-format.md").read_text(), re.DOTALL)[1]
    assert shown in (EXAMPLES / "history.jsonl").read_text()


def test_history_page_names_every_type_action_state_and_phase():
    text = (DOCS / "history-format.md").read_text()
    words = {*_TYPES, *Action, *NodeState, *Phase, *Header.__struct_fields__}
    words |= set(Invoke.__struct_fields__)
    assert {word for word in words if f"`{word}`" not in text} == set()


@pytest.mark.parametrize("guarantee", GUARANTEES.values(), ids=lambda guarantee: guarantee.name)
def test_guarantee_has_a_page_with_its_promise_and_the_index_leads_to_it(guarantee):
    told = (DOCS / "guarantees" / f"{guarantee.name}.md").read_text()
    link = f"- [`{guarantee.name}`](guarantees/{guarantee.name}.md): "
    assert link in (DOCS / "guarantees.md").read_text()
    assert guarantee.promise in " ".join(told.split())
    assert len(told.splitlines()) <= GUARANTEE_LINES_MAX


def test_faults_page_lists_the_catalogue_and_every_hazard():
    text = (DOCS / "faults.md").read_text()
    listed = {name for row in rows_of(text) for name in _WORD.findall(row[0])}
    assert listed == {*FAULTS, *HAZARDS}


def test_detection_page_has_a_row_for_each_claim_that_must_break_and_names_the_long_ones():
    page = (DOCS / "detection.md").read_text()
    every = (*CLAIMS, *rabbitmq.CLAIMS)
    breaking = [claim for claim in every if claim.stance == "breaks"]
    listed = {row[0].strip("`") for row in rows_of(page)}
    assert listed == {claim.id for claim in breaking if claim.pace != "long"}
    assert all(f"`{claim.id}`" in page for claim in breaking)


def test_performance_page_has_the_goals_of_bench():
    rows = rows_of((DOCS / "performance.md").read_text())
    listed = {row[1].strip("`"): row[2] for row in rows if row[1].startswith("`")}
    assert listed == {name: goal.words or "" for name, goal in GOALS.items()}


def test_architecture_is_short():
    lines = (ROOT / "ARCHITECTURE.md").read_text().splitlines()
    assert len(lines) <= ARCHITECTURE_LINES_MAX


@pytest.mark.parametrize("page", sorted((DOCS / "adr").glob("*.md")), ids=name_of)
def test_decision_is_short_and_says_what_was_rejected(page):
    text = page.read_text()
    assert len(text.splitlines()) <= DECISION_LINES_MAX
    assert {"**Decision.**", "**Why.**", "**Rejected.**", "**Price.**"} <= set(
        re.findall(r"\*\*\w+\.\*\*", text)
    )


def layers_of_architecture():
    """For each package, by its last name, the packages that it may import; cli may import all."""
    rows = rows_of(part_of(ROOT / "ARCHITECTURE.md", "Layers"))
    packages = {row[1].strip("`/").rpartition("/")[2]: row[3] for row in rows}
    return {
        name: frozenset(packages) - {name}
        if may == "all"
        else frozenset(re.findall(r"[a-z]+", may))
        for name, may in packages.items()
    }


def test_architecture_lists_every_package():
    engine = {folder.parent.name for folder in (ROOT / "deliverycheck").glob("*/__init__.py")}
    assert set(layers_of_architecture()) == {*engine, "faults", "properties", "reports"}


def test_architecture_and_the_enforced_table_agree():
    enforced = {Path(name).name: set(may) for name, may in MAY_IMPORT.items()}
    wanted = {name: set(may) for name, may in layers_of_architecture().items()}
    assert {name: may - {name, "content"} for name, may in enforced.items()} == wanted
