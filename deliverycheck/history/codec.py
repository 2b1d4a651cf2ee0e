"""JSON Lines to history and back: strict in what it knows, forgiving at a cut end."""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from deliverycheck.history.bad_line import no_json, problem_of
from deliverycheck.history.events import (
    FORMAT,
    VERSION,
    Event,
    Fail,
    FaultEvent,
    FaultMoment,
    Header,
    Info,
    Invoke,
    NodeEvent,
    Ok,
    PhaseMark,
    ProcessEvent,
    Returned,
)
from deliverycheck.history.history import FaultSpan, History
from deliverycheck.history.operation import Operation, Outcome
from deliverycheck.history.sense import BULK_MESSAGES_MAX, CAN_BE_NONSENSE, nonsense_in

_TYPES: dict[str, type] = {
    "header": Header,
    "invoke": Invoke,
    "returned": Returned,
    "ok": Ok,
    "fail": Fail,
    "info": Info,
    "fault": FaultEvent,
    "broker": NodeEvent,
    "process": ProcessEvent,
    "phase": PhaseMark,
}
_OUTCOMES: dict[type, Outcome] = {Ok: Outcome.OK, Fail: Outcome.FAIL, Info: Outcome.INFO}
_COLLECTED = (
    "runs",
    "deliveries",
    "delivery_runs",
    "covers",
    "starts",
    "ends",
    "returned_unroutable",
)
_TOLD = ("partition", "position", "remaining", "error")
_NAMED_OTHERWISE = {"invoked_ns": "ns", "asked_partition": "partition"}
_FROM_INVOKE = tuple(
    (field, given)
    for field in Operation.__struct_fields__
    if (given := _NAMED_OTHERWISE.get(field, field)) in Invoke.__struct_fields__
)
_OF_OPERATION = tuple(field for field, _ in _FROM_INVOKE)
_given = attrgetter(*(given for _, given in _FROM_INVOKE))
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class HistoryFormatError(Exception):
    """A line of a history is not what the format says; the message names file, line, field."""


def encode(event: Event) -> bytes:
    """One line of the file, with its line end."""
    return _encoder.encode(event) + b"\n"


def read_history(path: Path) -> History:
    """Read `path`, whole or up to the place where it was cut.

    Raises:
        HistoryFormatError: a complete line breaks the format, or the file is not a history.
        OSError: the file cannot be read.
    """
    return history_of(path.read_bytes(), name=str(path))


def history_of(data: bytes, *, name: str = "history.jsonl") -> History:
    """Read a history from the bytes of its file; `name` stands in messages."""
    builder = HistoryReader(name)
    for number, line in enumerate(_complete_lines(data, builder), start=1):
        builder.add(number, line)
    return builder.history()


def events_of(history_bytes: bytes, *, name: str = "history.jsonl") -> Iterator[Event]:
    """The events of a file in its order, for those who show it as it was written."""
    builder = HistoryReader(name)
    for number, line in enumerate(_complete_lines(history_bytes, builder), start=1):
        yield builder.decode(number, line)[0]


def events_in(lines: Iterable[bytes], *, name: str = "history.jsonl") -> Iterator[Event]:
    """The events of lines that are read one by one, up to a last one without its line end."""
    builder = HistoryReader(name)
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            return
        yield builder.decode(number, line)[0]


