"""Which backend a run takes, and why: told in the first line of each run, and by `doctor`."""

from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.brokers import BrokerError
from deliverycheck.brokers.provision import Finding, ProvisionError, Status, findings_of
from deliverycheck.cli.systems import UsageError


class Backend(StrEnum):
    """Where the broker under test comes from."""

    AUTO = "auto"
    PROCESS = "process"
    CONTAINER = "container"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A backend, and why it is taken."""

    backend: Backend
    why: str

    def __str__(self) -> str:
        return f"backend: {self.backend}, {self.why}"


def chosen(system: str, asked: Backend, address: str | None) -> Choice:
    """What `asked` means for this system on this machine; nothing is fetched or started.

    Of its own accord a run takes a broker that it is led to, then processes, which start in a
    second and need no rights, then containers.

    Raises:
        UsageError: two things were asked for that exclude each other.
    """
    if asked is Backend.EXTERNAL and address is None:
        msg = "--backend external: name the broker too, by --bootstrap HOST:PORT or --amqp ADDRESS"
        raise UsageError(msg)
    if asked in {Backend.PROCESS, Backend.CONTAINER} and address is not None:
        msg = f"--backend {asked} and --bootstrap: a running broker is used as it is; give one"
        raise UsageError(msg)
    if asked is not Backend.AUTO:
        return Choice(backend=asked, why="as asked for")
    if address is not None:
        return Choice(backend=Backend.EXTERNAL, why="since an address was given")
    return _of_its_own_accord(system)


def _of_its_own_accord(system: str) -> Choice:
    needed = findings_of(system)
    missing = [finding for finding in needed if finding.status is Status.MISSING]
    if not missing:
        fetched = [one.component for one in needed if one.status is Status.WILL_FETCH]
        why = f"once {', '.join(fetched)} is fetched" if fetched else "since all it needs is here"
        return Choice(backend=Backend.PROCESS, why=why)
    first = missing[0]
    gap = f"{first.component}: {first.found}"
    trouble = why_no_containers(system)
    if trouble is None:
        why = f"since processes cannot be had ({gap}) and an engine has the images"
        return Choice(backend=Backend.CONTAINER, why=why)
    return Choice(
        backend=Backend.PROCESS, why=f"though {gap}, since containers cannot be had ({trouble})"
    )


def why_no_containers(system: str) -> str | None:
    """What is missing for containers; ``None`` if they can be had."""
    from deliverycheck.cli.container_tools import engine_with_images  # noqa: PLC0415  # 0.3 s to import

    try:
        engine_with_images(system).engine.close()
    except ProvisionError as error:
        return f"{error.problem}; {error.fix}"
    except BrokerError as error:  # It answers, and then not to this.
        return str(error)
    return None


def backend_findings(systems: tuple[str, ...]) -> tuple[Finding, ...]:
    """For `doctor`: what containers lack, and what a run of each system would take."""
    found = []
    for system in systems:
        trouble = why_no_containers(system)
        found.append(
            Finding(
                component=f"containers for {system}",
                status=Status.OK,
                found="an engine answers and has the images" if trouble is None else trouble,
            )
        )
        choice = chosen(system, Backend.AUTO, None)
        told = f"{choice.backend}, {choice.why}"
        found.append(Finding(component=f"backend for {system}", status=Status.OK, found=told))
    return tuple(found)
