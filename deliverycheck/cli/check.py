"""`deliverycheck check`: recorded histories, judged."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from deliverycheck.big import Engine
from deliverycheck.cli.judging import STDIN, Judged, judged
from deliverycheck.cli.systems import UsageError
from deliverycheck.cli.verdict_lines import last_line, lines_of
from deliverycheck.guarantees import Validity, guarantee_named, worst
from deliverycheck.history import CampaignFolder, HistoryFormatError
from deliverycheck.history.edn import edn_of
from deliverycheck.search.record import ExitCode
from reports import JudgedHistory, ReportError, render_judged


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What to judge, and what to write of it.

    Attributes:
        names: the guarantees that were asked for; empty for all.
        report: a folder for `report.html`, `summary.md` and `junit.xml`.
        edn: a file for the history in EDN.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...] = ()
    report: Path | None = None
    edn: Path | None = None
    as_json: bool = False


def check(options: CheckOptions, complain: Callable[[Exception], object]) -> ExitCode:
    """Judge each file, print what was found, and go on after one that is no history.

    What was asked for besides and could not be written is told, and fails what did not fail.

    Raises:
        UnknownGuaranteeError, UsageError: nothing was judged.
    """
    _require_sense(options)
    found: list[Judged] = []
    refused = no_room = False
    for path in options.paths:
        try:
            found.append(judged(path, options.names or None))
        except (HistoryFormatError, UsageError) as error:
            complain(error)
            refused = True
        except OSError as error:
            complain(error)
            no_room = True
    _print(found, options)
    code = _code(found, asked_for=bool(options.names))
    if no_room and code is not ExitCode.BROKEN:
        code = ExitCode.INFRASTRUCTURE
    try:
        written = _written(found, options) if found else []
    except (OSError, ReportError) as error:
        complain(error)
        code = code or ExitCode.INFRASTRUCTURE
    except UsageError as error:
        complain(error)
        refused = True
    else:
        if written and not options.as_json:
            sys.stdout.write("\n" + "".join(f"{line}\n" for line in written))
    return ExitCode.USAGE if refused else code


def _require_sense(options: CheckOptions) -> None:
    for name in options.names:
        guarantee_named(name)
    if options.paths.count(STDIN) > 1:
        msg = "-: standard input can be read once"
        raise UsageError(msg)
    if options.edn and len(options.paths) > 1:
        msg = f"--edn {options.edn}: one history makes one file; {len(options.paths)} were given"
        raise UsageError(msg)
    if options.edn == STDIN:
        msg = "--edn -: the verdicts go to standard output; name a file"
        raise UsageError(msg)
    _require_apart(options)


def _require_apart(options: CheckOptions) -> None:
    """No input is overwritten, by whatever path it is named."""
    written = {}
    if options.edn:
        written[options.edn] = f"--edn {options.edn}"
    if options.report:
        files = CampaignFolder(root=options.report)
        targets = (options.report, files.report, files.summary, files.junit)
        written |= dict.fromkeys(targets, f"--report {options.report}")
    for path in options.paths:
        for target, asked in written.items():
            if path != STDIN and _is_same_file(path, target):
                msg = f"{asked}: would overwrite the history {path}; choose another name"
                raise UsageError(msg)


def _is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # One of them is not there.
        return False


def _print(found: Sequence[Judged], options: CheckOptions) -> None:
    if options.as_json:
        sys.stdout.write(msgspec.json.encode([_plain(one) for one in found]).decode() + "\n")
        return
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for number, one in enumerate(found):
        if number:
            console.print()
        for line, style in lines_of(one, asked_for=bool(options.names)):
            console.print(line, style=style)
    if len(found) > 1:
        console.print()
        line, style = last_line(found)
        console.print(line, style=style)


def _plain(one: Judged) -> dict[str, Any]:
    return {
        "file": one.name,
        "cut": one.history.cut,
        "engine": one.engine,
        "verdicts": list(one.verdicts.values()),
    }


def _written(found: Sequence[Judged], options: CheckOptions) -> list[str]:
    """Write what was asked for besides, and say where it lies."""
    told = []
    if options.edn:
        if found[0].engine is not Engine.PYTHON:
            msg = f"--edn {options.edn}: {found[0].name} is too big to be held in memory"
            raise UsageError(msg)
        with options.edn.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in edn_of(found[0].history))
        told.append(f"EDN: {options.edn}")
    if options.report:
        histories = [
            JudgedHistory(
                name=one.name.replace(str(one.path), on_paper(one.path)),
                path=on_paper(one.path),
                history=one.history,
                verdicts=tuple(one.verdicts.values()),
            )
            for one in found
        ]
        told.append(f"Report: {render_judged(histories, options.report)}")
    return told


def _code(found: Sequence[Judged], *, asked_for: bool) -> ExitCode:
    """Broken if any history is; else 4 if of any nothing could be concluded."""
    codes = {_code_of(one, asked_for=asked_for) for one in found}
    order = (ExitCode.BROKEN, ExitCode.NOT_EXERCISED)
    return next((code for code in order if code in codes), ExitCode.AS_CLAIMED)


def _code_of(one: Judged, *, asked_for: bool) -> ExitCode:
    """Of guarantees that were asked for, one unknown is enough for 4; else any that holds is 0.

    A history that was checked for all of them is silent about some: a log alone tells nothing
    of effects.
    """
    validities = [verdict.validity for verdict in one.verdicts.values()]
    if Validity.INVALID in validities:
        return ExitCode.BROKEN
    holds = worst(validities) is Validity.VALID if asked_for else Validity.VALID in validities
    return ExitCode.AS_CLAIMED if holds else ExitCode.NOT_EXERCISED


def on_paper(path: Path) -> str:
    """What a report calls a history, since it goes elsewhere: its path from here, or the end."""
    if not path.is_absolute():
        return str(path)
    if path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return f"{path.parent.name}/{path.name}"
