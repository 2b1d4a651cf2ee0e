"""The schemas are valid, and what is written keeps to them: our own samples and a real campaign."""

import gzip
import json
from functools import cache
from pathlib import Path

import fastjsonschema
import msgspec
import pytest

from deliverycheck.cli.schemas import SCHEMAS, print_schema, schema_of
from deliverycheck.cli.systems import UsageError
from reports import trend_in
from reports.comparison import comparison_of
from selftests.sample_campaign import sample

REAL = Path(__file__).parent / "real_campaign.json.gz"
"""`campaign.json` of a minute of both systems, as `run --profile demo` left it."""


@cache
def compiled(name):
    return fastjsonschema.compile(schema_of(name))


def test_campaign_of_a_real_run_keeps_to_the_schema():
    campaign = json.loads(gzip.decompress(REAL.read_bytes()))
    compiled("campaign")(campaign)
    assert {one["claim"]["system"] for one in campaign["results"]} == {"kafka", "rabbitmq"}
    assert campaign["violations"]


def damaged(campaign, change):
    change(campaign)
    return campaign


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.pop("target"),
        lambda one: one.update(executions="many"),
        lambda one: one["results"][0].update(state="fine"),
        lambda one: one["violations"][0].pop("rate"),
    ],
    ids=["field-missing", "other-type", "unknown-state", "violation-without-rate"],
)
def test_campaign_that_is_none_would_be_seen(change):
    campaign = damaged(json.loads(gzip.decompress(REAL.read_bytes())), change)
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        compiled("campaign")(campaign)


def test_comparison_and_trend_keep_to_theirs(tmp_path):
    campaign = sample(tmp_path / "one", alarm=True)
    told = {"compare": comparison_of(campaign, campaign), "trend": trend_in(tmp_path)}
    for name, one in told.items():
        compiled(name)(json.loads(msgspec.json.encode(one)))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_printed_with_a_word_for_each_part(name, capsys):
    print_schema(name)
    printed = json.loads(capsys.readouterr().out)
    assert printed["title"] == f"deliverycheck {name}"
    assert printed["$defs"]
    assert [part for part, one in printed["$defs"].items() if not one.get("description")] == []


def test_unknown_schema_is_a_usage_error():
    with pytest.raises(UsageError, match="there are: campaign, events, compare, trend"):
        schema_of("history")
