"""`ctrf.json`: the claims in the Common Test Report Format, version 0.0.0 of its specification.

What may stand where is said by its schema (ctrf.io/docs/specification): objects take no other
names than those here, and what is ours goes into `labels` and `extra`.
"""

from collections import Counter
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from deliverycheck import __version__
from deliverycheck.plans.campaign import Campaign
from reports import words
from reports.cases import COUNTS, WHOLE, Case, Status, cases_of, counts_of, untold_of
from reports.matrix import title_of
from reports.visible import all_visible

_OURS = UUID("6b1f3c52-0f6e-5d8a-9a55-2d2a0f6f1c11")
"""The namespace of our ids: the same claim has the same one in every report."""

_MS_PER_S = 1000


class _Object(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """An object of the format: what is not told is left out."""


class Attachment(_Object, frozen=True, kw_only=True, rename="camel"):
    """A file beside the report; its path is relative to it."""

    name: str
    content_type: str
    path: str


class CtrfTest(_Object, frozen=True, kw_only=True, rename="camel"):
    """One claim, or the campaign. Claims share executions: none has a duration of its own."""

    id: str
    name: str
    status: str
    raw_status: str
    duration: int
    suite: tuple[str, ...]
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    extra: dict[str, int] = {}
    message: str | None = None
    trace: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Tool(_Object, frozen=True, kw_only=True):
    """Who says all this."""

    name: str
    version: str


class Summary(_Object, frozen=True, kw_only=True):
    """Counts of tests; moments in ms since 1970."""

    tests: int
    passed: int
    failed: int
    skipped: int
    pending: int
    other: int
    start: int
    stop: int
    duration: int


class Environment(_Object, frozen=True, kw_only=True, rename="camel"):
    """What was tested."""

    report_name: str
    app_name: str
    test_environment: str
    healthy: bool
    extra: dict[str, str]


class Results(_Object, frozen=True, kw_only=True):
    """The one run of this report."""

    tool: Tool
    summary: Summary
    tests: tuple[CtrfTest, ...]
    environment: Environment


class Report(_Object, frozen=True, kw_only=True, rename="camel"):
    """The whole file."""

    report_format: str
    spec_version: str
    report_id: str
    generated_by: str
    results: Results


def ctrf_of(campaign: Campaign) -> bytes:
    """The campaign in the format; the same campaign gives the same bytes."""
    campaign = all_visible(campaign)
    cases = cases_of(campaign)
    untold = untold_of(campaign, cases)
    tests = (*map(_test, cases), *([_whole(untold)] if untold else []))
    report = Report(
        report_format="CTRF",
        spec_version="0.0.0",
        report_id=_id(f"{campaign.id} {campaign.started} {campaign.seed}"),
        generated_by=f"deliverycheck {__version__}",
        results=Results(
            tool=Tool(name="deliverycheck", version=__version__),
            summary=_summary(campaign, tests),
            tests=tests,
            environment=_environment(campaign),
        ),
    )
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def _id(name: str) -> str:
    return str(uuid5(_OURS, name))


def _summary(campaign: Campaign, tests: tuple[CtrfTest, ...]) -> Summary:
    counts = Counter(test.status for test in tests)
    start = _ms_since_1970(campaign.started)
    duration = round(campaign.duration_s * _MS_PER_S)
    return Summary(
        tests=len(tests),
        passed=counts[Status.PASSED],
        failed=counts[Status.FAILED],
        skipped=counts[Status.SKIPPED],
        pending=0,
        other=0,
        start=start,
        stop=start + duration,
        duration=duration,
    )


def _ms_since_1970(moment: str) -> int:
    """0 for a campaign that does not say when it began, as one that never did."""
    try:
        return round(datetime.fromisoformat(moment).timestamp() * _MS_PER_S)
    except ValueError:
        return 0


def _test(case: Case) -> CtrfTest:
    claim, violation = case.result.claim, case.violation
    return CtrfTest(
        id=_id(claim.id),
        name=claim.id,
        status=case.status.value,
        raw_status=case.result.state.value,
        duration=0,
        suite=(claim.system, title_of(claim.guarantee)),
        tags=(claim.stance.value, *claim.hazards),
        labels={name: value for name, value in case.facts if value and name not in COUNTS},
        extra={name: getattr(case.result, name) for name in COUNTS},
        message=case.message or None,
        trace=case.story or (counts_of(case.result) if case.status is Status.FAILED else None),
        attachments=()
        if violation is None
        else (
            Attachment(
                name="history",
                content_type="application/x-ndjson",
                path=f"{violation.folder}/history.jsonl",
            ),
        ),
    )


def _whole(untold: str) -> CtrfTest:
    return CtrfTest(
        id=_id(WHOLE),
        name=WHOLE,
        status=Status.FAILED.value,
        raw_status="error",
        duration=0,
        suite=("deliverycheck",),
        message=untold,
    )


def _environment(campaign: Campaign) -> Environment:
    backends = dict.fromkeys(one.backend for one in campaign.targets if one.backend)
    return Environment(
        report_name=words.answer_of(campaign),
        app_name=campaign.brokers,
        test_environment=", ".join(backends),
        healthy=campaign.exit_code == 0,
        extra=dict(words.facts_of(campaign)),
    )
