"""Settings of confluent-kafka for a plan: the fast profile, then what the subject asks for."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from deliverycheck.clients.errors import SettingError
from deliverycheck.clients.kafka.refusals import refusal_of
from deliverycheck.clients.kafka.setting_names import ACCOUNT, COMMON, CONSUMER, PRODUCER, SHARE
from deliverycheck.plans import TRANSACTIONAL_ID, CommitPolicy, GroupKind, Setting, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One setting that is not librdkafka's default, unless the subject sets it itself."""

    name: str
    value: Setting
    default: Setting
    why: str


# Both clients. Defaults are librdkafka 2.16.0's.
_COMMON_PROFILE = (
    Deviation(
        name="reconnect.backoff.ms",
        value=10,
        default=100,
        why="After a heal the client shall come back in time that a plan can wait for.",
    ),
    Deviation(
        name="reconnect.backoff.max.ms",
        value=100,
        default=10_000,
        why="A fault of 1 s must not be followed by 10 s of waiting.",
    ),
    Deviation(
        name="retry.backoff.ms",
        value=10,
        default=100,
        why="A retry is what most faults are about; nothing is learnt by waiting for it.",
    ),
    Deviation(
        name="retry.backoff.max.ms",
        value=50,
        default=1000,
        why="As retry.backoff.ms.",
    ),
    Deviation(
        name="socket.timeout.ms",
        value=1000,
        default=60_000,
        why="A request without an answer is given up, and sent again, within the plan.",
    ),
    Deviation(
        name="socket.connection.setup.timeout.ms",
        value=1000,
        default=30_000,
        why="A connection into a black hole is given up within the plan; less is not allowed.",
    ),
    Deviation(
        name="topic.metadata.refresh.fast.interval.ms",
        value=50,
        default=100,
        why="A leader that just moved is found soon.",
    ),
)

_PRODUCER_PROFILE = (
    Deviation(
        name="linger.ms",
        value=0,
        default=5,
        why="Each message goes at once, so that a plan says what is in flight at a fault.",
    ),
    Deviation(
        name="message.timeout.ms",
        value=10_000,
        default=300_000,
        why="A message that cannot be delivered ends its operation before the execution ends.",
    ),
)

# Transactional producers; what they do not confirm in time ends with the transaction.
_TRANSACTIONAL_PROFILE = (
    Deviation(
        name="transaction.timeout.ms",
        value=2000,
        default=60_000,
        why="A transaction that was left open hides what stands behind it; it ends within a plan.",
    ),
    Deviation(
        name="message.timeout.ms",
        value=2000,
        default=300_000,
        why="librdkafka takes no more than the transaction's timeout.",
    ),
)

_CONSUMER_PROFILE = (
    Deviation(
        name="fetch.wait.max.ms",
        value=10,
        default=500,
        why="The end of a partition is told at once, not half a second later.",
    ),
    Deviation(
        name="fetch.error.backoff.ms",
        value=10,
        default=500,
        why="After a heal the consumer shall go on in time that a plan can wait for.",
    ),
    Deviation(
        name="fetch.queue.backoff.ms",
        value=10,
        default=1000,
        why="A consumer whose queue was full stalls 1 s at the default, whatever is left in it.",
    ),
    Deviation(
        name="auto.offset.reset",
        value="earliest",
        default="largest",
        why="What was published before the member joined is part of its work.",
    ),
    Deviation(
        name="enable.partition.eof",
        value=True,
        default=False,
        why="The harness must see that a partition was read to its end.",
    ),
    Deviation(
        name="statistics.interval.ms",
        value=100,
        default=0,
        why=(
            "Nobody reads them: the timer wakes librdkafka's main thread, which sends heartbeats "
            "and otherwise sleeps up to 1 s, so that an idle member with a session of 500 ms and "
            "commits by hand lost its partitions every 1.1 s (28 times in 32 s; 0 with the timer)."
        ),
    ),
)

