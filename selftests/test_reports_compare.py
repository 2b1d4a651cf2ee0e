"""Two campaigns compared: intervals that overlap are no difference, and what cannot be is told."""

import json

import msgspec
import pytest

from deliverycheck.plans import Subject
from deliverycheck.plans.campaign import Cell, ClaimState
from deliverycheck.plans.rates import tally
from reports import ReportError, compare_folders, print_comparison, report_console, write_comparison
from reports.compared import html_of_comparison
from reports.comparison import Change, comparison_of
from reports.comparison_words import answer_of
from selftests.sample_campaign import CLAIMS, sample, save
from selftests.test_reports_machines import HOSTILE


@pytest.fixture
def campaign(tmp_path):
    return sample(tmp_path / "old")


def with_cell(campaign, invalid, valid, *, claim="acks-all", hazard="lost_reply", **fields):
    """The campaign with other counts of one claim under one hazard."""

    def changed(result):
        if result.claim.id != claim:
            return result
        cells = tuple(
            Cell(hazard=hazard, state=ClaimState.HELD, valid=valid, invalid=invalid)
            if cell.hazard == hazard
            else cell
            for cell in result.cells
        )
        return msgspec.structs.replace(result, cells=cells, **fields)

    return msgspec.structs.replace(campaign, results=tuple(map(changed, campaign.results)))


def changes(first, second):
    return [(one.claim, one.hazard, one.change) for one in comparison_of(first, second).differences]


def test_same_campaign_differs_in_nothing(campaign):
    found = comparison_of(campaign, campaign)
    assert found.differences == found.changed == ()
    assert found.compared == found.same > 0


APART = {
    "overlapping-intervals-are-no-difference": ((3, 27), (6, 24), None),
    "rate-that-rises-beyond-chance-is-worse": ((1, 99), (30, 70), Change.WORSE),
    "rate-that-falls-beyond-chance-is-better": ((30, 70), (1, 99), Change.BETTER),
    "broken-once-is-not-worse-but-is-told": ((0, 30), (1, 29), Change.NEWLY_BROKEN),
    "not-broken-again-is-not-better": ((1, 29), (0, 30), Change.NOT_BROKEN_AGAIN),
    "judged-only-later-is-newly-exercised": ((0, 0), (0, 5), Change.NEWLY_EXERCISED),
    "broken-where-nothing-was-tried-before-is-newly-exercised": (
        (0, 0),
        (9, 1),
        Change.NEWLY_EXERCISED,
    ),
    "judged-only-before-is-not-exercised-any-more": (
        (0, 5),
        (0, 0),
        Change.NOT_EXERCISED_ANY_MORE,
    ),
    "never-judged-is-nothing": ((0, 0), (0, 0), None),
}


@pytest.mark.parametrize(("first", "second", "change"), APART.values(), ids=APART)
def test_one_cell_that_changes(campaign, first, second, change):
    found = changes(with_cell(campaign, *first), with_cell(campaign, *second))
    assert found == ([("acks-all", "lost_reply", change)] if change else [])


def control(campaign, **fields):
    """The campaign with other tries of the control `plain-twice`."""
    results = tuple(
        msgspec.structs.replace(one, **fields) if one.claim.id == "plain-twice" else one
        for one in campaign.results
    )
    return msgspec.structs.replace(campaign, results=results)


def tries(convictions, executions):
    return {"corpus": tally(convictions, executions)}


NOT_FOUND = {"state": ClaimState.NOT_FOUND}
CONTROLS = {
    "found-at-once-and-found-late-is-no-difference": (tries(1, 1), tries(1, 8), None),
    "kept-plan-that-shows-nothing-any-more-is-better": (
        tries(1, 1),
        {**tries(0, 30), **NOT_FOUND, "generated": 60},
        Change.BETTER,
    ),
    "kept-plan-tried-too-seldom-says-nothing": (
        tries(1, 1),
        {**tries(0, 3), **NOT_FOUND},
        Change.NOT_BROKEN_AGAIN,
    ),
    "replays-and-generated-plans-are-not-compared": (
        tries(1, 1),
        {"corpus": None, "generated": 60},
        None,
    ),
    "generated-plans-are-compared-with-such": (
        {"corpus": None, "generated": 1},
        {"corpus": None, "generated": 40, **NOT_FOUND},
        Change.BETTER,
    ),
    "not-tried-any-more": (
        tries(1, 1),
        {"corpus": None, "generated": None, "valid": 0, "invalid": 0},
        Change.NOT_EXERCISED_ANY_MORE,
    ),
    "found-by-plans-of-other-claims-is-not-called-untried": (
        tries(1, 1),
        {"corpus": None, "generated": None, "valid": 20, "invalid": 3},
        None,
    ),
}


@pytest.mark.parametrize(("first", "second", "change"), CONTROLS.values(), ids=CONTROLS)
def test_control_is_compared_by_tries_of_one_kind(campaign, first, second, change):
    found = changes(control(campaign, **first), control(campaign, **second))
    assert found == ([("plain-twice", "", change)] if change else [])


