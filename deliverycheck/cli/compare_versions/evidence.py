"""Findings as they are told: the smallest plan saved, its steps in words, what happened."""

from pathlib import Path

from deliverycheck.cli.compare_versions.findings import Findings
from deliverycheck.cli.compare_versions.record import Difference, Seen
from deliverycheck.cli.compare_versions.smallest import Measured
from deliverycheck.cli.compare_versions.splits import Group, split_of
from deliverycheck.guarantees import explain
from deliverycheck.plans.campaign import StepLine
from deliverycheck.search import Judgement
from deliverycheck.search.violations import SENTENCES_MAX, step_lines


def differences_of(findings: Findings, out: Path) -> tuple[Difference, ...]:
    """What told versions apart twice; each smallest plan lies in `out`."""
    return tuple(
        _difference(group, measured, out)
        for group, measured in findings.found
        if measured is not None
    )


def once_of(findings: Findings) -> tuple[Seen, ...]:
    """What told versions apart once."""
    return tuple(
        Seen(guarantee=group.sight.guarantee, shows=group.sight.what, plans=len(group.places))
        for group, measured in findings.found
        if measured is None
    )


def alike_of(findings: Findings) -> tuple[Seen, ...]:
    """What versions share, by guarantee."""
    return tuple(
        Seen(guarantee=sight.guarantee, shows=sight.what, plans=count)
        for sight, count in sorted(findings.alike.items())
    )


def _difference(group: Group, measured: Measured, out: Path) -> Difference:
    split = split_of(measured.rates) or group.split
    guarantee, what = group.sight
    file = f"plans/{guarantee}-{what}-{measured.plan.short_digest}.json"
    measured.plan.save(out / file)
    most = max(measured.sample, key=lambda one: measured.rates[one].low, default=None)
    sample = None if most is None else measured.sample[most]
    return Difference(
        guarantee=guarantee,
        shows=what,
        also=group.also,
        more=tuple(one for one in measured.rates if one in split.more),
        fewer=tuple(one for one in measured.rates if one in split.fewer),
        rates=dict(measured.rates),
        plans=len(group.places),
        subject=measured.plan.subject,
        steps=_steps(sample) if sample else (),
        sentences=_sentences(sample, guarantee) if sample else (),
        plan_file=file,
        samples={
            number: str(one.execution.folder.root.relative_to(out))
            for number, one in measured.sample.items()
        },
    )


def _steps(sample: Judgement) -> tuple[StepLine, ...]:
    return step_lines(sample.plan, sample.history())


def _sentences(sample: Judgement, guarantee: str) -> tuple[str, ...]:
    """What the execution proves, or why it proves nothing."""
    verdict = sample.verdicts[guarantee]
    if not verdict.anomalies:
        return (verdict.reason or sample.inert or "",)
    told = explain(verdict, sample.history()).anomalies
    return tuple(one.sentence for one in told[:SENTENCES_MAX])
