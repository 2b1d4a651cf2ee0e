"""Verdicts told: explanations as data, then as text."""

from collections import Counter

import msgspec

from deliverycheck.guarantees.anomalies import ANOMALIES
from deliverycheck.guarantees.catalogue import GUARANTEES
from deliverycheck.guarantees.describe import witness_lines
from deliverycheck.guarantees.sentences import counted, fill, join, place
from deliverycheck.guarantees.verdict import Anomaly, Validity, Verdict
from deliverycheck.history import History


class ToldAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One anomaly in words, with the operations that prove it, one line each."""

    name: str
    sentence: str
    witnesses: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict in words.

    Attributes:
        summary: one line that says what was checked and what came out.
        untold: anomalies that were counted and are not in `anomalies`.
    """

    guarantee: str
    validity: Validity
    summary: str
    anomalies: tuple[ToldAnomaly, ...] = ()
    untold: int = 0


def explain(verdict: Verdict, history: History) -> Explanation:
    """What the verdict says, with the evidence that the history holds for it."""
    return Explanation(
        guarantee=verdict.guarantee,
        validity=verdict.validity,
        summary=summary_of(verdict),
        anomalies=tuple(
            ToldAnomaly(
                name=anomaly.name,
                sentence=sentence_of(anomaly),
                witnesses=witness_lines(history, anomaly.witnesses, about=anomaly.message),
            )
            for anomaly in verdict.anomalies
        ),
        untold=verdict.count - len(verdict.anomalies),
    )


def text_of(explanation: Explanation) -> str:
    """The explanation as lines: summary, then each anomaly over its witnesses."""
    lines = [explanation.summary]
    for anomaly in explanation.anomalies:
        lines += [f"  {anomaly.sentence}", *(f"    {line}" for line in anomaly.witnesses)]
    if explanation.untold:
        lines.append(f"  … and {explanation.untold} more of them.")
    return "\n".join(lines)


def summary_of(verdict: Verdict) -> str:
    """One line, such as ``at least once, in the log: violated, 1 lost (3 obligations)``."""
    known = GUARANTEES.get(verdict.guarantee)
    title = known.title if known else verdict.guarantee
    examined = counted(verdict.examined, "obligation")
    if verdict.validity is Validity.VALID:
        return f"{title}: holds for {examined}"
    if verdict.validity is Validity.UNKNOWN:
        return f"{title}: unknown, {verdict.reason or 'no reason given'}"
    counts = Counter(anomaly.name for anomaly in verdict.anomalies)
    found = join([f"{count} {name}" for name, count in sorted(counts.items())])
    if verdict.count > len(verdict.anomalies):
        found = f"{verdict.count} {join(sorted(counts))}"
    return f"{title}: violated, {found} ({examined} examined)"


def sentence_of(anomaly: Anomaly) -> str:
    """The anomaly in words; one that this version does not know is told by its facts."""
    known = ANOMALIES.get(anomaly.name)
    template = known.sentences.get(str(anomaly.facts.get("kind"))) if known else None
    if known is None or template is None:
        return _plainly(anomaly)
    facts: dict[str, object] = {
        "message": anomaly.message or "that is not ours",
        "source": anomaly.source,
        "place": place(anomaly.source, anomaly.partition, anomaly.position),
        **anomaly.facts,
    }
    details = (detail for name, detail in known.details.items() if name in anomaly.facts)
    return " ".join(fill(each, facts) for each in (template, *details))


def _plainly(anomaly: Anomaly) -> str:
    where = place(anomaly.source, anomaly.partition, anomaly.position) if anomaly.source else ""
    facts = ", ".join(f"{name} {value}" for name, value in anomaly.facts.items())
    return " ".join(word for word in (anomaly.name, anomaly.message or "", where, facts) if word)
