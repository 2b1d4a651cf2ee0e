"""The terminal shows the answer, the matrix and the violations, also without colour and narrow."""

import io

import msgspec
import pytest
from rich.console import Console

from deliverycheck.plans.campaign import ClaimState
from reports import print_campaign, report_console
from selftests.sample_campaign import sample


@pytest.fixture
def campaign(tmp_path):
    return sample(tmp_path)


def shown(campaign, *, width=120, colour=False):
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, legacy_windows=False)
    print_campaign(campaign, console)
    return file.getvalue()


def test_answer_comes_first(campaign):
    assert shown(campaign).strip().startswith("Kafka 4.3.1: 6 settings hold, 8 lose, repeat")


def test_each_row_says_what_its_cells_say(campaign):
    (row,) = (line for line in shown(campaign).splitlines() if "acks=all, flushed, rel" in line)
    assert row.split()[-7:] == ["holds", "20", "34", "31", "29", "30", "12"]


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_no_line_is_wider_than_the_window_and_no_cell_is_lost(campaign, width):
    text = shown(campaign, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("FOUND") == 8 + 1  # the cells and the legend
    assert text.count("NOT FIRED") == 0


def test_found_control_has_the_mark_of_success(campaign):
    assert "✓ acks=0 loses messages the application relied on, as stated" in shown(campaign)
    assert "✗" not in shown(campaign)


def test_alarm_has_the_mark_of_failure(tmp_path):
    text = shown(sample(tmp_path, alarm=True))
    assert "✗ an idempotent producer repeats messages, and must not" in text


def test_replay_line_is_whole(campaign):
    text = shown(campaign, width=100)
    assert "Again: deliverycheck replay corpus/kafka-acks-0/7f3a91c0.json --times 10" in text


def test_exit_code_is_explained_last_and_says_nothing_of_what_was_not_exercised(campaign):
    last = shown(campaign).strip().splitlines()[-1]
    told = "Exit code 0: every claim that was exercised came out as its stance says."
    assert last.strip() == told
    tried = tuple(one for one in campaign.results if one.state is not ClaimState.NOT_EXERCISED)
    last = shown(msgspec.structs.replace(campaign, results=tried)).strip().splitlines()[-1]
    assert last.strip() == told.replace(" that was exercised", "")


def test_colour_only_where_there_is_a_terminal(campaign):
    assert "\x1b[" not in shown(campaign)
    assert "\x1b[" in shown(campaign, colour=True)


def test_no_color_is_obeyed(campaign, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;36m" not in shown(campaign, colour=True)


def test_text_of_the_campaign_cannot_steer_the_terminal(campaign):
    evil = msgspec.structs.replace(
        campaign.violations[0], title="\x1b[2J\x07[bold]x[/bold]", sentences=("a\rb",)
    )
    text = shown(msgspec.structs.replace(campaign, violations=(evil,)))
    assert not set("\x1b\x07\r") & set(text)
    assert r"\x1b[2J\x07[bold]x[/bold], as stated" in text


def test_a_file_gets_long_lines(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert report_console(io.StringIO()).width == 120


def test_campaign_of_no_claims_is_shown(campaign):
    nothing = msgspec.structs.replace(campaign, results=(), violations=(), executions=0)
    assert "nothing was executed, so nothing is known" in shown(nothing)
