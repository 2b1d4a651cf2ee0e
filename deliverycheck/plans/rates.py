"""How often something happens, and how sure one can be of it."""

from math import ceil, log, sqrt

from deliverycheck.plans.campaign import Tally

Z_95 = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


def tally(convictions: int, executions: int) -> Tally:
    """The rate with its 95 % Wilson interval; of no executions nothing is known: 0 to 1."""
    low, high = wilson(convictions, executions)
    return Tally(convictions=convictions, executions=executions, low=low, high=high)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a rate."""
    if trials == 0:
        return 0.0, 1.0
    rate = successes / trials
    z2 = Z_95 * Z_95
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    margin = Z_95 / (1 + z2 / trials) * sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return max(0.0, middle - margin), min(1.0, middle + margin)


def tries_to_see(rate: float, *, missed: float, tries_max: int) -> int:
    """Executions after which what has this rate stays unseen with probability `missed` at most."""
    if rate >= 1:
        return 1
    if rate <= 0:
        return tries_max
    return min(tries_max, ceil(log(missed) / log(1 - rate)))
