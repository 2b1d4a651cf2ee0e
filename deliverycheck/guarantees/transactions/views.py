"""What was seen of each transaction: by those who read committed messages, and by scans."""

from deliverycheck.guarantees.copies import copies
from deliverycheck.guarantees.log.dropping import may_have_dropped
from deliverycheck.guarantees.log.sources import may_be_no_log
from deliverycheck.guarantees.queues.kept import stays_in_queues
from deliverycheck.guarantees.transactions.isolation import committed_readings
from deliverycheck.guarantees.transactions.transactions import Transaction, transactions_of
from deliverycheck.history import (
    History,
    Operation,
    Outcome,
    Publication,
    Reading,
    indexed,
    is_scanner,
)

_Key = tuple[str | None, str]
"""Transaction and message: sent twice in one transaction it is one message of it."""
_Partition = tuple[str, int | None]


class Views:
    """Evidence that a transaction took effect, and which of its messages can be read."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._index = transactions_of(history)
        self._first: dict[str, Reading] = {}
        self._ends: dict[_Partition, int] = {}
        self._seen: set[_Key] = set()
        committed = committed_readings(history)
        for reading in committed:
            self._seen.update(self._keys(reading))
            transaction = self._index.of(reading.delivery)
            if transaction is not None and _shows(transaction, reading):
                first = self._first.setdefault(transaction.id, reading)
                self._first[transaction.id] = min(first, reading, key=_moment)
        self._scanned = {key: copy for copy in copies(history) for key in self._keys(copy)}
        self._note_ends(committed)

    def first_sight(self, transaction: Transaction) -> Reading | None:
        """The first of it that a reader of committed messages can have been handed rightly."""
        return self._first.get(transaction.id)

    def is_missing(self, publication: Publication) -> bool:
        """Whether readers of committed messages surely cannot read this message.

        No scan found it, or one did and a scan of committed messages went past its place.
        """
        return not self._is_found(publication) or self.hidden_at(publication) is not None

    def is_read(self, publication: Publication) -> bool:
        """Whether a reader of committed messages was handed what may be this one."""
        return self._key(publication) in self._seen

    def hidden_at(self, publication: Publication) -> Reading | None:
        """Who found it, where a scan of committed messages passed that place without it."""
        reading = self._scanned.get(self._key(publication))
        if reading is None or self.is_read(publication):
            return None
        delivery = reading.delivery
        end = self._ends.get((delivery.source, delivery.partition))
        if end is None or delivery.position is None or delivery.position >= end:
            return None
        return reading

    def owed(self, transaction: Transaction) -> list[Publication]:
        """The messages that can be read if the transaction took effect.

        They were confirmed, or still on their way when its end was asked for: a commit waits for
        them. What had failed or timed out before, the application left out knowingly. Not what
        its log, or its queue, may have dropped.
        """
        asked = next(iter(transaction.commits or transaction.deciding), None)
        return [
            publication
            for publication in transaction.publications
            if _is_part(publication, asked)
            and _stays(self._history, publication)
            and not may_have_dropped(self._history, publication)
            and not self._history.by_op[publication.op].returned_unroutable
        ]

    def _key(self, publication: Publication) -> _Key:
        return (self._index.id_of(publication), publication.message)

    def _keys(self, reading: Reading) -> list[_Key]:
        return [self._key(origin) for origin in self._index.origins(reading.delivery)]

    def _is_found(self, publication: Publication) -> bool:
        key = self._key(publication)
        return key in self._scanned or key in self._seen

    def _note_ends(self, committed: list[Reading]) -> None:
        """How far scans of committed messages surely came in each partition."""
        for reading in committed:
            delivery = reading.delivery
            if is_scanner(reading.process) and delivery.position is not None:
                place = (delivery.source, delivery.partition)
                furthest = self._ends.get(place, delivery.position)
                self._ends[place] = max(furthest, delivery.position)


@indexed
def views_of(history: History) -> Views:
    """What was seen in this history, looked up once."""
    return Views(history)


def _moment(reading: Reading) -> tuple[int, int]:
    return (reading.ns, reading.op)


def _shows(transaction: Transaction, reading: Reading) -> bool:
    """What was handed over before a commit was asked for shows nothing of that commit."""
    asked_ns = transaction.commit_asked_ns
    return asked_ns is None or reading.ns >= asked_ns


def _stays(history: History, publication: Publication) -> bool:
    in_log = not may_be_no_log(history, publication.target)
    return in_log or stays_in_queues(history, publication)


def _is_part(publication: Publication, asked: Operation | None) -> bool:
    if asked is None or publication.outcome is not Outcome.INFO:
        return publication.outcome is Outcome.OK
    ended_ns = publication.completed_ns
    was_sent = publication.invoked_ns < asked.invoked_ns
    return was_sent and (ended_ns is None or ended_ns > asked.invoked_ns)
