"""How times, counts, lists and places are written."""

import pytest

from deliverycheck.guarantees.sentences import counted, duration, fill, join, place, seconds


@pytest.mark.parametrize(
    ("template", "facts", "sentence"),
    [
        ("{a} and {b}", {"a": 1, "b": "x"}, "1 and x"),
        ("{a}", {"a": None}, "None"),
        ("{a:s}", {"a": 214_000_000}, "0.214 s"),
        ("{a:s}", {"a": None}, "an unknown time"),
        ("{a:count message}", {"a": 2}, "2 messages"),
        ("{a:count count }", {"a": 1}, "1 count "),
        ("{a}", {"a": ["x", "y", "z"]}, "x, y and z"),
        ("{a}", {"a": ("x", "y")}, "x and y"),
        ("{a:s}", {"a": [1_000_000, None]}, "0.001 s and an unknown time"),
        ("{a:count copy}", {"a": [1, 2]}, "1 copy and 2 copies"),
        ("{a}", {"a": []}, ""),
    ],
)
def test_template_is_filled_with_facts(template, facts, sentence):
    assert fill(template, facts) == sentence


def test_fact_that_a_template_needs_must_be_there():
    with pytest.raises(KeyError):
        fill("{a}", {"b": 1})


def test_moments_are_told_in_seconds():
    assert seconds(0) == "0.000 s"
    assert seconds(10**15) == "1000000.000 s"


@pytest.mark.parametrize(
    ("ns", "told"),
    [
        (0, "0.0 ms"),
        (1_500_000, "1.5 ms"),
        (999_900_000, "999.9 ms"),
        (1_000_000_000, "1.000 s"),
        (1_000_500_000, "1.000 s"),
        (10**15, "1000000.000 s"),
    ],
)
def test_lengths_are_told_in_milliseconds_up_to_one_second(ns, told):
    assert duration(ns) == told


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (0, "message", "0 messages"),
        (1, "message", "1 message"),
        (2, "message", "2 messages"),
        (1, "copy", "1 copy"),
        (2, "copy", "2 copies"),
        (2, "loss", "2 losses"),
        (2, "crash", "2 crashes"),
        (2, "batch", "2 batches"),
        (2, "box", "2 boxes"),
    ],
)
def test_nouns_are_counted(number, noun, told):
    assert counted(number, noun) == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and d"),
    ],
)
def test_words_are_joined(words, told):
    assert join(words) == told


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (("t1", 0, 3), "t1/0 at position 3"),
        (("t1", 0, 0), "t1/0 at position 0"),
        (("t1", 0), "t1/0"),
        (("q1", None), "q1"),
        (("q1", None, 3), "q1 at position 3"),
        ((None, None), "an unnamed source"),
        (("", 1), "an unnamed source/1"),
    ],
)
def test_places_are_written_with_what_is_known(where, told):
    assert place(*where) == told
