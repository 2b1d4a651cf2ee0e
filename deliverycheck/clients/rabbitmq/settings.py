"""The settings of RabbitMQ clients: what a subject says, what a worker is told, what is refused."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import msgspec

from deliverycheck.clients.errors import SettingError
from deliverycheck.clients.rabbitmq.names import (
    Confirms,
    ConsumerSettings,
    PublisherSettings,
    StreamSettings,
    Taking,
)
from deliverycheck.plans import CommitPolicy, Connection, Setting, Subject
from deliverycheck.plans.rabbitmq_state import STREAM_CLIENT

DEFAULT_PORT = 5672
_OF_THE_HARNESS = frozenset({"host", "port", "virtual_host", "username", "password", "channel"})
"""Where a client connects to is not the subject's to say."""

DEVIATIONS = (
    "call_timeout_s=10 (none: pika waits for ever)",
    "stack_timeout=5 (15)",
    "socket_timeout=5 (10)",
)
"""Where our clients differ from pika's defaults, so that a call ends before its execution does."""

STREAM_DEVIATIONS = ("recovery_strategy=none (backoff)",)
"""A client that connected again by itself would send again what nobody asked it to."""

_POLICIES = frozenset({CommitPolicy.AFTER_EFFECT, CommitPolicy.BEFORE_EFFECT, CommitPolicy.AUTO})

_Known = TypeVar("_Known", PublisherSettings, ConsumerSettings, StreamSettings)


def address_settings(endpoint: str) -> dict[str, Setting]:
    """Where to connect to: ``host:port``, or ``amqp://user:password@host:port/vhost``.

    Raises:
        SettingError: it is neither.
    """
    parts = urlsplit(endpoint if "://" in endpoint else f"amqp://{endpoint}")
    try:
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if parts.scheme != "amqp" or not host:
        without = endpoint.rpartition("@")[2]  # What stands before it is a secret.
        msg = f"no address of a broker: {without!r}; expected host:port or amqp://host:port/vhost"
        raise SettingError(msg)
    settings: dict[str, Setting] = {"host": host, "port": port}
    if parts.username is not None:
        settings["username"] = unquote(parts.username)
    if parts.password is not None:
        settings["password"] = unquote(parts.password)
    if len(parts.path) > 1:
        settings["virtual_host"] = unquote(parts.path[1:])
    return settings


def producer_settings(subject: Subject, endpoint: str, _name: str = "") -> dict[str, Setting]:
    """What the subject's publishers are told."""
    return {**address_settings(endpoint), **subject.producer}


def consumer_settings(
    subject: Subject, endpoint: str, _group: str = "", _lane: str = ""
) -> dict[str, Setting]:
    """What the subject's consumers are told; how they acknowledge follows from the policy.

    Raises:
        SettingError: the subject has no consumer.
    """
    if subject.consumer is None:
        msg = "the subject has no consumer, so there are no settings for one"
        raise SettingError(msg)
    automatic = subject.consumer.commit is CommitPolicy.AUTO
    acking: dict[str, Setting] = {"automatic_ack": True} if automatic else {}
    return {**address_settings(endpoint), **acking, **subject.consumer.settings}


def publisher_settings_of(settings: Mapping[str, Setting]) -> PublisherSettings:
    """The settings of a publisher, each of its kind.

    Raises:
        SettingError: one is not known, or of the wrong kind; names the nearest ones.
    """
    return _known("producer", PublisherSettings, settings)


def consumer_settings_of(settings: Mapping[str, Setting]) -> ConsumerSettings:
    """The same, of a consumer."""
    return _known("consumer", ConsumerSettings, settings)


def stream_settings_of(settings: Mapping[str, Setting]) -> StreamSettings:
    """The same, of a client of a stream by its own protocol."""
    return _known("stream", StreamSettings, settings)


def check_stream_settings(subject: Subject) -> None:
    """The worker for streams takes every setting of the subject's publishers.

    Raises:
        SettingError: it does not; names the setting.
    """
    _check_own("producer", subject.producer)
    if subject.connection is Connection.SHARED:
        msg = "connection 'shared': a client of a stream by its own protocol has no channels"
        raise SettingError(msg)
    stream_settings_of(subject.producer)


def stream_refused(subjects: Sequence[Subject]) -> tuple[str | None, ...]:
    """As `refused`, of the worker for streams."""
    return tuple(_refusal(check_stream_settings, subject) for subject in subjects)


def check_settings(subject: Subject) -> None:
    """The worker takes every setting of the subject, and they go together.

    Raises:
        SettingError: it does not; names the setting.
    """
    if subject.client == STREAM_CLIENT:
        check_stream_settings(subject)
        return
    _check_own("producer", subject.producer)
    publisher = publisher_settings_of(subject.producer)
    _check_publisher(publisher)
    if subject.connection is Connection.SHARED and publisher.reply_to is not None:
        msg = "connection 'shared': expected no 'reply_to', since who asks takes its replies too"
        raise SettingError(msg)
    if subject.consumer is None:
        return
    if subject.consumer.commit not in _POLICIES:
        known = ", ".join(sorted(policy.value for policy in _POLICIES))
        msg = (
            f"commit {subject.consumer.commit.value!r} is not to be had of a queue, "
            f"where each message is acknowledged: expected one of {known}"
        )
        raise SettingError(msg)
    own = subject.consumer.settings
    _check_own("consumer", own)
    automatic = subject.consumer.commit is CommitPolicy.AUTO
    if own.get("automatic_ack", automatic) != automatic:
        msg = (
            f"consumer setting 'automatic_ack' is {own['automatic_ack']}, but commit "
            f"{subject.consumer.commit.value!r} says otherwise: leave it out"
        )
        raise SettingError(msg)
    _check_consumer(consumer_settings_of(own))


def refused(subjects: Sequence[Subject]) -> tuple[str | None, ...]:
    """For each subject what is said against its settings; ``None`` if they are taken."""
    return tuple(_refusal(check_settings, subject) for subject in subjects)


def _refusal(check: Callable[[Subject], None], subject: Subject) -> str | None:
    try:
        check(subject)
    except SettingError as error:
        return str(error)
    return None


def _check_own(kind: str, own: Mapping[str, Setting]) -> None:
    for name in own:
        if name in _OF_THE_HARNESS:
            msg = f"{kind} setting {name!r} says where to connect to, which the target does"
            raise SettingError(msg)


def _check_publisher(settings: PublisherSettings) -> None:
    if settings.transactional and settings.confirms is not Confirms.NONE:
        msg = (
            f"producer settings: a transactional channel has no confirms "
            f"(confirms is {settings.confirms.value!r}): the broker closes it with 406"
        )
        raise SettingError(msg)


def _check_consumer(settings: ConsumerSettings) -> None:
    if settings.take is Taking.GET and (settings.prefetch or settings.exclusive):
        msg = "consumer settings: take 'get' asks for each message, so that neither prefetch nor "
        raise SettingError(msg + "exclusive means anything")


def _known(kind: str, known: type[_Known], settings: Mapping[str, Setting]) -> _Known:
    names = known.__struct_fields__
    for name in settings:
        if name not in names:
            msg = f"no {kind} setting {name!r}. {_nearest(name, names)}"
            raise SettingError(msg)
    try:
        return msgspec.convert(dict(settings), known)
    except msgspec.ValidationError as error:
        msg = f"{kind} settings: {error}"
        raise SettingError(msg) from error


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(repr(one) for one in near)}?"
    return f"Known: {', '.join(one for one in names if one not in _OF_THE_HARNESS)}."