def read_header(path: Path) -> Header:
    """The first line of `path`, of which no more is read.

    Raises:
        HistoryFormatError: the file is not a history.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return history_of(file.readline(), name=str(path)).header


def _complete_lines(data: bytes, builder: "HistoryReader") -> Iterable[bytes]:
    """All lines; a last one without its line end counts only if it is whole JSON.

    What is left out must at least begin as a line of ours does, or any one-line text
    would pass for a history that was cut in its header.
    """
    *lines, rest = data.split(b"\n")
    if rest:
        try:
            msgspec.json.decode(rest)
            lines.append(rest)
        except RecursionError:  # Whole or torn: no line of ours.
            lines.append(rest)
        except (msgspec.DecodeError, UnicodeDecodeError):
            builder.cut = True
            if not lines and not rest.lstrip().startswith(b"{"):
                problem = f"not a JSON object; is this a {FORMAT} file? It begins {rest[:40]!r}"
                raise builder.error(1, problem) from None
    return lines


class HistoryReader:
    """Folds the lines of one file into operations and fault spans; `name` stands in messages."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cut = False
        self.header: Header | None = None
        self.operations: dict[int, dict[str, Any]] = {}
        self.faults: list[dict[str, Any]] = []
        self.nodes: list[NodeEvent] = []
        self.processes: list[ProcessEvent] = []
        self.phases: list[PhaseMark] = []
        self._last_op: dict[str, int] = {}
        self._in_bulk = 0

    def error(self, line: int, problem: str) -> HistoryFormatError:
        return HistoryFormatError(f"{self.name}, line {line}: {problem}")

    def decode(self, number: int, line: bytes) -> tuple[Any, dict[str, Any]]:
        """The event and the fields that this version does not know."""
        extra: dict[str, Any] = {}
        try:
            event: Event = _decoder.decode(line)
        except _NO_JSON:
            event, extra = self._decode_field_by_field(number, line)
        if type(event) in CAN_BE_NONSENSE:
            if isinstance(event, Header):
                self._is_ours(number, {"format": event.format, "version": event.version})
            if (problem := nonsense_in(event)) is not None:
                raise self.error(number, problem)
        return event, extra

    def _decode_field_by_field(self, number: int, line: bytes) -> tuple[Any, dict[str, Any]]:
        """As `decode`, for a line with fields that this version does not know, or with an error."""
        try:
            raw = msgspec.json.decode(line)
        except _NO_JSON as error:
            raise self.error(number, no_json(line, error)) from None
        if not isinstance(raw, dict):
            raise self.error(number, f"expected a JSON object, got {line[:80]!r}")
        kind = _TYPES.get(str(raw.get("type")))
        if kind is None:
            expected = ", ".join(_TYPES)
            raise self.error(
                number, f"field 'type': expected one of {expected}; got {raw.get('type')!r}"
            )
        if (
            raw["type"] == "header"
        ):  # Before the other fields: a newer version may have changed them.
            self._is_ours(number, raw)
        known = {"type", *kind.__struct_fields__}  # type: ignore[attr-defined]  # every type here is a Struct
        ours = {field: value for field, value in raw.items() if field in known}
        extra = {field: value for field, value in raw.items() if field not in known}
        try:
            return msgspec.convert(ours, kind), extra
        except msgspec.ValidationError as error:
            raise self.error(number, problem_of(error, raw)) from None

    def _is_ours(self, number: int, raw: dict[str, Any]) -> None:
        form, version = raw.get("format"), raw.get("version")
        if form != FORMAT:
            raise self.error(number, f"field 'format': expected {FORMAT!r}, got {form!r}")
        if isinstance(version, int) and version != VERSION:
            raise self.error(
                number,
                f"field 'version': this program reads version {VERSION}, the file has "
                f"{version}; read it with the program that wrote it",
            )

    def add(self, number: int, line: bytes) -> None:
        """Fold in a line that follows all before it; raises as `read_history` does."""
        event, extra = self.decode(number, line)
        if self.header is None and not isinstance(event, Header):
            raise self.error(number, f"expected the header first; is this a {FORMAT} file?")
        if isinstance(event, Invoke):  # The most frequent come first.
            self._invoke(number, event, extra)
        elif isinstance(event, (Ok, Fail, Info)):
            self._complete(number, event, extra)
        elif isinstance(event, Returned):
            self._return(number, event)
        elif isinstance(event, Header):
            self._add_header(number, event)
        elif isinstance(event, FaultEvent):
            self._fault(number, _with_evidence(event, extra))
        elif isinstance(event, NodeEvent):
            self.nodes.append(_with_evidence(event, extra))
        elif isinstance(event, ProcessEvent):
            self.processes.append(_with_evidence(event, extra))
        else:
            self.phases.append(event)

    def _add_header(self, number: int, header: Header) -> None:
        if self.header is not None:
            raise self.error(number, "a second header; a history holds one execution")
        self.header = header

    def _invoke(self, number: int, event: Invoke, extra: dict[str, Any]) -> None:
        if event.op in self.operations:
            raise self.error(number, f"field 'op': {event.op} was invoked before")
        if event.op <= self._last_op.get(event.process, -1):
            raise self.error(
                number,
                f"field 'op': {event.op} does not rise within process {event.process!r} "
                f"(the one before was {self._last_op[event.process]})",
            )
        self._last_op[event.process] = event.op
        if event.count > 1:
            self._count(number, "count", event.count)
        fields: dict[str, Any] = dict(zip(_OF_OPERATION, _given(event), strict=True))
        fields["extra"] = extra
        self.operations[event.op] = fields

    def _operation(self, number: int, op: int) -> dict[str, Any]:
        fields = self.operations.get(op)
        if fields is None:
            raise self.error(number, f"field 'op': {op} has no invoke line before this one")
        return fields

    def _return(self, number: int, event: Returned) -> None:
        """A confirm may come from another thread of the client before its call returns."""
        fields = self._operation(number, event.op)
        if "returned_ns" in fields:
            raise self.error(number, f"field 'op': {event.op} has returned already")
        if event.ns < fields["invoked_ns"]:
            raise self._goes_back(number, event, fields)
        fields["returned_ns"] = event.ns

    def _complete(self, number: int, event: Ok | Fail | Info, extra: dict[str, Any]) -> None:
        fields = self._operation(number, event.op)
        if "outcome" in fields:
            raise self.error(number, f"field 'op': {event.op} is completed already")
        if event.ns < fields["invoked_ns"]:
            raise self._goes_back(number, event, fields)
        if event.runs or event.delivery_runs:
            self._count(number, "runs", sum(run.count for run in event.runs))
            self._count(number, "delivery_runs", sum(run.count for run in event.delivery_runs))
        fields["outcome"] = _OUTCOMES[type(event)]
        fields["completed_ns"] = event.ns
        fields["confirmed"] = event.confirmed or isinstance(event, Ok)
        for field in _COLLECTED:
            if value := getattr(event, field):
                fields[field] = value
        for field in _TOLD:
            if (value := getattr(event, field)) is not None:
                fields[field] = value
        fields["extra"] |= extra

    def _goes_back(
        self, number: int, event: Returned | Ok | Fail | Info, fields: dict[str, Any]
    ) -> HistoryFormatError:
        return self.error(
            number,
            f"field 'ns': {event.ns} is before the invoke of operation {event.op} at "
            f"{fields['invoked_ns']}; expected times of a clock that never goes back",
        )

    def _count(self, number: int, field: str, messages: int) -> None:
        """All messages of bulk operations are held in memory, one by one."""
        self._in_bulk += messages
        if self._in_bulk > BULK_MESSAGES_MAX:
            raise self.error(
                number,
                f"field {field!r}: with it the bulk operations of this file name "
                f"{self._in_bulk} messages; expected at most {BULK_MESSAGES_MAX}",
            )

    def _fault(self, number: int, event: FaultEvent) -> None:
        if event.moment is FaultMoment.INJECT:
            self.faults.append(
                {
                    "fault": event.fault,
                    "lane": event.lane,
                    "inject_ns": event.ns,
                    "direction": event.direction,
                    "processes": event.processes,
                    "evidence": dict(event.evidence),
                }
            )
            return
        for span in reversed(self.faults):
            same = span["fault"] == event.fault and span["lane"] == event.lane
            if same and f"{event.moment}_ns" not in span:
                span[f"{event.moment}_ns"] = event.ns
                span["evidence"] |= event.evidence
                span["processes"] = tuple(dict.fromkeys(span["processes"] + event.processes))
                return
        raise self.error(
            number,
            f"{event.moment} of fault {event.fault!r} on {event.lane!r} "
            "without an inject before it",
        )

    def history(self) -> History:
        """What all lines told."""
        if self.header is None:
            if not self.cut and not self.operations:
                msg = f"{self.name}: the file is empty; expected a header line"
                raise HistoryFormatError(msg)
            self.header = Header(format=FORMAT, version=VERSION, execution="")
        return History(
            header=self.header,
            operations=tuple(Operation(**fields) for fields in self.operations.values()),
            faults=tuple(FaultSpan(**span) for span in self.faults),
            nodes=tuple(self.nodes),
            processes=tuple(self.processes),
            phases=tuple(self.phases),
            cut=self.cut or not any(mark.phase == "done" for mark in self.phases),
        )


_Evident = TypeVar("_Evident", FaultEvent, NodeEvent, ProcessEvent)


def _with_evidence(event: _Evident, extra: dict[str, Any]) -> _Evident:
    """Fields that this version does not know are evidence too."""
    if not extra:
        return event
    return msgspec.structs.replace(event, evidence=event.evidence | extra)
