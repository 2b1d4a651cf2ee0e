"""The cells of the matrix say what the data say, and the sentences around it too."""

import msgspec
import pytest

from deliverycheck.plans.campaign import Cell, ClaimResult, ClaimState
from reports import words
from reports.cards import Kind, cards_of
from reports.claims import claims_of
from reports.filters import filters_of
from reports.matrix import DASH, Mark, matrix_of
from selftests.sample_campaign import claim, sample


def campaign_of(tmp_path, *results, **fields):
    return msgspec.structs.replace(sample(tmp_path), results=results, violations=(), **fields)


def result_of(stance, state, *cells, **fields):
    hazards = tuple(cell.hazard for cell in cells)
    one = claim("it", "a setting", "at_least_once_in_log", stance, hazards)
    return ClaimResult(claim=one, state=state, cells=cells, executions=9, **fields)


def only_cell(tmp_path, *args, **fields):
    """The one column's cell of a campaign with one claim."""
    matrix = matrix_of(campaign_of(tmp_path, result_of(*args, **fields)))
    assert len(matrix.columns) == 1
    return matrix.groups[0].rows[0].cells[0]


@pytest.mark.parametrize(
    ("stance", "state", "counts", "shown"),
    [
        ("holds", "held", {"valid": 34}, (Mark.HELD, "34")),
        ("holds", "violated", {"valid": 3, "invalid": 1}, (Mark.VIOLATED, "VIOLATED")),
        ("holds", "not_exercised", {}, (Mark.NOT_EXERCISED, DASH)),
        ("holds", "not_exercised", {"valid": 2}, (Mark.TOO_FEW, "2 of 3")),
        ("breaks", "found", {"invalid": 1}, (Mark.FOUND, "FOUND")),
        ("breaks", "not_found", {"valid": 60}, (Mark.NOT_FIRED, "NOT FIRED")),
        ("breaks", "not_exercised", {}, (Mark.NOT_EXERCISED, DASH)),
    ],
    ids=[
        "held-is-its-count",
        "broken-holding-setting-is-violated",
        "nothing-examined-is-a-dash",
        "too-few-is-not-held",
        "convicted-control-is-found",
        "silent-control-has-not-fired",
        "control-without-hazard-is-a-dash",
    ],
)
def test_cell(tmp_path, stance, state, counts, shown):
    cell = Cell(hazard="lost_reply", state=ClaimState(state), **counts)
    found = only_cell(tmp_path, stance, ClaimState(state), cell)
    assert (found.mark, found.text) == shown


@pytest.mark.parametrize("stance", ["holds", "breaks"])
@pytest.mark.parametrize(("inconclusive", "mark"), [(1, "inconclusive"), (0, "not exercised")])
def test_what_trouble_kept_from_being_exercised_is_inconclusive(
    tmp_path, stance, inconclusive, mark
):
    state = ClaimState.NOT_EXERCISED
    cell = Cell(hazard="lost_reply", state=state)
    found = only_cell(tmp_path, stance, state, cell, inconclusive=inconclusive)
    assert found.mark == mark
    assert (found.text == "?") == ("trouble with the infrastructure in 1 of 9" in found.told)


@pytest.mark.parametrize(
    ("stance", "state", "cell", "shown"),
    [
        ("holds", "violated", {"state": ClaimState.HELD, "valid": 34}, Mark.VIOLATED),
        ("breaks", "not_found", {"state": ClaimState.NOT_EXERCISED}, Mark.NOT_FIRED),
    ],
    ids=["broken-in-none-of-its-situations", "silent-where-none-of-them-occurred"],
)
def test_row_shows_an_alarm_that_none_of_its_situations_shows(tmp_path, stance, state, cell, shown):
    one = result_of(stance, ClaimState(state), Cell(hazard="none", **cell), valid=36, invalid=2)
    campaign = campaign_of(tmp_path, one)
    matrix = matrix_of(campaign)
    assert matrix.columns == ("no fault", "whatever occurred")
    assert [cell.mark for cell in matrix.groups[0].rows[0].cells][1] is shown
    assert shown.value in dict(filters_of(matrix, campaign).marks)
    assert claims_of(campaign)[0].situations[-1].mark is shown


