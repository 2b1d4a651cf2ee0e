"""What we claim of policies that are set while a queue is in use."""

from typing import Any

from msgspec import structs

from deliverycheck.plans import Claim, CommitPolicy, Pace, QueueKind, Stance, Topology
from properties.rabbitmq.claims.limits import after
from properties.rabbitmq.claims.settings import DEAD_LETTERS, UNDONE, consuming
from properties.rabbitmq.topologies import (
    AT_LEAST_ONCE,
    CLASSIC,
    FULL_SOON,
    with_dead_letters,
    with_places_by_policy,
)

_POLICIES = "RabbitMQ 4.3, Policies, How Policies Work"
_BY_POLICY = f"{DEAD_LETTERS}, Configuring a Dead Letter Exchange using a Policy"

_AT_LEAST_ONCE = "RabbitMQ 4.3, Quorum Queues, Activating at-least-once dead-lettering"


def _by_policy(**more: Any) -> Topology:
    """A quorum queue whose dead letters go to a queue that takes one and refuses the next."""
    topology = with_dead_letters(QueueKind.QUORUM, dead=FULL_SOON, **more)
    return structs.replace(topology, by_policy=("q1",))


POLICIES: tuple[Claim, ...] = (
    Claim(
        id="rabbitmq-policy-dead-letters",
        system="rabbitmq",
        setting="classic queue declared with a place for its dead, policies set while in use",
        subject=after(structs.replace(with_dead_letters(), limited_later=("q1",))),
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("limited_in_use",),
        unless=UNDONE,
        promise="what a new limit drops goes to the queue's own dead letter exchange",
        source=f"{_POLICIES}; {DEAD_LETTERS}, Overview",
        pair="rabbitmq-policy",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy",
        system="rabbitmq",
        setting="classic queue, limited by policies while in use",
        subject=after(structs.replace(CLASSIC, limited_later=("q1",))),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("limited_in_use",),
        promise="a policy takes effect at once, also on what is in the queue",
        source=_POLICIES,
        pair="rabbitmq-policy-dead-letters",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy-length-limit",
        system="rabbitmq",
        setting="classic queue, limited by policies while in use, one message at a time",
        subject=consuming(
            CommitPolicy.AFTER_EFFECT,
            structs.replace(CLASSIC, limited_later=("q1",)),
            {"take": "get"},
        ),
        guarantee="length_limit",
        stance=Stance.HOLDS,
        hazards=("shortened_in_use",),
        unless=UNDONE,
        promise="a policy takes effect at once, also on what is in the queue",
        source=f"{_POLICIES}; RabbitMQ 4.3, Queue Length Limit",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy-moves-dead-letters",
        system="rabbitmq",
        setting="classic queue whose dead letters go where a policy says",
        subject=after(with_places_by_policy()),
        guarantee="dead_lettering",
        stance=Stance.HOLDS,
        hazards=("dead_letters_moved",),
        unless=UNDONE,
        promise="what dies goes to the dead letter exchange that the policy of that moment names",
        source=_BY_POLICY,
        pair="rabbitmq-policy-drops-dead-letters",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy-moves-dead-letters-quorum",
        system="rabbitmq",
        setting="quorum queue whose dead letters go where a policy says",
        subject=after(with_places_by_policy(QueueKind.QUORUM)),
        guarantee="dead_lettering",
        stance=Stance.HOLDS,
        hazards=("dead_letters_moved",),
        unless=UNDONE,
        promise="what dies goes to the dead letter exchange that the policy of that moment names",
        source=_BY_POLICY,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy-drops-dead-letters",
        system="rabbitmq",
        setting="classic queue whose dead letters are kept while a policy says so",
        subject=after(with_places_by_policy()),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("dead_letters_moved",),
        promise="only one policy applies to a queue: the next one takes the place away",
        source=_POLICIES,
        pair="rabbitmq-policy-dead-letters",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy-at-least-once",
        system="rabbitmq",
        setting="quorum queue, by a policy at-least-once dead letters to a full queue",
        subject=after(_by_policy(**AT_LEAST_ONCE)),
        guarantee="accounted_for",
        stance=Stance.HOLDS,
        hazards=("dead_letters_refused",),
        promise="a dead letter stays in its queue until its place confirmed it",
        source=_AT_LEAST_ONCE,
        pair="rabbitmq-policy-at-most-once",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="rabbitmq-policy-at-most-once",
        system="rabbitmq",
        setting="quorum queue, by a policy at-most-once dead letters to a full queue",
        subject=after(_by_policy()),
        guarantee="accounted_for",
        stance=Stance.BREAKS,
        hazards=("dead_letters_refused",),
        promise="dead letters are published without confirms: they may be lost on their way",
        source=f"{DEAD_LETTERS}, Safety",
        pair="rabbitmq-policy-at-least-once",
        pace=Pace.MEDIUM,
    ),
)
