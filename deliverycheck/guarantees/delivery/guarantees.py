"""Guarantees from delivery to effect."""

from deliverycheck.guarantees.delivery.ahead import commit_follows_effect
from deliverycheck.guarantees.delivery.commits import commits_move_forward
from deliverycheck.guarantees.delivery.effect import (
    at_least_once_in_effect,
    at_most_once_in_effect,
    exactly_once_in_effect,
)
from deliverycheck.guarantees.delivery.ownership import single_owner
from deliverycheck.guarantees.delivery.pauses import paused_partitions
from deliverycheck.guarantees.delivery.record_lock import record_lock
from deliverycheck.guarantees.delivery.repetition import single_delivery_in_group
from deliverycheck.guarantees.delivery.replay import replay
from deliverycheck.guarantees.delivery.settled import settlement
from deliverycheck.guarantees.guarantee import DRAINED, SCANNED, Guarantee

GUARANTEES = (
    Guarantee(
        name="at_least_once_in_effect",
        title="at least once, in effect",
        promise="Every message in a consumer group's sources has an effect by that group.",
        needs=SCANNED | DRAINED,
        check=at_least_once_in_effect,
    ),
    Guarantee(
        name="at_most_once_in_effect",
        title="at most once, in effect",
        promise="No message in a consumer group's sources has two effects by that group.",
        needs=DRAINED,
        check=at_most_once_in_effect,
    ),
    Guarantee(
        name="exactly_once_in_effect",
        title="exactly once, in effect",
        promise="Every message in a consumer group's sources has one effect by that group.",
        needs=SCANNED | DRAINED,
        check=exactly_once_in_effect,
    ),
    Guarantee(
        name="commit_follows_effect",
        title="commits follow effects",
        promise="No consumer group commits past a message that it was handed before its effect.",
        needs=frozenset(),
        check=commit_follows_effect,
    ),
    Guarantee(
        name="commits_move_forward",
        title="commits move forward",
        promise="What a consumer group has committed never goes back, and only the owner commits.",
        needs=frozenset(),
        check=commits_move_forward,
    ),
    Guarantee(
        name="single_owner",
        title="one owner at a time",
        promise="No partition has two owners in a consumer group at once.",
        needs=frozenset(),
        check=single_owner,
    ),
    Guarantee(
        name="single_delivery_in_group",
        title="one delivery in a group",
        promise="A consumer group is handed a message again only if there is a reason for it.",
        needs=DRAINED,
        check=single_delivery_in_group,
    ),
    Guarantee(
        name="replay",
        title="replay",
        promise=(
            "Whoever goes to the beginning of a partition, to a position, a time or the end is "
            "handed what stands from there, the same each time."
        ),
        needs=SCANNED,
        check=replay,
    ),
    Guarantee(
        name="paused_partitions",
        title="paused gives nothing",
        promise=(
            "Nothing comes from a partition that its reader has paused, until it wants it again."
        ),
        needs=frozenset(),
        check=paused_partitions,
    ),
    Guarantee(
        name="settlement",
        title="settled stays settled",
        promise=(
            "What a consumer acknowledged is not handed out again, and what is handed out again "
            "is flagged so."
        ),
        needs=DRAINED,
        check=settlement,
    ),
    Guarantee(
        name="record_lock",
        title="a delivery is one member's",
        promise=(
            "Each delivery of a record is handed to one member of a share group, and a record that "
            "was accepted or rejected to nobody again."
        ),
        needs=frozenset(),
        check=record_lock,
    ),
)
