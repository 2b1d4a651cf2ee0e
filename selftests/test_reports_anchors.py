"""Places on the page: each name has one of its own."""

from itertools import combinations

from reports.anchors import place_of_claim, place_of_situation, place_of_violation

NAMES = ("a.b", "a-b", "a_b", "a b", "a_2e_b", "a/b", "äb", "a", "b", "")


def test_two_names_never_share_a_place():
    for one, other in combinations(NAMES, 2):
        assert place_of_claim(one) != place_of_claim(other)
        assert place_of_violation(one) != place_of_violation(other)


def test_claims_and_situations_that_read_alike_when_joined_have_places_of_their_own():
    assert place_of_situation("a-b", "c") != place_of_situation("a", "b-c")
    assert place_of_situation("a.b", "c") != place_of_situation("a", "b.c")


def test_place_bears_no_space():
    assert not any(character.isspace() for name in NAMES for character in place_of_claim(name))
