"""Which client program plays which system: a further system is a further entry."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deliverycheck.clients.errors import SettingError, WorkerError
from deliverycheck.clients.kafka import settings as kafka_settings
from deliverycheck.clients.kafka.other_library import OtherLibrary
from deliverycheck.clients.rabbitmq import settings as rabbitmq_settings
from deliverycheck.plans import Setting, Subject
from deliverycheck.plans.rabbitmq_state import STREAM_CLIENT


class UnknownSystemError(Exception):
    """No client program is known for this system."""


class Publishing(StrEnum):
    """How publishers of queues are told what to send."""

    TO_EXCHANGES = "to_exchanges"
    TO_STREAMS = "to_streams"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProgram:
    """How to start the workers of a system, and what to tell them.

    Attributes:
        argv: starts a worker; the path of its journal is added.
        producer_settings: of (subject, ``host:port``, execution).
        consumer_settings: of (subject, ``host:port``, group, lane).
        check_settings: raises `SettingError` for what the library would not take.
        refused: for each subject what the library says against its settings, ``None`` if it takes
            them.
        deviations: ``name=value (default)``, where our clients differ from the library's defaults.
        publishing: of a system of queues.
    """

    argv: tuple[str, ...]
    producer_settings: Callable[[Subject, str, str], dict[str, Setting]]
    consumer_settings: Callable[[Subject, str, str, str], dict[str, Setting]]
    check_settings: Callable[[Subject], None]
    refused: Callable[[Sequence[Subject]], tuple[str | None, ...]]
    deviations: tuple[str, ...]
    publishing: Publishing = Publishing.TO_EXCHANGES


def other_program(system: str, client: str | None) -> tuple[str, ClientProgram] | None:
    """Name, and program, of a client that is no version of the system's usual one.

    Raises:
        WorkerError: its library is not installed.
    """
    system_of_it = _OTHERS.get((system, client or ""))
    if system_of_it is None or client is None:
        return None
    try:
        name = f"{client} {version(client)}"
    except PackageNotFoundError as error:
        msg = f"{client} is not installed: pip install 'deliverycheck[streams]'"
        raise WorkerError(msg) from error
    return name, client_program(system_of_it)


def client_program(system: str, library: Path | None = None) -> ClientProgram:
    """The client program of `system`, with the client library in the folder `library`.

    Without one it is the library that is installed beside this program. What another library does
    not know of the profile is left out.

    Raises:
        UnknownSystemError: there is none; names those there are.
        WorkerError: the library could not be asked what it takes.
    """
    if system not in _PROGRAMS:
        msg = f"no client program for system {system!r}; known: {', '.join(sorted(_PROGRAMS))}"
        raise UnknownSystemError(msg)
    return _PROGRAMS[system](library)


def _kafka(library: Path | None) -> ClientProgram:
    if library is None:
        return ClientProgram(
            argv=_python_worker(_KAFKA),
            producer_settings=kafka_settings.producer_settings,
            consumer_settings=kafka_settings.consumer_settings,
            check_settings=kafka_settings.check_settings,
            refused=_refused,
            deviations=_deviations(),
        )
    other = OtherLibrary(argv=_python_worker(_KAFKA_ASKED, library))
    return ClientProgram(
        argv=_python_worker(_KAFKA, library),
        producer_settings=other.producer_settings,
        consumer_settings=other.consumer_settings,
        check_settings=other.check_settings,
        refused=other.refused,
        deviations=_deviations(other.unknown),
    )


def _rabbitmq(library: Path | None) -> ClientProgram:
    """The settings have names of ours, so that every version of the library takes the same."""
    return ClientProgram(
        argv=_python_worker(_RABBITMQ) if library is None else _python_worker(_RABBITMQ, library),
        producer_settings=rabbitmq_settings.producer_settings,
        consumer_settings=rabbitmq_settings.consumer_settings,
        check_settings=rabbitmq_settings.check_settings,
        refused=rabbitmq_settings.refused,
        deviations=rabbitmq_settings.DEVIATIONS,
    )


def _streams(library: Path | None) -> ClientProgram:
    """For RabbitMQ's streams by their own protocol: the extra `streams` brings its library."""
    return ClientProgram(
        argv=_python_worker(_STREAMS) if library is None else _python_worker(_STREAMS, library),
        producer_settings=rabbitmq_settings.producer_settings,
        consumer_settings=rabbitmq_settings.consumer_settings,
        check_settings=rabbitmq_settings.check_stream_settings,
        refused=rabbitmq_settings.stream_refused,
        deviations=rabbitmq_settings.STREAM_DEVIATIONS,
        publishing=Publishing.TO_STREAMS,
    )


def _deviations(without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    return tuple(
        f"{one.name}={one.value} ({one.default})"
        for one in kafka_settings.deviations()
        if one.name not in without
    )


def _refused(subjects: Sequence[Subject]) -> tuple[str | None, ...]:
    """The same as of another library, of the one that is installed beside this program."""
    return tuple(map(_refusal, subjects))


def _refusal(subject: Subject) -> str | None:
    try:
        kafka_settings.check_settings(subject)
    except SettingError as error:
        return str(error)
    return None


def _python_worker(module: str, *first: Path) -> tuple[str, ...]:
    """A worker program of ours, by this interpreter, from this very copy of the package.

    Isolated, with the folders of `first` and our own root first: neither the working folder nor
    PYTHONPATH decides which code plays the client under test.
    """
    folders = [str(folder) for folder in (*first, Path(__file__).parents[2])]
    program = f"import sys; sys.path[:0] = {folders!r}; from {module} import main; main()"
    return (sys.executable, "-I", "-c", program)


_KAFKA = "deliverycheck.clients.kafka.worker"
_KAFKA_ASKED = "deliverycheck.clients.kafka.refusals"
_RABBITMQ = "deliverycheck.clients.rabbitmq.worker"
_STREAMS = "deliverycheck.clients.rabbitmq.stream_worker"
_PROGRAMS: dict[str, Callable[[Path | None], ClientProgram]] = {
    "kafka": _kafka,
    "rabbitmq": _rabbitmq,
    "rabbitmq-streams": _streams,
}
_OTHERS = {("rabbitmq", STREAM_CLIENT): "rabbitmq-streams"}
"""By a system and the client of a subject: whose program its workers run."""
