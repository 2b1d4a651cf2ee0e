"""Accounts of claims, exit codes, the corpus, and the log of a detection."""

import json
from itertools import count
from pathlib import Path
from threading import Event

import msgspec
import pytest

from deliverycheck.executions import Execution
from deliverycheck.guarantees import HAZARDS, Validity, Verdict
from deliverycheck.history import ExecutionFolder
from deliverycheck.plans import PlanFormatError, Publish, Stance
from deliverycheck.plans.campaign import ClaimState
from deliverycheck.plans.kafka import KafkaModel
from deliverycheck.search import (
    Corpus,
    ExitCode,
    Judgement,
    Ledger,
    Ruling,
    entry_of,
    exit_code,
    load_plan,
)
from deliverycheck.search.chains import run_chains
from deliverycheck.search.detection import Chain, ChainLog, run_chain, summarise
from selftests.campaign_bench import BAD, BREAKS, GOOD, HOLDS, claim
from selftests.plan_samples import RICH_PLAN

GUARANTEE = "exactly_once_in_log"
EVERYWHERE = frozenset(HAZARDS)
PLAN = KafkaModel().normalise(GOOD, [Publish()])
_numbers = count()


def judgement(validity=Validity.VALID, *hazards, inconclusive=None, inert=None, plan=PLAN):
    folder = ExecutionFolder(root=Path(f"execution-{next(_numbers)}"))
    verdict = Verdict(guarantee=GUARANTEE, validity=validity, examined=1)
    return Judgement(
        execution=Execution(plan=plan, folder=folder, seconds=0.1, inconclusive=inconclusive),
        verdicts={GUARANTEE: verdict},
        hazards=dict.fromkeys(hazards, ()),
        inert=inert,
    )


def ledger(*claims, needed=2, reachable=EVERYWHERE):
    return Ledger(claims, needed=needed, reachable=reachable)


def test_fault_without_evidence_makes_a_valid_execution_unknown():
    assert judgement(inert="nothing met it").ruling(HOLDS) is Ruling.UNKNOWN
    assert judgement(Validity.INVALID, inert="nothing met it").ruling(HOLDS) is Ruling.INVALID


def test_situation_that_a_claim_does_not_speak_of_says_nothing_of_it():
    narrow = msgspec.structs.replace(HOLDS, unless=("first_write_broker_killed",))
    within = judgement(Validity.INVALID, "broker_killed")
    outside = judgement(Validity.INVALID, "broker_killed", "first_write_broker_killed")
    assert within.convicts(narrow)
    assert not outside.convicts(narrow)
    assert outside.ruling(narrow) is Ruling.UNKNOWN
    assert outside.convicts(HOLDS)
    valid = judgement(Validity.VALID, "broker_killed", "first_write_broker_killed")
    assert valid.ruling(narrow) is Ruling.UNKNOWN


@pytest.mark.parametrize(
    ("convictions", "executions", "tries", "is_rare"),
    [
        (20, 20, 10, False),
        (10, 20, 20, False),
        (5, 20, 59, False),
        (4, 20, 60, True),
        (6, 60, 60, True),
        (0, 20, 60, True),
        (0, 0, 60, True),
    ],
)
def test_plan_of_the_corpus_is_tried_until_its_power_is_surely_gone(
    convictions, executions, tries, is_rare
):
    entry = entry_of(
        PLAN, claim="c", convictions=convictions, executions=executions, versions="", found_after=1
    )
    assert (entry.tries, entry.is_rare) == (tries, is_rare)


def test_must_break_claim_convicts_only_with_its_hazard_and_a_holding_one_always():
    bare, met = judgement(Validity.INVALID), judgement(Validity.INVALID, "none")
    assert [one.convicts(BREAKS) for one in (bare, met)] == [False, True]
    assert [one.convicts(HOLDS) for one in (bare, met)] == [True, True]
    assert not judgement(Validity.INVALID, "none", inconclusive="trouble").convicts(HOLDS)


def test_claim_holds_only_when_every_reachable_hazard_has_its_number():
    book = ledger(HOLDS)
    for hazard, state in (
        ("none", ClaimState.NOT_EXERCISED),
        ("none", ClaimState.NOT_EXERCISED),
        ("producer_killed", ClaimState.NOT_EXERCISED),
        ("producer_killed", ClaimState.HELD),
    ):
        book.add(HOLDS, judgement(Validity.VALID, hazard))
        assert book.results()[0].state is state


def test_unknown_executions_hold_nothing():
    book = ledger(HOLDS)
    for hazard in ("none", "producer_killed") * 3:
        book.add(HOLDS, judgement(Validity.UNKNOWN, hazard))
    assert book.results()[0].state is ClaimState.NOT_EXERCISED
    assert book.results()[0].unknown == 6


