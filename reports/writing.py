"""Files of a report: whole or not at all."""

from pathlib import Path

import msgspec

from reports.errors import ReportError


def made(folder: Path) -> Path:
    """The folder is there.

    Raises:
        ReportError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot be made ({error.strerror})"
        raise ReportError(msg) from None
    return folder


def write_json(path: Path, told: object) -> None:
    """Write a record as a file of a report, as people can read it.

    Raises:
        ReportError: it cannot be written.
    """
    write(path, msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")


def write(path: Path, data: bytes) -> None:
    """Write a file of a report; what was there before stays whole until its successor is.

    Raises:
        ReportError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        msg = f"{path}: cannot be written ({error.strerror})"
        raise ReportError(msg) from error
