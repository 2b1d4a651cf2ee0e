"""Runs checkers over a history; none of them can stop the others."""

from collections.abc import Iterable
from difflib import get_close_matches

from deliverycheck.guarantees.catalogue import GUARANTEES
from deliverycheck.guarantees.guarantee import Guarantee
from deliverycheck.guarantees.remade import told_apart, why_not_told_apart
from deliverycheck.guarantees.verdict import Verdict, unknown
from deliverycheck.history import History


class UnknownGuaranteeError(LookupError):
    """A guarantee was asked for that the catalogue does not hold; the message names it."""


def check(history: History, names: Iterable[str] | None = None) -> tuple[Verdict, ...]:
    """One verdict for each guarantee asked for, in that order; all of them without `names`.

    Raises:
        UnknownGuaranteeError: a name is not in the catalogue. Nothing was checked then.
    """
    asked = [guarantee_named(name) for name in (GUARANTEES if names is None else names)]
    return tuple(_verdict(guarantee, history) for guarantee in asked)


def guarantee_named(name: str) -> Guarantee:
    """The catalogue's entry.

    Raises:
        UnknownGuaranteeError: there is none of this name.
    """
    if name in GUARANTEES:
        return GUARANTEES[name]
    near = get_close_matches(name, GUARANTEES)
    hint = f"did you mean {near[0]!r}? " if near else ""
    msg = f"guarantee {name!r}: {hint}this program checks {', '.join(GUARANTEES)}"
    raise UnknownGuaranteeError(msg)


def _verdict(guarantee: Guarantee, history: History) -> Verdict:
    if reason := why_not_told_apart(history):
        return unknown(guarantee.name, reason)
    try:
        return guarantee.check(told_apart(history))
    except Exception as error:  # noqa: BLE001 - whatever a checker raises, the verdict is unknown
        return unknown(guarantee.name, f"the checker raised {type(error).__name__}: {error}")
