"""The workers of a campaign: a pool for each version of the client library that plans ask for."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from deliverycheck.brokers import InfrastructureError
from deliverycheck.brokers.provision import ProvisionError, provide_client
from deliverycheck.cli.makers import maker_of
from deliverycheck.cli.systems import UsageError
from deliverycheck.clients import (
    ClientProgram,
    WorkerError,
    WorkerPool,
    client_program,
    other_program,
)
from deliverycheck.plans import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Workers of one version of a client library.

    Attributes:
        client: library and version, as a report names them.
    """

    client: str
    program: ClientProgram
    workers: WorkerPool


def why_not_to_be_had(system: str, client: str | None, running: str | None) -> str | None:
    """Why clients of a program of their own cannot be had; ``None`` if they can, or have none."""
    try:
        other = other_program(system, client)
    except WorkerError as error:
        return str(error)
    if other is None or running is None:
        return None
    return f"{client} needs a link slot of its own, which only a broker of ours has"


def without_clients(
    system: str, claims: Sequence[Claim], running: str | None
) -> dict[str, list[str]]:
    """The claims, by id, whose clients cannot be had, for each reason."""
    left_out: dict[str, list[str]] = {}
    for claim in claims:
        if (why := why_not_to_be_had(system, claim.subject.client, running)) is not None:
            left_out.setdefault(why, []).append(claim.id)
    return left_out


class Crews:
    """Each crew is there from the first plan that asks for it. Any thread may ask.

    `adapt` changes a program before its workers are started.
    """

    def __init__(  # noqa: PLR0913  # most by name, and each is somebody else's to choose
        self,
        system: str,
        usual: str | None,
        *,
        spare: int,
        folder: Path,
        adapt: Callable[[ClientProgram], ClientProgram],
        say: Callable[[str], None],
    ) -> None:
        """The crew of `usual` is for all plans that ask for no version.

        Raises:
            UsageError: it is of another system.
            ProvisionError, WorkerError: it cannot be had.
        """
        self._system = system
        self._spare = spare
        self._folder = folder
        self._adapt = adapt
        self._say = say
        self._stack = ExitStack()
        self._lock = Lock()
        self._by_client: dict[str | None, Crew] = {}
        self._usual = usual
        self.usual = self._made(usual)

    def of(self, client: str | None) -> Crew:
        """The crew whose clients are of this version.

        Raises:
            InfrastructureError: the version cannot be had.
        """
        if client is None or client == self._usual:
            return self.usual
        with self._lock:
            if client not in self._by_client:
                try:
                    self._by_client[client] = self._made(client)
                except (ProvisionError, UsageError, WorkerError) as error:
                    raise InfrastructureError(str(error)) from error
            return self._by_client[client]

    def close(self) -> None:
        """No worker runs."""
        self._stack.close()

    def _made(self, client: str | None) -> Crew:
        if (other := other_program(self._system, client)) is not None:
            return self._crew(client or "", *other)
        maker = maker_of(self._system)
        maker.check_client(client)
        library = None if client is None else provide_client(client, self._say)
        name = library.name if library else maker.client
        program = self._adapt(client_program(self._system, library.folder if library else None))
        return self._crew(client or "", name, program)

    def _crew(self, client: str, name: str, program: ClientProgram) -> Crew:
        folder = self._folder / client
        folder.mkdir(parents=True, exist_ok=True)
        workers = WorkerPool(program.argv, spare=self._spare, folder=folder)
        self._stack.callback(workers.close)
        return Crew(client=name, program=program, workers=workers)
