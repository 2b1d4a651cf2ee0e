"""One history judged, by the engine that its size asks for."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deliverycheck.big import (
    Engine,
    MissingEngineError,
    ends_torn,
    engine_for,
    is_torn,
    judge_file,
)
from deliverycheck.cli.systems import UsageError
from deliverycheck.guarantees import Verdict, check
from deliverycheck.history import ExecutionFolder, History, history_of

STDIN = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One history with its verdicts.

    Attributes:
        history: all of it, or the operations that the verdicts name.
        torn: the last line was cut off in the middle, and is left out.
        engine: what judged it.
    """

    path: Path
    verdicts: dict[str, Verdict]
    history: History
    torn: bool = False
    engine: Engine = Engine.PYTHON

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return _name(self.path)


def judged(path: Path, names: Sequence[str] | None) -> Judged:
    """The verdicts by guarantee, in the order asked for; all of them without `names`.

    Raises:
        HistoryFormatError, UnknownGuaranteeError, UsageError: nothing was judged.
        OSError: there is no room for judging a big one.
    """
    if _is_big(path):
        return _judged_from_disk(path, names)
    data = _bytes_of(path)
    history = history_of(data, name=_name(path))
    verdicts = {verdict.guarantee: verdict for verdict in check(history, names)}
    return Judged(path=path, verdicts=verdicts, history=history, torn=is_torn(data))


def _is_big(path: Path) -> bool:
    """Standard input is never: it is held in memory already."""
    return path != STDIN and path.is_file() and engine_for(path) is Engine.DUCKDB


def _judged_from_disk(path: Path, names: Sequence[str] | None) -> Judged:
    try:
        found = judge_file(path, names)
    except MissingEngineError as error:
        raise UsageError(str(error)) from None
    return Judged(
        path=path,
        verdicts={verdict.guarantee: verdict for verdict in found.verdicts},
        history=found.history,
        torn=ends_torn(path),
        engine=found.engine,
    )


def _name(path: Path) -> str:
    return "standard input" if path == STDIN else str(path)


def _bytes_of(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    except IsADirectoryError:
        raise UsageError(_is_a_folder(path)) from None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise UsageError(msg) from None


def _is_a_folder(path: Path) -> str:
    inside = ExecutionFolder(root=path).history
    meant = f"; its history is {inside}" if inside.is_file() else f" without a {inside.name}"
    return f"{path}: a folder{meant}"
