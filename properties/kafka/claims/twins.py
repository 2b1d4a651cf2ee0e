"""What we claim of static members of one name: the last one that came stays.

That a partition has one owner nobody can conclude: a fenced member is told of it late, so that
both have it as far as they know. What can be seen is that its commits are refused.
"""

from deliverycheck.plans import Claim, CommitPolicy, Pace, Setting, Stance
from deliverycheck.plans.kafka_reach import INSTANCE_ID
from properties.kafka.claims.settings import RECORDS_GONE, consuming

_ONE_NAME: dict[str, Setting] = {INSTANCE_ID: "member"}
_AFTER = consuming(CommitPolicy.AFTER_EFFECT, _ONE_NAME)
_BEFORE = consuming(CommitPolicy.BEFORE_EFFECT, _ONE_NAME)
_FENCED = ("member_fenced",)
_SOURCE = "KIP-345, FENCED_INSTANCE_ID; Kafka 4.3, consumer configs, group.instance.id"
_PROMISE = "of members with one group.instance.id the last one is the member, all others are fenced"

TWINS: tuple[Claim, ...] = (
    Claim(
        id="kafka-twins-commits-forward",
        system="kafka",
        setting="two members of one group.instance.id, commit after the effect",
        subject=_AFTER,
        guarantee="commits_move_forward",
        stance=Stance.HOLDS,
        hazards=_FENCED,
        promise=_PROMISE,
        source=_SOURCE,
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-twins-at-least-once",
        system="kafka",
        setting="two members of one group.instance.id, commit after the effect",
        subject=_AFTER,
        guarantee="at_least_once_in_effect",
        stance=Stance.HOLDS,
        hazards=_FENCED,
        unless=RECORDS_GONE,
        promise="what a fenced member has not committed the other one is handed",
        source=_SOURCE,
        pair="kafka-commit-before-effect",
        pace=Pace.LONG,
    ),
    Claim(
        id="kafka-twins-at-most-once",
        system="kafka",
        setting="two members of one group.instance.id, commit before the effect",
        subject=_BEFORE,
        guarantee="at_most_once_in_effect",
        stance=Stance.HOLDS,
        hazards=_FENCED,
        promise="a commit of a fenced member is refused",
        source=_SOURCE,
        pair="kafka-twins-twice",
        pace=Pace.MEDIUM,
    ),
    Claim(
        id="kafka-twins-twice",
        system="kafka",
        setting="two members of one group.instance.id, commit after the effect",
        subject=_AFTER,
        guarantee="at_most_once_in_effect",
        stance=Stance.BREAKS,
        hazards=_FENCED,
        promise="a fenced member learns of it late, and its twin is handed what it has in hand",
        source=_SOURCE,
        pair="kafka-twins-at-most-once",
        pace=Pace.MEDIUM,
    ),
)
