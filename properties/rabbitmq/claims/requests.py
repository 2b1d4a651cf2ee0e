"""What we claim of requests and replies: the right one, at most once, and whether one comes."""

from deliverycheck.plans import Claim, CommitPolicy, Pace, Stance
from deliverycheck.plans.replies import REPLY_TO
from deliverycheck.plans.subject import Consumer, Setting, Subject
from properties.rabbitmq.claims.settings import CONFIRMED, IN_HAND, NETWORK, PREFETCH
from properties.rabbitmq.topologies import REQUESTS

DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"

_DIRECT = "RabbitMQ 4.3, Direct Reply-To, When to Use Direct Reply-To"
_TUTORIAL = "RabbitMQ, Tutorial 6 (RPC), Correlation Id"


def _requesting(reply_to: str) -> Subject:
    """Who asks takes replies there; who is asked acks once its reply was confirmed."""
    producer: dict[str, Setting] = {**CONFIRMED, REPLY_TO: reply_to}
    return Subject(
        producer=producer,
        consumer=Consumer(commit=CommitPolicy.AFTER_EFFECT, settings={"prefetch": PREFETCH}),
        topology=REQUESTS,
    )


BY_QUEUE, DIRECTLY = _requesting("replies"), _requesting(DIRECT_REPLY_TO)

_ASKED = ("none", "requester_cut", "requester_killed", "consumer_killed", *IN_HAND)

REQUESTING: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-replies-match",
        system="rabbitmq",
        setting="a reply queue for each requester, correlation ids",
        subject=BY_QUEUE,
        guarantee="matching_replies",
        stance=Stance.HOLDS,
        hazards=(*_ASKED, *NETWORK),
        promise="a reply bears the correlation id of its request, unchanged",
        source=_TUTORIAL,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-direct-replies-match",
        system="rabbitmq",
        setting="direct reply-to, correlation ids",
        subject=DIRECTLY,
        guarantee="matching_replies",
        stance=Stance.HOLDS,
        hazards=(*_ASKED, *NETWORK),
        promise="at most once: a reply that comes is the one to its request",
        source=_DIRECT,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-replies-by-queue",
        system="rabbitmq",
        setting="a durable reply queue for each requester, confirms on both ways",
        subject=BY_QUEUE,
        guarantee="requests_answered",
        stance=Stance.HOLDS,
        hazards=_ASKED,
        promise="long-lived queues are for replies that survive the requester's disconnects",
        source="RabbitMQ 4.3, Direct Reply-To, Motivation",
        pair="rabbitmq-direct-replies",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-direct-replies",
        system="rabbitmq",
        setting="direct reply-to",
        subject=DIRECTLY,
        guarantee="requests_answered",
        stance=Stance.BREAKS,
        hazards=("requester_cut",),
        promise="at most once: only where losing a reply is acceptable",
        source=_DIRECT,
        pair="rabbitmq-replies-by-queue",
        pace=Pace.MEDIUM,
    ),
)
