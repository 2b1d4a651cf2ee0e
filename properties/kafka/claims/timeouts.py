"""What we claim of a producer that gives a message up while others of it have no answer yet."""

from deliverycheck.plans import Claim, Pace, Setting, Stance, Subject
from properties.kafka.claims.settings import FIRST_WRITE, IDEMPOTENT

_FINDING = "docs/findings/timed-out-message-repeats-others.md"

_IN_SECONDS: dict[str, Setting] = {"message.timeout.ms": 6000, "socket.timeout.ms": 5000}
"""The defaults, 5 minutes and 1 minute, would do the same in as much time."""

TIMEOUTS: tuple[Claim, ...] = (
    Claim(
        id="kafka-idempotent-timed-out",
        system="kafka",
        setting="idempotent, 5 in flight, a message timed out",
        subject=Subject(producer={**IDEMPOTENT, **_IN_SECONDS}),
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("timed_out_beside_others",),
        promise="a message that times out makes librdkafka take a new epoch, and what had no "
        "answer by then is sent again as new",
        source=_FINDING,
        pair="kafka-idempotent-timed-out-one-in-flight",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-idempotent-timed-out-one-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, a message timed out",
        subject=Subject(
            producer={**IDEMPOTENT, **_IN_SECONDS, "max.in.flight.requests.per.connection": 1}
        ),
        guarantee="exactly_once_in_log",
        stance=Stance.HOLDS,
        hazards=("timed_out_beside_others",),
        unless=(*FIRST_WRITE, "purged"),
        promise="what waits behind an open request was not sent, and is sent once",
        source=_FINDING,
        pair="kafka-idempotent-timed-out",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-idempotent-purged-in-flight",
        system="kafka",
        setting="idempotent, 1 in flight, a message purged on its way",
        subject=Subject(producer={**IDEMPOTENT, "max.in.flight.requests.per.connection": 1}),
        guarantee="exactly_once_in_log",
        stance=Stance.BREAKS,
        hazards=("purged_beside_others",),
        promise="a purged request leaves its place to the next one, and makes librdkafka take a "
        "new epoch, under which that is sent again as new",
        source=_FINDING,
        pair="kafka-purged",
        pace=Pace.MEDIUM,
    ),
)
