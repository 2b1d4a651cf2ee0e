"""`docs/kafka.md`, as the suite produced it: whole, and with nothing that cannot be replayed."""

import re
from pathlib import Path

from properties.kafka import CLAIMS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "kafka.md").read_text()


def test_page_names_every_claim():
    assert [claim.id for claim in CLAIMS if f"`{claim.id}`" not in PAGE] == []


def test_page_replays_only_what_the_corpus_has():
    replays = re.findall(r"^deliverycheck replay (\S+) --claim (\S+)", PAGE, re.MULTILINE)
    assert replays
    assert [file for file, _ in replays if not (ROOT / file).is_file()] == []
    assert [claim for file, claim in replays if Path(file).parent.name != claim] == []


def test_page_names_no_place_of_the_machine_that_made_it():
    assert re.findall(r"(?<![\w.])/(?:tmp|home|root|work|var)\b\S*", PAGE) == []
