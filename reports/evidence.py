"""What the folder of a violation still shows: its history in pictures, its plan as a test."""

from dataclasses import dataclass
from pathlib import Path

from deliverycheck.history import ExecutionFolder, History
from deliverycheck.plans import Plan, PlanFormatError, plan_of
from deliverycheck.plans.campaign import ClaimResult, Violation
from reports.places import Places, places_of
from reports.pytest_file import pytest_text
from reports.sequence import Diagram, diagram_of
from reports.timeline import Timeline, timeline_of
from reports.visible import visible
from reports.witnesses import witnesses_of

TIMES = 10
"""Replays of the test: a plan that convicts once in four does so in 19 of 20 such tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The history of a violation, or why it cannot be shown."""

    timeline: Timeline | None = None
    diagram: Diagram | None = None
    places: tuple[Places, ...] = ()
    missing: str = ""


def pictures_of(violation: Violation, history: History | str) -> Pictures:
    """All that its history shows; whatever was wrong with it is a sentence."""
    if isinstance(history, str):
        return Pictures(missing=visible(history))
    witnesses = witnesses_of(violation, history)
    return Pictures(
        timeline=timeline_of(history, witnesses),
        diagram=diagram_of(history, witnesses),
        places=places_of(history, violation.anomaly, witnesses),
    )


def pytest_of(violation: Violation, result: ClaimResult | None, folder: Path) -> str:
    """The violation's plan as a pytest file; nothing if neither it nor its claim is known."""
    plan = _saved_plan(violation, folder)
    if plan is None and result is not None:
        claim = result.claim
        plan = Plan(system=claim.system, subject=claim.subject, steps=violation.plan_steps)
    if plan is None:
        return ""
    return pytest_text(plan, result.claim if result else None, times=TIMES)


def _saved_plan(violation: Violation, folder: Path) -> Plan | None:
    path = ExecutionFolder(root=folder / violation.folder).plan
    if not path.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        return plan_of(path.read_bytes())
    except (OSError, PlanFormatError):
        return None
