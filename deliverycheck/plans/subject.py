"""What a plan puts under test: topology, settings, and what the application relies on."""

from enum import StrEnum
from typing import Annotated

import msgspec

from deliverycheck.plans.topology import Topology

Setting = str | int | float | bool

TRANSACTIONAL_ID = "transactional.id"
"""Who sets it has a transactional producer; each execution appends a name of its own."""

TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT_MS = "transaction.timeout.ms", 60_000
"""A transaction that is open for longer is aborted by its coordinator; the library's default."""

REQUEST_TIMEOUT, REQUEST_TIMEOUT_MS = "socket.timeout.ms", 60_000
"""A request without an answer is given up then, and sent again; the library's default."""

SHARE_RESET = "share.auto.offset.reset"
SHARE_LOCK, SHARE_LOCK_MS = "share.record.lock.duration.ms", 1000
"""A record that a member does not settle in that time is free again; with our profile's value."""

SHARE_LIMIT, SHARE_LIMIT_DEFAULT = "share.delivery.count.limit", 5
"""A record that was delivered so often and is not accepted is given up; with Kafka's default."""

PARTITIONS_MAX = 100
"""Each costs the broker files and a scan a reader; a plan names the first few."""

GROUPS_MAX = 2
"""What a third would show, a second does; a plan has two consumers."""

MESSAGES_AT_ONCE_MAX = 100
"""A plan publishes little more."""

HANDLING_MS_MAX = 10_000
"""An execution handles dozens of messages, one after the other."""


class ReliesOn(StrEnum):
    """What the application treats as done."""

    CONFIRM = "confirm"
    CALL_RETURNED = "call_returned"


class ErrorMeans(StrEnum):
    """What the application takes a reported error for."""

    UNKNOWN = "unknown"
    ABSENT = "absent"


class AfterError(StrEnum):
    """What the application does with a message whose publish ended in an error."""

    GIVE_UP = "give_up"
    SEND_AGAIN = "send_again"


class AfterLateEnd(StrEnum):
    """What the application does with a producer whose transaction took its time to end.

    An end that was not answered within the request's timeout was sent again, and the first
    request may still arrive.
    """

    KEEP = "keep"
    DISCARD = "discard"


class CommitPolicy(StrEnum):
    """The order of calls in the consumer's application cycle."""

    AFTER_EFFECT = "after_effect"
    BEFORE_EFFECT = "before_effect"
    AUTO = "auto"
    STORE_AFTER_EFFECT = "store_after_effect"
    IN_TRANSACTION = "in_transaction"


class Seeks(StrEnum):
    """Whether an application reads again, or leaves out, what it chooses."""

    NEVER = "never"
    AT_WILL = "at_will"


class CommitMode(StrEnum):
    """Whether a commit waits for the broker's answer."""

    SYNCHRONOUS = "synchronous"
    ASYNCHRONOUS = "asynchronous"


class Covers(StrEnum):
    """What a commit names: the next position, the message's own, or whatever was handed over."""

    NEXT = "next"
    OWN = "own"
    HANDED = "handed"


class Subscribes(StrEnum):
    """How members name their topic: as it is called, or by a pattern that nothing else fits."""

    BY_NAME = "by_name"
    BY_PATTERN = "by_pattern"


class OnRevoke(StrEnum):
    """What a member does when it is told to give partitions up."""

    NOTHING = "nothing"
    COMMIT = "commit"


class Member(StrEnum):
    """In whose name a transaction moves the positions of a group.

    The present member is refused once the group has gone on without it. Nobody never joined:
    its positions are taken whatever the group has become.
    """

    PRESENT = "present"
    NOBODY = "nobody"


class GroupKind(StrEnum):
    """How a group shares a topic: partition by partition, or record by record (KIP-932)."""

    CONSUMER = "consumer"
    SHARE = "share"


class Sink(StrEnum):
    """Where effects go, other than a member's own journal."""

    SQLITE = "sqlite"


class Isolation(StrEnum):
    """What a reader of a log with transactions is handed."""

    READ_UNCOMMITTED = "read_uncommitted"
    READ_COMMITTED = "read_committed"


class TopicReady(StrEnum):
    """When a topic counts as usable after its creation."""

    ANSWERED = "answered"
    CREATED = "created"


