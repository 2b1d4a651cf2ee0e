"""A body says what it is: each part that comes back changed is named, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverycheck.history import IDENTITY_HEADER, Body, delivery_of, encode_body, padding_of

BODY = Body(
    execution="x1",
    message="p1#1-1",
    target="t",
    partition=0,
    key="k",
    headers={"h": "v"},
    timestamp_ms=5,
    padding=padding_of("p1#1-1", 9),
)
AS_SENT = {"key": b"k", "headers": [("h", b"v")], "timestamp_ms": 5}


def mangled(body=BODY, **read):
    delivery = delivery_of(
        value=encode_body(body), source="t", partition=0, position=0, **AS_SENT | read
    )
    return delivery.mangled


def replaced(**parts):
    return Body(**{name: getattr(BODY, name) for name in BODY.__struct_fields__} | parts)


def test_message_that_comes_back_as_it_was_is_not_mangled():
    assert mangled() == ()


@pytest.mark.parametrize(
    ("read", "part"),
    [
        ({"key": b"other"}, "key"),
        ({"key": None}, "key"),
        ({"headers": []}, "headers"),
        ({"headers": [("h", b"w")]}, "headers"),
        ({"headers": [("g", b"v")]}, "headers"),
        ({"headers": [("h", None)]}, "headers"),
        ({"headers": [("h", b"v"), ("h", b"v")]}, "headers"),
        ({"timestamp_ms": 6}, "timestamp"),
    ],
    ids=str,
)
def test_part_that_comes_back_changed_is_named(read, part):
    assert mangled(**read) == (part,)


@pytest.mark.parametrize("padding", [padding_of("p1#1-2", 9), "0", ".......x."])
def test_padding_that_is_not_the_messages_own_is_a_changed_body(padding):
    assert mangled(replaced(padding=padding)) == ("body",)


@pytest.mark.parametrize("padding", ["", ".", "...."])
def test_dots_fill_a_body_too(padding):
    assert mangled(replaced(padding=padding)) == ()


def test_all_that_changed_is_named():
    assert mangled(replaced(padding="x"), key=b"", headers=[], timestamp_ms=0) == (
        "key",
        "headers",
        "body",
        "timestamp",
    )


@pytest.mark.parametrize("read_ms", [None, 7])
def test_timestamp_that_the_client_chose_is_compared_with_nothing(read_ms):
    assert mangled(replaced(timestamp_ms=None), timestamp_ms=read_ms) == ()
    assert mangled(timestamp_ms=None) == ()


def test_header_of_a_message_without_headers_is_a_changed_one():
    assert mangled(replaced(headers={})) == ("headers",)


@given(st.text(max_size=5), st.integers(0, 500), st.text(max_size=5))
def test_padding_is_as_long_as_asked_and_each_messages_own(message, characters, other):
    padding = padding_of(message, characters)
    assert len(padding) == characters
    assert padding_of(message, characters + 1).startswith(padding)
    if characters > 16 and other != message:
        assert padding_of(other, characters) != padding


def tombstone_read(value, headers, body=None):
    body = body or replaced(tombstone=True, padding="")
    named = [(IDENTITY_HEADER, encode_body(body))] if headers else []
    read = AS_SENT | {"headers": [*AS_SENT["headers"], *named]}
    return delivery_of(value=value, source="t", partition=0, position=0, **read)


def test_tombstone_is_told_by_its_header():
    delivery = tombstone_read(None, headers=True)
    assert (delivery.message, delivery.mangled) == ("p1#1-1", ())


def test_tombstone_without_its_header_is_nobodys():
    assert tombstone_read(None, headers=False).message == ""


def test_message_whose_value_is_gone_is_a_changed_body():
    assert tombstone_read(None, headers=True, body=BODY).mangled == ("body",)


def test_tombstone_that_comes_back_with_a_value_is_a_changed_body():
    body = replaced(tombstone=True, padding="")
    assert tombstone_read(encode_body(body), headers=True).mangled == ("body",)
