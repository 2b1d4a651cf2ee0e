"""The routing model against what was measured on the brokers, and against other ways to say it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.plans import Binding, Destination, Exchange, ExchangeKind, Match, Queue, Topology
from deliverycheck.plans.routing import (
    NoSuchExchangeError,
    dead_letter_routes,
    headers_match,
    routes,
    topic_matches,
    with_binding,
    without_binding,
)

# Measured on RabbitMQ 3.10.8, 4.0.5 and 4.3.6, which agree.
TOPICS = {
    "empty-key-empty-pattern": ("", "", True),
    "empty-key-is-no-word-for-a-star": ("*", "", False),
    "hash-takes-nothing": ("#", "", True),
    "two-hashes-take-nothing": ("#.#", "", True),
    "a-dot-is-two-empty-words": ("*.*", ".", True),
    "a-star-takes-an-empty-word": ("a.*.b", "a..b", True),
    "a-star-takes-no-two-words": ("a.*", "a.b.c", False),
    "a-hash-takes-many": ("a.#", "a.b.c", True),
    "a-hash-in-the-middle-takes-none": ("a.#.b", "a.b", True),
    "a-star-in-a-word-is-a-letter": ("*a", "ba", False),
    "and-matches-itself": ("*a", "*a", True),
}


@pytest.mark.parametrize(("pattern", "key", "fits"), TOPICS.values(), ids=TOPICS)
def test_topic_pattern_matches_as_measured(pattern, key, fits):
    assert topic_matches(pattern, key) is fits


WORDS = st.lists(st.sampled_from(["a", "b", ""]), max_size=4)
PATTERN_WORDS = st.lists(st.sampled_from(["a", "b", "*", "#", ""]), max_size=4)


def by_expression(pattern, key):
    """The same by a regular expression over words that end with a mark."""
    words = pattern.split(".") if pattern else []
    kinds = {"*": r"[^;]*;", "#": r"(?:[^;]*;)*"}
    expression = "".join(kinds.get(word, re.escape(word) + ";") for word in words)
    told = "".join(f"{word};" for word in (key.split(".") if key else []))
    return re.fullmatch(expression, told) is not None


@given(pattern=PATTERN_WORDS, key=WORDS)
def test_topic_pattern_matches_as_a_regular_expression_does(pattern, key):
    assert topic_matches(".".join(pattern), ".".join(key)) == by_expression(
        ".".join(pattern), ".".join(key)
    )


HEADERS = {
    "all-of-nothing-takes-every-message": (Match.ALL, (), {"h": 1}, True),
    "any-of-nothing-takes-none": (Match.ANY, (), {"h": 1}, False),
    "type-is-part-of-a-value": (Match.ALL, (("h", 1),), {"h": "1"}, False),
    "truth-is-no-number": (Match.ALL, (("h", 1),), {"h": True}, False),
    "no-value-asks-for-presence": (Match.ALL, (("h", None),), {"h": "x"}, True),
    "x-headers-do-not-count": (Match.ALL, (("x-a", 1),), {}, True),
    "unless-asked-to": (Match.ALL_WITH_X, (("x-a", 1),), {}, False),
    "any-ignores-x-headers": (Match.ANY, (("x-a", 1),), {"x-a": 1}, False),
    "any-with-x-counts-them": (Match.ANY_WITH_X, (("x-a", 1),), {"x-a": 1}, True),
    "all-wants-every-header": (Match.ALL, (("h", 1), ("k", 2)), {"h": 1}, False),
    "any-wants-one": (Match.ANY, (("h", 1), ("k", 2)), {"h": 1}, True),
}


@pytest.mark.parametrize(("match", "wanted", "headers", "fits"), HEADERS.values(), ids=HEADERS)
def test_headers_match_as_measured(match, wanted, headers, fits):
    assert headers_match(match, wanted, headers) is fits


def topology(*bindings, exchanges=(), queues=("q1", "q2")):
    return Topology(
        queues=tuple(Queue(name=name) for name in queues), exchanges=exchanges, bindings=bindings
    )


def bound(source, destination, **more):
    return Binding(source=source, destination=destination, **more)


def test_default_exchange_leads_to_the_queue_of_the_keys_name():
    assert routes(topology(), "", "q1") == {"q1"}
    assert routes(topology(), "", "nowhere") == set()


def test_exchanges_in_a_circle_deliver_once():
    exchanges = (Exchange(name="x1", kind=ExchangeKind.FANOUT), Exchange(name="x2"))
    to_exchange = {"to": Destination.EXCHANGE}
    circle = topology(
        bound("x1", "x2", **to_exchange),
        bound("x2", "x1", key="k", **to_exchange),
        bound("x1", "q1"),
        bound("x2", "q1", key="k"),
        exchanges=exchanges,
    )
    assert routes(circle, "x1", "k") == {"q1"}


def test_alternate_exchange_gets_only_what_the_first_has_no_binding_for():
    exchanges = (
        Exchange(name="x1", alternate="x2"),
        Exchange(name="x2", kind=ExchangeKind.FANOUT),
    )
    both = topology(bound("x1", "q1", key="k"), bound("x2", "q2"), exchanges=exchanges)
    assert routes(both, "x1", "k") == {"q1"}
    assert routes(both, "x1", "other") == {"q2"}


def test_alternate_exchange_that_nobody_declared_is_a_dead_end():
    assert routes(topology(exchanges=(Exchange(name="x1", alternate="x9"),)), "x1", "k") == set()


def test_exchange_that_is_not_there_is_an_error():
    with pytest.raises(NoSuchExchangeError):
        routes(topology(), "x9", "k")


def test_binding_made_twice_is_one_and_is_gone_when_taken_away():
    once = with_binding(topology(exchanges=(Exchange(name="x1"),)), bound("x1", "q1", key="k"))
    assert with_binding(once, bound("x1", "q1", key="k")) == once
    assert routes(without_binding(once, bound("x1", "q1", key="k")), "x1", "k") == set()


def test_dead_letters_go_by_their_own_key_unless_the_queue_has_one():
    queues = (
        Queue(name="q1", dead_letter_exchange=""),
        Queue(name="q2", dead_letter_exchange="", dead_letter_key="q1"),
        Queue(name="q3", dead_letter_exchange="gone"),
    )
    dead = Topology(queues=queues)
    assert dead_letter_routes(dead, "q1", "q2") == {"q2"}
    assert dead_letter_routes(dead, "q2", "q2") == {"q1"}
    assert dead_letter_routes(dead, "q3", "q2") == set()
