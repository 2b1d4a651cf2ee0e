"""Every judged execution of a campaign, a line each: what was answered once is not asked again."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from deliverycheck.executions import Execution
from deliverycheck.guarantees import GUARANTEES, Anomaly, Evidence, Validity, Verdict, unknown
from deliverycheck.history import ExecutionFolder, portable
from deliverycheck.plans import Plan, plan_of
from deliverycheck.search.judgement import Judgement


class JournalFormatError(Exception):
    """A whole line is no entry of a journal; the message names it."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: an execution and what was concluded from it.

    Attributes:
        folder: of the execution, below the campaign's; it may be gone by now.
        after_s: of the campaign's own time, all its runs together, when it was judged.
    """

    plan: msgspec.Raw
    folder: str
    seconds: float
    after_s: float
    verdicts: tuple[dict[str, Any], ...] = ()
    hazards: dict[str, tuple[Evidence, ...]] = {}
    inert: str | None = None
    inconclusive: str | None = None
    broker_died: str | None = None


class Journal:
    """The file `events.ndjson` of a campaign. Called from many threads.

    A campaign that goes on from it asks for the same plans in the same order of its chains, and
    is answered from here as long as there are answers; so it comes to where it was. Its time
    passes as it did: so many answers later it is as late as it was after so many. (Not as late as
    when this answer was first given: chains ask in another order now, and one answer of its last
    minute would end a campaign that has hardly begun to remember.)
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """What an earlier run left is read; a line that it did not finish is dropped.

        Raises:
            OSError: the file cannot be read.
            PlanFormatError, JournalFormatError: a whole line is none of ours.
        """
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._answers: dict[str, deque[Judgement]] = defaultdict(deque)
        moments = []
        self._began_s = clock()
        for entry in _entries(path):
            judgement = _judgement(entry, path.parent)
            self._answers[judgement.plan.digest].append(judgement)
            moments.append(entry.after_s)
        self.remembered = len(moments)
        self._moments = deque(sorted(moments))

    def begin(self) -> None:
        """The campaign's time is 0 s from here."""
        self._began_s = self._clock()

    def passed_s(self) -> float:
        """The campaign's own time."""
        return self._clock() - self._began_s

    def answer(self, plan: Plan) -> Judgement | None:
        """The next judgement of this plan that an earlier run left, if there is one."""
        with self._lock:
            left = self._answers.get(plan.digest)
            if not left:
                return None
            self._began_s = min(self._began_s, self._clock() - self._moments.popleft())
            return left.popleft()

    def keep(self, judgement: Judgement) -> None:
        """The judgement is on disk."""
        execution = judgement.execution
        entry = Entry(
            plan=msgspec.Raw(execution.plan.to_json()),
            folder=str(execution.folder.root.relative_to(self._path.parent)),
            seconds=round(execution.seconds, 3),
            after_s=round(self.passed_s(), 3),
            verdicts=tuple(
                msgspec.to_builtins(verdict)
                for verdict in judgement.verdicts.values()
                if _says_something(verdict)
            ),
            hazards=dict(judgement.hazards),
            inert=judgement.inert,
            inconclusive=_portable(judgement.inconclusive),
            broker_died=_portable(execution.broker_died),
        )
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock, self._path.open("ab") as file:
            file.write(line)


def _portable(text: str | None) -> str | None:
    return None if text is None else portable(text)


def _says_something(verdict: Verdict) -> bool:
    """Most guarantees find nothing to examine in most executions: a night has 10^5 of these."""
    return verdict.validity is not Validity.UNKNOWN


def judgements_in(path: Path) -> Iterator[Judgement]:
    """Those of a campaign that may still be running: the file is left as it is.

    Raises:
        OSError: the file cannot be read.
        PlanFormatError, JournalFormatError: a whole line is none of ours.
    """
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    for entry in _decoded(path, whole):
        yield _judgement(entry, path.parent)


def _entries(path: Path) -> Iterator[Entry]:
    """The whole lines; what follows the last line end was being written, and is cut off."""
    if not path.exists():
        return
    whole, _, rest = path.read_bytes().rpartition(b"\n")
    yield from _decoded(path, whole)
    if rest:
        with path.open("r+b") as file:
            file.truncate(len(whole) + bool(whole))


def _decoded(path: Path, whole: bytes) -> Iterator[Entry]:
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            yield _decoder.decode(line)
        except msgspec.DecodeError as error:
            msg = f"{path}, line {number}: no entry of a campaign's journal ({error})"
            raise JournalFormatError(msg) from None


def _judgement(entry: Entry, root: Path) -> Judgement:
    plan = plan_of(bytes(entry.plan), name="journal")
    said = {verdict.guarantee: verdict for verdict in map(_verdict, entry.verdicts)}
    execution = Execution(
        plan=plan,
        folder=ExecutionFolder(root=root / entry.folder),
        seconds=entry.seconds,
        inconclusive=entry.inconclusive,
        broker_died=entry.broker_died,
    )
    verdicts = {
        name: said.get(name) or unknown(name, "said nothing of it in an earlier run")
        for name in (GUARANTEES if entry.inconclusive is None else ())
    }
    return Judgement(
        execution=execution, verdicts=verdicts, hazards=entry.hazards, inert=entry.inert
    )


def _verdict(content: dict[str, Any]) -> Verdict:
    """A fact is a word, a number or a list of either: a union of lists has no decoder."""
    anomalies = tuple(
        Anomaly(**anomaly | {"witnesses": tuple(anomaly.get("witnesses", ()))})
        for anomaly in content.get("anomalies", ())
    )
    validity = Validity(content["validity"])
    return Verdict(**content | {"validity": validity, "anomalies": anomalies})


_decoder = msgspec.json.Decoder(Entry)
