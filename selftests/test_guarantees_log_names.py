"""Verdicts on logs bear the name of their guarantee, whatever they conclude."""

from pathlib import Path

import pytest

from deliverycheck.guarantees.log import GUARANTEES
from deliverycheck.history import read_history

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("guarantee", GUARANTEES, ids=lambda guarantee: guarantee.name)
def test_verdict_bears_the_name_of_its_guarantee(guarantee):
    paths = sorted((GOLDEN / guarantee.name).glob("*.jsonl"))
    named = {guarantee.check(read_history(path)).guarantee for path in paths}
    assert named == {guarantee.name}
