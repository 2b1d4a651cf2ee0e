"""One item a kept plan: it still breaks its claim, within the replays that its rate asks for."""

from deliverycheck import content
from deliverycheck.search import Corpus
from properties.items import end, make_items_of_corpus
from properties.kafka.claims import CLAIMS


def pytest_generate_tests(metafunc):
    make_items_of_corpus(metafunc, CLAIMS, Corpus(content.folder("corpus")))


def test_kept_plan_still_breaks_its_claim(kept, claims, record_property):
    end(claims.replay(*kept), record_property)