def test_rate_of_what_broke_in_none_of_its_situations_is_compared_too(campaign):
    def of(invalid, state):
        (result,) = (one for one in campaign.results if one.claim.id == "acks-all")
        broken = msgspec.structs.replace(result, state=state, valid=30, invalid=invalid)
        return msgspec.structs.replace(campaign, results=(broken,))

    worse = comparison_of(of(0, ClaimState.HELD), of(20, ClaimState.VIOLATED))
    (found,) = worse.differences
    assert (found.change, found.hazard) == (Change.WORSE, "whatever_occurred")
    assert (found.first.executions, found.second.executions) == (30, 50)


@pytest.mark.parametrize(
    ("first", "second", "answer", "news"),
    [
        ((0, 30), (0, 30), "no difference", "good"),
        ((1, 29), (0, 30), "1 broken in the first only", "good"),
        ((0, 30), (1, 29), "1 broken in the second only", "doubt"),
        ((0, 30), (20, 10), "1 worse", "bad"),
        ((0, 0), (0, 0), "nothing was judged in both", "doubt"),
    ],
    ids=[
        "same",
        "not-broken-again-is-a-difference",
        "newly-broken-is-no-pass",
        "worse",
        "of-nothing-judged-nothing-is-said",
    ],
)
def test_answer_is_a_pass_only_of_what_was_judged_in_both(campaign, first, second, answer, news):
    (result,) = (one for one in campaign.results if one.claim.id == "acks-all")
    alone = msgspec.structs.replace(
        campaign, results=(msgspec.structs.replace(result, cells=result.cells[1:2]),)
    )
    found = comparison_of(with_cell(alone, *first), with_cell(alone, *second))
    assert answer_of(found).endswith(f": {answer}.")
    assert f'<h1 class="{news}">' in html_of_comparison(found)


def test_only_what_is_worse_for_sure_is_called_worse(campaign):
    once = comparison_of(with_cell(campaign, 0, 30), with_cell(campaign, 1, 29))
    often = comparison_of(with_cell(campaign, 0, 30), with_cell(campaign, 20, 10))
    assert (once.is_worse, often.is_worse) == (False, True)


def test_versions_and_options_that_differ_are_named_and_long_lists_by_what_differs(campaign):
    many = tuple(f"setting.number.{number}=1 (2)" for number in range(30))
    first = msgspec.structs.replace(campaign.target, deviations=many)
    second = msgspec.structs.replace(first, broker="Kafka 3.9.2", deviations=(*many, "new=5"))
    found = comparison_of(
        msgspec.structs.replace(campaign, target=first),
        msgspec.structs.replace(campaign, target=second, id="other"),
    )
    changed = {one.name: (one.first, one.second) for one in found.changed}
    assert changed["Broker"] == ("Kafka 4.3.1, process, 1 node", "Kafka 3.9.2, process, 1 node")
    assert changed["Differs from the broker's defaults"] == ("", "new=5")
    assert "Campaign" not in changed


def test_claims_of_one_side_and_claims_with_other_settings_are_named(campaign):
    result = campaign.results[0]
    other = msgspec.structs.replace(result.claim, subject=Subject(producer={"acks": "1"}))
    second = msgspec.structs.replace(
        campaign,
        results=(msgspec.structs.replace(result, claim=other), *campaign.results[2:]),
    )
    found = comparison_of(campaign, second)
    assert found.only_first == ("one-in-flight",)
    assert found.other_settings == ("acks-all",)


def test_campaigns_without_a_common_claim_cannot_be_compared(campaign):
    other = msgspec.structs.replace(campaign, results=(), id="empty")
    with pytest.raises(ReportError, match=r"empty has 0 claims about .* and none is in both"):
        comparison_of(campaign, other)


def test_page_markdown_and_json_are_written_and_the_page_asks_no_network(campaign, tmp_path):
    save(with_cell(campaign, 20, 10), tmp_path / "new")
    found = compare_folders(tmp_path / "old", tmp_path / "new")
    page = write_comparison(found, tmp_path / "out").read_text()
    assert "Worse: breaks more often" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "20 of 30 broken" in (tmp_path / "out" / "compare.md").read_text()
    told = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert (told["format"], told["version"]) == ("deliverycheck-comparison", 1)


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "</script><script>alert(1)</script>", "\u202eabc", "\u05d0\u05d1", "t" * 300],
    ids=["controls", "script", "steering", "right-to-left", "long"],
)
def test_no_text_of_a_campaign_acts_in_any_output(campaign, tmp_path, text, capsys):
    result = campaign.results[0]
    claim = msgspec.structs.replace(CLAIMS["acks-all"], setting=text)
    hostile = msgspec.structs.replace(
        campaign,
        id=text,
        results=(msgspec.structs.replace(result, claim=claim), *campaign.results[1:]),
    )
    save(with_cell(hostile, 20, 10), tmp_path / "new")
    found = compare_folders(tmp_path / "old", tmp_path / "new")
    page = write_comparison(found, tmp_path / "out").read_text()
    markdown = (tmp_path / "out" / "compare.md").read_text()
    print_comparison(found, report_console())
    assert "<script" not in page
    assert "<failure>" not in markdown
    assert not {"\x1b", "\u202e", "\x00"} & {*page, *markdown, *capsys.readouterr().out}
