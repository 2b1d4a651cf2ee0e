"""Which operations of a history prove a violation."""

import re

from deliverycheck.guarantees import UnknownGuaranteeError, Validity, check
from deliverycheck.history import History
from deliverycheck.plans.campaign import Violation

_OP = re.compile(r"^op (\d+) ")


def witnesses_of(violation: Violation, history: History) -> frozenset[int]:
    """The operations that the violation names, else those of a fresh check."""
    named = (_OP.match(operation) for operation in violation.operations)
    numbers = frozenset(int(found.group(1)) for found in named if found)
    return numbers & history.by_op.keys() or _judged_again(violation, history)


def _judged_again(violation: Violation, history: History) -> frozenset[int]:
    """Checkers are pure, so the history says the same as when it was judged."""
    try:
        verdict = check(history, [violation.guarantee])[0]
    except UnknownGuaranteeError:
        return frozenset()
    if verdict.validity is not Validity.INVALID:
        return frozenset()
    return frozenset(op for anomaly in verdict.anomalies for op in anomaly.witnesses)
