"""`deliverycheck replay --pytest FILE`: a plan as a test that stands alone."""

from pathlib import Path

from deliverycheck.plans import Claim, Plan
from reports import pytest_text


def write_pytest_file(
    path: Path, plan: Plan, claim: Claim | None, *, times: int, target: tuple[str, ...]
) -> None:
    """`path` is a test of pytest that replays the plan and fails if it breaks what it did."""
    path.write_text(pytest_text(plan, claim, times=times, target=target), encoding="utf-8")
