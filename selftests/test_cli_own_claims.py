"""Claims of the user's own: what a file says is what is claimed, and no word of it is ignored."""

from pathlib import Path

import pytest

from deliverycheck.cli.own_claims import load_claims
from deliverycheck.cli.systems import UsageError
from deliverycheck.plans import CommitPolicy, Consumer, Stance, Subject

SHORTEST = """
[[claim]]
id = "mine"
guarantee = "at_least_once_in_log"
hazards = ["none"]
subject = {}
"""
FULL = """
[[claim]]
id = "billing"
setting = "commit before the charge"
guarantee = "at_most_once_in_effect"
stance = "breaks"
hazards = ["none", "consumer_killed"]
unless = ["broker_killed"]
promise = "no invoice twice"
source = "the handbook"
pair = "mine"

[claim.subject]
partitions = 6
producer = { acks = "all" }

[claim.subject.consumer]
commit = "before_effect"
settings = { "session.timeout.ms" = 6000 }
"""


def loaded(tmp_path, text, taken=()):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    return load_claims(path, taken)


def test_claim_has_what_its_table_says_and_defaults_for_the_rest(tmp_path):
    shortest, full = loaded(tmp_path, SHORTEST + FULL)
    assert (shortest.stance, shortest.setting, shortest.subject) == (
        Stance.HOLDS,
        "mine",
        Subject(),
    )
    assert shortest.source == "claims.toml"
    assert (full.stance, full.unless, full.pair) == (Stance.BREAKS, ("broker_killed",), "mine")
    assert full.subject == Subject(
        partitions=6,
        producer={"acks": "all"},
        consumer=Consumer(commit=CommitPolicy.BEFORE_EFFECT, settings={"session.timeout.ms": 6000}),
    )


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("[[claim]]", "[[claims]]", r"expected \[\[claim\]\] tables and nothing else, got claims"),
        ("[[claim]]", "[claim]", r"expected \[\[claim\]\] tables"),
        (SHORTEST, "", r"no \[\[claim\]\] at all"),
        ("[[claim]]", "[[claim", "claims.toml: no TOML: "),
        ('id = "mine"', "", "claim 1: Object missing required field `id`"),
        ('"mine"', '"taken"', "claim 'taken': there is one of this id already"),
        ("at_least_once_in_log", "at_least_once", "did you mean 'at_least_once_in_log'"),
        ('"none"', '"non"', "hazard 'non': did you mean 'none'"),
        ('["none"]', "[]", "expected hazards that it is to be tried under"),
        (
            "subject = {}",
            'subject = {}\nstanse = "breaks"',
            "field 'stanse': did you mean 'stance'",
        ),
        ("{}", "{ partition = 3 }", "subject: field 'partition': did you mean 'partitions'"),
        ("{}", "{ consumer = { comit = 1 } }", "consumer: field 'comit': did you mean 'commit'"),
        ("{}", '{ partitions = "3" }', "claim 'mine': Expected `int`"),
        ("subject = {}", 'subject = {}\npair = "yours"', "pair 'yours': there are mine, taken"),
    ],
)
def test_what_is_no_claim_is_told_with_what_there_is(tmp_path, before, after, complaint):
    with pytest.raises(UsageError, match=complaint):
        loaded(tmp_path, SHORTEST.replace(before, after), taken=("taken",))


def test_two_claims_of_one_id_are_refused(tmp_path):
    with pytest.raises(UsageError, match="claim 'mine': there is one of this id already"):
        loaded(tmp_path, SHORTEST + SHORTEST)


def test_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="none\\.toml: cannot be read"):
        load_claims(tmp_path / "none.toml", ())


def test_file_of_own_claims_in_the_docs_is_one(tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "own-claims.md").read_text()
    claims = loaded(tmp_path, page.split("```toml\n")[1].split("```")[0])
    assert [claim.id for claim in claims] == ["orders-survive", "billing-once"]
