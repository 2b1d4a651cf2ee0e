"""Clients under test, each in its own process, told what to do by JSON lines (`PROTOCOL.md`)."""

from deliverycheck.clients import commands
from deliverycheck.clients.errors import (
    SettingError,
    WorkerDeafError,
    WorkerDiedError,
    WorkerError,
    WorkerRubbishError,
    WorkerSilentError,
)
from deliverycheck.clients.handle import WorkerHandle
from deliverycheck.clients.journal import JournalLine
from deliverycheck.clients.pool import WorkerPool
from deliverycheck.clients.protocol import (
    AssignEvent,
    AutoCommitEvent,
    ClientErrorEvent,
    CompletionEvent,
    ConfirmedAgainEvent,
    DeliveryEvent,
    FailEvent,
    HeldEvent,
    HelloEvent,
    InfoEvent,
    LostEvent,
    OkEvent,
    RebalanceEvent,
    Remedy,
    Reply,
    ReturnedEvent,
    RevokeEvent,
    SourcePartition,
    WorkerLine,
    completion_of,
)
from deliverycheck.clients.sink import operations_in
from deliverycheck.clients.systems import (
    ClientProgram,
    Publishing,
    UnknownSystemError,
    client_program,
    other_program,
)

__all__ = [
    "AssignEvent",
    "AutoCommitEvent",
    "ClientErrorEvent",
    "ClientProgram",
    "CompletionEvent",
    "ConfirmedAgainEvent",
    "DeliveryEvent",
    "FailEvent",
    "HeldEvent",
    "HelloEvent",
    "InfoEvent",
    "JournalLine",
    "LostEvent",
    "OkEvent",
    "Publishing",
    "RebalanceEvent",
    "Remedy",
    "Reply",
    "ReturnedEvent",
    "RevokeEvent",
    "SettingError",
    "SourcePartition",
    "UnknownSystemError",
    "WorkerDeafError",
    "WorkerDiedError",
    "WorkerError",
    "WorkerHandle",
    "WorkerLine",
    "WorkerPool",
    "WorkerRubbishError",
    "WorkerSilentError",
    "client_program",
    "commands",
    "completion_of",
    "operations_in",
    "other_program",
]
