"""Subjects at large: settings of every kind that the suite knows, in any combination."""

from hypothesis import strategies as st

from deliverycheck.plans import (
    TRANSACTIONAL_ID,
    AfterError,
    AfterLateEnd,
    CommitMode,
    CommitPolicy,
    Consumer,
    Covers,
    ErrorMeans,
    GroupKind,
    Member,
    OnRevoke,
    ReliesOn,
    Seeks,
    Setting,
    Sink,
    Subject,
    Subscribes,
    TopicReady,
)
from deliverycheck.plans.kafka_applicable import END_EVENTS, REFRESH
from deliverycheck.plans.kafka_topic import CHANGES
from properties.drawing import MOSTLY_NOT, drawer_of
from properties.kafka.claims.content import CODECS
from properties.kafka.claims.groups import GROUP_KINDS
from properties.kafka.claims.transactions import PATIENT

Values = dict[str, tuple[Setting, ...]]
"""Of each setting those that are drawn; each is left to the library in every second subject."""

_IN_FLIGHT = "max.in.flight.requests.per.connection"

SENDING: Values = {
    "linger.ms": (0, 5, 20, 100),
    "batch.num.messages": (1, 2, 10),
    "batch.size": (1000, 16_384),
    "compression.type": CODECS,
    "queue.buffering.max.messages": (2, 10, 1000),
    "queue.buffering.backpressure.threshold": (1, 10),
    "message.max.bytes": (1000, 100_000),
    "queue.buffering.max.kbytes": (1, 100),
    "partitioner": ("random", "consistent", "murmur2_random", "fnv1a"),
    "sticky.partitioning.linger.ms": (0, 50),
    "socket.timeout.ms": (500, 3000),
    "request.timeout.ms": (500, 30_000),
    "retry.backoff.ms": (1, 100),
    "socket.nagle.disable": (True, False),
    "message.copy.max.bytes": (0, 1_000_000),
    REFRESH: (100, 300_000),
}
"""What any producer may set."""

PARTITIONING: Values = {"partitioner": ("consistent_random", "murmur2_random")}
"""In what a second producing application differs: it may be written for another library."""

PLAIN: Values = {
    "acks": ("all", "all", 1, 0),
    "retries": (0, 1, 5),
    _IN_FLIGHT: (1, 2, 5, 100),
    "message.timeout.ms": (1000, 3000, 8000),
}
IDEMPOTENT: Values = {
    "acks": ("all", -1),
    "retries": (1, 5),
    _IN_FLIGHT: (1, 2, 5),
    "message.timeout.ms": (1000, 3000, 8000),
    "enable.gapless.guarantee": (True, False),
}
TRANSACTIONAL: Values = {
    "enable.idempotence": (True,),
    _IN_FLIGHT: (1, 2, 5),
    "message.timeout.ms": (1000,),
    "transaction.timeout.ms": (1000, 2000),
}
KINDS: tuple[tuple[dict[str, Setting], Values], ...] = (
    ({}, PLAIN),
    ({"enable.idempotence": True}, IDEMPOTENT),
    ({"enable.idempotence": True}, IDEMPOTENT),
    ({TRANSACTIONAL_ID: "free"}, TRANSACTIONAL),
)
"""Producers: what makes each the kind that it is, and what else it may set."""

READING: Values = {
    "isolation.level": ("read_committed", "read_uncommitted"),
    "auto.offset.reset": ("earliest", "earliest", "earliest", "latest"),
    "auto.commit.interval.ms": (10, 500),
    "fetch.min.bytes": (1, 100_000),
    "fetch.wait.max.ms": (5, 100),
    "max.partition.fetch.bytes": (1000, 100_000),
    "queued.min.messages": (1, 100),
    "check.crcs": (True, False),
    "max.poll.interval.ms": (3000, 60_000),
    REFRESH: (100,),
    END_EVENTS: (True, False),
}
"""What any consumer may set."""

CLASSIC: Values = {
    "session.timeout.ms": (500, 700, 1500),
    "partition.assignment.strategy": ("range", "roundrobin", "cooperative-sticky"),
}
BY_BROKER: Values = {"group.remote.assignor": ("uniform", "range")}

_WAYS = (*((0, Seeks.NEVER),) * 5, (80, Seeks.NEVER), (80, Seeks.NEVER), (0, Seeks.AT_WILL))
"""How long a message takes, and whether members seek at will."""

MANNERS: dict[str, tuple[object, ...]] = {
    "subscribes": (*[Subscribes.BY_NAME] * 4, Subscribes.BY_PATTERN),
    "batch": (1, 1, 1, 3, 10),
}
"""How members of a plain group read: fields of a consumer, mostly as they are by default."""

MANNERS_OF_OWN_COMMITS: dict[str, tuple[object, ...]] = {
    "commit_mode": (CommitMode.SYNCHRONOUS, CommitMode.ASYNCHRONOUS),
    "covers": (*[Covers.NEXT] * 2, Covers.OWN, Covers.HANDED),
}
"""How they commit by themselves."""

MANNERS_OF_LATE_COMMITS: dict[str, tuple[object, ...]] = {
    "commit_every": (1, 1, 1, 2, 5),
    "on_revoke": (OnRevoke.NOTHING, OnRevoke.COMMIT),
}
"""How they do that after the effect."""

