"""`deliverycheck report --page`: a campaign's matrix as a page of the documentation."""

from collections.abc import Iterator
from pathlib import Path

from deliverycheck.cli.systems import content_of
from deliverycheck.plans import Plan, lane_of
from deliverycheck.plans.campaign import StepLine
from deliverycheck.plans.describe import describe_step
from deliverycheck.search import Corpus, tally
from reports import Beside, KeptPlan, load_campaign, render_matrix_page


def write_page(folder: Path, page: Path, corpus: Path, *, machine: str | None) -> None:
    """Write the page; the plans that it says how to replay are those of the corpus.

    Raises:
        ReportError: no campaign, or no place for the page.
        PlanFormatError: an entry of the corpus cannot be read.
    """
    campaign = load_campaign(folder)
    claimed = content_of(campaign.target.system).claims
    beside = Beside(kept=tuple(kept_plans(corpus)), claimed=tuple(claimed), machine=machine)
    render_matrix_page(campaign, page, beside)


def kept_plans(root: Path) -> Iterator[KeptPlan]:
    """Every plan of the corpus in words."""
    corpus = Corpus(root)
    for folder in sorted(root.glob("*/")):
        for path, plan, entry in corpus.entries(folder.name):
            yield KeptPlan(
                claim=entry.claim,
                file=f"{root.name}/{folder.name}/{path.name}",
                steps=steps_in_words(plan),
                rate=tally(entry.convictions, entry.executions),
            )


def steps_in_words(plan: Plan) -> tuple[StepLine, ...]:
    """The plan's steps as a report numbers them, without what became of them."""
    return tuple(
        StepLine(number=number, lane=lane_of(step) or "", text=describe_step(step))
        for number, step in enumerate(plan.steps, start=1)
    )