def test_held_cell_tells_its_upper_bound(tmp_path):
    cell = Cell(hazard="lost_reply", state=ClaimState.HELD, valid=30)
    assert "at most 10%" in only_cell(tmp_path, "holds", ClaimState.HELD, cell).told


def test_quiet_hazard_beside_one_that_convicted_is_no_failure(tmp_path):
    quiet = Cell(hazard="none", state=ClaimState.NOT_FOUND, valid=20)
    shown = only_cell(tmp_path, "breaks", ClaimState.FOUND, quiet)
    assert (shown.mark, shown.text) == (Mark.QUIET, "20")


def test_column_of_two_hazards_is_held_only_when_both_are(tmp_path):
    cells = (
        Cell(hazard="producer_killed", state=ClaimState.HELD, valid=30),
        Cell(hazard="producer_killed_unflushed", state=ClaimState.NOT_EXERCISED),
    )
    shown = only_cell(tmp_path, "holds", ClaimState.HELD, *cells)
    assert shown.mark is Mark.NOT_EXERCISED


def test_column_of_two_held_hazards_shows_the_smaller_count(tmp_path):
    cells = (
        Cell(hazard="producer_killed", state=ClaimState.HELD, valid=30),
        Cell(hazard="producer_killed_unflushed", state=ClaimState.HELD, valid=11),
    )
    assert only_cell(tmp_path, "holds", ClaimState.HELD, *cells).text == "11"


def test_unknown_hazard_gets_a_column_of_its_own_name(tmp_path):
    cell = Cell(hazard="solar_flare", state=ClaimState.HELD, valid=4)
    matrix = matrix_of(campaign_of(tmp_path, result_of("holds", ClaimState.HELD, cell)))
    assert matrix.columns == ("solar flare",)


def test_unreachable_hazard_says_that_the_backend_cannot(tmp_path):
    cell = Cell(hazard="broker_killed", state=ClaimState.NOT_EXERCISED, reachable=False)
    told = only_cell(tmp_path, "holds", ClaimState.NOT_EXERCISED, cell).told
    assert "this backend cannot" in told


def test_situation_that_plans_seldom_brought_about_is_named(tmp_path):
    cells = (
        Cell(hazard="producer_killed", state=ClaimState.HELD, valid=30),
        Cell(hazard="consumer_killed_in_hand", state=ClaimState.NOT_EXERCISED, valid=2),
        Cell(hazard="refuse", state=ClaimState.NOT_EXERCISED, out_of_time=True),
        Cell(hazard="broker_killed", state=ClaimState.NOT_EXERCISED, reachable=False),
    )
    result = result_of("holds", ClaimState.NOT_EXERCISED, *cells)
    assert words.notes_of(campaign_of(tmp_path, result, notes=())) == (
        (
            "the time was over before these were exercised often enough: "
            "a setting: connections were refused (0 of 3 valid)"
        ),
        (
            "plans that could bring these about did so too seldom: a setting: a process was "
            "killed between receiving a message and being done with it (2 of 3 valid)"
        ),
    )


def test_hazard_that_needs_fewer_says_its_own_number(tmp_path):
    cell = Cell(hazard="broker_killed", state=ClaimState.NOT_EXERCISED, valid=6, needed=10)
    shown = only_cell(tmp_path, "holds", ClaimState.NOT_EXERCISED, cell, needed=100)
    assert shown.text == "6 of 10"