_CHANGING = (*[()] * 9, *((name,) for name in CHANGES))
"""Of a topic the setting that is changed in use."""

_RARELY = (*[False] * 9, True)


def _some_of(values: Values) -> st.SearchStrategy[dict[str, Setting]]:
    among = {name: st.sampled_from(few) for name, few in values.items()}
    return st.fixed_dictionaries({}, optional=among)


@st.composite
def _manners(draw: st.DrawFn, commit: CommitPolicy) -> dict[str, object]:
    """How members of a plain group work, as far as it goes together."""
    fields = dict(MANNERS)
    if commit in {CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT}:
        fields |= MANNERS_OF_OWN_COMMITS
    if commit is CommitPolicy.AFTER_EFFECT:
        fields |= MANNERS_OF_LATE_COMMITS
    found = {name: draw(st.sampled_from(values)) for name, values in fields.items()}
    if found.get("covers") is Covers.HANDED:  # It tells by itself how far it went, at once.
        found["commit_mode"] = CommitMode.SYNCHRONOUS
    return found


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """Settings in any combination, be it wise or not; few of them the library does not take."""
    base, further = draw(st.sampled_from(KINDS))
    gives_up = TRANSACTIONAL_ID in base or not draw(st.sampled_from(MOSTLY_NOT))
    relies_on_call = draw(st.sampled_from(MOSTLY_NOT))
    takes_for_absence = draw(st.sampled_from(MOSTLY_NOT))
    second = TRANSACTIONAL_ID not in base and draw(st.sampled_from(MOSTLY_NOT))
    reads = not draw(st.sampled_from(MOSTLY_NOT))
    consumer = draw(_consumers()) if reads else None
    in_transactions = TRANSACTIONAL_ID in base or (consumer and consumer.output is not None)
    keeps = not in_transactions or draw(st.booleans())
    return Subject(
        partitions=draw(st.integers(min_value=1, max_value=6)),
        topic={name: CHANGES[name][-1] for name in draw(st.sampled_from(_CHANGING))},
        producer={**base, **draw(_some_of(further)), **draw(_some_of(SENDING))},
        second_producer=draw(_some_of(PARTITIONING)) if second else None,
        consumer=consumer,
        relies_on=ReliesOn.CALL_RETURNED if relies_on_call else ReliesOn.CONFIRM,
        error_means=ErrorMeans.ABSENT if takes_for_absence else ErrorMeans.UNKNOWN,
        after_error=AfterError.GIVE_UP if gives_up else AfterError.SEND_AGAIN,
        after_late_end=AfterLateEnd.KEEP if keeps else AfterLateEnd.DISCARD,
        topic_ready=draw(st.sampled_from((*[TopicReady.ANSWERED] * 5, TopicReady.CREATED))),
    )


SHARING: Values = {"max.poll.records": (1, 1, 5), "fetch.wait.max.ms": (10, 500)}
OF_SHARE_GROUPS: Values = {
    "share.delivery.count.limit": (2, 5, 10),
    "share.isolation.level": ("read_committed", "read_uncommitted"),
}
"""What the broker may be told of a share group."""


@st.composite
def _sharers(draw: st.DrawFn) -> Consumer:
    return Consumer(
        commit=draw(st.sampled_from((CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT))),
        kind=GroupKind.SHARE,
        settings=draw(_some_of(SHARING)),
        group_settings=draw(_some_of(OF_SHARE_GROUPS)),
        handling_ms=draw(st.sampled_from((0, 0, 80, 1300))),
    )


@st.composite
def _consumers(draw: st.DrawFn) -> Consumer:
    if draw(st.sampled_from(_RARELY)):
        return draw(_sharers())
    _, kind, _ = draw(st.sampled_from(tuple(GROUP_KINDS.values())))
    by_broker = "group.protocol" in kind
    settings = {**draw(_some_of(READING)), **draw(_some_of(BY_BROKER if by_broker else CLASSIC))}
    writes = draw(st.sampled_from(MOSTLY_NOT))
    stores = not writes and draw(st.sampled_from(MOSTLY_NOT))
    output: dict[str, Setting] = {TRANSACTIONAL_ID: "out", **PATIENT}
    commits = (
        (CommitPolicy.IN_TRANSACTION, CommitPolicy.IN_TRANSACTION, CommitPolicy.AFTER_EFFECT)
        if writes or stores
        else tuple(one for one in CommitPolicy if one is not CommitPolicy.IN_TRANSACTION)
    )
    commit = draw(st.sampled_from(commits))
    handling_ms, seeks = draw(st.sampled_from(_WAYS))
    manners = {} if writes or stores else draw(_manners(commit))
    return Consumer(
        commit=commit,
        settings={**settings, **kind},
        output={**output, **draw(_some_of(SENDING))} if writes else None,
        member=draw(st.sampled_from((*[Member.PRESENT] * 4, Member.NOBODY))),
        sink=Sink.SQLITE if stores else None,
        groups=1 if writes or stores else draw(st.sampled_from((1, 1, 1, 2))),
        handling_ms=handling_ms,
        seeks=Seeks.NEVER if writes or stores else seeks,
        **manners,
    )


draw_subjects = drawer_of("kafka", subjects())
