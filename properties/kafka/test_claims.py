"""One item a claim, on a real Kafka: a holding one breaks under no plan, a breaking one is found.

All items share one campaign, so an execution counts for every claim that it says something of. A
violation fails its item once, from one place, after its execution was saved and shrunk.
"""

from properties.items import end, make_items
from properties.kafka.claims import CLAIMS


def pytest_generate_tests(metafunc):
    make_items(metafunc, CLAIMS)


def test_what_is_stated_to_break_is_found(breaking, claims, record_property):
    end(claims.settle(breaking), record_property)


def test_no_plan_breaks_what_holds(holding, claims, record_property):
    end(claims.settle(holding), record_property)
