"""The measurement: every mutant under every seed, and the correct broker."""

import ctypes
import signal
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from properties.kafka.pool import make_pool
from selftests.yardstick.figures import of_finds, of_shrinks
from selftests.yardstick.mutants import HELD, MUTANTS
from selftests.yardstick.trial import CORRECT, Bench

POOL = 1200
"""As `make detect` draws them."""

PR_SET_PDEATHSIG = 1  # Of <linux/prctl.h>.

SHRINK_MAX = 300
BUDGET_03 = 120
BUDGET_03_IN_COPIES = 40
KINDS = {
    "p1": (1.0, SHRINK_MAX),
    "p03": (0.3, BUDGET_03),
    "p03_in_copies": (0.3, BUDGET_03_IN_COPIES),
    "p01": (0.1, SHRINK_MAX),
}


def of_seed(seed):
    """All trials of one seed by kind, and what the correct broker was ruled."""
    pool = make_pool(seed, POOL)
    trials = {kind: [] for kind in KINDS}
    plans = {}
    for mutant in MUTANTS:
        for kind, (probability, executions) in KINDS.items():
            if kind == "p03_in_copies" and not mutant.has_copies:
                continue
            with Bench(mutant, probability=probability, seed=seed) as bench:
                if mutant.claim.id not in plans:
                    plans[mutant.claim.id] = bench.plans(pool)
                trials[kind].append(bench.trial(plans[mutant.claim.id], executions))
    return trials, _rulings(seed, plans)


def _die_with():
    """Whoever kills the measurement has its processes gone too."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _rulings(seed, plans):
    """Rulings of the correct broker on plans that the mutants were sought with, and others."""
    rulings = Counter()
    for claim in HELD:
        with Bench(CORRECT[claim.id], seed=seed) as bench:
            for plan in plans[claim.id]:
                rulings[bench.judge(plan).ruling(claim)] += 1
    return rulings


def measure(seeds, processes, say):
    """The values of the figures, over all seeds; and the trials."""
    trials, rulings = {kind: [] for kind in KINDS}, Counter()
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_die_with) as executor:
        for done, (found, ruled) in enumerate(executor.map(of_seed, seeds), start=1):
            say(f"{done} of {len(seeds)} seeds")
            rulings += ruled
            for kind, some in found.items():
                trials[kind] += some
    return values_of(trials, rulings), trials


def values_of(trials, rulings):
    values = {}
    for kind, some in trials.items():
        values |= of_finds(kind, some) | of_shrinks(kind, some)
    values["p03_near_minimal_in_120"] = values["p03_near_minimal"]
    values["p03_near_minimal_in_40_with_8_copies"] = values["p03_in_copies_near_minimal"]
    values["correct_broker_executions"] = rulings.total()
    values["correct_broker_alarms"] = rulings["invalid"]
    values["correct_broker_valid"] = rulings["valid"] / max(1, rulings.total())
    return values
