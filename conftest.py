"""Wiring for `pytest properties`: options, the campaign that all items share, what is told last."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from properties.items import GIVEN, TOLD

if TYPE_CHECKING:
    from deliverycheck.cli.claim_session import ClaimSession
    from deliverycheck.cli.run_options import RunOptions

OUT = Path(__file__).resolve().parent / "reports" / "out" / "pytest"
OPTIONS = {
    "profile": "How much: smoke (a minute a system), ci (20 min), nightly. [default: smoke]",
    "backend": "auto, process, container, or external with --bootstrap. [default: auto]",
    "bootstrap": "HOST:PORT of a running Kafka cluster, or amqp://USER@HOST:PORT of a running "
    "RabbitMQ; else a broker of our own is started.",
    "broker": "Another version of our own broker, such as kafka:3.9.2 or rabbitmq:4.0.",
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
    """Refuse what would hide a loss that was seen once, an unknown profile or backend."""
    if config.pluginmanager.hasplugin("rerunfailures"):
        raise pytest.UsageError(
            "pytest-rerunfailures reruns until green; a violation seen once is a violation. "
            "Switch it off: -p no:rerunfailures"
        )
    from deliverycheck.cli.backends import Backend  # noqa: PLC0415  # `--help` does not wait
    from deliverycheck.cli.project_options import project_options  # noqa: PLC0415
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
    options["backend"] = options["backend"] or Backend.AUTO
    if options["backend"] not in tuple(Backend):
        msg = f"--backend {options['backend']}: there are {', '.join(Backend)}"
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
def sessions(request: pytest.FixtureRequest, given: dict) -> "Iterator[Sessions]":
    """The session's campaigns, closed when all items are done."""
    with Sessions(request.session, given) as opened:
        yield opened


@pytest.fixture
def claims(request: pytest.FixtureRequest, sessions: "Sessions") -> "ClaimSession":
    """The campaign of the item's system; one that cannot be had here is listed as not exercised."""
    return sessions.of(request.path.parent.name)


class Sessions:
    """A campaign for each system and xdist process, each with its broker; opened when needed."""

    def __init__(self, session: pytest.Session, given: dict) -> None:
        self._items = [item for item in session.items if "claims" in item.fixturenames]
        self._given = given
        self._stack = ExitStack()
        self._opened: dict[str, ClaimSession] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()
        for session in self._opened.values():
            session.render()

    def of(self, name: str) -> "ClaimSession":
        """That of the system, or of the first one for items that stand elsewhere."""
        from deliverycheck.brokers.provision import ProvisionError  # noqa: PLC0415  # As below.
        from deliverycheck.cli.backends import Backend  # noqa: PLC0415
        from deliverycheck.cli.claim_session import ClaimSession  # noqa: PLC0415
        from deliverycheck.cli.makers import maker_of, system_of_address  # noqa: PLC0415
        from deliverycheck.cli.systems import systems  # noqa: PLC0415
        from deliverycheck.cli.target import choice_of, tools_of  # noqa: PLC0415

        system = name if name in systems() else systems()[0]
        if system not in self._opened:
            options = self._options(system)
            maker, target = maker_of(system), options.target
            address = target.bootstrap
            if address and system_of_address(address) != system:
                pytest.skip(f"not exercised: {maker.title} is not what runs at the given address")
            try:
                tools_of(target, choice_of(target), lambda _: None).close()
            except ProvisionError as error:
                if system == systems()[0] or target.backend is not Backend.AUTO:
                    raise
                pytest.skip(f"not exercised: {maker.title} cannot be had here: {error}")
            processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
            own = [item for item in self._items if item.path.parent.name == name]
            session = ClaimSession(options, -(-len(own) // processes))
            self._opened[system] = self._stack.enter_context(session)
        return self._opened[system]

    def _options(self, system: str) -> "RunOptions":
        from deliverycheck import content  # noqa: PLC0415  # collection starts and imports nothing
        from deliverycheck.cli.backends import Backend  # noqa: PLC0415
        from deliverycheck.cli.makers import system_of_client  # noqa: PLC0415
        from deliverycheck.cli.run_options import RunOptions, profile_of  # noqa: PLC0415
        from deliverycheck.cli.systems import systems  # noqa: PLC0415
        from deliverycheck.cli.target import TargetOptions  # noqa: PLC0415

        given = self._given
        broker = given["broker"]
        first = system == systems()[0]
        named = (broker or "").partition(":")[0]
        own = broker if named == system or (first and named not in systems()) else None
        client = given["client"]
        its = client and (system_of_client(client) or systems()[0])
        folder = os.environ.get("PYTEST_XDIST_WORKER", "main")
        return RunOptions(
            profile=profile_of(
                given["profile"], minutes=given["minutes"], at_once=given["at-once"]
            ),
            target=TargetOptions(
                system=system,
                backend=Backend(given["backend"]),
                bootstrap=given["bootstrap"],
                broker=own,
                client=client if its == system else None,
            ),
            claims=(),
            seed=given["plan-seed"],
            out=_emptied(OUT / (folder if first else f"{folder}-{system}")),
            corpus=content.folder("corpus"),
        )


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
