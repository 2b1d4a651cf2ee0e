"""The sentences around the matrix: the answer, what was there, what the exit code means."""

from collections.abc import Callable, Iterator, Sequence

from deliverycheck.guarantees import ANOMALIES, Severity
from deliverycheck.plans.campaign import Campaign, Cell, ClaimResult, ClaimState, Tally
from deliverycheck.plans.claim import Stance
from reports.matrix import DASH, title_of, titled

GAPS_MAX = 6
"""Enough to see what they have in common; the matrix shows them all."""

_VERBS = {
    Severity.LOSS: "lose",
    Severity.REPETITION: "repeat",
    Severity.DISORDER: "reorder",
    Severity.CORRUPTION: "corrupt",
    Severity.STANDSTILL: "stall",
}
_EXIT_CODES = {
    0: "every claim came out as its stance says",
    1: "a setting that must hold was violated, a must-break control did not fire, or a broker died",
    2: "usage",
    3: "trouble with the infrastructure, or more than 5 % of executions inconclusive",
    4: "nothing was exercised, or a situation that this backend can reach was not reached",
}


def answer_of(campaign: Campaign) -> str:
    """One sentence: who holds, who breaks as stated, what went otherwise, what was not tried."""
    parts = [
        *_alarms(campaign),
        f"{_settings(count_of(campaign, ClaimState.HELD))} hold{_s(campaign, ClaimState.HELD)}",
        _found(campaign, "" if count_of(campaign, ClaimState.HELD) else "setting"),
        f"{count_of(campaign, ClaimState.NOT_EXERCISED)} not exercised",
    ]
    told = [part for part in parts if not part.startswith("0 ")]
    if not campaign.executions:
        return f"{campaign.brokers}: nothing was executed, so nothing is known."
    return f"{campaign.brokers}: {', '.join(told) or 'no claim was judged'}."


def count_of(campaign: Campaign, state: ClaimState) -> int:
    """How many claims came out so."""
    return sum(1 for result in campaign.results if result.state is state)


def _settings(number: int) -> str:
    return f"{number} setting" if number == 1 else f"{number} settings"


def _s(campaign: Campaign, state: ClaimState) -> str:
    return "s" if count_of(campaign, state) == 1 else ""


def _found(campaign: Campaign, noun: str) -> str:
    """``8 lose, repeat or reorder messages as expected``, with the verbs that apply.

    The noun stands there unless the part before it names it already.
    """
    found = [result for result in campaign.results if result.state is ClaimState.FOUND]
    claims = {result.claim.id for result in found}
    kinds = [ANOMALIES.get(one.anomaly) for one in campaign.violations if one.claim in claims]
    severities = {kind.severity for kind in kinds if kind}
    verbs = [verb for severity, verb in _VERBS.items() if severity in severities] or ["break"]
    if len(found) == 1:
        verbs = [f"{verb}s" for verb in verbs]
    what = " or ".join([", ".join(verbs[:-1]), verbs[-1]] if verbs[1:] else verbs)
    messages = "" if verbs[0].startswith("break") else " messages"
    subject = counted(len(found), noun) if noun else f"{len(found)}"
    return f"{subject} {what}{messages} as expected"


def _alarms(campaign: Campaign) -> list[str]:
    broken = count_of(campaign, ClaimState.VIOLATED)
    silent = count_of(campaign, ClaimState.NOT_FOUND)
    return [
        f"{_settings(broken)} that must hold BROKE",
        f"{_settings(silent)} expected to break did NOT",
    ]


def header_of(campaign: Campaign) -> str:
    """What was there and how much was done: broker, client, proxy, executions."""
    parts = [
        part
        for target in campaign.targets
        for part in (
            f"{target.broker} ({target.backend})" if target.backend else target.broker,
            target.client,
        )
    ]
    parts += [
        campaign.target.proxy,
        f"{counted(campaign.executions, 'execution')} in {campaign.duration_s:.0f} s",
    ]
    if campaign.inconclusive:
        parts.append(f"{campaign.inconclusive} inconclusive")
    return " · ".join(part for part in parts if part)


