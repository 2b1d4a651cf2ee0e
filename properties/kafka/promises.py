"""What the documentation promises of settings, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deliverycheck.plans import (
    TRANSACTIONAL_ID,
    AfterError,
    CommitMode,
    CommitPolicy,
    Consumer,
    Covers,
    ErrorMeans,
    GroupKind,
    Member,
    ReliesOn,
    Seeks,
    Setting,
    Subject,
)

_DESIGN = "Kafka 4.3, design, message delivery semantics"
_DEFAULTS: dict[str, str] = {
    "acks": "all",
    "enable.idempotence": "false",
    "max.in.flight.requests.per.connection": "1000000",
    "retries": "2147483647",
    "isolation.level": "read_committed",
    "enable.auto.commit": "true",
    "auto.offset.reset": "earliest",
    "partitioner": "consistent_random",
}
"""Of the settings that a promise hangs on: librdkafka's, or what our profile says instead."""
_OF_TRANSACTIONS: dict[str, str] = {"enable.idempotence": "true"}
"""What a transactional.id sets by itself (librdkafka 2.16, CONFIGURATION.md, transactional.id)."""
_NAMES = {"-1": "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A guarantee, and the settings that promise it.

    Attributes:
        producer, consumer: the settings that it hangs on, each with the values that will do.
        kinds: kinds of groups that will do, where there is a group.
        commits: orders of the consumer's calls that will do; empty where none matters.
        seeks: of groups that do not, or do, go back by their own wish, which will do.
        modes: whether commits that wait for their answer, or do not, will do.
        transactional: a producer with a transactional id.
        one_partitioner: where there are two producing applications they have one partitioner.
        relies_on, error_means, after_errors: what the application may take for done, take an
            error for, and do after one.
    """

    guarantee: str
    text: str
    source: str
    producer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    consumer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    commits: tuple[CommitPolicy, ...] = ()
    kinds: tuple[GroupKind, ...] = tuple(GroupKind)
    relies_on: tuple[ReliesOn, ...] = (ReliesOn.CONFIRM,)
    error_means: tuple[ErrorMeans, ...] = (ErrorMeans.UNKNOWN,)
    after_errors: tuple[AfterError, ...] = tuple(AfterError)
    seeks: tuple[Seeks, ...] = tuple(Seeks)
    modes: tuple[CommitMode, ...] = tuple(CommitMode)
    transactional: bool = False
    one_partitioner: bool = False

    def missing(self, subject: Subject) -> tuple[str, ...]:
        """What keeps the subject from being promised it, each in a few words."""
        found = _other_values(self.producer, subject.producer)
        if self.transactional and not subject.is_transactional:
            found.append(f"{TRANSACTIONAL_ID} is not set")
        if self.one_partitioner and _partitioners(subject) > 1:
            found.append("two applications write, each with a partitioner of its own")
        found += self._missing_of_group(subject.consumer)
        if subject.relies_on not in self.relies_on:
            found.append("the application relies on the call, not on the confirm")
        if subject.error_means not in self.error_means:
            found.append("the application takes an error for absence")
        if subject.after_error not in self.after_errors:
            found.append("the application makes copies: it sends again after an error")
        return tuple(found)

    def _missing_of_group(self, consumer: Consumer | None) -> list[str]:
        if consumer is None:
            found = ["there is no share group"] if self.kinds == _SHARERS else []
            return [*found, "there is no group"] if Seeks.NEVER not in self.seeks else found
        found = []
        if consumer.kind not in self.kinds:
            found.append(f"the group is a {consumer.kind.value} group")
        if consumer.seeks not in self.seeks:
            found.append("no member goes back by its own wish")
        if consumer.commit_mode not in self.modes:
            found.append(f"commits are {consumer.commit_mode.value}")
        found += _other_values(self.consumer, consumer.settings)
        return found + self._missing_of_commits(consumer)

    def _missing_of_commits(self, consumer: Consumer) -> list[str]:
        if not self.commits:
            return []
        if consumer.commit not in self.commits:
            wanted = " or ".join(one.value for one in self.commits)
            return [f"the commit comes {consumer.commit.value}, not {wanted}"]
        if way := _spoilt_by_its_way(consumer):
            return [way]
        in_transaction = consumer.commit is CommitPolicy.IN_TRANSACTION and not consumer.sink
        if in_transaction and consumer.member is Member.NOBODY:
            return ["the transaction moves positions in nobody's name, not the member's (KIP-447)"]
        return []


def _spoilt_by_its_way(consumer: Consumer) -> str | None:
    """How, or what, it commits takes from the order of its calls what that promises."""
    if consumer.commit is not CommitPolicy.BEFORE_EFFECT:
        handed = consumer.covers is Covers.HANDED and consumer.batch > 1
        return "the commit covers what was handed over, done or not" if handed else None
    if consumer.commit_mode is CommitMode.ASYNCHRONOUS:
        return "the commit before the effect is not waited for"
    if consumer.covers is Covers.OWN:
        return "the commit names the message's own position, so that it comes again"
    return None


def _other_values(
    wanted: Mapping[str, tuple[str, ...]], settings: Mapping[str, Setting]
) -> list[str]:
    return [
        f"{name} is {_told(settings, name)}, not {' or '.join(values)}"
        for name, values in wanted.items()
        if _told(settings, name) not in values
    ]


def _partitioners(subject: Subject) -> int:
    settings = (one.producer for one in (subject, subject.of_second) if one is not None)
    return len({_told(each, "partitioner") for each in settings})


def _told(settings: Mapping[str, Setting], name: str) -> str:
    defaults = _DEFAULTS | _OF_TRANSACTIONS if TRANSACTIONAL_ID in settings else _DEFAULTS
    value = settings.get(name, defaults.get(name, ""))
    said = str(value).lower()
    return _NAMES.get(said, said)


_CONFIRMED = {"acks": ("all",)}
_IDEMPOTENT = {"acks": ("all",), "enable.idempotence": ("true",)}
_FROM_THE_START = {"auto.offset.reset": ("earliest", "smallest", "beginning")}
_CONSUMERS = (GroupKind.CONSUMER,)
_BY_KEY = ("consistent", "consistent_random", "murmur2", "murmur2_random", "fnv1a", "fnv1a_random")
"""Partitioners for which the key alone decides, as far as there is one."""
_SHARERS = (GroupKind.SHARE,)
_GIVES_UP = (AfterError.GIVE_UP,)
_GROUPS = "Kafka 4.3, consumer javadoc, Consumer Groups and Topic Subscriptions"
_POSITIONS = "Kafka 4.3, consumer javadoc, Offsets and Consumer Position"

PROMISES: tuple[Promise, ...] = (
    Promise(
        guarantee="at_least_once_in_log",
        text="acks=all: what all in-sync replicas have is not lost while one of them lives",
        source="Kafka 4.3, producer configs, acks",
        producer=_CONFIRMED,
    ),
    Promise(
        guarantee="exactly_once_in_log",
        text="idempotence: the producer writes exactly one copy of each message",
        source="Kafka 4.3, producer configs, enable.idempotence",
        producer=_IDEMPOTENT,
        after_errors=_GIVES_UP,
    ),
    Promise(
        guarantee="per_partition_order",
        text="idempotence keeps the order for up to 5 requests in flight",
        source="Kafka 4.3, producer configs, max.in.flight.requests.per.connection",
        producer=_IDEMPOTENT,
    ),
    Promise(
        guarantee="per_partition_order",
        text="with one request in flight a retry cannot overtake",
        source="Kafka 4.3, producer configs, retries",
        producer={"max.in.flight.requests.per.connection": ("1",)},
    ),
    Promise(
        guarantee="at_least_once_in_effect",
        kinds=_CONSUMERS,
        text="a position saved after processing: at least once",
        source=_DESIGN,
        producer=_CONFIRMED,
        consumer=_FROM_THE_START,
        commits=(
            CommitPolicy.AFTER_EFFECT,
            CommitPolicy.STORE_AFTER_EFFECT,
            CommitPolicy.IN_TRANSACTION,
        ),
    ),
    Promise(
        guarantee="at_most_once_in_effect",
        kinds=_CONSUMERS,
        text="a position saved before processing: at most once",
        source=_DESIGN,
        commits=(CommitPolicy.BEFORE_EFFECT, CommitPolicy.IN_TRANSACTION),
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="exactly_once_in_effect",
        kinds=_CONSUMERS,
        text="position and output in one transaction: exactly once",
        source=_DESIGN,
        producer=_CONFIRMED,
        consumer=_FROM_THE_START,
        commits=(CommitPolicy.IN_TRANSACTION,),
    ),
    Promise(
        guarantee="read_committed",
        kinds=_CONSUMERS,
        text="read_committed: poll() returns only what was committed",
        source="Kafka 4.3, consumer configs, isolation.level",
        consumer={"isolation.level": ("read_committed",)},
    ),
    Promise(
        guarantee="atomic_transactions",
        kinds=_CONSUMERS,
        text="messages of a transaction are all written or none is",
        source=_DESIGN,
        consumer={"isolation.level": ("read_committed",)},
    ),
    Promise(
        guarantee="genuine_deliveries",
        text="key, value, headers and timestamp are read as they were written",
        source="Kafka 4.3, implementation, message format",
        relies_on=tuple(ReliesOn),
    ),
    Promise(
        guarantee="gapless_reading",
        kinds=_CONSUMERS,
        text="the position rises with each message that is handed out, and by one message",
        source=_POSITIONS,
        consumer=_FROM_THE_START,  # Whose position is gone goes on with what is there.
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="replay",
        kinds=_CONSUMERS,
        text="a consumer that goes back to a position is given the records from there on",
        source=_POSITIONS,
        consumer=_FROM_THE_START,
        seeks=(Seeks.AT_WILL,),
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="paused_partitions",
        kinds=_CONSUMERS,
        text="no records are returned of paused partitions until they are resumed",
        source="Kafka 4.3, consumer javadoc, Consumption Flow Control; pause",
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="single_owner",
        kinds=_CONSUMERS,
        text="each partition is assigned to exactly one consumer in the group",
        source=_GROUPS,
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="single_delivery_in_group",
        kinds=_CONSUMERS,
        text="who takes over begins where the group committed",
        source=_POSITIONS,
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="commits_move_forward",
        kinds=_CONSUMERS,
        text="a commit of a member that is not of the present generation is refused",
        source="Kafka 4.3, protocol, OffsetCommit",
        modes=(CommitMode.SYNCHRONOUS,),  # One that is not waited for may be sent again late.
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="commit_follows_effect",
        kinds=_CONSUMERS,
        text="who saves the position after processing never commits past what is unprocessed",
        source=_DESIGN,
        commits=(CommitPolicy.AFTER_EFFECT, CommitPolicy.STORE_AFTER_EFFECT),
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="per_key_order",
        text="all data for a given key goes to the same partition, and idempotence keeps the order",
        source="Kafka 4.3, design, The Producer, Load balancing",
        producer={**_IDEMPOTENT, "partitioner": _BY_KEY},
        one_partitioner=True,
    ),
    Promise(
        guarantee="fencing",
        text="who takes a transactional id over fences all older instances of it",
        source="Kafka 4.3, producer configs, transactional.id; KIP-98",
        transactional=True,
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="settlement",
        text="what a share group has acknowledged is not delivered to it again",
        source="KIP-932",
        kinds=_SHARERS,
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
    Promise(
        guarantee="record_lock",
        text="a record that a member of a share group has acquired is not available to others",
        source="KIP-932",
        kinds=_SHARERS,
        relies_on=tuple(ReliesOn),
        error_means=tuple(ErrorMeans),
    ),
)
"""Who asks for a guarantee that is not here is told that nothing documents it for any settings."""


def promised(subject: Subject, guarantee: str) -> tuple[Promise | None, tuple[str, ...]]:
    """The promise that the subject's settings have, or what keeps them from the nearest."""
    offers = [(each.missing(subject), each) for each in PROMISES if each.guarantee == guarantee]
    if not offers:
        return None, ()
    missing, nearest = min(offers, key=lambda offer: len(offer[0]))
    return (None, missing) if missing else (nearest, ())
