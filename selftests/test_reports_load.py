"""A folder that holds no campaign to show gets one clear message."""

import msgspec
import pytest

from deliverycheck.history import CampaignFolder, read_history
from reports import ReportError, load_campaign, render
from selftests.sample_campaign import sample


@pytest.fixture
def folder(tmp_path):
    sample(tmp_path)
    return tmp_path


def rewritten(folder, **fields):
    path = CampaignFolder(root=folder).campaign
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | fields))


def test_campaign_comes_back_as_it_was_written(tmp_path):
    written = sample(tmp_path)
    assert load_campaign(tmp_path) == written


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99], ids=["empty", "cut-early", "cut-at-the-end"])
def test_torn_file_is_called_torn(folder, share):
    path = CampaignFolder(root=folder).campaign
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ReportError, match=r"campaign\.json: expected one whole JSON .* cut\?"):
        render(folder)


def test_newer_version_is_called_newer(folder):
    rewritten(folder, version=2)
    with pytest.raises(ReportError, match=r"reads version 1, the file has 2"):
        load_campaign(folder)


def test_file_of_another_format_is_called_so(folder):
    rewritten(folder, format="deliverycheck-plan")
    with pytest.raises(ReportError, match="expected 'deliverycheck-campaign', got 'deliverycheck-"):
        load_campaign(folder)


def test_field_of_a_wrong_type_is_named(folder):
    rewritten(folder, executions="many")
    with pytest.raises(ReportError, match=r"Expected `int`, got `str` - at `\$\.executions`"):
        load_campaign(folder)


def test_json_that_is_no_campaign_is_called_so(folder):
    CampaignFolder(root=folder).campaign.write_text("{}")
    with pytest.raises(ReportError, match=r"is this a campaign\?"):
        load_campaign(folder)


def test_campaign_that_was_killed_half_way_is_called_stopped(tmp_path):
    paths = CampaignFolder(root=tmp_path).create()
    paths.events.write_text('{"a":1}\n{"a":2}\n')
    (paths.executions / "x1").mkdir()
    with pytest.raises(ReportError, match=r"was stopped before .* 1 execution folders .* 2 lines"):
        load_campaign(tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "found nothing of a campaign"), ("nowhere", "no such folder")],
    ids=["empty-folder", "no-folder"],
)
def test_folder_without_anything_is_told_from_a_stopped_campaign(tmp_path, name, told):
    with pytest.raises(ReportError, match=told):
        load_campaign(tmp_path / name)


def test_report_that_cannot_be_written_leaves_no_half_file(folder):
    (folder / "report.html").mkdir()
    with pytest.raises(ReportError, match=r"report\.html: cannot be written"):
        render(folder)
    assert not list(folder.glob(".*unfinished"))


def test_each_history_is_read_once_for_all_files_of_a_report(folder, monkeypatch):
    read = []

    def reading(path):
        read.append(path.parent.name)
        return read_history(path)

    monkeypatch.setattr("reports.load.read_history", reading)
    violations = render(folder).campaign.violations
    assert read == [one.folder.rpartition("/")[2] for one in violations]
