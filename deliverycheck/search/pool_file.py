"""A pool on disk, of step lists or of plans: what was drawn once is run, whatever code draws."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import msgspec

from deliverycheck.plans import Plan, PlanFormatError, Step, plan_of

StepList = tuple[Step, ...]

_decoder = msgspec.json.Decoder(StepList)


def save_pool(path: Path, pool: Sequence[Sequence[Step]]) -> None:
    """A line for each step list; the same pool gives the same bytes."""
    lines = b"".join(msgspec.json.encode(steps) + b"\n" for steps in pool)
    path.write_bytes(gzip.compress(lines, mtime=0))


def load_pool(path: Path) -> tuple[StepList, ...]:
    """The pool as it was saved.

    Raises:
        PlanFormatError: it is none, or not whole; names the file.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        return tuple(_decoder.decode(line) for line in gzip.decompress(data).splitlines())
    except (gzip.BadGzipFile, EOFError, msgspec.DecodeError) as error:
        msg = f"{path}: not a whole pool of step lists ({error})"
        raise PlanFormatError(msg) from None


def shard_of(pool: Sequence[Sequence[Step]], shard: int, shards: int) -> tuple[Sequence[Step], ...]:
    """The part of the pool for one of `shards` machines, counted from 1; together they are all."""
    return tuple(pool[shard - 1 :: shards])


def save_plans(path: Path, plans: Sequence[Plan]) -> None:
    """A line for each plan, at once or not at all."""
    part = path.with_suffix(".part")
    part.write_bytes(b"".join(plan.to_json() + b"\n" for plan in plans))
    part.replace(path)


def load_plans(path: Path) -> tuple[Plan, ...]:
    """The plans as they were saved.

    Raises:
        PlanFormatError: a line is no plan; names file and line.
        OSError: it cannot be read.
    """
    lines = path.read_bytes().splitlines()
    return tuple(plan_of(line, name=f"{path}, line {n}") for n, line in enumerate(lines, start=1))