def counted(number: int, noun: str) -> str:
    """``1 execution``, ``12,400 executions``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def rate_of(tally: Tally) -> str:
    """``10 of 10 when replayed (95 %: 72 to 100 %)``; nothing for a plan that was not replayed."""
    if not tally.executions:
        return "not replayed"
    return (
        f"{tally.convictions} of {tally.executions} when replayed "
        f"(95 %: {100 * tally.low:.0f}{DASH}{100 * tally.high:.0f} %)"
    )


def exit_of(campaign: Campaign) -> str:
    """The exit code and what it means."""
    meaning = _EXIT_CODES.get(campaign.exit_code, "not a code of this program")
    if not campaign.exit_code and count_of(campaign, ClaimState.NOT_EXERCISED):
        meaning = _EXIT_CODES[0].replace("every claim", "every claim that was exercised")
    return f"Exit code {campaign.exit_code}: {meaning}."


def overview_of(campaign: Campaign) -> str:
    """What kind of violations follow: alarms, and controls that were to break."""
    stances = {result.claim.id: result.claim.stance for result in campaign.results}
    kinds = [stances.get(violation.claim) for violation in campaign.violations]
    controls = kinds.count(Stance.BREAKS)
    alarms = len(kinds) - controls
    told = [f"{counted(alarms, 'alarm')}: what must hold was broken."] if alarms else []
    if controls:
        told.append(
            f"{counted(controls, 'setting')} marked ✓ {'is' if controls == 1 else 'are'} stated to "
            "break, and the suite found how: no alarm, but the proof that it can see."
        )
    return " ".join(told) or "No violation was seen."


def shortfalls_of(campaign: Campaign) -> tuple[str, ...]:
    """One sentence for each claim that came out otherwise and has no violation to show."""
    shown = {violation.claim for violation in campaign.violations}
    return tuple(
        _shortfall(result)
        for result in campaign.results
        if result.state in {ClaimState.NOT_FOUND, ClaimState.VIOLATED}
        and (result.claim.id not in shown or result.state is ClaimState.NOT_FOUND)
    )


def _shortfall(result: ClaimResult) -> str:
    setting, guarantee = result.claim.setting, title_of(result.claim.guarantee)
    if result.claim.stance is Stance.HOLDS:
        return f"{setting} must hold ({guarantee}) and did not; its violation was not saved."
    return (
        f"{setting} is stated to break ({guarantee}), and "
        f"{counted(result.executions, 'execution')} did not show it. "
        "Either the suite has become blind or the system has become better."
    )


def notes_of(campaign: Campaign) -> tuple[str, ...]:
    """The campaign's notes, those of its claims, and that it was stopped, if it was."""
    stopped = ("The campaign was interrupted; what is shown is what was done until then.",)
    of_claims = (
        f"{result.claim.setting}, {title_of(result.claim.guarantee)}: {result.note}"
        for result in campaign.results
        if result.note
    )
    return (
        *(stopped if campaign.interrupted else ()),
        *campaign.notes,
        *of_claims,
        *exceptions_of(campaign),
        *_gaps_of(campaign),
    )


def short_notes_of(campaign: Campaign) -> tuple[str, ...]:
    """The notes for a terminal: what claims do not speak of is counted, the report lists it."""
    exceptions = exceptions_of(campaign)
    rest = tuple(note for note in notes_of(campaign) if note not in exceptions)
    if not exceptions:
        return rest
    situations = counted(len(exceptions), "situation")
    return (*rest, f"some settings leave {situations} out; the report says which and whose")


