"""Moments that decide: what happens at the same time as something proves nothing of the order."""

import pytest

from deliverycheck.guarantees import Validity
from selftests.delivery_steps import found, told, verdict_of

TOGETHER = "c1 subscribe, c2 subscribe, c1 assign, c2 assign, c1 answer, c2 answer, "
TAKEN = TOGETHER + "c1 revoke, c1 answer, "

# Of each guarantee what happens, and whom it convicts of what with which operation at last.
# After a `tie` the next thing happens at the moment of the last line.
CASES = {
    "commit_follows_effect": {
        "c1 receive 0, c1 commit 1, c1 answer, tie, c2 effect 0": set(),
        "c1 receive 0, c1 commit 1, c1 answer, c2 effect 0": {("commit_ahead", 2)},
        "c1 commit 1, c1 answer, tie, c2 receive 0, c2 effect 1": {("commit_ahead", 0)},
        "c1 commit 1, c1 answer, c2 receive 0, c2 effect 1": set(),
    },
    "commits_move_forward": {
        "c1 commit 3, c1 answer, tie, c1 commit 1": set(),
        "c1 commit 3, c1 answer, c1 commit 1": {("commit_regressed", 1)},
        "c1 commit 3, c1 answer, tie, c2 subscribe, c2 commit 1": set(),
        "c1 commit 3, c1 answer, c2 subscribe, c2 commit 1": {("commit_regressed", 2)},
        "c1 commit 3, c1 answer, tie, c3 commit 2, c3 answer, c2 subscribe, c2 commit 1": set(),
        "c1 commit 3, c1 answer, c3 commit 2, c3 answer, c2 subscribe, c2 commit 1": {
            ("commit_regressed", 3)
        },
        "c1 commit 3, c1 answer, c2 subscribe, c2 commit 3": set(),
        "c1 commit 3 info, c1 answer, c2 subscribe, c2 commit 1": set(),
        "c1 commit 9 info, c1 commit 3, c1 commit 1": {("commit_regressed", 2)},
        "c2 started, c1 commit 3, c1 answer, c2 subscribe, c2 commit 1": Validity.VALID,
        "c1 commit 3, c1 answer, c2 subscribe, c2 seek, c2 commit 1": Validity.VALID,
        "c1 commit 3, c1 answer, c2 subscribe, c2 seek 0 fail, c2 commit 1": {
            ("commit_regressed", 3)
        },
        "c1 commit 3, c1 seek, c1 commit 1": Validity.VALID,
        "c1 seek 0 info, c1 commit 3, c1 commit 1, c1 seek 0 info": Validity.VALID,
        "c1 seek, c1 commit 3, c1 commit 1, c1 seek": {("commit_regressed", 2)},
        "c1 commit 3, c1 seek 0 fail, c1 commit 1": {("commit_regressed", 2)},
        "c1 subscribe, c1 commit 1, " + TOGETHER + "c2 commit 2, c2 answer, c1 commit 3": {
            ("stale_commit", 7)
        },
        TOGETHER + "c2 commit 2, c2 answer, tie, c1 commit 3": set(),
        TOGETHER + "c2 commit 2, c2 answer, c1 commit 3": {("stale_commit", 5)},
        TOGETHER + "c1 assign, c1 answer, tie, c2 commit 2, c2 answer, c1 commit 3": set(),
        TOGETHER + "c1 assign, c1 answer, c2 commit 2, c2 answer, c1 commit 3": {
            ("stale_commit", 6)
        },
        TAKEN + "tie, c2 assign, c2 answer, c1 commit 3": set(),
        TAKEN + "c2 assign, c2 answer, c1 commit 3": {("stale_commit", 6)},
        TAKEN + "c2 assign, c2 answer, tie, c1 commit 3": set(),
    },
    "single_owner": {
        "c1 subscribe, c2 subscribe, c1 assign, c2 assign, c1 answer, c2 answer, tie, c1 revoke": (
            Validity.VALID
        ),
        TOGETHER + "c1 revoke": Validity.UNKNOWN,
        TOGETHER + "c2 commit 2, c2 answer, c1 commit 3, c1 answer, tie, c1 revoke": (
            Validity.UNKNOWN
        ),
        TOGETHER + "c2 commit 2, c2 answer, c1 commit 3, c1 answer, c1 revoke": {("overlap", 5)},
        TOGETHER + "c2 commit 2, c2 answer, tie, c1 commit 3": Validity.UNKNOWN,
        TOGETHER + "c2 commit 2, c2 answer, c1 commit 3": {("overlap", 5)},
        TOGETHER + "c2 killed, tie, c2 commit 2, c2 answer, c1 commit 3": Validity.UNKNOWN,
        TOGETHER + "c2 answer, c2 commit 2, c2 answer, c2 killed, c1 commit 3": {("overlap", 5)},
        "c1 subscribe, c2 subscribe, c1 assign, c1 answer, c2 commit 2, c2 answer, c1 commit 3, "
        "c1 revoke, c1 answer, c2 assign": Validity.VALID,
        "c1 subscribe, c1 assign, c1 paused, c2 subscribe, c2 assign": Validity.UNKNOWN,
        "c1 subscribe, c1 assign, c1 killed, c2 subscribe, c2 assign": Validity.VALID,
        "c1 subscribe, c1 assign, c1 closed, c2 subscribe, c2 assign": Validity.VALID,
        "c1 subscribe, c1 assign, c1 died, c2 subscribe, c2 assign": Validity.VALID,
        TOGETHER + "c1 commit 1, c1 answer, c2 commit 2, c2 answer, c1 commit 3": {
            ("overlap", 5),
            ("overlap", 6),
        },
        "c1 subscribe, c2 subscribe, c2 assign, c2 revoke, c2 answer, c1 assign, c1 commit 1, "
        "c1 commit 2": Validity.VALID,
        "c1 subscribe, c2 subscribe, c1 assign, c1 assign, c2 assign, c1 answer, c2 answer, "
        "c2 commit 2, c2 answer, c1 commit 3": {("overlap", 6)},
        "c1 subscribe, c1 assign, " + TOGETHER + "c2 commit 2, c2 answer, c1 commit 3": {
            ("overlap", 7)
        },
        "c2 subscribe, c2 assign, c2 revoke, " + TOGETHER + "c2 commit 2, c2 answer, c1 commit 3": {
            ("overlap", 8)
        },
    },
    "single_delivery_in_group": {
        "c1 receive 0, c1 commit 1, c1 answer, tie, c2 subscribe, c2 receive 0": set(),
        "c1 receive 0, c1 commit 1, c1 answer, c2 subscribe, c2 receive 0": {
            ("repeated_delivery", 3)
        },
        "c1 commit 1, c1 receive 0, c1 answer, tie, c2 subscribe, c2 receive 0": set(),
        "c1 commit 1, c1 receive 0, c1 answer, c2 subscribe, c2 receive 0": {
            ("repeated_delivery", 3)
        },
        "c1 receive 0, c1 commit 1, c1 answer, c2 receive 0": Validity.VALID,
        "c1 receive 0, c1 commit 1, c1 answer, c2 subscribe, c2 receive 0, c2 commit 0": set(),
        "c1 receive 0, c1 commit 1, c1 answer, c2 subscribe, c2 receive 0, c2 commit 0, "
        "c2 commit 5": Validity.VALID,
        "c1 receive 0, c1 commit 1, c1 answer, c2 subscribe, c2 receive 0, c2 commit 1": {
            ("repeated_delivery", 3)
        },
        "c1 receive 0, c1 commit 1, c1 answer, tie, c3 commit 2, c3 answer, "
        "c2 subscribe, c2 receive 0": set(),
        "c1 receive 0, c1 commit 1, c1 answer, c3 commit 2, c3 answer, "
        "c2 subscribe, c2 receive 0": {("repeated_delivery", 4)},
    },
}
EACH = [(name, *case) for name, cases in CASES.items() for case in cases.items()]


def steps(text):
    """Of each step who, what, a number and how it ended, as far as it says so."""
    for step in text.split(", "):
        words = ["c1", "tie"] if step == "tie" else step.split()
        who, what, number, how = [*words, *["0", "ok"][len(words) - 2 :]]
        yield who, what, int(number), how


@pytest.mark.parametrize(("guarantee", "text", "expected"), EACH)
def test_moment_decides(guarantee, text, expected):
    history = told(steps(text))
    said = verdict_of(history, guarantee).validity
    assert expected == (said if isinstance(expected, Validity) else found(history, guarantee))
