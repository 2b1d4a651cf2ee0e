"""Verdicts on a file of any size, by the engine that its size asks for."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from deliverycheck.big.excess import Excess
from deliverycheck.big.lines import about, whole_operations
from deliverycheck.big.order import Copy, Extent, Order
from deliverycheck.big.pack import connection, pack, within_bounds
from deliverycheck.big.readers import Readers
from deliverycheck.big.size import JUDGED_BY_DUCKDB, PYTHON_FILE_MB_MAX, Engine, engine_for
from deliverycheck.big.special import why_not_plain
from deliverycheck.big.suspects import SUSPECTS_MAX, Suspects
from deliverycheck.guarantees import Anomaly, Validity, Verdict, check, guarantee_named, unknown
from deliverycheck.guarantees.catalogue import GUARANTEES
from deliverycheck.guarantees.copies import call_of, copies
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.history import Header, History, read_header, read_history


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts and what shows them.

    Attributes:
        history: all of it, or of a big one the operations that witness something.
    """

    engine: Engine
    verdicts: tuple[Verdict, ...]
    history: History


def judge_file(
    path: Path, names: Iterable[str] | None = None, engine: Engine | None = None
) -> Judged:
    """One verdict for each guarantee asked for; all of them without `names`.

    Raises:
        UnknownGuaranteeError, HistoryFormatError, MissingEngineError, OSError: nothing was judged.
    """
    asked = [guarantee_named(name).name for name in (GUARANTEES if names is None else names)]
    if (engine or engine_for(path)) is Engine.PYTHON:
        history = read_history(path)
        return Judged(engine=Engine.PYTHON, verdicts=check(history, asked), history=history)
    header = read_header(path)
    packed = pack(path)
    spill = Path(tempfile.mkdtemp(prefix=f"{path.name}.spill-", dir=path.parent))
    try:
        with within_bounds(path):
            return _Big(path, packed, spill, header).judge(asked)
    finally:
        shutil.rmtree(spill, ignore_errors=True)


