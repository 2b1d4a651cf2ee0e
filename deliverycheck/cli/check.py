"""`deliverycheck check`: a recorded history, judged."""

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from deliverycheck.cli.systems import UsageError
from deliverycheck.guarantees import Validity, explain, text_of, worst
from deliverycheck.guarantees import check as judge
from deliverycheck.history import read_history
from deliverycheck.search.record import ExitCode


def check(path: Path, names: Sequence[str], *, as_json: bool) -> ExitCode:
    """Print the verdict of each guarantee.

    Raises:
        HistoryFormatError, UnknownGuaranteeError, UsageError: nothing was judged.
    """
    try:
        history = read_history(path)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise UsageError(msg) from None
    verdicts = judge(history, names or None)
    if as_json:
        sys.stdout.write(msgspec.json.encode(verdicts).decode() + "\n")
    else:
        console = Console(soft_wrap=True, highlight=False, markup=False)
        if history.cut:
            console.print(f"{path} ends before its end: what is there is judged.")
        for verdict in verdicts:
            console.print(text_of(explain(verdict, history)))
    return _code([verdict.validity for verdict in verdicts], asked_for=bool(names))


def _code(found: Sequence[Validity], *, asked_for: bool) -> ExitCode:
    """Of guarantees that were asked for, one unknown is enough for 4; else any that holds is 0.

    A history that was checked for all of them is silent about some: a log alone tells nothing
    of effects.
    """
    if Validity.INVALID in found:
        return ExitCode.BROKEN
    holds = worst(found) is Validity.VALID if asked_for else Validity.VALID in found
    return ExitCode.AS_CLAIMED if holds else ExitCode.NOT_EXERCISED