# Members of classic groups; with KIP-848 these are the broker's, and the client refuses them.
_CLASSIC_PROFILE = (
    Deviation(
        name="session.timeout.ms",
        value=500,
        default=45_000,
        why="A dead member is noticed within the plan.",
    ),
    Deviation(
        name="heartbeat.interval.ms",
        value=100,
        default=3000,
        why="Five heartbeats a session, so that a busy machine does not end it.",
    ),
)

_AUTO_COMMIT_PROFILE = (
    Deviation(
        name="auto.commit.interval.ms",
        value=50,
        default=5000,
        why="Some automatic commit happens during a plan of some hundred milliseconds.",
    ),
)

# Members of share groups, which have no positions and no sessions of their own.
_SHARE_PROFILE = (
    Deviation(
        name="max.poll.records",
        value=1,
        default=500,
        why="A member holds few records at a time: whole batches, however few it asks for.",
    ),
)
_EXPLICIT: Mapping[str, Setting] = {"share.acknowledgement.mode": "explicit"}

# What each order of calls asks of the library. AUTO is the library's own default.
_COMMIT_SETTINGS: Mapping[CommitPolicy, Mapping[str, Setting]] = {
    CommitPolicy.AFTER_EFFECT: {"enable.auto.commit": False},
    CommitPolicy.BEFORE_EFFECT: {"enable.auto.commit": False},
    CommitPolicy.AUTO: {},
    CommitPolicy.STORE_AFTER_EFFECT: {"enable.auto.offset.store": False},
    CommitPolicy.IN_TRANSACTION: {"enable.auto.commit": False},
}
_AUTOMATIC = frozenset({CommitPolicy.AUTO, CommitPolicy.STORE_AFTER_EFFECT})


def deviations() -> tuple[Deviation, ...]:
    """Everything in which the clients of an execution may differ from librdkafka's defaults."""
    return (
        *_COMMON_PROFILE,
        *_PRODUCER_PROFILE,
        *_TRANSACTIONAL_PROFILE,
        *_CONSUMER_PROFILE,
        *_CLASSIC_PROFILE,
        *_AUTO_COMMIT_PROFILE,
        *_SHARE_PROFILE,
    )


def producer_settings(
    subject: Subject, endpoint: str, name: str = "", *, without: frozenset[str] = frozenset()
) -> dict[str, Setting]:
    """The settings of the subject's producers; its own win over the profile.

    Args:
        subject: what is put under test.
        endpoint: ``host:port`` to begin with.
        name: of the execution: a transactional id is one that no other execution has.
        without: names of the profile that the library does not know.
    """
    profile = _values(_COMMON_PROFILE + _PRODUCER_PROFILE)
    own = dict(subject.producer)
    if subject.is_transactional:
        profile |= _values(_TRANSACTIONAL_PROFILE)
        own[TRANSACTIONAL_ID] = f"{own[TRANSACTIONAL_ID]}-{name}"
    return {"bootstrap.servers": endpoint, **_unless_set(profile, own, without)}


def consumer_settings(
    subject: Subject,
    endpoint: str,
    group: str,
    lane: str = "",
    *,
    without: frozenset[str] = frozenset(),
) -> dict[str, Setting]:
    """The settings of the subject's consumers; its own win over the profile.

    Args:
        subject: what is put under test; it must have a consumer.
        endpoint: ``host:port`` to begin with.
        group: the consumer group.
        lane: of the member, which stands in the place of ``{lane}`` in the subject's own
            settings: members may each have a ``group.instance.id``.
        without: names of the profile that the library does not know.

    Raises:
        SettingError: the subject has no consumer.
    """
    if subject.consumer is None:
        msg = "the subject has no consumer, so there are no settings for one"
        raise SettingError(msg)
    own, policy = subject.consumer.settings, subject.consumer.commit
    if subject.consumer.kind is GroupKind.SHARE:
        wanted = {**_values(_COMMON_PROFILE + _SHARE_PROFILE), **_EXPLICIT}
        settings = _unless_set(wanted, own, without)
        return {"bootstrap.servers": endpoint, "group.id": group, **settings}
    profile: tuple[Deviation, ...] = _COMMON_PROFILE + _CONSUMER_PROFILE
    if own.get("group.protocol", "classic") == "classic":
        profile += _CLASSIC_PROFILE
    if policy in _AUTOMATIC:
        profile += _AUTO_COMMIT_PROFILE
    wanted = {**_values(profile), **_COMMIT_SETTINGS[policy]}
    own = {name: _of_lane(value, lane) for name, value in own.items()}
    return {"bootstrap.servers": endpoint, "group.id": group, **_unless_set(wanted, own, without)}


