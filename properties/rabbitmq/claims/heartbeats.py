"""What we claim of clients that miss their heartbeats: the broker gives their connection up."""

from msgspec.structs import replace

from deliverycheck.plans import Claim, CommitPolicy, Pace, Setting, Stance, Subject, Topology
from deliverycheck.plans.heartbeats import HEARTBEAT
from properties.rabbitmq.claims.queue import SAFE_CLASSIC
from properties.rabbitmq.claims.settings import (
    CONFIRMED,
    CONFIRMS,
    PREFETCH,
    SAFETY,
    UNDONE,
    consuming,
)
from properties.rabbitmq.topologies import CLASSIC, QUORUM

_HEARTBEATS = "RabbitMQ 4.3, Detecting Dead TCP Connections with Heartbeats and TCP Keepalives"
_MISSED = ("heartbeats_missed",)

BEATING: dict[str, Setting] = {HEARTBEAT: 1}
"""Seconds: the least that there is, so that to miss them takes no longer than it must."""


def _beating(commit: CommitPolicy, topology: Topology = CLASSIC) -> Subject:
    own: dict[str, Setting] = {} if commit is CommitPolicy.AUTO else {"prefetch": PREFETCH}
    working = consuming(commit, topology, {**own, **BEATING})
    return replace(working, producer={**CONFIRMED, **BEATING})


HEARTBEATS: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-heartbeats-confirms",
        system="rabbitmq",
        setting="classic queue, confirms, heartbeats of 1 s",
        subject=replace(SAFE_CLASSIC, producer={**CONFIRMED, **BEATING}),
        guarantee="at_least_once_in_queue",
        stance=Stance.HOLDS,
        hazards=_MISSED,
        promise="what was confirmed stays when the connection is given up; the rest is unknown",
        source=f"{_HEARTBEATS}; {CONFIRMS}",
        pair="rabbitmq-fire-and-forget",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-heartbeats-ack-after-effect",
        system="rabbitmq",
        setting="classic queue, ack after the effect, heartbeats of 1 s",
        subject=_beating(CommitPolicy.AFTER_EFFECT),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=_MISSED,
        promise="what a client without heartbeats held is given to another consumer",
        source=f"{_HEARTBEATS}; {SAFETY}, Acknowledgements and Confirms",
        pair="rabbitmq-heartbeats-automatic-ack",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-heartbeats-automatic-ack",
        system="rabbitmq",
        setting="classic queue, automatic ack, heartbeats of 1 s",
        subject=_beating(CommitPolicy.AUTO),
        guarantee="at_least_once_in_effect",
        stance=Stance.BREAKS,
        hazards=_MISSED,
        promise="what was sent to a client that is given up then was acknowledged: it is lost",
        source=f"{_HEARTBEATS}; {CONFIRMS}, Delivery Acknowledgement Modes",
        pair="rabbitmq-heartbeats-ack-after-effect",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-heartbeats-settlement",
        system="rabbitmq",
        setting="classic queue, ack after the effect, heartbeats of 1 s",
        subject=_beating(CommitPolicy.AFTER_EFFECT),
        guarantee="settlement",
        stance=Stance.HOLDS,
        hazards=_MISSED,
        unless=UNDONE,
        promise="what comes again from a client that was given up says so",
        source=f"{_HEARTBEATS}; {SAFETY}, Data Safety on the Consumer Side",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-heartbeats-ack-after-effect-quorum",
        system="rabbitmq",
        setting="quorum queue, ack after the effect, heartbeats of 1 s",
        subject=_beating(CommitPolicy.AFTER_EFFECT, QUORUM),
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=_MISSED,
        promise="what a client without heartbeats held is given to another consumer",
        source=f"{_HEARTBEATS}; {SAFETY}, Acknowledgements and Confirms",
        pair="rabbitmq-heartbeats-automatic-ack",
        pace=Pace.MEDIUM,
    ),
)
