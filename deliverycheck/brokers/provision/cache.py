"""Folders that are made once and shared: complete or not there.

A folder is built beside its place and moved there with its stamp inside, so
what stands under the final name is complete, whenever a set-up was stopped.
What holds its own path inside is built in its place, and is complete with its stamp.
An exclusive lock of the kernel keeps two set-ups from doing the same work; it
ends with its process, so a killed set-up leaves nothing to clean by hand.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from deliverycheck.brokers.provision.errors import ProvisionError
from deliverycheck.brokers.provision.progress import Progress

Notes = Mapping[str, str]
Build = Callable[[Path], Notes]

_STAMP = "complete.json"
_POLL_S = 0.2
_SPACE_FIX = "free some space (1 GB is enough), or set DELIVERYCHECK_CACHE to another disk"


def notes_of(folder: Path) -> Notes | None:
    """What was noted when `folder` was completed, or None if it is not complete."""
    try:
        notes = json.loads((folder / _STAMP).read_text())
    except (OSError, ValueError):
        return None
    return notes if isinstance(notes, dict) else None


def made_once(folder: Path, build: Build, progress: Progress, *, space_mb_min: int = 0) -> Notes:
    """`folder` is complete: found so, or made by `build` while nobody else could.

    `build` fills the empty folder that it is given and returns what to note; it
    is not begun with less than `space_mb_min` of disk. Needs no write access
    when the folder is complete.
    """
    draft = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
    return _made(folder, draft, build, progress, space_mb_min)


def made_in_place(
    folder: Path, build: Build, progress: Progress, *, space_mb_min: int = 0
) -> Notes:
    """As `made_once`, for what cannot be moved: `build` fills the folder under its final name."""
    return _made(folder, folder, build, progress, space_mb_min)


def _made(folder: Path, draft: Path, build: Build, progress: Progress, space_mb_min: int) -> Notes:
    notes = notes_of(folder)
    if notes is not None:
        return notes
    with _exclusive(folder, progress):
        notes = notes_of(folder)
        if notes is None:
            _require_space(folder.parent, folder.name, space_mb_min)
            notes = _make(folder, draft, build)
        return notes


def _require_space(place: Path, what: str, space_mb_min: int) -> None:
    """Better told before a download than by whichever program meets the end of the disk."""
    free_mb = shutil.disk_usage(place).free // 1_000_000
    if free_mb < space_mb_min:
        raise ProvisionError(
            "disk", f"{what} needs {space_mb_min} MB, {free_mb} MB are free at {place}", _SPACE_FIX
        )


def _make(folder: Path, draft: Path, build: Build) -> Notes:
    """Build, stamp, move into place; nothing stays if it fails."""
    for left_over in (folder, *folder.parent.glob(f"{folder.name}.tmp-*")):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        draft.mkdir()
        notes = dict(build(draft))
        _write_stamp(draft, notes)
        draft.rename(folder)
    except OSError as error:
        raise ProvisionError(
            folder.name,
            f"cannot write {error.filename or folder}: {error.strerror or error}",
            _SPACE_FIX,
        ) from error
    finally:
        if draft != folder or notes_of(folder) is None:
            shutil.rmtree(draft, ignore_errors=True)
    return notes


def _write_stamp(draft: Path, notes: Notes) -> None:
    """Last of all, and on disk before the folder gets its name."""
    with (draft / _STAMP).open("w") as stamp:
        json.dump(notes, stamp, indent=1)
        stamp.flush()
        os.fsync(stamp.fileno())


@contextmanager
def _exclusive(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of `folder`; say so while another set-up has it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f"{folder.name}.lock").open("a")
    except OSError as error:
        raise ProvisionError(
            "cache",
            f"cannot write {error.filename}: {error.strerror}",
            "set DELIVERYCHECK_CACHE to a folder of yours",
        ) from error
    with lock:
        if not _locked(lock.fileno()):
            with progress.doing(f"waiting for another set-up to finish {folder.name}"):
                while not _locked(lock.fileno()):
                    time.sleep(_POLL_S)
        yield


def _locked(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
