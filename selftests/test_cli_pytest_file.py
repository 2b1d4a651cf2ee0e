"""The pytest file of a replay: what pytest collects, and what it would run."""

import ast

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
