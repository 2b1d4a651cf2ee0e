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

_TORN = AnomalyKind(
    name="torn",
    meaning="A part of a transaction can be read, and another part of it cannot.",
    breaks=("atomic_transactions",),
    severity=Severity.LOSS,
    sentences={
        "read": (
            "{reader} asks for committed messages and was handed {seen} of transaction "
            "{transaction} of {process} at {read_ns:s}; {missing} of its {owed:count message} "
            "cannot be read: first {message}, published to {place}."
        ),
        "committed": (
            "The commit of transaction {transaction} of {process} ended ok; {missing} of its "
            "{owed:count message} cannot be read: first {message}, published to {place}."
        ),
    },
    details={"hidden": "It stands there only for those who do not ask for committed messages."},
    source="checkers of partitioned logs: lost write of a transaction that was read in part",
    example="p1 publishes a and b in x1 and commits it; a fresh reader finds a only.",
)
_OFFSETS_APART = AnomalyKind(
    name="offsets_apart",
    meaning="The committed positions of a transaction moved without its messages, or they did not.",
    breaks=("atomic_transactions",),
    severity=Severity.CORRUPTION,
    sentences={
        "handed_again": (
            "Transaction {transaction} of {process} took effect and committed position {covered} "
            "of {source} for group {group}; {member}, which joined the group at {joined_ns:s}, "
            "was handed {message} from {place} all the same."
        ),
        "moved_alone": (
            "Transaction {transaction} of {process} did not take effect; it was to commit position "
            "{covered} of {source} for group {group}, which stood at {base}. {member}, which "
            "joined the group at {joined_ns:s}, began with {message} from {place}, and what "
            "stands at position {passed} was passed over."
        ),
    },
    source="exactly-once processing in logs: positions are committed with the outputs",
    example="p1 commits x1 with position 3 of group g; c2 joins g and is handed position 2.",
)

_FENCE = (
    "{newer} had taken over from {process} by {fenced_ns:s}. {process} asked for the commit of "
    "transaction {transaction} only at {asked_ns:s}, and it took effect: "
)
_FENCED_EFFECT = AnomalyKind(
    name="fenced_effect",
    meaning="A transaction took effect that an instance asked to commit after it was fenced.",
    breaks=("fencing",),
    severity=Severity.CORRUPTION,
    sentences={
        "committed": _FENCE + "the commit ended ok.",
        "read": (
            _FENCE + "{reader}, which asks for committed messages, was handed {message} of it from "
            "{place} at {read_ns:s}."
        ),
    },
    source="fencing tokens: what bears an older token is refused",
    example="p1 is paused; p1#2 takes over its id; p1 goes on and commits x1, which ends ok.",
)

_NO_ORDER = {"cycle": "No order fits transactions {transactions}: {steps}."}
_READ_CYCLE = AnomalyKind(
    name="read_cycle",
    meaning="Each of some transactions read of the one before it, in a circle.",
    breaks=("read_order", "serializable_transactions"),
    severity=Severity.DISORDER,
    sentences=_NO_ORDER,
    source="Adya, Weak Consistency (1999): G1c, circular information flow, of reads",
    example="x1 reads a message of x2, and x2 one of x1.",
)
_WRITE_CYCLE = AnomalyKind(
    name="write_cycle",
    meaning="The messages of each of some transactions stand behind those of another, in a circle.",
    breaks=("serializable_transactions",),
    severity=Severity.DISORDER,
    sentences=_NO_ORDER,
    source="Adya, Weak Consistency (1999): G0, write cycles",
    example="In one partition x1 stands before x2, in another x2 before x1.",
)
_MIXED_CYCLE = AnomalyKind(
    name="mixed_cycle",
    meaning="What transactions read of one another contradicts the order of their messages.",
    breaks=("serializable_transactions",),
    severity=Severity.DISORDER,
    sentences=_NO_ORDER,
    source="Adya, Weak Consistency (1999): G1c, circular information flow, of reads and writes",
    example="x2 reads a message of x1, and another message of x1 stands behind one of x2.",
)

ANOMALIES: tuple[AnomalyKind, ...] = (
    _ABORTED_READ,
    _UNCOMMITTED_READ,
    _OWN_UNCOMMITTED_READ,
    _TORN,
    _OFFSETS_APART,
    _FENCED_EFFECT,
    _READ_CYCLE,
    _WRITE_CYCLE,
    _MIXED_CYCLE,
)
