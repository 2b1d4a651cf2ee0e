"""What the items of every system share: which claims there are items for, and how one ends."""

from collections.abc import Sequence
from random import Random

import pytest

from deliverycheck.plans import Claim, Stance
from deliverycheck.search import PROFILES, Corpus

GIVEN = pytest.StashKey[dict]()
"""The options, given on the command line or fixed by the project."""

TOLD = "deliverycheck"
"""Name of the property under which an item hands on what the terminal's last lines say."""

STANCES = {"holding": Stance.HOLDS, "breaking": Stance.BREAKS}


def make_items(metafunc: pytest.Metafunc, claims: Sequence[Claim]) -> None:
    """An item for each claim that the profile has the time for, in an order that the seed draws."""
    given = metafunc.config.stash[GIVEN]
    for name in STANCES.keys() & set(metafunc.fixturenames):
        fitting = [one for one in _timely(metafunc, claims) if one.stance is STANCES[name]]
        Random(given["plan-seed"]).shuffle(fitting)  # noqa: S311  # Who comes last may find no time.
        metafunc.parametrize(name, fitting, ids=[claim.id for claim in fitting])


def make_items_of_corpus(
    metafunc: pytest.Metafunc, claims: Sequence[Claim], corpus: Corpus
) -> None:
    """An item for each plan that the corpus keeps of these claims."""
    kept = [
        pytest.param((claim, plan, entry), id=f"{claim.id}/{path.stem}")
        for claim in _timely(metafunc, claims)
        for path, plan, entry in corpus.entries(claim.id)
    ]
    metafunc.parametrize("kept", kept)


def _timely(metafunc: pytest.Metafunc, claims: Sequence[Claim]) -> list[Claim]:
    paces = PROFILES[metafunc.config.stash[GIVEN]["profile"]].paces
    return [claim for claim in claims if claim.pace in paces]


def end(outcome, record_property) -> None:
    """The item passes as stated, is listed as not exercised, or fails: the one raise site."""
    for text in outcome.told:
        record_property(TOLD, text)
    if outcome.not_exercised and outcome.may_be_left_out:
        pytest.skip(outcome.reason)
    if not outcome.as_stated:
        pytest.fail("\n".join([outcome.reason, *outcome.told]), pytrace=False)