class Connection(StrEnum):
    """Whether each client has a connection of its own, or all are channels of one."""

    OWN = "own"
    SHARED = "shared"


class Consumer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A consumer group, or some that work alike: its client settings and how it works.

    Attributes:
        kind: of a share group `settings` are its members', and `commit` says when a record is
            accepted.
        group_settings: what the broker is told of a share group.
        groups: how many work off the topic, each all of it. Consumers join them in turn: c1 the
            first, c2 the second, if there is one.
        handling_ms: how long the effect of one message takes in the workload.
        output: settings of a producer with which a member writes a message for each that it was
            handed, in a transaction: that message is the effect. Without it the effect is a line
            in the member's journal.
        sink: a database that members write a row to for each message: that row is the effect.
            With the commit ``in_transaction`` the position goes on in the transaction of the row,
            and members read on from the position in the database.
        member: where positions are committed in the transaction of the output, in whose name.
        output_isolation: what those who read the outputs ask to see.
        subscribes: how members name their topic.
        commit_mode: of commits that the application makes.
        covers: what these name.
        commit_every: a member commits after the effects of so many messages.
        on_revoke: what a member does about effects that it has not committed when it has to give
            their partitions up.
        batch: messages that one call brings at most; one call of ``consume`` if more than one.
        seeks: whether its members seek to other positions than theirs by their own wish.
        relies_on_isolation: what the application takes for granted of what it is handed; if it
            is not said, what its settings ask for.
    """

    commit: CommitPolicy
    kind: GroupKind = GroupKind.CONSUMER
    group_settings: dict[str, Setting] = {}
    groups: Annotated[int, msgspec.Meta(ge=1, le=GROUPS_MAX)] = 1
    relies_on_isolation: Isolation | None = None
    settings: dict[str, Setting] = {}
    output: dict[str, Setting] | None = None
    sink: Sink | None = None
    member: Member = Member.PRESENT
    output_isolation: Isolation = Isolation.READ_COMMITTED
    seeks: Seeks = Seeks.NEVER
    subscribes: Subscribes = Subscribes.BY_NAME
    commit_mode: CommitMode = CommitMode.SYNCHRONOUS
    covers: Covers = Covers.NEXT
    commit_every: Annotated[int, msgspec.Meta(ge=1, le=MESSAGES_AT_ONCE_MAX)] = 1
    on_revoke: OnRevoke = OnRevoke.NOTHING
    batch: Annotated[int, msgspec.Meta(ge=1, le=MESSAGES_AT_ONCE_MAX)] = 1
    handling_ms: Annotated[int, msgspec.Meta(ge=0, le=HANDLING_MS_MAX)] = 0

    def __post_init__(self) -> None:
        """Raises ValueError: the parts do not fit together."""
        if self.output is None and self.sink is None and self._in_transaction:
            message = "commit 'in_transaction' needs an output, with its producer, or a sink"
            raise ValueError(message)
        if self.kind is GroupKind.SHARE and not self._may_share:
            message = (
                "kind 'share': expected a commit 'after_effect' or 'before_effect', one group, and "
                "no output or sink"
            )
            raise ValueError(message)
        if problem := self._unfit():
            raise ValueError(problem)
        if self.sink is not None and (self.output is not None or self.groups > 1):
            message = "sink: expected no output beside it, and one group: it has one effect"
            raise ValueError(message)
        if self.sink is not None and self.commit not in _BY_CALL:
            message = f"commit {self.commit.value!r} is the library's, not of who writes to a sink"
            raise ValueError(message)
        if self.output is not None and TRANSACTIONAL_ID not in self.output:
            message = (
                f"output: expected a {TRANSACTIONAL_ID!r}, since it is written in transactions"
            )
            raise ValueError(message)
        if self.output is not None and self.commit not in _BY_CALL:
            message = f"commit {self.commit.value!r} is the library's, not of who writes an output"
            raise ValueError(message)
        if self.output is not None and self.groups > 1:
            message = "two groups: expected no output, since one topic of outputs has one group"
            raise ValueError(message)

    def _unfit(self) -> str | None:
        """What does not go with how members of a plain consumer group work."""
        plain = self.kind is GroupKind.CONSUMER and self.output is None and self.sink is None
        own = self.commit in {CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT}
        late = self.commit_every > 1 or self.on_revoke is OnRevoke.COMMIT
        chosen = self.commit_mode is CommitMode.ASYNCHRONOUS or self.covers is not Covers.NEXT
        named = self.subscribes is Subscribes.BY_NAME
        if not plain and (self.seeks is Seeks.AT_WILL or self.batch > 1 or late or chosen):
            return (
                "seeks 'at_will', batch, commit_mode, covers, commit_every and on_revoke: expected "
                "a consumer group, and no output or sink"
            )
        if not named and self.kind is GroupKind.SHARE:
            return "subscribes 'by_pattern': a share group has no patterns"
        if chosen and not own:
            return f"commit_mode and covers: commit {self.commit.value!r} is the library's"
        if late and self.commit is not CommitPolicy.AFTER_EFFECT:
            return "commit_every and on_revoke: expected the commit 'after_effect'"
        if self.covers is Covers.HANDED and self.commit_mode is CommitMode.ASYNCHRONOUS:
            return "covers 'handed': expected the commit_mode 'synchronous'"
        return None

    @property
    def _may_share(self) -> bool:
        plain = self.output is None and self.sink is None and self.groups == 1
        return plain and self.commit in {CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT}

    @property
    def _in_transaction(self) -> bool:
        return self.commit is CommitPolicy.IN_TRANSACTION

    @property
    def stores_positions(self) -> bool:
        """Whether the positions are in the sink, and not with the group."""
        return self.sink is not None and self._in_transaction

    def group_of(self, lane: str) -> int:
        """Which of the groups, from 0, the consumer of that name (``c1``, ``c2``) is in."""
        return (int(lane[1:]) - 1) % self.groups


_BY_CALL = frozenset(
    {CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT, CommitPolicy.IN_TRANSACTION}
)


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything under test but the faults.

    Attributes:
        client: library and version of the clients, such as ``confluent-kafka==2.3.0``; without
            one it is the library that the target has.
        producer: settings of the producing client, by the client's own names.
        second_producer: where a second producing application, which writes to the same topics,
            has other settings than the first; ``None`` where there is no second one.
        topic: settings of the topics, by the broker's own names.
        consumer: ``None`` where only the log is judged.
        after_error: a message that is sent again keeps its id; who sends in transactions gives up,
            for it would have to repeat the transaction.
        after_late_end: of the producer, and of members that write outputs.
        connection: of clients of queues, which speak by channels.
        topic_ready: of queues: whether faults of the node wait until a declared queue is some age.
        topology: the queues that it is about; ``None`` where it is about a log.
    """

    partitions: Annotated[int, msgspec.Meta(ge=1, le=PARTITIONS_MAX)] = 3
    client: str | None = None
    topic: dict[str, Setting] = {}
    producer: dict[str, Setting] = {}
    second_producer: dict[str, Setting] | None = None
    consumer: Consumer | None = None
    relies_on: ReliesOn = ReliesOn.CONFIRM
    error_means: ErrorMeans = ErrorMeans.UNKNOWN
    after_error: AfterError = AfterError.GIVE_UP
    topic_ready: TopicReady = TopicReady.ANSWERED
    after_late_end: AfterLateEnd = AfterLateEnd.KEEP
    connection: Connection = Connection.OWN
    topology: Topology | None = None

    @property
    def is_transactional(self) -> bool:
        """Whether the producer sends in transactions."""
        return TRANSACTIONAL_ID in self.producer

    def __post_init__(self) -> None:
        """Raises ValueError: the parts do not fit together."""
        if self.second_producer is not None and self.is_transactional:
            message = (
                "second_producer: expected none beside a transactional one, whose second instance "
                "has its settings"
            )
            raise ValueError(message)

    @property
    def of_second(self) -> "Subject | None":
        """The same with the second producer in the first one's place, if there is one."""
        if self.second_producer is None:
            return None
        return msgspec.structs.replace(
            self, producer={**self.producer, **self.second_producer}, second_producer=None
        )

    @property
    def of_output(self) -> "Subject | None":
        """The same with the members' own producer in the producer's place, if they have one."""
        if self.consumer is None or self.consumer.output is None:
            return None
        return msgspec.structs.replace(self, producer=self.consumer.output, second_producer=None)
