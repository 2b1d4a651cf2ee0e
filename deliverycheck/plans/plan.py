"""A concrete schedule: frozen, canonical as JSON, named by its digest."""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from deliverycheck.plans.steps import Step, verb_of
from deliverycheck.plans.subject import Subject
from deliverycheck.plans.topology import Topology

FORMAT = "deliverycheck-plan"
VERSION = 1


class PlanFormatError(Exception):
    """The text is not a plan that this program can run; the message names what is wrong."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True, repr_omit_defaults=True):
    """A subject and the steps to put it through.

    Every plan ends with the same quiet tail (heal, resume, restart, settle, drain,
    scan), which is the driver's and is not written down.
    """

    system: str
    subject: Subject
    steps: tuple[Step, ...]
    format: str = FORMAT
    version: int = VERSION

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON; equal plans have equal digests."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def short_digest(self) -> str:
        """Enough of the digest to name a file."""
        return self.digest[:12]

    def to_json(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, no defaults but format and version."""
        return _canonical.encode(self)

    def __repr__(self) -> str:
        """One line: a printed plan is a reference to a file, not its content."""
        return f"Plan({self.system}, {len(self.steps)} steps, {self.short_digest})"

    def save(self, path: Path) -> None:
        """Write the plan, indented for people; it reads back as the same plan."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(self.to_json(), indent=1) + b"\n")


_canonical = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Plan, strict=True)


class _Envelope(msgspec.Struct):
    format: str | None = None
    version: int | None = None


def plan_of(data: bytes, *, name: str = "plan") -> Plan:
    """Read a plan.

    Raises:
        PlanFormatError: not JSON, not a plan, of another version, or with a step,
            argument or setting that this version does not know.
    """
    try:
        data.decode()  # The reader leaves what it skips unread.
        envelope = msgspec.json.decode(data, type=_Envelope)
    except msgspec.ValidationError as error:
        msg = f"{name}: not the head of a plan: {error}"
        raise PlanFormatError(msg) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{name}: not a whole JSON object ({error}); was the file cut?"
        raise PlanFormatError(msg) from None
    if envelope.format != FORMAT:
        msg = (
            f"{name}: expected field 'format' to be {FORMAT!r}, got {envelope.format!r}; "
            "is this a plan?"
        )
        raise PlanFormatError(msg)
    if envelope.version != VERSION:
        msg = (
            f"{name}: this program runs plans of version {VERSION}, the file has "
            f"{envelope.version}; run it with the program that wrote it"
        )
        raise PlanFormatError(msg)
    try:
        plan = _decoder.decode(data)
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}"
        raise PlanFormatError(msg) from None
    for where, found, known in _objects(msgspec.json.decode(data), plan):
        if unknown := sorted(found.keys() - known):
            msg = f"{name}: {where}: unknown field {unknown[0]!r}; there are: {', '.join(known)}"
            raise PlanFormatError(msg)
    return plan


def _objects(found: dict[str, Any], plan: Plan) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Each object of a plan: its name, what the file has in it, the fields that there are."""
    yield "the plan", found, list(plan.__struct_fields__)
    yield "the subject", found["subject"], list(plan.subject.__struct_fields__)
    if plan.subject.consumer is not None:
        fields = list(plan.subject.consumer.__struct_fields__)
        yield "the subject's consumer", found["subject"]["consumer"], fields
    if plan.subject.topology is not None:
        yield from _declared(found["subject"]["topology"], plan.subject.topology)
    for number, (one, step) in enumerate(zip(found["steps"], plan.steps, strict=True), start=1):
        yield f"step {number} ({verb_of(step)})", one, ["do", *step.__struct_fields__]


def _declared(
    found: dict[str, Any], topology: Topology
) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    yield "the topology", found, list(topology.__struct_fields__)
    for field in ("queues", "exchanges", "bindings"):
        for one, part in zip(found.get(field, ()), getattr(topology, field), strict=True):
            yield f"{field} of the topology", one, list(part.__struct_fields__)
