"""Search: which plans to run, what they mean for the claims, the smallest that breaks one."""

from deliverycheck.plans.rates import tally, wilson
from deliverycheck.search.campaign import Campaign
from deliverycheck.search.corpus import Corpus, CorpusEntry, entry_of, load_plan
from deliverycheck.search.journal import Journal, JournalFormatError, judgements_in
from deliverycheck.search.judge import Judge, judge_history
from deliverycheck.search.judgement import Judgement, Ruling
from deliverycheck.search.ledger import Ledger
from deliverycheck.search.measured import Measured, Record
from deliverycheck.search.pool_file import (
    load_plans,
    load_pool,
    save_plans,
    save_pool,
    shard_of,
)
from deliverycheck.search.profile import FREE, PROFILES, Profile
from deliverycheck.search.record import ExitCode, exit_code, with_what_holds_instead
from deliverycheck.search.select import candidates, plans_for, reaching, varied
from deliverycheck.search.shrinker import Budget, Shrinker, Shrunk
from deliverycheck.search.slices import slices
from deliverycheck.search.violations import violation_of

__all__ = [
    "FREE",
    "PROFILES",
    "Budget",
    "Campaign",
    "Corpus",
    "CorpusEntry",
    "ExitCode",
    "Journal",
    "JournalFormatError",
    "Judge",
    "Judgement",
    "Ledger",
    "Measured",
    "Profile",
    "Record",
    "Ruling",
    "Shrinker",
    "Shrunk",
    "candidates",
    "entry_of",
    "exit_code",
    "judge_history",
    "judgements_in",
    "load_plan",
    "load_plans",
    "load_pool",
    "plans_for",
    "reaching",
    "save_plans",
    "save_pool",
    "shard_of",
    "slices",
    "tally",
    "varied",
    "violation_of",
    "wilson",
    "with_what_holds_instead",
]
