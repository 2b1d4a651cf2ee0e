"""Wiring for `pytest properties`: options, the campaign that all items share, what is told last."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from properties.items import GIVEN, TOLD

if TYPE_CHECKING:
    from deliverycheck.cli.claim_session import ClaimSession

OUT = Path(__file__).resolve().parent / "reports" / "out" / "pytest"
OPTIONS = {
    "profile": "How much: smoke (a minute a system), ci (20 min), nightly. [default: smoke]",
    "bootstrap": "HOST:PORT of a running cluster; else a broker of our own is started.",
    "broker": "Another version of our own broker, such as kafka:3.9.2.",
    "client": "Another version of the client, such as confluent-kafka==2.3.0.",
    "minutes": "No execution starts after so many minutes; else as the profile says.",
    "at-once": "Executions at once; else as the profile says.",
    "plan-seed": "Which plans are drawn, and the order of claims; else the commit says.",
}
_NUMBERS = {"minutes": float, "at-once": int, "plan-seed": int}


BEGAN = pytest.StashKey[float]()
"""Wall clock of the session's begin: reports of earlier ones are not told."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `deliverycheck run`; what is not given, [tool.deliverycheck] may fix."""
    group = parser.getgroup("deliverycheck")
    for name, told in OPTIONS.items():
        group.addoption(f"--{name}", default=None, type=_NUMBERS.get(name, str), help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what would hide a loss that was seen once, and an unknown profile."""
    if config.pluginmanager.hasplugin("rerunfailures"):
        raise pytest.UsageError(
            "pytest-rerunfailures reruns until green; a violation seen once is a violation. "
            "Switch it off: -p no:rerunfailures"
        )
    from deliverycheck.cli.project_options import project_options  # noqa: PLC0415  # `--help` does not wait
    from deliverycheck.cli.systems import UsageError  # noqa: PLC0415
    from deliverycheck.search import PROFILES  # noqa: PLC0415

    try:
        fixed = project_options(config.rootpath)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    given = {name: config.getoption(name.replace("-", "_")) for name in OPTIONS}
    fixed["plan-seed"] = fixed.pop("seed", None)
    options = {name: fixed.get(name) if value is None else value for name, value in given.items()}
    options["profile"] = options["profile"] or "smoke"
    if options["plan-seed"] is None:
        options["plan-seed"] = _seed_of_commit(config.rootpath)
    if options["profile"] not in PROFILES:
        msg = f"--profile {options['profile']}: there are {', '.join(PROFILES)}"
        raise pytest.UsageError(msg)
    config.stash[GIVEN] = options
    config.stash[BEGAN] = time.time()


def _seed_of_commit(root: Path) -> int:
    """Another rotation for each commit, the same for all who test it; 0 outside a checkout."""
    command = ["git", "-C", str(root), "rev-parse", "--short=8", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed words
    except OSError:
        return 0
    return int(done.stdout, 16) if done.returncode == 0 else 0


def pytest_report_header(config: pytest.Config) -> str:
    """What plans are drawn, so that the same can be drawn again."""
    given = config.stash[GIVEN]
    return f"deliverycheck: --profile {given['profile']} --plan-seed {given['plan-seed']}"


@pytest.fixture(scope="session")
def given(request: pytest.FixtureRequest) -> dict[str, object]:
    """The options, given or fixed."""
    return request.config.stash[GIVEN]


@pytest.fixture(scope="session")
def claims(request: pytest.FixtureRequest, given: dict) -> "Iterator[ClaimSession]":
    """The session's campaign, a broker of its own for each xdist process; opened when needed."""
    from deliverycheck import content  # noqa: PLC0415  # collection starts and imports nothing
    from deliverycheck.cli.claim_session import ClaimSession  # noqa: PLC0415
    from deliverycheck.cli.run_options import RunOptions, profile_of  # noqa: PLC0415
    from deliverycheck.cli.target import TargetOptions  # noqa: PLC0415

    target = {name: given[name] for name in ("bootstrap", "broker", "client")}
    options = RunOptions(
        profile=profile_of(given["profile"], minutes=given["minutes"], at_once=given["at-once"]),
        target=TargetOptions(**target),
        claims=(),
        seed=given["plan-seed"],
        out=_emptied(OUT / os.environ.get("PYTEST_XDIST_WORKER", "main")),
        corpus=content.folder("corpus"),
    )
    items = [item for item in request.session.items if "claims" in item.fixturenames]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    with ClaimSession(options, -(-len(items) // processes)) as session:
        yield session
    session.render()


def _emptied(folder: Path) -> Path:
    import shutil  # noqa: PLC0415

    shutil.rmtree(folder, ignore_errors=True)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each violation in at most 15 lines, then the reports."""
    told = [
        lines
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, lines in getattr(report, "user_properties", ())
        if name == TOLD and report.when == "call"
    ]
    for number, lines in enumerate(told):
        if not number:
            terminalreporter.section("deliverycheck: what broke")
        terminalreporter.write_line(lines)
    began = terminalreporter.config.stash[BEGAN]
    for page in sorted(OUT.glob("*/report.html")):
        if page.stat().st_mtime >= began:
            terminalreporter.write_line(f"Report: {os.path.relpath(page)}")
