"""How often each plan convicted so far: what a shrinker knows, to be kept and taken up again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from deliverycheck.plans import Plan, plan_of
from deliverycheck.plans.campaign import Tally
from deliverycheck.plans.rates import tally


@dataclass(slots=True, kw_only=True)
class Record:
    """How often a plan convicted so far."""

    plan: Plan
    convictions: int = 0
    executions: int = 0

    @property
    def rate(self) -> float:
        """Convictions per execution."""
        return self.convictions / self.executions if self.executions else 0.0

    @property
    def tally(self) -> Tally:
        """The rate with its interval."""
        return tally(self.convictions, self.executions)


class _Line(msgspec.Struct, frozen=True):
    plan: msgspec.Raw
    convictions: int
    executions: int


class Measured:
    """All records by digest. Loaded again, it answers what was tried without an execution."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def of(self, plan: Plan) -> Record:
        """The plan's record; a fresh one if nothing is known of it."""
        return self._records.setdefault(plan.digest, Record(plan=plan))

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    @property
    def executions(self) -> int:
        """All that were made, in this and in earlier sittings."""
        return sum(record.executions for record in self._records.values())

    def save(self, path: Path) -> None:
        """Write everything as JSON, at once or not at all."""
        lines = [
            _Line(msgspec.Raw(one.plan.to_json()), one.convictions, one.executions)
            for one in self._records.values()
            if one.executions
        ]
        part = path.with_suffix(".part")
        part.write_bytes(msgspec.json.format(msgspec.json.encode(lines), indent=1) + b"\n")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what was saved.

        Raises:
            PlanFormatError: a plan in it is none that this program can run.
            msgspec.DecodeError: the file is no such state.
        """
        measured = cls()
        for line in msgspec.json.decode(path.read_bytes(), type=list[_Line]):
            record = measured.of(plan_of(bytes(line.plan), name=str(path)))
            record.convictions, record.executions = line.convictions, line.executions
        return measured