def test_violation_stays_whatever_comes_after_it():
    book = ledger(HOLDS)
    assert book.add(HOLDS, judgement(Validity.INVALID))
    assert not book.add(HOLDS, judgement(Validity.INVALID))
    for hazard in ("none", "producer_killed") * 3:
        book.add(HOLDS, judgement(Validity.VALID, hazard))
    assert book.results()[0].state is ClaimState.VIOLATED


def test_same_execution_counts_once():
    book, once = ledger(HOLDS), judgement(Validity.VALID, "none")
    book.add(HOLDS, once)
    book.add(HOLDS, once)
    assert book.results()[0].executions == 1
    assert book.missing(HOLDS, "none") == 1


def test_hazard_that_needs_the_whole_broker_needs_ten_at_most():
    about_nodes = claim("node", Stance.HOLDS, GOOD, hazards=("none", "broker_killed"))
    book = ledger(about_nodes, needed=30)
    assert [book.missing(about_nodes, one) for one in about_nodes.hazards] == [30, 10]


# Exit codes.


def filled(**invalid):
    """A ledger in which both claims came out as stated, but for what is given."""
    book = ledger(HOLDS, BREAKS, needed=1)
    for hazard in ("none", "producer_killed"):
        book.add(HOLDS, judgement(Validity.VALID, hazard))
    if invalid.get("found", True):
        book.add(BREAKS, judgement(Validity.INVALID, "none"))
    else:
        book.add(BREAKS, judgement(Validity.VALID, "none"))
    if invalid.get("violated"):
        book.add(HOLDS, judgement(Validity.INVALID, "none"))
    return book.results()


def gap():
    book = ledger(HOLDS, needed=1)
    book.add(HOLDS, judgement(Validity.VALID, "none"))
    return book.results()


CODES = {
    "as-claimed": (filled(), 10, 0, False, ExitCode.AS_CLAIMED),
    "violated": (filled(violated=True), 10, 0, False, ExitCode.BROKEN),
    "control-did-not-fire": (filled(found=False), 10, 0, False, ExitCode.BROKEN),
    "broker-died-by-itself": (filled(), 10, 0, True, ExitCode.BROKEN),
    "violated-beats-infrastructure": (filled(violated=True), 10, 10, False, ExitCode.BROKEN),
    "five-percent-inconclusive-are-borne": (filled(), 100, 5, False, ExitCode.AS_CLAIMED),
    "six-percent-are-not": (filled(), 100, 6, False, ExitCode.INFRASTRUCTURE),
    "infrastructure-beats-a-gap": (gap(), 10, 5, False, ExitCode.INFRASTRUCTURE),
    "gap": (gap(), 10, 0, False, ExitCode.NOT_EXERCISED),
    "nothing-executed": (filled(), 0, 0, False, ExitCode.NOT_EXERCISED),
}


@pytest.mark.parametrize(
    ("results", "executions", "inconclusive", "died", "code"), CODES.values(), ids=CODES
)
def test_exit_code(results, executions, inconclusive, died, code):
    found = exit_code(results, executions=executions, inconclusive=inconclusive, broker_died=died)
    assert found is code


def test_what_the_backend_cannot_reach_does_not_change_the_exit_code():
    about_nodes = claim("node", Stance.HOLDS, GOOD, hazards=("none", "broker_killed"))
    breaks_nodes = claim("bad", Stance.BREAKS, BAD, hazards=("broker_killed",))
    book = ledger(about_nodes, breaks_nodes, needed=1, reachable=frozenset({"none"}))
    book.add(about_nodes, judgement(Validity.VALID, "none"))
    states = [result.state for result in book.results()]
    assert states == [ClaimState.HELD, ClaimState.NOT_EXERCISED]
    code = exit_code(book.results(), executions=1, inconclusive=0, broker_died=False)
    assert code is ExitCode.AS_CLAIMED


# The corpus.


def entry(plan=RICH_PLAN, convictions=9, executions=10, name="bad"):
    return entry_of(
        plan,
        claim=name,
        convictions=convictions,
        executions=executions,
        versions="broker 1, client 2",
        found_after=3,
    )


def test_kept_plan_is_loaded_with_its_figures(tmp_path):
    path = Corpus(tmp_path).keep(RICH_PLAN, entry())
    assert path == tmp_path / "bad" / f"{RICH_PLAN.short_digest}.json"
    plan, loaded = load_plan(path)
    assert plan == RICH_PLAN
    assert loaded.rate == 0.9
    assert loaded.found_after == 3


