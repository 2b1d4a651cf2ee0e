"""`report.html`: one file that holds all it shows and asks no network for anything."""

from pathlib import Path

from deliverycheck.plans.campaign import Campaign
from reports import anchors, words
from reports.answers import answers_of
from reports.cards import cards_of
from reports.claims import claims_of
from reports.course import course_of
from reports.detection import controls_of
from reports.evidence import pictures_of, pytest_of
from reports.exercised import judged_in, situations_of
from reports.filters import filters_of
from reports.load import Histories
from reports.matrix import matrix_of
from reports.page import rendered
from reports.visible import all_visible


def html_of(campaign: Campaign, folder: Path, histories: Histories) -> str:
    """The page; plans and the journal are read from the campaign's folder."""
    results = {one.claim.id: one for one in campaign.results}
    tests = [pytest_of(one, results.get(one.claim), folder) for one in campaign.violations]
    pictures = [pictures_of(one, histories[one.id]) for one in campaign.violations]
    campaign = all_visible(campaign)
    ids = [one.id for one in campaign.violations]
    cards = cards_of(campaign)
    matrix = matrix_of(campaign)
    judged = judged_in(folder)
    return rendered(
        "report.html.j2",
        answers=answers_of(campaign),
        header=words.header_of(campaign),
        bad=campaign.exit_code != 0,
        matrix=matrix,
        filters=filters_of(matrix, campaign),
        overview=words.overview_of(campaign),
        shortfalls=words.shortfalls_of(campaign),
        cards=cards,
        pictures=dict(zip(ids, pictures, strict=True)),
        tests=dict(zip(ids, tests, strict=True)),
        claims=claims_of(campaign),
        situations=situations_of(campaign, judged),
        course=course_of(judged),
        controls=controls_of(campaign),
        notes=words.notes_of(campaign),
        exit=words.exit_of(campaign),
        facts=words.facts_of(campaign),
        legend=words.LEGEND,
        bound=words.BOUND,
        crash=words.CRASH,
        anchors=anchors,
    )