def test_stopped_campaign_blames_no_plan_for_what_it_did_not_come_to(tmp_path):
    cell = Cell(hazard="none", state=ClaimState.NOT_EXERCISED, valid=1)
    result = result_of("holds", ClaimState.NOT_EXERCISED, cell)
    told = words.notes_of(campaign_of(tmp_path, result, notes=(), interrupted=True))
    assert told[1:] == (
        (
            "the time was over before these were exercised often enough: "
            "a setting: nothing was broken (1 of 3 valid)"
        ),
    )


def test_what_a_claim_does_not_speak_of_is_said_once_for_its_setting(tmp_path):
    held = result_of("holds", ClaimState.HELD, Cell(hazard="none", state=ClaimState.HELD, valid=3))
    narrow = msgspec.structs.replace(held.claim, unless=("first_write_broker_killed",))
    result = msgspec.structs.replace(held, claim=narrow)
    assert words.notes_of(campaign_of(tmp_path, result, result, notes=())) == (
        (
            "a setting: nothing is said of executions in which the broker was killed before a "
            "producer had a first confirm from a partition"
        ),
    )


def test_terminal_counts_what_claims_do_not_speak_of_and_keeps_every_other_note(tmp_path):
    held = result_of("holds", ClaimState.HELD, Cell(hazard="none", state=ClaimState.HELD, valid=3))
    narrow = msgspec.structs.replace(held.claim, unless=("stall", "delay"))
    result = msgspec.structs.replace(held, claim=narrow)
    told = words.short_notes_of(campaign_of(tmp_path, result, notes=("the disk is small",)))
    assert told == (
        "the disk is small",
        "some settings leave 2 situations out; the report says which and whose",
    )
    plain = campaign_of(tmp_path, held, notes=("the disk is small",))
    assert words.short_notes_of(plain) == words.notes_of(plain)


def test_found_break_leaves_no_situation_to_ask_for(tmp_path):
    cells = (
        Cell(hazard="lost_reply", state=ClaimState.FOUND, invalid=1),
        Cell(hazard="refuse", state=ClaimState.NOT_EXERCISED),
    )
    result = result_of("breaks", ClaimState.FOUND, *cells)
    assert words.notes_of(campaign_of(tmp_path, result, notes=())) == ()


def test_answer_counts_what_came_out_as_stated(tmp_path):
    assert words.answer_of(sample(tmp_path)) == (
        "Kafka 4.3.1: 6 settings hold, 8 lose, repeat or reorder messages as expected, "
        "1 not exercised."
    )


def test_answer_names_an_alarm_first(tmp_path):
    answer = words.answer_of(sample(tmp_path, alarm=True))
    assert answer.startswith("Kafka 4.3.1: 1 setting that must hold BROKE, 5 settings hold")


def test_answer_of_nothing_is_that_nothing_is_known(tmp_path):
    answer = words.answer_of(campaign_of(tmp_path, executions=0))
    assert answer == "Kafka 4.3.1: nothing was executed, so nothing is known."


def test_found_control_is_no_alarm(tmp_path):
    assert {card.kind for card in cards_of(sample(tmp_path))} == {Kind.AS_STATED}


def test_broken_holding_setting_is_an_alarm_and_comes_first(tmp_path):
    first, *rest = cards_of(sample(tmp_path, alarm=True))
    assert (first.kind, first.violation.id) == (Kind.ALARM, "alarm")
    assert {card.kind for card in rest} == {Kind.AS_STATED}


def test_silent_control_is_named_in_words(tmp_path):
    cell = Cell(hazard="lost_reply", state=ClaimState.NOT_FOUND, valid=60)
    campaign = campaign_of(tmp_path, result_of("breaks", ClaimState.NOT_FOUND, cell))
    (sentence,) = words.shortfalls_of(campaign)
    assert sentence.startswith("a setting is stated to break (at least once, in the log), and 9")


def test_interrupted_campaign_says_so(tmp_path):
    assert "was interrupted" in words.notes_of(campaign_of(tmp_path, interrupted=True))[0]
