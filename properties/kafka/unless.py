"""What is known to break a promise, from the claims of ours: nothing new is found in it."""

from deliverycheck.plans import Claim, Stance, Subject
from properties.kafka.claims import CLAIMS
from properties.kafka.promises import promised

_FINDINGS = "docs/findings/"


def unless_of(subject: Subject, guarantee: str) -> tuple[str, ...]:
    """Situations in which an execution says nothing of the promise that the subject has.

    They are those of our own claims of the same promise, those of our claims of transactions where
    the subject has any, and those that a finding of ours tells of.
    """
    found = [
        situation
        for claim in CLAIMS
        if claim.stance is Stance.HOLDS and _is_alike(claim, subject, guarantee)
        for situation in claim.unless
    ]
    found += [
        hazard
        for claim in CLAIMS
        if claim.stance is Stance.BREAKS and claim.source.startswith(_FINDINGS)
        for hazard in claim.hazards
    ]
    return tuple(dict.fromkeys(found))


def _is_alike(claim: Claim, subject: Subject, guarantee: str) -> bool:
    if _has_transactions(claim.subject) and _has_transactions(subject):
        return True
    return claim.guarantee == guarantee and promised(claim.subject, guarantee)[0] is not None


def _has_transactions(subject: Subject) -> bool:
    return subject.is_transactional or subject.of_output is not None
