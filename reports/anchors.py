"""Places on the page that links lead to."""

from deliverycheck.plans.campaign import ClaimResult


def place_of_violation(violation: str) -> str:
    """The card of the violation with this id."""
    return f"violation-{_plain(violation)}"


def place_of_claim(claim: str) -> str:
    """What is told of a claim."""
    return f"claim-{_plain(claim)}"


def place_of_situation(claim: str, hazard: str) -> str:
    """The row of a situation among what is told of a claim."""
    return f"{place_of_claim(claim)}__{_plain(hazard)}"


def claims_with_a_place(results: tuple[ClaimResult, ...]) -> frozenset[str]:
    """Those that a link can lead to."""
    return frozenset(result.claim.id for result in results)


def _plain(name: str) -> str:
    """The name in what a link may bear; two names never become one."""
    return "".join(one if one.isalnum() or one == "-" else f"_{ord(one):x}_" for one in name)
