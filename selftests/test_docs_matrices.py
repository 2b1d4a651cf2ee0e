"""`docs/kafka.md` and `docs/rabbitmq.md`, as the suite produced them: whole, and replayable."""

import re
from pathlib import Path

import pytest

from properties import kafka, rabbitmq

ROOT = Path(__file__).parents[1]
PAGES = {
    system.__name__.rpartition(".")[2]: (system, (ROOT / "docs" / name).read_text())
    for system, name in ((kafka, "kafka.md"), (rabbitmq, "rabbitmq.md"))
}
of_each_system = pytest.mark.parametrize(("system", "page"), PAGES.values(), ids=PAGES)


@of_each_system
def test_page_names_every_claim(system, page):
    assert [claim.id for claim in system.CLAIMS if f"`{claim.id}`" not in page] == []


@of_each_system
def test_page_replays_only_what_the_corpus_has(system, page):
    replays = re.findall(r"^deliverycheck replay (\S+) --claim (\S+)", page, re.MULTILINE)
    assert replays
    assert [file for file, _ in replays if not (ROOT / file).is_file()] == []
    assert [claim for file, claim in replays if Path(file).parent.name != claim] == []
    assert {claim for _, claim in replays} <= {claim.id for claim in system.CLAIMS}


@pytest.mark.parametrize("page", [page for _, page in PAGES.values()], ids=PAGES)
def test_page_names_no_place_of_the_machine_that_made_it(page):
    assert re.findall(r"(?<![\w.])/(?:tmp|home|root|work|var)\b\S*", page) == []
