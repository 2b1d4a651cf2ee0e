"""A campaign from its folder, a violation's history, or one clear message that says why not."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from deliverycheck.history import (
    CampaignFolder,
    ExecutionFolder,
    History,
    HistoryFormatError,
    read_history,
)
from deliverycheck.plans.campaign import FORMAT, VERSION, Campaign, Violation
from reports.errors import ReportError

_EVENTS_BYTES_MAX = 50_000_000
"""Lines of `events.ndjson` are counted up to here; the count is a hint, not a finding."""


Histories = Mapping[str, History | str]
"""By the violation's id its history, or in a clause why there is none."""


class _Envelope(msgspec.Struct):
    """A file that leaves them out is taken at its word; its fields decide."""

    format: str = FORMAT
    version: int = VERSION


def load_campaign(folder: Path) -> Campaign:
    """The campaign that `folder` holds.

    Raises:
        ReportError: no campaign, one that was stopped before its end, a torn file, or
            one of another format or version.
    """
    path = CampaignFolder(root=folder).campaign
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ReportError(_absence(folder)) from None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise ReportError(msg) from None
    _require_ours(path, data)
    try:
        return msgspec.json.decode(data, type=Campaign)
    except msgspec.ValidationError as error:
        msg = f"{path}: expected a campaign of version {VERSION}, but: {error}; is this a campaign?"
        raise ReportError(msg) from None


def histories_in(folder: Path, campaign: Campaign) -> Histories:
    """Of each violation; each is read once, and what is looked up in it is built once."""
    return {one.id: _history_in(one, folder) for one in campaign.violations}


def _history_in(violation: Violation, folder: Path) -> History | str:
    path = ExecutionFolder(root=folder / violation.folder).history
    name = f"{violation.folder}/{path.name}"
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"{name} lies outside the campaign"
    try:
        return read_history(path)
    except FileNotFoundError:
        return f"{name} is not there"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    except HistoryFormatError as error:
        return str(error).replace(f"{folder}/", "")


def _require_ours(path: Path, data: bytes) -> None:
    """Check format and version before the fields, so that a newer file is called newer."""
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = (
            f"{path}: expected one whole JSON object of format {FORMAT!r}, got {len(data)} bytes "
            f"that are not ({error}); was the file cut?"
        )
        raise ReportError(msg) from None
    if envelope.format != FORMAT:
        msg = (
            f"{path}: field 'format': expected {FORMAT!r}, got {envelope.format!r}; "
            "is this a campaign?"
        )
        raise ReportError(msg)
    if envelope.version != VERSION:
        msg = (
            f"{path}: field 'version': this program reads version {VERSION}, the file has "
            f"{envelope.version}; show it with the program that wrote it"
        )
        raise ReportError(msg)


def _absence(folder: Path) -> str:
    """Tell a folder that is no campaign from a campaign that was stopped half-way."""
    if not folder.is_dir():
        return f"{folder}: no such folder; expected a campaign's folder with campaign.json in it"
    paths = CampaignFolder(root=folder)
    executions = _count_folders(paths.executions)
    events = _count_lines(paths.events)
    if not executions and not events:
        own = sorted(path.parent.name for path in folder.glob(f"*/{paths.events.name}"))
        if own:
            return (
                f"{paths.campaign}: missing; the campaign was stopped before it could write its "
                f"result. Each system has a folder of its own there: {', '.join(own)}. Go on with: "
                f"deliverycheck campaign --resume {folder}"
            )
        return f"{folder}: expected campaign.json here, and found nothing of a campaign"
    return (
        f"{paths.campaign}: missing; the campaign was stopped before it could write its result. "
        f"What it recorded is kept: {executions} execution folders in {paths.executions.name}/, "
        f"{events} lines in {paths.events.name}. Look at one execution with: "
        f"deliverycheck check {paths.executions}/…/history.jsonl"
    )


def _count_folders(folder: Path) -> int:
    return sum(1 for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else 0


def _count_lines(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return file.read(_EVENTS_BYTES_MAX).count(b"\n")
