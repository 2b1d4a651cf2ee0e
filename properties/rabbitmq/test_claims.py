"""One item a claim, on a real RabbitMQ: a holding one breaks under no plan, a breaking is found.

As for Kafka: all items share one campaign, and a violation fails its item once.
"""

from properties.items import end, make_items
from properties.rabbitmq.claims import CLAIMS


def pytest_generate_tests(metafunc):
    make_items(metafunc, CLAIMS)


def test_what_is_stated_to_break_is_found(breaking, claims, record_property):
    end(claims.settle(breaking), record_property)


def test_no_plan_breaks_what_holds(holding, claims, record_property):
    end(claims.settle(holding), record_property)
