"""`make test-containers`: the container backend against a real engine, without any registry.

    python -m selftests.containers [--against FOLDER]

Takes the engine that answers, else starts one of its own; builds images of what the process
backend has; runs the contract, trouble, and the smoke claims; says whether they come out as on
processes, in FOLDER or in a run of its own. With ENGINE=install it may install the package.
Exit code 4: this machine can have no engine, or the engine runs no containers; it says why.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from deliverycheck import content
from deliverycheck.brokers.containers.engine import Engine, address
from deliverycheck.brokers.provision import ProvisionError, all_tools
from selftests.containers.local_images import build_images
from selftests.containers.own_engine import NoEngineError, check_it_runs, own_engine

_NOT_EXERCISED = 4
_ALLOWED = {0, 4}  # The comparison looks at how much a machine was too slow for.
_TESTS = (
    "properties/kafka/test_broker_contract.py",
    "properties/rabbitmq/test_broker_contract.py",
    "properties/test_containers.py",
)
_began_s = time.monotonic()


def say(line: str) -> None:
    print(f"[{time.monotonic() - _began_s:5.1f} s] {line}", flush=True)  # noqa: T201  # A command.


def main(arguments: list[str]) -> int:
    content.make_importable()
    with ExitStack() as stack:
        try:
            os.environ |= _found_engine(stack)
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            os.environ |= build_images(all_tools(say), scratch, say)
            check_it_runs(os.environ["DELIVERYCHECK_TOXIPROXY_IMAGE"])
        except (NoEngineError, ProvisionError) as error:
            say(f"containers are not exercised: {error}")
            return _NOT_EXERCISED
        return _tested(Path(arguments[1]) if arguments[:1] == ["--against"] else None)


def _found_engine(stack: ExitStack) -> dict[str, str]:
    """The engine that answers here, or one of our own as long as the stack; what leads to it."""
    try:
        Engine().close()
    except ProvisionError as none:
        say(f"{none.problem}; starting one of our own")
        may_install = os.environ.get("ENGINE") == "install"
        return stack.enter_context(own_engine(may_install=may_install))
    say(f"the engine at {address()}")
    return {}


def _tested(against: Path | None) -> int:
    tests = [sys.executable, "-m", "pytest", "-q", "-k", "container", *_TESTS]
    worst = _run("the contract and trouble", tests)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder) / "containers"
        worst = worst or _smoke("container", here)
        if against is None or not (against / "campaign.json").exists():
            against = Path(folder) / "processes"
            worst = worst or _smoke("process", against)
        if worst:
            return worst
        return _agreement(against, here)


def _agreement(against: Path, here: Path) -> int:
    from selftests.containers.compare import of_folders  # noqa: PLC0415

    comparison = of_folders(against, here)
    for line in comparison.lines():
        say(f"processes, containers: {line}")
    return 0 if comparison.is_agreement else 1


def _smoke(backend: str, out: Path) -> int:
    command = ["run", "--profile", "smoke", "--backend", backend, "--out", str(out)]
    code = _run(f"smoke claims, {backend}", [sys.executable, "-m", "deliverycheck.cli", *command])
    return 0 if code in _ALLOWED else code


def _run(what: str, command: list[str]) -> int:
    say(f"{what} …")
    code = subprocess.run(command, check=False).returncode
    say(f"{what}: ended with {code}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
