"""Plans worth keeping: for each must-break claim the one that reproduced most often."""

from pathlib import Path

import msgspec

from deliverycheck.plans import Plan, PlanFormatError, plan_of
from deliverycheck.plans.rates import tries_to_see, wilson

FORMAT = "deliverycheck-corpus"
VERSION = 1

TRIES_MIN, TRIES_MAX = 10, 60
MISSED = 0.001
"""A plan of the least rate that its measurement leaves stays without a conviction so rarely."""


class CorpusEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, the claim that it convicts, and how often it did.

    Attributes:
        convictions: of `executions` at the last measurement.
        versions: broker, client and proxy of that measurement.
        found_after: generated executions until the plan that it was shrunk from.
    """

    format: str = FORMAT
    version: int = VERSION
    claim: str
    plan: msgspec.Raw
    convictions: int
    executions: int
    versions: str
    found_after: int

    @property
    def rate(self) -> float:
        """Convictions per execution."""
        return self.convictions / self.executions if self.executions else 0.0

    @property
    def tries(self) -> int:
        """Replays after which a plan that never convicted has lost its power, if it is not rare."""
        return max(TRIES_MIN, min(TRIES_MAX, self._enough))

    @property
    def is_rare(self) -> bool:
        """The plan may convict so seldom that its silence in `tries` replays proves nothing."""
        return self._enough > TRIES_MAX

    @property
    def _enough(self) -> int:
        low, _ = wilson(self.convictions, self.executions)
        return tries_to_see(low, missed=MISSED, tries_max=TRIES_MAX + 1)


def load_plan(path: Path) -> tuple[Plan, CorpusEntry | None]:
    """A plan from a corpus entry or from a plain plan file.

    Raises:
        PlanFormatError: the file is neither; the message names it.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    try:
        kind = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{path}: not a whole JSON object ({error}); was the file cut?"
        raise PlanFormatError(msg) from None
    if not (isinstance(kind, dict) and kind.get("format") == FORMAT):
        return plan_of(data, name=str(path)), None
    if kind.get("version") != VERSION:
        msg = (
            f"{path}: this program reads corpus entries of version {VERSION}, the file has "
            f"{kind.get('version')}"
        )
        raise PlanFormatError(msg)
    try:
        entry = msgspec.json.decode(data, type=CorpusEntry)
    except msgspec.ValidationError as error:
        msg = f"{path}: {error}"
        raise PlanFormatError(msg) from None
    return plan_of(bytes(entry.plan), name=str(path)), entry


class Corpus:
    """The folder ``corpus/<claim>/<digest>.json``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def best(self, claim: str) -> tuple[Path, Plan, CorpusEntry] | None:
        """The claim's plan that reproduced most often."""
        entries = self.entries(claim)
        return max(entries, key=lambda one: (one[2].rate, -len(one[1].steps)), default=None)

    def smallest(self, claim: str) -> tuple[Path, Plan, CorpusEntry] | None:
        """The claim's plan with the fewest steps."""
        entries = self.entries(claim)
        return min(entries, key=lambda one: (len(one[1].steps), -one[2].rate), default=None)

    def entries(self, claim: str) -> list[tuple[Path, Plan, CorpusEntry]]:
        """The claim's plans, by file."""
        paths = sorted((self.root / claim).glob("*.json"))
        loaded = ((path, *load_plan(path)) for path in paths)
        return [(path, plan, entry) for path, plan, entry in loaded if entry is not None]

    def name_of(self, path: Path) -> str:
        """The file as `replay` finds it, wherever it stands: ``corpus/<claim>/<digest>.json``."""
        return str(Path(self.root.name) / path.relative_to(self.root))

    def keep(self, plan: Plan, entry: CorpusEntry) -> Path:
        """Write the entry; its name is the plan's digest."""
        path = self.root / entry.claim / f"{plan.short_digest}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(entry), indent=1) + b"\n")
        return path


def entry_of(  # noqa: PLR0913  # the fields of an entry, by name
    plan: Plan, *, claim: str, convictions: int, executions: int, versions: str, found_after: int
) -> CorpusEntry:
    """The corpus entry of a plan that was measured."""
    return CorpusEntry(
        claim=claim,
        plan=msgspec.Raw(plan.to_json()),
        convictions=convictions,
        executions=executions,
        versions=versions,
        found_after=found_after,
    )