def test_plain_plan_file_loads_without_figures(tmp_path):
    RICH_PLAN.save(tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json") == (RICH_PLAN, None)


def test_best_plan_is_the_surest_and_the_smallest_the_shortest(tmp_path):
    corpus = Corpus(tmp_path)
    corpus.keep(RICH_PLAN, entry(convictions=9))
    corpus.keep(PLAN, entry(PLAN, convictions=2))
    assert corpus.best("bad")[1] == RICH_PLAN
    assert corpus.smallest("bad")[1] == PLAN
    assert corpus.best("another") is None


def test_entry_that_was_never_executed_has_no_rate():
    assert entry(convictions=0, executions=0).rate == 0.0


def changed(**fields):
    return json.dumps({**json.loads(msgspec.json.encode(entry())), **fields}).encode()


BAD_ENTRIES = {
    "cut": (msgspec.json.encode(entry())[:200], r"was the file cut\?"),
    "newer": (changed(version=2), r"version 1, the file has 2"),
    "figure-in-words": (changed(convictions="many"), r"convictions"),
    "claim-missing": (b'{"format":"deliverycheck-corpus","version":1}', r"missing required field"),
    "plan-of-another-version": (
        changed(plan={"format": "deliverycheck-plan", "version": 7}),
        r"has 7",
    ),
    "neither": (b'{"a":1}', r"is this a plan\?"),
    "list": (b"[]", r"head of a plan"),
}


@pytest.mark.parametrize(("data", "message"), BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_bad_entry_is_refused_and_named(data, message, tmp_path):
    path = tmp_path / "bad" / "x.json"
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(PlanFormatError, match=message) as refused:
        Corpus(tmp_path).best("bad")
    assert str(path) in str(refused.value)


# Detection.


def chain(seed=0, executions=3, *, found=True, name="bad"):
    return Chain(claim=name, seed=seed, executions=executions, found=found, offered=60)


def test_stopped_measurement_goes_on_behind_a_torn_line(tmp_path):
    path = tmp_path / "chains.ndjson"
    ChainLog(path).add(chain(0))
    with path.open("ab") as file:
        file.write(b'{"claim":"bad","see')
    ChainLog(path).add(chain(1))
    assert sorted(ChainLog(path).chains) == [("bad", 0), ("bad", 1)]


def test_chain_ends_with_its_first_conviction_and_counts_in_plan_order():
    answers = iter([judgement(), judgement(inconclusive="x"), judgement(Validity.INVALID, "none")])
    found = run_chain(BREAKS, 7, [PLAN] * 9, lambda _: next(answers), Event(), lambda: 0.0)
    assert (found.executions, found.found, found.inconclusive, found.seed) == (3, True, 1, 7)


def test_chain_that_finds_nothing_ends_after_sixty():
    found = run_chain(BREAKS, 0, [PLAN] * 99, lambda _: judgement(), Event(), lambda: 0.0)
    assert (found.executions, found.found, found.offered) == (60, False, 99)


def test_stopped_chain_is_no_measurement():
    stop = Event()
    stop.set()
    assert run_chain(BREAKS, 0, [PLAN], lambda _: judgement(), stop, lambda: 0.0) is None


def test_chain_that_raises_ends_the_others_that_wait():
    ran, stop = [], Event()

    def fail():
        raise LookupError("a defect")

    chains = [fail, *(lambda: ran.append(1) for _ in range(500))]
    with pytest.raises(LookupError, match="a defect"):
        run_chains(chains, at_once=1, stop=stop)
    assert stop.is_set()
    assert not ran


ORDER = claim("order", Stance.BREAKS, BAD, "per_partition_order")
SHARES = {
    "29-of-30-hold": (BREAKS, 29, 30, True),
    "28-of-30-do-not": (BREAKS, 28, 30, False),
    "27-of-30-hold-for-order": (ORDER, 27, 30, True),
    "26-of-30-do-not-for-order": (ORDER, 26, 30, False),
    "95-percent-of-130-hold": (BREAKS, 124, 130, True),
    "less-of-130-do-not": (BREAKS, 123, 130, False),
    "9-of-10-hold": (BREAKS, 9, 10, True),
    "8-of-10-do-not": (BREAKS, 8, 10, False),
    "nothing-measured-holds-nothing": (BREAKS, 0, 0, False),
}


@pytest.mark.parametrize(("about", "found", "seeds", "holds"), SHARES.values(), ids=SHARES)
def test_share_of_seeds_that_is_needed(about, found, seeds, holds):
    chains = [chain(seed, seed + 1, found=seed < found) for seed in range(seeds)]
    row = summarise(about, chains)
    assert (row.found, row.seeds, row.holds) == (found, seeds, holds)
    assert row.worst == found
