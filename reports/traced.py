"""What a trace is made of: the violations of a campaign, or histories that were judged."""

from collections.abc import Sequence

from deliverycheck.guarantees import Validity
from deliverycheck.plans.campaign import Campaign
from reports import words
from reports.cards import cards_of
from reports.judged import JudgedHistory
from reports.load import Histories
from reports.trace import TracedExecution, trace_of
from reports.witnesses import witnesses_of


def trace_of_campaign(campaign: Campaign, histories: Histories) -> bytes:
    """A process for each violation whose history can be read; of the others it says why not."""
    facts = {"answer": words.answer_of(campaign), **dict(words.facts_of(campaign))}
    traced: list[TracedExecution] = []
    for card in cards_of(campaign):
        history = histories[card.violation.id]
        if isinstance(history, str):
            facts[f"missing: {card.violation.claim} {card.violation.id}"] = history
            continue
        traced.append(
            TracedExecution(
                name=card.heading,
                history=history,
                witnesses=witnesses_of(card.violation, history),
            )
        )
    return trace_of(traced, facts)


def trace_of_judged(histories: Sequence[JudgedHistory], answer: str) -> bytes:
    """A process for each history that was judged."""
    traced = (
        TracedExecution(
            name=one.name,
            history=one.history,
            witnesses=frozenset(
                op
                for verdict in one.verdicts
                if verdict.validity is Validity.INVALID
                for anomaly in verdict.anomalies
                for op in anomaly.witnesses
            ),
        )
        for one in histories
    )
    return trace_of(traced, {"answer": answer})
