"""Many campaigns: first and last seen, the rate over those that tried, and what is left out."""

import json

import msgspec
import pytest

from deliverycheck.plans.campaign import ClaimState
from reports import ReportError, load_campaign, print_trend, report_console, trend_in, write_trend
from reports.trend import Sight
from reports.trended import answer_of
from selftests.sample_campaign import sample, save

ALARM = "idempotent-once"


@pytest.fixture
def nights(tmp_path):
    """Five nights: the alarm is seen in the second and the fourth, and not tried in the third."""
    root = tmp_path / "nights"
    quiet, loud = sample(tmp_path / "quiet"), sample(tmp_path / "loud", alarm=True)
    untried = tuple(
        msgspec.structs.replace(
            one, state=ClaimState.NOT_EXERCISED, cells=(), executions=0, valid=0
        )
        if one.claim.id == ALARM
        else one
        for one in quiet.results
    )
    off = msgspec.structs.replace(quiet, results=untried)
    for day, campaign in enumerate([quiet, loud, off, loud, quiet], start=1):
        started = f"2026-11-0{day}T01:00:00+00:00"
        dated = msgspec.structs.replace(campaign, started=started)
        save(dated, root / f"night-{9 - day}")  # The order of names is not that of time.
    return root


def alarm_of(trend):
    (alarm,) = (one for one in trend.signatures if one.is_alarm)
    return alarm


def test_first_and_last_sight_and_the_rate_over_those_that_tried(nights):
    alarm = alarm_of(trend_in(nights))
    assert alarm.first_seen.folder == "night-7"
    assert alarm.last_seen.folder == "night-5"
    seen, quiet, off = Sight.SEEN, Sight.NOT_SEEN, Sight.NOT_EXERCISED
    assert alarm.sights == (quiet, seen, off, seen, quiet)
    assert (alarm.seen.convictions, alarm.seen.executions) == (2, 4)
    assert alarm.broken.convictions == 6


def test_alarm_of_the_newest_night_alone_is_new(nights, tmp_path):
    late = sample(tmp_path / "late", alarm=True)
    dated = msgspec.structs.replace(late, started="2026-12-01T01:00:00+00:00")
    other = msgspec.structs.replace(dated.violations[-1], id="never-seen-before")
    save(
        msgspec.structs.replace(dated, violations=(*dated.violations[:-1], other)),
        nights / "newest",
    )
    fresh = {one.signature: one.is_new for one in trend_in(nights).signatures if one.is_alarm}
    assert fresh == {"alarm": False, "never-seen-before": True}
    assert "2 alarms, 1 new in the newest, 1 seen in it" in answer_of(trend_in(nights))


def test_parts_of_a_campaign_against_several_systems_count_once(nights):
    whole = nights / "night-4"
    sample(whole / "kafka")
    assert len(trend_in(nights).campaigns) == 5


def test_folder_that_cannot_be_read_is_left_out_and_named(nights):
    (nights / "night-8" / "campaign.json").write_text('{"format": "deliverycheck-campaign", "ver')
    trend = trend_in(nights)
    assert len(trend.campaigns) == 4
    (why,) = trend.left_out
    assert why.startswith("night-8/campaign.json: expected one whole JSON object")


def test_campaign_that_was_killed_is_left_out_and_named_or_read_by_who_can(nights):
    whole = load_campaign(nights / "night-8")
    (nights / "night-8" / "campaign.json").unlink()
    (nights / "night-8" / "events.ndjson").write_text("{}\n")
    (why,) = trend_in(nights).left_out
    assert why.startswith("night-8/campaign.json: missing; the campaign was stopped before")
    read = trend_in(nights, lambda one: whole if one.name == "night-8" else load_campaign(one))
    assert (len(read.campaigns), read.left_out) == (5, ())


@pytest.mark.parametrize(
    ("make", "told"),
    [(False, "no such folder"), (True, "no folder below it holds a campaign.json")],
    ids=["no-folder", "empty-folder"],
)
def test_without_any_campaign_there_is_one_clear_message(tmp_path, make, told):
    if make:
        (tmp_path / "x").mkdir()
    with pytest.raises(ReportError, match=told):
        trend_in(tmp_path / "x")


def test_page_json_and_terminal_tell_the_same(nights, tmp_path, capsys):
    trend = trend_in(nights)
    page = write_trend(trend, tmp_path / "out").read_text()
    print_trend(trend, report_console())
    shown = capsys.readouterr().out
    assert 'aria-label="not seen, seen, not exercised, seen, not seen"' in page
    assert "○●·●○" in shown
    assert "2 of 4 campaigns" in page
    assert '<h1 class="doubt">' in page  # The newest did not show it, and one night says little.
    assert "2 of 4 campaigns" in shown
    assert "http" not in page.replace("http-equiv", "")
    told = json.loads((tmp_path / "out" / "trend.json").read_text())
    assert told["campaigns"][0]["folder"] == "night-8"


def test_hostile_title_is_text_on_the_page(nights, tmp_path):
    path = nights / "night-5" / "campaign.json"
    text = path.read_text().replace(
        "an idempotent producer repeats messages", r"</script><script>x \u202e"
    )
    path.write_text(text)
    page = write_trend(trend_in(nights), tmp_path / "out").read_text()
    assert "<script" not in page
    assert "\u202e" not in page
