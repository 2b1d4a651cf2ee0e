"""Where the replies to a publisher's requests come."""

from deliverycheck.plans.subject import Subject

REPLY_TO = "reply_to"
"""The publisher's setting that makes it a requester: where it asks its replies to be sent."""

_OF_THE_BROKER = "amq."


def is_direct(address: str) -> bool:
    """Whether it is no queue that anybody declared, but a way of the broker to one channel."""
    return address.startswith(_OF_THE_BROKER)


def reply_address(subject: Subject, lane: str) -> str | None:
    """Where that publisher takes its replies; ``None`` if it asks nothing.

    Each has a queue of its own, since who takes from another's takes its replies away: `replies`
    is ``replies-p1`` for the first.
    """
    named = subject.producer.get(REPLY_TO)
    if not named:
        return None
    return str(named) if is_direct(str(named)) else f"{named}-{lane}"
