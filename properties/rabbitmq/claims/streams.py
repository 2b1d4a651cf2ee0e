"""What we claim of streams by their own protocol: what is sent again is written once, or twice."""

from deliverycheck.plans import AfterError, Claim, Pace, Setting, Stance, Subject
from deliverycheck.plans.rabbitmq_state import STREAM_CLIENT
from properties.rabbitmq.claims.settings import KILLED, NETWORK
from properties.rabbitmq.topologies import STREAM

_DEDUPLICATION = "RabbitMQ Stream Java Client, Message Deduplication (api.adoc)"


def _streaming(producer: dict[str, Setting]) -> Subject:
    """A publisher that sends again what ended in an error, by the same publishing id."""
    return Subject(
        client=STREAM_CLIENT,
        producer=producer,
        after_error=AfterError.SEND_AGAIN,
        topology=STREAM,
    )


_SOON: dict[str, Setting] = {"call_timeout_s": 1.5}
"""Of a call on a disturbed link; all streams share one link, so others wait."""

NAMED, UNNAMED = _streaming({**_SOON, "name": "publisher"}), _streaming(_SOON)

STREAMS: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-stream-named",
        system="rabbitmq",
        setting="stream, publisher with a name and rising publishing ids, sent again after errors",
        subject=NAMED,
        guarantee="exactly_once_in_log",
        stance=Stance.HOLDS,
        hazards=("none", *NETWORK, "producer_killed_unflushed", *KILLED),
        promise="a publishing id that a publisher of this name has used is not written again",
        source=_DEDUPLICATION,
        pair="rabbitmq-stream-unnamed",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-stream-unnamed",
        system="rabbitmq",
        setting="stream, publisher without a name, sent again after errors",
        subject=UNNAMED,
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("lost_reply",),
        promise="without a publisher's name nothing is recognised: what is sent twice stands twice",
        source=_DEDUPLICATION,
        pair="rabbitmq-stream-named",
        pace=Pace.MEDIUM,
    ),
)