def _of_lane(value: Setting, lane: str) -> Setting:
    return value.replace("{lane}", lane) if isinstance(value, str) else value


def check_settings(subject: Subject) -> None:
    """The library takes every setting of the subject, and for the right kind of client.

    Raises:
        SettingError: it does not; names the setting and the nearest known names.
    """
    check_account(subject)
    _check_producer(subject)
    others = {"second_producer": subject.of_second, "consumer.output": subject.of_output}
    for name, writing in others.items():
        if writing is None:
            continue
        try:
            _check_producer(writing)
        except SettingError as error:
            msg = f"{name}: {error}"
            raise SettingError(msg) from error
    if subject.consumer is not None:
        settings = consumer_settings(subject, "", "g")
        shares = subject.consumer.kind is GroupKind.SHARE
        kind, own = "share" if shares else "consumer", subject.consumer.settings
        _check(kind, settings, own, COMMON | (SHARE if shares else CONSUMER))


def check_account(subject: Subject) -> None:
    """No account and no key is among the settings: plans and reports show all of them.

    Raises:
        SettingError: one is; names it, and where it belongs.
    """
    writing = (one.producer for one in (subject, subject.of_second, subject.of_output) if one)
    reading = subject.consumer.settings if subject.consumer is not None else {}
    for name in chain(*writing, reading):
        if name.startswith(ACCOUNT):
            msg = (
                f"setting {name!r} says as whom, or over what, a client connects: plans and "
                "reports would show it. A running broker takes it from --credentials FILE"
            )
            raise SettingError(msg)


def _check_producer(subject: Subject) -> None:
    _check("producer", producer_settings(subject, ""), subject.producer, COMMON | PRODUCER)


def _check(
    kind: str,
    settings: Mapping[str, Setting],
    own: Mapping[str, Setting],
    names: frozenset[str],
) -> None:
    for name in own:
        if name not in names and name in PRODUCER | CONSUMER:
            other = "producer" if name in PRODUCER else "consumer"
            msg = (
                f"{kind} setting {name!r} is one that only a {other} heeds: librdkafka would "
                f"ignore it here. {_nearest(name, names)}"
            )
            raise SettingError(msg)
    refusal = refusal_of(kind, settings)
    if refusal is None:
        return
    unknown = [name for name in own if name not in names and f'"{name}"' in refusal]
    hint = _nearest(unknown[0], names) if unknown else ""
    msg = f"{kind} settings are refused by librdkafka: {refusal}. {hint}".rstrip()
    raise SettingError(msg)


def _nearest(name: str, names: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.6)
    if not near:
        return "No known setting of this client has a similar name."
    return f"Did you mean {' or '.join(repr(one) for one in near)}?"


def _values(profile: tuple[Deviation, ...]) -> dict[str, Setting]:
    return {one.name: one.value for one in profile}


# Names for the same setting: who sets one of them sets the other.
_SAME = (
    frozenset({"linger.ms", "queue.buffering.max.ms"}),
    frozenset({"message.timeout.ms", "delivery.timeout.ms"}),
    frozenset({"fetch.wait.max.ms", "fetch.max.wait.ms"}),
)


def _unless_set(
    profile: Mapping[str, Setting], own: Mapping[str, Setting], without: frozenset[str]
) -> dict[str, Setting]:
    """`own`, and of the profile what it does not set, under any name, and the library knows."""
    set_too = {name for same in _SAME for name in same if same & own.keys()}
    left = {name: profile[name] for name in profile if name not in set_too | without}
    return {**left, **own}
