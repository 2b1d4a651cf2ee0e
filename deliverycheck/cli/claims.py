"""`deliverycheck claims`: what is claimed, as a table or as JSON."""

import sys
from itertools import groupby

import msgspec
from rich.console import Console

from deliverycheck.cli.systems import content_of
from deliverycheck.guarantees import GUARANTEES
from deliverycheck.plans import Pace


def claims(system: str, *, as_json: bool) -> None:
    """Print every claim of the system."""
    listed = content_of(system).claims
    if as_json:
        sys.stdout.write(msgspec.json.encode(listed).decode() + "\n")
        return
    console = Console(soft_wrap=True, highlight=False, markup=False)
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
