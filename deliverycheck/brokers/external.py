"""A Kafka cluster that somebody else runs: used, and left as it was found."""

import secrets

from deliverycheck.brokers.broker import AddressError, BrokerError, Endpoint, Slot
from deliverycheck.brokers.credentials import NO_CREDENTIALS, Credentials
from deliverycheck.brokers.kafka_admin import KafkaAdmin
from deliverycheck.brokers.kafka_groups import GroupSettings
from deliverycheck.brokers.kafka_harness import KafkaHarness
from deliverycheck.brokers.kafka_relay import serve_rewritten
from deliverycheck.brokers.kafka_scan import Scanner
from deliverycheck.brokers.kafka_topics import TopicFactory
from deliverycheck.brokers.not_ours import NotOurs
from deliverycheck.brokers.ports import connections_to

# 10 s: a cluster that runs answers in milliseconds.
_ANSWER_S_MAX = 10.0
_REPLICAS_OF_THE_CLUSTER = -1
_HINT = ". If it wants TLS or an account, name a file of client settings with --credentials"


class KafkaExternal(KafkaHarness, NotOurs):
    """The external backend (see `Broker` for what each method promises).

    Topics and groups are named ``deliverycheck-<campaign>-…`` and deleted at `stop`; nothing
    else in the cluster is touched. Link slots lead through a relay of ours, which speaks TLS
    for its clients, and exist where the cluster has one broker: with several, a slot would
    need a proxy for each.
    """

    system = "kafka"

    def __init__(
        self, bootstrap: str, *, slots: int = 32, credentials: Credentials = NO_CREDENTIALS
    ) -> None:
        """Nothing is asked yet; `bootstrap` is ``HOST:PORT``, several divided by commas."""
        super().__init__(bootstrap, slots=slots)
        self._bootstrap = bootstrap
        self._cluster = self._direct = _first_endpoint(bootstrap)
        self._credentials = credentials
        self._answers = False
        # Not from `random`, which Hypothesis seeds: two campaigns would share names.
        self._prefix = f"deliverycheck-{secrets.token_hex(4)}-"
        self._connect(bootstrap)

    def start(self) -> None:
        try:
            if self._credentials.is_tls:
                self._open_by_tls()
            brokers = self._admin.await_metadata(timeout_s=_ANSWER_S_MAX, alive=lambda: None)
        except BrokerError as error:
            message = f"no Kafka cluster answers at {self._bootstrap}: {error}{_HINT}"
            raise BrokerError(message) from error
        if brokers > 1:
            message = (
                f"the cluster at {self._bootstrap} has {brokers} brokers: only one of a single "
                "broker can be put to the test, since a link to several needs a proxy for each"
            )
            raise BrokerError(message)
        self._answers = True
        if not self._credentials.is_tls:
            self._open_links(self._cluster, serve_rewritten)

    def would_create(self) -> tuple[str, ...]:
        """What a run makes there, and what stays; the cluster is asked for metadata, and left.

        Raises:
            BrokerError: it does not answer, or cannot be put to the test.
        """
        try:
            self.start()
            runtime = self.runtime()
        finally:
            self.stop()
        names = "deliverycheck-<8 hex digits>-"
        return (
            f"answers: {runtime}",
            (
                f"would create: topics {names}1, {names}2 and so on, 50 at a time, with as many "
                "replicas as the cluster gives by default"
            ),
            (
                f"would create: groups {names}<n>-group, with settings of their own where a claim "
                "needs them"
            ),
            "would delete at the end: these topics, groups and settings; nothing else is touched",
            "stays: producer and transactional ids, which the cluster forgets by itself",
        )

    def stop(self) -> None:
        try:
            self._scanner.close()
            self._topics.delete_all()
            if self._answers:
                self._groups.delete(self._prefix)
        finally:
            self._close_links()

    def direct_endpoint(self) -> Endpoint:
        return self._direct

    def publishers_gone(self, slot: Slot) -> bool:
        return connections_to(slot.listener.port) == 0

    def first_batches(self, topic: str, partitions: int) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def version(self) -> str:
        return "of unknown version"

    def runtime(self) -> str:
        how = ", by TLS" if self._credentials.is_tls else ""
        return f"a running broker at {self._bootstrap}{how}"

    def _connect(self, bootstrap: str) -> None:
        """The harness's own clients, for this address."""
        settings = self._credentials.kafka_settings()
        self._admin = KafkaAdmin(bootstrap, replicas=_REPLICAS_OF_THE_CLUSTER, settings=settings)
        self._groups = GroupSettings(bootstrap, settings)
        self._scanner = Scanner(bootstrap, self._admin, settings)
        self._topics = TopicFactory(self._admin, prefix=self._prefix)

    def _open_by_tls(self) -> None:
        """The harness's own clients, too, go by the links that speak TLS for them."""
        tls = self._credentials.tls()
        (self._direct,) = self._open_links(self._cluster, serve_rewritten, tls=tls)
        self._connect(str(self._direct))


def _first_endpoint(bootstrap: str) -> Endpoint:
    """The first address of a bootstrap list.

    Raises:
        AddressError: it is not ``HOST:PORT``.
    """
    if "@" in bootstrap:  # Not repeated: it may hold a password.
        message = "this is no bootstrap address of Kafka, but has an @: expected HOST:PORT"
        raise AddressError(message)
    host, _, port = bootstrap.split(",", 1)[0].strip().rpartition(":")
    if not host or not port.isdigit():
        message = f"bootstrap {bootstrap!r}: expected HOST:PORT, or several divided by commas"
        raise AddressError(message)
    return Endpoint(host=host.strip("[]"), port=int(port))
