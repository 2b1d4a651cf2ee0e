"""Whole verdicts: what is expected of a guarantee, and what it says of a told story."""

from deliverycheck.guarantees import Validity, Verdict, check
from deliverycheck.history import history_of
from selftests.interleaving import backwards


def both_ways(story, guarantee):
    """The verdict, which is the same if the processes are told from the last."""
    data = b"".join(story.lines())
    (told,) = check(history_of(data), [guarantee])
    (retold,) = check(history_of(backwards(data)), [guarantee])
    assert told == retold
    return told


def convicted(guarantee, examined, *anomalies):
    return Verdict(
        guarantee=guarantee,
        validity=Validity.INVALID,
        examined=examined,
        count=len(anomalies),
        anomalies=anomalies,
    )


def valid(guarantee, examined):
    return Verdict(guarantee=guarantee, validity=Validity.VALID, examined=examined)


def unknown(guarantee, reason, examined=0):
    return Verdict(guarantee=guarantee, validity=Validity.UNKNOWN, examined=examined, reason=reason)
