"""One client call, from invocation to completion, and the facts that it carries."""

from enum import StrEnum
from typing import Any

import msgspec

from deliverycheck.history.numbers import Natural, Several
from deliverycheck.history.source import Source


class Action(StrEnum):
    """What a process asked of its client library."""

    OPEN = "open"
    CLOSE = "close"
    DECLARE = "declare"
    DELETE = "delete"
    SET_LIMITS = "set_limits"
    DELETE_RECORDS = "delete_records"
    PUBLISH = "publish"
    FLUSH = "flush"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    ASSIGN = "assign"
    REVOKE = "revoke"
    LOST = "lost"
    SEEK = "seek"
    PAUSE_PARTITIONS = "pause_partitions"
    RESUME_PARTITIONS = "resume_partitions"
    RECEIVE = "receive"
    EFFECT = "effect"
    STORE_OFFSET = "store_offset"
    COMMIT = "commit"
    ACK = "ack"
    NACK = "nack"
    REJECT = "reject"
    INIT_TRANSACTIONS = "init_transactions"
    BEGIN_TRANSACTION = "begin_transaction"
    COMMIT_TRANSACTION = "commit_transaction"
    ABORT_TRANSACTION = "abort_transaction"
    REQUEST = "request"
    REPLY = "reply"


class Whence(StrEnum):
    """From where an application wants to read on that seeks by its own wish."""

    BEGINNING = "beginning"
    POSITION = "position"
    TIME = "time"
    END = "end"


class Outcome(StrEnum):
    """What is known of an operation: took effect, provably never will, or unknown."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A place in a source, as the broker names it.

    Attributes:
        source: topic or queue.
        partition: ``None`` where the source has no partitions.
        position: offset, delivery tag or sequence number.
    """

    source: str
    position: Natural
    partition: Natural | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One handing of a message to a consumer.

    Attributes:
        message: the id that our body carries; ``""`` for a body that is not ours.
        attempt: the attempt that the body carries, from 1.
        redelivered: the broker's flag; ``None`` where the broker has none.
        mangled: names of the parts (key, headers, properties, body, timestamp) that came back
            changed.
        target: where the body says that it was published to; ``None`` if it stands there,
            equal to `source` if it stands in another partition than it asked for.
        deliveries: the broker's count of deliveries, this one included.
        correlation: the id of the request that this message answers.
        reason: why the broker put it here, of a dead letter: ``rejected``, ``expired``,
            ``maxlen`` or ``delivery_limit``, as the broker's headers say.
    """

    message: str
    source: str
    position: Natural | None = None
    partition: Natural | None = None
    attempt: Several = 1
    epoch: int | None = None
    redelivered: bool | None = None
    deliveries: Several | None = None
    mangled: tuple[str, ...] = ()
    target: str | None = None
    execution: str | None = None
    correlation: str | None = None
    reason: str | None = None


class PublishRun(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Consecutive messages of one bulk publish at consecutive positions of one partition."""

    first_sequence: Natural
    partition: Natural
    first_position: Natural
    count: Several


class DeliveryRun(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Consecutive messages of one process, first attempts all, received from consecutive positions.

    What was sent again, is mangled or stands elsewhere is a `Delivery` of its own.
    """

    process: str
    first_sequence: Natural
    source: str
    partition: Natural
    first_position: Natural
    count: Several


class Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One client call.

    Times are monotonic nanoseconds since the execution began, from the recorder's
    clock: `invoked_ns` is taken when the command is sent, `completed_ns` when the
    reply is read, so both are outer bounds of what the library did.

    Attributes:
        op: unique in the execution, rises within a process.
        process: client incarnation, such as ``p1#2``.
        outcome: ``info`` until a completion says otherwise.
        completed_ns: ``None`` while open; such an operation is concurrent with
            everything after it.
        returned_ns: when the call itself returned, for calls whose confirm comes
            later; ``None`` if it did not return.
        confirmed: the client reported success. With outcome ``info`` this is a
            confirm that proves nothing, such as the one of ``acks=0``.
        message: id of the published message; of a bulk publish, its first one.
        count: messages in a bulk publish, whose ids are `message` counted on.
        target: where a publish goes; what a declaration makes, and a deletion takes away.
        covers: the positions that a commit, store or ack names: the *next* position
            to read where the broker counts that way, as Kafka does. A deletion of records names
            the first position of each partition that it leaves.
        asked_partition: the partition that the application chose; ``None`` if it let the
            client choose. `partition` is then where the confirm says that it went.
        error: the library's name of the error.
        transaction: id of the transaction that the call belongs to, unique in the execution.
        transactional_id: the name under which one producer instance fences another.
        isolation: what it asks for: ``read_uncommitted``, ``read_committed`` or
            ``strict_serializable``.
        tombstone: the publish deletes its key from a compacted log.
        priority: of a published message; the higher goes first.
        expires_ms: how long a published message may wait; ``None`` for ever.
        requeue: whether a nack or reject asked for the message to come again.
        prefetch: deliveries that a subscription may hold unsettled; ``None`` for no bound.
        correlation: the id of the request that a reply answers.
        whence: of a seek by which the application wants to read again, or to leave out: of the
            position in `covers`, or of the time of the message there; `position` is then what the
            broker said of that time. ``None``: the seek takes it back to where it was.
        routes: the queues that a published message comes to, by the bindings that there were when
            it was called; ``None`` if nobody can say.
        becomes: what a source is from then on, of limits that were set; ``None`` if nobody says.
        returned_unroutable: the broker gave the message back because no queue wanted it.
        starts: where each partition began, as a full read found it.
        ends: where each partition ended: the next position to be written.
        extra: fields this version does not know, kept as they came.
    """

    op: int
    process: str
    action: Action
    invoked_ns: int
    outcome: Outcome = Outcome.INFO
    completed_ns: int | None = None
    returned_ns: int | None = None
    parent: int | None = None
    confirmed: bool = False
    message: str | None = None
    attempt: int = 1
    count: int = 1
    target: str | None = None
    partition: int | None = None
    asked_partition: int | None = None
    key: str | None = None
    headers: dict[str, str] | None = None
    transaction: str | None = None
    group: str | None = None
    position: int | None = None
    runs: tuple[PublishRun, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    delivery_runs: tuple[DeliveryRun, ...] = ()
    covers: tuple[Position, ...] = ()
    remaining: int | None = None
    error: str | None = None
    transactional_id: str | None = None
    isolation: str | None = None
    tombstone: bool = False
    priority: int | None = None
    expires_ms: int | None = None
    requeue: bool | None = None
    prefetch: int | None = None
    correlation: str | None = None
    whence: Whence | None = None
    routes: tuple[str, ...] | None = None
    becomes: Source | None = None
    returned_unroutable: bool = False
    starts: tuple[Position, ...] = ()
    ends: tuple[Position, ...] = ()
    extra: dict[str, Any] = {}
