"""What is known of messages in queues, where a position is a delivery tag of its process."""

from collections import Counter

from deliverycheck.history import History, Outcome, indexed


def is_queue(history: History, source: str) -> bool:
    """Whether the header declares it as a queue."""
    declared = history.header.sources.get(source)
    return declared is not None and declared.kind == "queue"


def takes_dead_letters(history: History, source: str) -> bool:
    """Whether a message may come there a second time, from another queue."""
    return any(each.dead_letter == source for each in history.header.sources.values())


def sent_once(history: History, message: str) -> bool:
    """Whether there is at most one copy of a message of ours: one call may have sent it."""
    return bool(message) and _sendings(history)[message] == 1


@indexed
def _sendings(history: History) -> Counter[str]:
    return Counter(
        publication.message
        for publication in history.publications
        if publication.outcome is not Outcome.FAIL
    )
