"""Which situations the campaign reached and which never; how its executions went over time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from deliverycheck.guarantees import HAZARDS, Needed
from deliverycheck.history import CampaignFolder
from deliverycheck.plans.campaign import Campaign, Cell
from reports.matrix import column_of, titled


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of `events.ndjson` says of an execution, as far as it is shown.

    Attributes:
        after_s: of the campaign's time, when it was judged.
    """

    seconds: float = 0.0
    after_s: float = 0.0
    hazards: dict[str, msgspec.Raw] = {}
    inconclusive: str | None = None
    broker_died: str | None = None

    @property
    def disturbs_a_node(self) -> bool:
        """Whether a whole broker was disturbed, which slows down everything beside it."""
        return any(name in HAZARDS and HAZARDS[name].needs is Needed.NODE for name in self.hazards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A hazard in this campaign.

    Attributes:
        reached: executions in which it occurred.
        claims: how many claims are about it.
        why: if it was never reached, the reason.
    """

    hazard: str
    column: str
    title: str
    reached: int
    claims: int
    why: str = ""


def judged_in(folder: Path) -> tuple[Judged, ...]:
    """The executions of a campaign, or of all campaigns in it, one after the other in time.

    A line that is none, such as the last one of a run that was killed, says nothing.
    """
    own = CampaignFolder(root=folder).events
    files = [own] if own.is_file() else sorted(folder.glob(f"*/{own.name}"))
    found: list[Judged] = []
    for path in files:
        begun_s = max((one.after_s for one in found), default=0.0)
        found.extend(
            msgspec.structs.replace(one, after_s=begun_s + one.after_s) for one in _lines(path)
        )
    return tuple(found)


def _lines(path: Path) -> Iterator[Judged]:
    decoder = msgspec.json.Decoder(Judged)
    with path.open("rb") as file:
        for line in file:
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue


def situations_of(campaign: Campaign, judged: tuple[Judged, ...]) -> tuple[Situation, ...]:
    """Those that some claim is about or that occurred: the most often reached first."""
    reached = Counter(name for one in judged for name in one.hazards)
    cells: dict[str, list[Cell]] = {}
    for result in campaign.results:
        for cell in result.cells:
            cells.setdefault(cell.hazard, []).append(cell)
    if not judged:  # A campaign whose executions nobody wrote down: what its claims counted.
        reached = Counter({name: max(map(_met, each)) for name, each in cells.items()})
    found = [_situation(name, reached[name], cells.get(name, [])) for name in {**cells, **reached}]
    return tuple(sorted(found, key=lambda one: (-one.reached, one.column, one.hazard)))


def _situation(hazard: str, reached: int, cells: list[Cell]) -> Situation:
    return Situation(
        hazard=hazard,
        column=column_of(hazard),
        title=titled(hazard),
        reached=reached,
        claims=len(cells),
        why="" if reached else _why(cells),
    )


def _met(cell: Cell) -> int:
    return cell.valid + cell.invalid + cell.unknown


def _why(cells: list[Cell]) -> str:
    if not any(cell.reachable for cell in cells):
        return "this backend cannot bring it about"
    if any(cell.out_of_time for cell in cells):
        return "the time was over before its plans were tried"
    return "no plan that could bring it about did so"
