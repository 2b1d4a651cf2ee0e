"""What is found in transactions."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_HANDED = (
    "{reader} asks for committed messages and was handed {message} from {place} at {read_ns:s}; "
)
_WRITTEN = "transaction {transaction} of {process}, which wrote it"
_HOW_READ = {
    "error": "The commit failed with {error}.",
    "receive_ended": "The receive itself ended {receive_ended}.",
    "handings": "It was handed out {handings:count time}.",
}

_ABORTED_READ = AnomalyKind(
    name="aborted_read",
    meaning="A reader of committed messages was handed one of a transaction that did not commit.",
    breaks=("read_committed",),
    severity=Severity.CORRUPTION,
    sentences={
        "aborted": _HANDED + _WRITTEN + ", was aborted at {ended_ns:s}.",
        "commit_failed": _HANDED
        + "the commit of "
        + _WRITTEN
        + ", had failed for good by {ended_ns:s}.",
        "never_committed": _HANDED + "nobody ever asked for the commit of " + _WRITTEN + ".",
    },
    details=_HOW_READ,
    source="Adya, Weak Consistency (1999): G1a, aborted reads",
    example="p1 publishes a in x1 and aborts x1; c1 reads committed messages and is handed a.",
)
_UNCOMMITTED_READ = AnomalyKind(
    name="uncommitted_read",
    meaning="A reader of committed messages was handed one before its commit was asked for.",
    breaks=("read_committed",),
    severity=Severity.CORRUPTION,
    sentences={
        "before_commit": _HANDED
        + "the commit of "
        + _WRITTEN
        + ", was not asked for before {commit_ns:s}."
    },
    details=_HOW_READ,
    source="ANSI SQL-92: P1, dirty read",
    example="p1 publishes a in x1; c1 is handed a; p1 commits x1.",
)
_OWN_UNCOMMITTED_READ = AnomalyKind(
    name="own_uncommitted_read",
    meaning="A process read its own message from the log before it asked for the commit.",
    breaks=("read_committed",),
    severity=Severity.CORRUPTION,
    sentences={
        "before_commit": (
            "{reader} asks for committed messages and was handed {message}, which it wrote itself "
            "in transaction {transaction}, from {place} at {read_ns:s}; it did not ask for the "
            "commit before {commit_ns:s}."
        )
    },
    details=_HOW_READ,
    source="checkers of partitioned logs: a transaction that polls what it sent itself",
    example="p1 publishes a in x1, reads committed messages, is handed a, and commits x1.",
)

ANOMALIES: tuple[AnomalyKind, ...] = (_ABORTED_READ, _UNCOMMITTED_READ, _OWN_UNCOMMITTED_READ)
