"""`deliverycheck claims`: what is claimed, as a table or as JSON."""

import sys
from collections.abc import Sequence
from itertools import groupby

import msgspec
from rich.console import Console

from deliverycheck.cli.systems import content_of
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import Claim, Pace


def claims(systems: Sequence[str], *, as_json: bool) -> None:
    """Print every claim of these systems."""
    listed = [(name, content_of(name).claims) for name in systems]
    if as_json:
        every = [claim for _, of_system in listed for claim in of_system]
        sys.stdout.write(msgspec.json.encode(every).decode() + "\n")
        return
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for name, of_system in listed:
        if len(listed) > 1:
            console.print(f"\n{name}: {len(of_system)} claims", style="bold underline")
        _print(of_system, console)


def _print(listed: Sequence[Claim], console: Console) -> None:
    in_order = sorted(listed, key=lambda claim: list(GUARANTEES).index(claim.guarantee))
    for guarantee, group in groupby(in_order, key=lambda claim: claim.guarantee):
        console.print(f"\n{GUARANTEES[guarantee].title}  ({guarantee})", style="bold")
        for claim in group:
            console.print(f"  {claim.stance:<6}  {claim.id}: {claim.setting}")
            unless = f", not where {', '.join(claim.unless)}" if claim.unless else ""
            nights = "; in nights only" if claim.pace is Pace.LONG else ""
            console.print(
                f"          under {', '.join(claim.hazards)}{unless}; {claim.promise}{nights}",
                style="dim",
            )
            console.print(f"          [{claim.source}]", style="dim")
