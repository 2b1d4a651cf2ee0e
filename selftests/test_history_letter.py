"""A letter says what it was sent with: each part that came back changed is named."""

from types import SimpleNamespace

import pytest

from deliverycheck.history import delivery_of_letter, encode_body, letter_body

HEADERS = {"n": 1, "t": "1", "b": True, "v": None}


def properties(**fields):
    nothing = dict.fromkeys(
        ("headers", "priority", "expiration", "delivery_mode", "correlation_id", "reply_to")
    )
    return SimpleNamespace(**nothing | fields)


SENT = properties(headers=HEADERS, priority=3, expiration="9", delivery_mode=2)


def came(sent=SENT, exchange="x", key="a.b", read_key=None, **changed):
    body = letter_body(
        execution="e",
        message="p1#1-1",
        attempt=2,
        exchange=exchange,
        key=key,
        properties=sent,
        bytes_of_padding=20,
    )
    read = properties(**vars(sent) | changed)
    return delivery_of_letter(
        value=encode_body(body),
        source="q",
        position=7,
        redelivered=False,
        key=key if read_key is None else read_key,
        properties=read,
    )


def test_letter_that_comes_as_it_was_sent_has_nothing_mangled():
    delivery = came()
    assert delivery.mangled == ()
    assert (delivery.message, delivery.attempt, delivery.target) == ("p1#1-1", 2, "x")


def test_letter_by_the_default_exchange_stands_where_it_was_sent_to():
    delivery = came(exchange="", key="q")
    assert (delivery.mangled, delivery.target) == ((), None)


@pytest.mark.parametrize(
    ("changed", "mangled"),
    [
        ({"read_key": "a.c"}, "key"),
        ({"headers": HEADERS | {"n": "1"}}, "headers"),
        ({"headers": HEADERS | {"b": 1}}, "headers"),
        ({"headers": {"n": 1}}, "headers"),
        ({"headers": HEADERS | {"more": 1}}, "headers"),
        ({"headers": None}, "headers"),
        ({"priority": 4}, "properties"),
        ({"delivery_mode": None}, "properties"),
        ({"expiration": None}, "properties"),
        ({"correlation_id": "c"}, "properties"),
    ],
    ids=repr,
)
def test_part_that_changed_is_named(changed, mangled):
    assert came(**changed).mangled == (mangled,)


def test_headers_of_the_broker_are_no_change_but_a_count():
    added = HEADERS | {"x-delivery-count": 1, "x-acquired-count": 2, "x-stream-offset": 5}
    delivery = came(headers=added)
    assert (delivery.mangled, delivery.deliveries) == ((), 3)
    assert came(headers=HEADERS | {"x-delivery-count": 1}).deliveries == 2


def test_letter_that_was_not_persistent_may_become_so():
    assert came(properties(), delivery_mode=2).mangled == ()
    assert came(properties(delivery_mode=1), delivery_mode=2).mangled == ()
    assert came(properties(delivery_mode=2), delivery_mode=1).mangled == ("properties",)


def test_header_of_ours_that_begins_like_one_of_the_broker_is_compared():
    sent = properties(headers={"x-mine": 1})
    assert came(sent).mangled == ()
    assert came(sent, headers={"x-mine": 2}).mangled == ("headers",)


@pytest.mark.parametrize(
    "deaths",
    [
        {"x-last-death-reason": "maxlen", "x-first-death-reason": "rejected"},
        {"x-death": [{"reason": "maxlen"}, {"reason": "rejected"}]},
    ],
    ids=["told-by-itself", "told-by-the-table-alone"],
)
def test_dead_letter_says_why_it_died_last_and_may_have_another_key(deaths):
    delivery = came(headers=HEADERS | deaths, read_key="dead", expiration=None)
    assert (delivery.reason, delivery.mangled) == ("maxlen", ())


def test_request_is_no_answer_to_its_own_correlation():
    asking = properties(correlation_id="r1", reply_to="amq.rabbitmq.reply-to")
    replaced = came(asking, reply_to="amq.rabbitmq.reply-to.g2dk")
    assert (replaced.correlation, replaced.mangled) == (None, ())
    assert came(properties(correlation_id="r1")).correlation == "r1"


def test_body_that_is_none_of_ours_is_told_as_such():
    delivery = delivery_of_letter(
        value=b"hello",
        source="q",
        position=1,
        redelivered=True,
        key="q",
        properties=properties(headers={"x-last-death-reason": "expired"}),
    )
    assert (delivery.message, delivery.mangled, delivery.reason) == ("", ("body",), "expired")
