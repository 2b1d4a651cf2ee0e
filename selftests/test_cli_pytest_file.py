"""The pytest file of a replay: what pytest collects, and what it would run."""

import ast

import msgspec
import pytest

from deliverycheck.cli.pytest_file import write_pytest_file
from deliverycheck.plans import Plan, Publish, Subject, plan_of
from properties.kafka import CLAIMS

PLAN = Plan(
    system="kafka",
    subject=Subject(producer={"client.id": 'quote " and \\ backslash'}),
    steps=(Publish(count=2),),
)


@pytest.fixture(params=[None, CLAIMS[0]], ids=["without-claim", "with-claim"])
def written(request, tmp_path):
    path = tmp_path / "test_it.py"
    write_pytest_file(path, PLAN, request.param, times=7, target=("--broker", "kafka:3.9.2"))
    namespace = {}
    exec(compile(path.read_text(), path, "exec"), namespace)  # noqa: S102  # our own file
    return request.param, namespace, ast.parse(path.read_text())


def test_plan_reads_back_as_it_was(written):
    _, namespace, _ = written
    assert plan_of(namespace["PLAN"].encode()) == PLAN


def test_it_is_one_test_that_replays_with_the_options(written):
    claim, namespace, _ = written
    judged = ["--claim", claim.id] if claim else []
    assert namespace["OPTIONS"] == ["--times", "7", *judged, "--broker", "kafka:3.9.2"]
    assert sum(name.startswith("test_") for name in namespace) == 1


def test_it_needs_nothing_but_the_standard_library(written):
    _, _, tree = written
    imported = {one.names[0].name for one in ast.walk(tree) if isinstance(one, ast.Import)}
    assert imported == {"json", "subprocess", "sys"}
    assert not any(isinstance(one, ast.ImportFrom) for one in ast.walk(tree))


def test_words_of_a_setting_neither_end_the_docstring_nor_hide_in_it(tmp_path):
    claim = msgspec.structs.replace(CLAIMS[0], setting='""" \\N \u202e')
    path = tmp_path / "test_it.py"
    write_pytest_file(path, PLAN, claim, times=1, target=())
    text = path.read_text(encoding="utf-8")
    compile(text, path, "exec")
    assert "\u202e" not in text
