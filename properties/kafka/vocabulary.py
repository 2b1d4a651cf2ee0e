"""What steps for Kafka are made of, as data: kinds, their arguments, their weights.

One vocabulary and one set of weights for every claim: a holding setting and its
breaking sibling are put through the same kinds of plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deliverycheck.plans import (
    Close,
    CreateTopic,
    Direction,
    FaultKind,
    Flush,
    Heal,
    Hold,
    Inject,
    Kill,
    Pause,
    Publish,
    Restart,
    Resume,
    Step,
)
from deliverycheck.plans import Work as WorkStep
from deliverycheck.plans.kafka import CONSUMERS, NODE, PRODUCERS, TOPICS

_LINKS = tuple(f"link {lane}" for lane in (*PRODUCERS, *CONSUMERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of step.

    Attributes:
        weight: how often it is drawn among the kinds that are applicable. Publishing
            and working must outweigh what disturbs them, or faults hit nothing.
        makes: the step types it may become.
        arguments: the values of each argument; a value that stands twice is drawn
            twice as often.
    """

    weight: int
    makes: Sequence[type[Step]]
    arguments: dict[str, Sequence[Any]]


KINDS = {
    "publish": Kind(
        weight=6,
        makes=(Publish,),
        arguments={
            "lane": PRODUCERS,
            "topic": (*TOPICS[:1] * 3, *TOPICS[1:4]),
            "partition": (0, 1, 2),
            "key": (None, None, None, "k1", "k2"),
            # Mostly few; now and then enough that several batches are in flight.
            "count": (1, 1, 2, 3, 4, 12),
        },
    ),
    "work": Kind(
        weight=6,
        makes=(WorkStep,),
        # The last call is where the consumer may be killed: any place of the cycle.
        arguments={"lane": (*CONSUMERS[:1], *CONSUMERS), "calls": range(1, 9)},
    ),
    "inject": Kind(
        weight=4,
        makes=(Inject,),
        arguments={
            "lane": (*_LINKS[:1], *_LINKS),
            "fault": tuple(FaultKind),
            "direction": (Direction.UPSTREAM, Direction.DOWNSTREAM),
        },
    ),
    "kill_worker": Kind(weight=3, makes=(Kill,), arguments={"lane": (*PRODUCERS, *CONSUMERS)}),
    "heal": Kind(weight=2, makes=(Heal,), arguments={"lane": _LINKS}),
    # A moment; longer than any backoff of the fast profile; past librdkafka's
    # timer scan of one second.
    "hold": Kind(weight=2, makes=(Hold,), arguments={"ms": (60, 60, 300, 1100)}),
    "flush": Kind(weight=1, makes=(Flush,), arguments={"lane": PRODUCERS}),
    "create_topic": Kind(weight=2, makes=(CreateTopic,), arguments={"topic": TOPICS[1:4]}),
    "close": Kind(weight=1, makes=(Close,), arguments={"lane": CONSUMERS}),
    "pause_worker": Kind(
        weight=1, makes=(Pause, Resume), arguments={"lane": (*PRODUCERS, *CONSUMERS)}
    ),
}

NODE_FAULTS: tuple[Step, ...] = (
    Kill(lane=NODE),
    Kill(lane=NODE),
    Pause(lane=NODE),
    Restart(),
    Resume(lane=NODE),
)

NODE_FAULT_SHARE = 10
"""One plan in so many may disturb the node: such a plan costs ten others."""

STEPS_MIN, STEPS_MAX = 6, 14
"""Long enough to build a situation up, short enough that a minimal plan is near."""


def weighted(possible: frozenset[str]) -> list[str]:
    """The kinds among `possible`, each as often as its weight says."""
    return [name for name, kind in KINDS.items() if name in possible for _ in range(kind.weight)]
