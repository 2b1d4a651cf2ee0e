"""Wiring for `pytest properties`: options, and the live target that all items share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

OUT = Path("reports") / "out" / "pytest"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the command line that make sense here."""
    group = parser.getgroup("deliverycheck")
    group.addoption(
        "--profile",
        default="smoke",
        help="How much: smoke (default), demo, ci, nightly.",
    )
    group.addoption("--bootstrap", default=None, help="HOST:PORT of a running Kafka.")
    group.addoption("--plan-seed", type=int, default=0, help="Seed of the plans.")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what would hide a loss that was seen once."""
    if config.pluginmanager.hasplugin("rerunfailures"):
        raise pytest.UsageError(
            "pytest-rerunfailures reruns until green; a violation seen once is a violation. "
            "Switch it off: -p no:rerunfailures"
        )
    from deliverycheck.search import PROFILES  # noqa: PLC0415  # who asks for help does not wait

    if (name := config.getoption("--profile")) not in PROFILES:
        msg = f"--profile {name}: there are {', '.join(PROFILES)}"
        raise pytest.UsageError(msg)


@pytest.fixture(scope="session")
def profile(request: pytest.FixtureRequest):  # a Profile; imported only where it is used
    """The profile that was asked for."""
    from deliverycheck.cli.run import profile_of  # noqa: PLC0415  # collection stays cheap

    return profile_of(request.config.getoption("--profile"))


@pytest.fixture(scope="session")
def plan_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the plans."""
    return int(request.config.getoption("--plan-seed"))


@pytest.fixture(scope="session")
def judge(request: pytest.FixtureRequest) -> Iterator[object]:
    """The session's judge over a real broker behind a real proxy; started by the first item."""
    from deliverycheck.cli.target import OpenTarget, TargetOptions  # noqa: PLC0415
    from deliverycheck.guarantees import GUARANTEES  # noqa: PLC0415
    from deliverycheck.plans.kafka import KafkaModel  # noqa: PLC0415
    from deliverycheck.search import Judge  # noqa: PLC0415

    options = TargetOptions(bootstrap=request.config.getoption("--bootstrap"))
    with OpenTarget(options, model=KafkaModel(), folder=OUT, say=_quiet) as target:
        yield Judge(
            execute=target.execute,
            renew=target.renew,
            guarantees=tuple(GUARANTEES),
            folder=OUT / "executions",
        )


def _quiet(_: str) -> None:
    """Progress is pytest's own."""
