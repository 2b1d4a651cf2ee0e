"""What a trace is made of: the violations of a campaign, or histories that were judged."""

from collections.abc import Sequence
from pathlib import Path

from deliverycheck.guarantees import Validity
from deliverycheck.history import ExecutionFolder, History, HistoryFormatError, read_history
from deliverycheck.plans.campaign import Campaign, Violation
from reports import words
from reports.cards import cards_of
from reports.judged import JudgedHistory
from reports.trace import TracedExecution, trace_of
from reports.witnesses import witnesses_of


def trace_of_campaign(campaign: Campaign, folder: Path) -> bytes:
    """A process for each violation whose history can be read; of the others it says why not."""
    facts = {"answer": words.answer_of(campaign), **dict(words.facts_of(campaign))}
    traced: list[TracedExecution] = []
    for card in cards_of(campaign):
        history = history_in(card.violation, folder)
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


def history_in(violation: Violation, folder: Path) -> History | str:
    """The violation's history, or in a clause why there is none."""
    path = ExecutionFolder(root=folder / violation.folder).history
    name = f"{violation.folder}/{path.name}"
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"{name} lies outside the campaign"
    try:
        return read_history(path)
    except FileNotFoundError:
        return f"{name} is not there"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    except HistoryFormatError as error:
        return str(error).replace(f"{folder}/", "")
