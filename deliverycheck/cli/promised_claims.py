"""Claims of what is documented for a subject, which may be nothing."""

from deliverycheck.cli.systems import Content
from deliverycheck.plans import Claim, Stance, Subject

OF_CONSUMERS = frozenset(
    {
        "at_least_once_in_effect",
        "at_most_once_in_effect",
        "exactly_once_in_effect",
        "commit_follows_effect",
        "commits_move_forward",
        "genuine_deliveries",
        "single_delivery_in_group",
        "paused_partitions",
        "single_owner",
        "gapless_reading",
        "settlement",
        "prefetch_bound",
        "disjoint_consumers",
        "effects_in_order",
        "requeue_position",
    }
)
"""They say something only where somebody consumes."""

OF_TRANSACTIONS = frozenset({"read_committed", "atomic_transactions"})
"""They say something only where somebody consumes what somebody wrote in transactions."""


def promised_claim(  # noqa: PLR0913  # Each is a part of the claim.
    known: Content,
    subject: Subject,
    guarantee: str,
    *,
    name: str,
    setting: str,
    hazards: tuple[str, ...],
    unless: tuple[str, ...] = (),
) -> Claim:
    """That the subject holds the guarantee, with what is documented of it, or what is not."""
    promise, missing = known.promised(subject, guarantee)
    not_promised = f"not promised: {'; '.join(missing)}" if missing else "promised by no document"
    return Claim(
        id=name,
        system=known.name,
        setting=setting,
        subject=subject,
        guarantee=guarantee,
        stance=Stance.HOLDS,
        hazards=hazards,
        unless=unless,
        promise=not_promised if promise is None else promise.text,
        source="no document" if promise is None else promise.source,
    )