class _Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted in the packed form.

    Attributes:
        relied, sound, placed: sound messages that were relied upon, that stand in the log, and
            that have a position there.
        steps, in_partitions, in_keys: what was compared with its neighbour.
        sizes: sound messages by source.
    """

    relied: int
    sound: int
    placed: int
    steps: int
    in_partitions: int
    in_keys: int
    sizes: Counter[str]
    has_epochs: bool


class _Big:
    """One history in its packed form."""

    def __init__(self, path: Path, packed: Path, spill: Path, header: Header) -> None:
        self._path = path
        self._header = header
        self._ask = connection(spill)
        self._packed = packed

    def judge(self, asked: list[str]) -> Judged:
        with self._ask:
            suspects = Suspects(self._ask, self._packed, self._header)
            reason = why_not_plain(self._ask, self._header)
            if reason or not set(asked) & set(JUDGED_BY_DUCKDB):
                return self._unjudged(asked, reason)
            readers = Readers(self._ask)
            found = suspects.find()
            if len(found) > SUSPECTS_MAX:
                return self._exceeding(asked, suspects)
            found |= readers.strangers()
            suspects.set_aside(())
            skeleton = whole_operations(self._ask, self._path, self._header)
            steps, jumping = readers.steps(skeleton)
            found |= jumping
            if found:
                found |= suspects.around_the_missing()
            if len(found) > SUSPECTS_MAX:
                return self._unjudged(asked, _too_many(len(found)))
            whole, extent = self._examine(suspects, found, skeleton)
            part = about(self._ask, whole)
            relied, sound, placed = suspects.counts()
            totals = _Totals(
                relied=relied,
                sound=sound,
                placed=placed,
                steps=steps,
                in_partitions=extent.in_partitions,
                in_keys=extent.in_keys,
                sizes=suspects.sizes(_sources(part)) if found else Counter(),
                has_epochs=readers.have_epochs(),
            )
            verdicts = tuple(_verdict(name, part, totals) for name in asked)
            return Judged(engine=Engine.DUCKDB, verdicts=verdicts, history=whole)

    def _exceeding(self, asked: list[str], suspects: Suspects) -> Judged:
        excess = Excess(self._ask)
        first = excess.first()
        suspects.set_aside(first)
        suspects.set_aside(first | suspects.around_the_missing("aside"))
        whole = whole_operations(self._ask, self._path, self._header)
        part = about(self._ask, whole)
        sizes = suspects.sizes(_sources(part))
        verdicts = tuple(
            _with_sizes(excess.verdict(name, part, suspects.number()), sizes, part)
            if name in JUDGED_BY_DUCKDB
            else unknown(name, _not_judged())
            for name in asked
        )
        return Judged(engine=Engine.DUCKDB, verdicts=verdicts, history=whole)

    def _unjudged(self, asked: list[str], reason: str | None) -> Judged:
        verdicts = tuple(unknown(name, reason or _not_judged()) for name in asked)
        history = History(header=self._header)
        return Judged(engine=Engine.DUCKDB, verdicts=verdicts, history=history)

    def _examine(
        self, suspects: Suspects, found: set[int], skeleton: History
    ) -> tuple[History, Extent]:
        """The operations that concern what is suspect, `found` with what else turns up."""
        suspects.set_aside(found)
        whole = self._whole(found, skeleton)
        order = Order(self._ask, _copies_of(about(self._ask, whole)))
        extent, disordered = order.extent(), order.disordered() - found
        if disordered:
            found |= disordered
            suspects.set_aside(found)
            whole = self._whole(found, skeleton)
        return whole, extent

    def _whole(self, found: set[int], skeleton: History) -> History:
        if not found:
            return skeleton
        return whole_operations(self._ask, self._path, self._header)


def _verdict(name: str, part: History, totals: _Totals) -> Verdict:
    if name not in JUDGED_BY_DUCKDB:
        return unknown(name, _not_judged())
    if name == "one_log" and totals.has_epochs:
        return unknown(name, "leader epochs of a big history are not compared")
    verdict = check(part, [name])[0]
    return _of_the_whole(verdict, _EXAMINED[name](totals, verdict.examined), totals.sizes, part)


def _copies_of(history: History) -> list[Copy]:
    """The copies that have a place and a call, as the guarantees on order see them."""
    by_op = history.by_op
    return [
        Copy(
            op=publication.op,
            read_op=reading.op,
            process=publication.process,
            source=reading.delivery.source,
            partition=reading.delivery.partition,
            position=reading.delivery.position,
            key=publication.key,
            free=by_op[publication.op].asked_partition is None,
            message=reading.delivery.message,
        )
        for reading in copies(history)
        if reading.delivery.position is not None
        and (call := call_of(history, reading.delivery))
        and (publication := call[1])
    ]


_EXAMINED: dict[str, Callable[[_Totals, int], int]] = {
    "at_least_once_in_log": lambda totals, closely: totals.relied + closely,
    "exactly_once_in_log": lambda totals, closely: totals.sound + closely,
    "one_log": lambda totals, closely: totals.placed + closely,
    "gapless_reading": lambda totals, _: totals.steps,
    "per_partition_order": lambda totals, _: totals.in_partitions,
    "per_key_order": lambda totals, _: totals.in_keys,
}
"""Of what was counted and what was looked at closely, how much the whole check examined."""


def _of_the_whole(verdict: Verdict, examined: int, sizes: Counter[str], part: History) -> Verdict:
    """The verdict on the suspects, as one on all: what is not suspect is sound."""
    if verdict.validity is Validity.INVALID:
        return _with_sizes(msgspec.structs.replace(verdict, examined=examined), sizes, part)
    if examined == 0 or why_not_scanned(part):
        return verdict
    return Verdict(guarantee=verdict.guarantee, validity=Validity.VALID, examined=examined)


def _with_sizes(verdict: Verdict, sizes: Counter[str], part: History) -> Verdict:
    anomalies = tuple(_among_all(one, sizes, part) for one in verdict.anomalies)
    return msgspec.structs.replace(verdict, anomalies=anomalies)


def _sources(history: History) -> set[str]:
    return {reading.delivery.source for reading in copies(history)}


def _among_all(anomaly: Anomaly, sizes: Counter[str], part: History) -> Anomaly:
    """How many messages reading the source found is the one fact that is of all of them."""
    if "found" not in anomaly.facts:
        return anomaly
    source = anomaly.source or ""
    there = sum(reading.delivery.source == source for reading in copies(part))
    facts = anomaly.facts | {"found": sizes[source] + there}
    return msgspec.structs.replace(anomaly, facts=facts)


def _not_judged() -> str:
    return (
        f"the history is bigger than the {PYTHON_FILE_MB_MAX} MB that are judged in memory, "
        "beyond which this guarantee is not judged"
    )


def _too_many(count: int) -> str:
    return (
        f"{count} messages of this big history need a closer look, more than the {SUSPECTS_MAX} "
        "that are looked at in memory"
    )
