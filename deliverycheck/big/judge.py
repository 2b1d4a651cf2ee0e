"""Verdicts on a file of any size, by the engine that its size asks for."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from deliverycheck.big.lines import about, whole_operations
from deliverycheck.big.order import Copy, Extent, Order
from deliverycheck.big.pack import connection, pack
from deliverycheck.big.size import JUDGED_BY_DUCKDB, PYTHON_FILE_MB_MAX, Engine, engine_for
from deliverycheck.big.special import why_not_plain
from deliverycheck.big.suspects import Suspects
from deliverycheck.guarantees import Anomaly, Validity, Verdict, check, guarantee_named, unknown
from deliverycheck.guarantees.catalogue import GUARANTEES
from deliverycheck.guarantees.copies import copies, rank
from deliverycheck.guarantees.reached import why_not_scanned
from deliverycheck.history import Header, History, read_header, read_history

SUSPECTS_MAX = 100_000
"""Messages that the checkers look at in memory, about 1 kB each."""


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
        return _Big(path, packed, spill, header).judge(asked)
    finally:
        shutil.rmtree(spill, ignore_errors=True)


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
            found = suspects.find()
            if len(found) > SUSPECTS_MAX:
                return self._unjudged(asked, _too_many(len(found)))
            return self._examine(asked, suspects, found)

    def _unjudged(self, asked: list[str], reason: str | None) -> Judged:
        verdicts = tuple(unknown(name, reason or _not_judged()) for name in asked)
        history = History(header=self._header)
        return Judged(engine=Engine.DUCKDB, verdicts=verdicts, history=history)

    def _examine(self, asked: list[str], suspects: Suspects, found: set[str]) -> Judged:
        if found:
            found |= suspects.around_the_missing()
        while True:
            suspects.set_aside(found)
            whole = whole_operations(self._ask, self._path, self._header)
            order = Order(self._ask, _copies_of(about(whole, found)))
            if not (tied := order.tied() - found):
                break
            found |= tied
        extent = order.extent()
        if disordered := order.disordered() - found:
            found |= disordered
            suspects.set_aside(found)
            whole = whole_operations(self._ask, self._path, self._header)
        part = about(whole, found)
        sizes = suspects.sizes() if found else Counter()
        verdicts = []
        for name in asked:
            if name not in JUDGED_BY_DUCKDB:
                verdicts.append(unknown(name, _not_judged()))
                continue
            verdict = check(part, [name])[0]
            examined = _EXAMINED[name](suspects, extent, verdict)
            verdicts.append(_of_the_whole(verdict, examined, sizes, part))
        return Judged(engine=Engine.DUCKDB, verdicts=tuple(verdicts), history=whole)


def _copies_of(history: History) -> list[Copy]:
    """The copies that have a place and a call, as the guarantees on order see them."""
    ranks, by_op = rank(history), history.by_op
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
        and (known := ranks.get((reading.delivery.message, reading.delivery.attempt)))
        and (publication := known[1])
    ]


_EXAMINED: dict[str, Callable[[Suspects, Extent, Verdict], int]] = {
    "at_least_once_in_log": lambda suspects, _, verdict: suspects.relied() + verdict.examined,
    "exactly_once_in_log": lambda suspects, _, verdict: suspects.sound() + verdict.examined,
    "per_partition_order": lambda _suspects, extent, _: extent.in_partitions,
    "per_key_order": lambda _suspects, extent, _: extent.in_keys,
}


def _of_the_whole(verdict: Verdict, examined: int, sizes: Counter[str], part: History) -> Verdict:
    """The verdict on the suspects, as one on all: what is not suspect is sound."""
    if verdict.validity is Validity.INVALID:
        anomalies = tuple(_among_all(one, sizes, part) for one in verdict.anomalies)
        return msgspec.structs.replace(verdict, examined=examined, anomalies=anomalies)
    if examined == 0 or why_not_scanned(part):
        return verdict
    return Verdict(guarantee=verdict.guarantee, validity=Validity.VALID, examined=examined)


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