def exceptions_of(campaign: Campaign) -> tuple[str, ...]:
    """What holding settings do not speak of, once for each situation."""
    settings: dict[str, list[str]] = {}
    for result in campaign.results:
        for hazard in result.claim.unless:
            settings.setdefault(hazard, []).append(result.claim.setting)
    return tuple(
        f"{some(list(dict.fromkeys(named)))}: nothing is said of executions in which "
        f"{titled(hazard)}"
        for hazard, named in settings.items()
    )


def _gaps_of(campaign: Campaign) -> Iterator[str]:
    """What was not exercised although it can be, by the reason."""
    results = [one for one in campaign.results if one.state is not ClaimState.FOUND]
    late = [told for one in results for told in _missing(one, _is_late)]
    seldom = [told for one in results for told in _missing(one, _is_seldom)]
    if campaign.interrupted:
        late, seldom = [*late, *seldom], []
    if late:
        yield f"the time was over before these were exercised often enough: {some(late)}"
    if seldom:
        yield f"plans that could bring these about did so too seldom: {some(seldom)}"


def unexercised(result: ClaimResult) -> list[str]:
    """The situations in which the claim was exercised too seldom, each with how often."""
    missing = [*_missing(result, _is_late), *_missing(result, _is_seldom)]
    return [told.removeprefix(f"{result.claim.setting}: ") for told in missing]


def _missing(result: ClaimResult, wanted: Callable[[Cell], bool]) -> Iterator[str]:
    for cell in result.cells:
        if cell.state is ClaimState.NOT_EXERCISED and cell.reachable and wanted(cell):
            count = f"{cell.valid} of {cell.needed or result.needed} valid"
            yield f"{result.claim.setting}: {titled(cell.hazard)} ({count})"


def _is_late(cell: Cell) -> bool:
    return cell.out_of_time


def _is_seldom(cell: Cell) -> bool:
    return not cell.out_of_time


def some(told: Sequence[str], *, most: int = GAPS_MAX, between: str = "; ") -> str:
    """The first of them; the rest is counted."""
    more = len(told) - most
    return between.join([*told[:most], *([f"and {more} more"] if more > 0 else [])])


def facts_of(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """Name and value of what a reader needs to judge or repeat the campaign."""
    targets = campaign.targets
    options = " ".join(f"{name}={value}" for name, value in campaign.options.items())
    facts = {
        "Broker": _each([f"{one.broker}, {one.backend}".strip(", ") for one in targets]),
        "Client": _each([one.client for one in targets]),
        "Proxy": campaign.target.proxy,
        "Runtime": _each([one.runtime for one in targets]),
        "Machine": campaign.target.machine,
        "Differs from the broker's defaults": _each([", ".join(one.deviations) for one in targets]),
        "Profile": campaign.profile,
        "Seed": str(campaign.seed),
        "Options": options,
        "Started": campaign.started,
        "Executions": f"{campaign.executions:,}, {campaign.inconclusive} inconclusive",
        "Campaign": campaign.id,
    }
    return tuple((name, value) for name, value in facts.items() if value.strip(", "))


def _each(words: Sequence[str]) -> str:
    return "; ".join(word for word in words if word)


LEGEND = (
    ("12", "held: valid executions with this fault, none broke the promise", "held"),
    ("FOUND", "stated to break, and the suite found it: proof that it can see", "found"),
    ("VIOLATED", "must hold and did not", "violated"),
    ("NOT FIRED", "stated to break, and the suite did not find it", "not fired"),
    ("2 of 3", "too few valid executions to say that it holds", "too few"),
    ("?", "inconclusive: too much trouble with the infrastructure", "inconclusive"),
    (DASH, "not exercised; an empty place is not claimed", "not exercised"),
)
"""What stands in a cell, what it means, and the mark whose colour it has."""

BOUND = (
    "With 95 % confidence, n executions without a violation leave a rate of at most 3/n: "
    "10 % at n = 30, 3 % at n = 100."
)
CRASH = "A SIGKILL is a process crash, not a power loss: what the system had cached survives."
