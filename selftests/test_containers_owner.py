"""Only what a harness made that is surely dead may be swept from an engine."""

import os

import pytest

from deliverycheck.brokers import sweep
from deliverycheck.brokers.containers.owner import HARNESS, is_orphan, labels

ALIVE = f"{os.getpid()}-{sweep.start_time(os.getpid())}-0123"
DEAD = f"{os.getpid()}-1-0123"  # Our pid, but of another process: it began at another time.
LABELS = labels(DEAD, "night-1")


def changed(**others):
    return {**LABELS, **{f"deliverycheck.{name}": value for name, value in others.items()}}


def test_labels_tell_campaign_pid_and_start_time():
    assert LABELS["deliverycheck.campaign"] == "night-1"
    assert LABELS[HARNESS].split("-")[:2] == [str(os.getpid()), "1"]


def test_things_of_a_dead_harness_are_orphans_and_those_of_a_living_one_are_not():
    assert is_orphan(LABELS)
    assert not is_orphan(labels(ALIVE, "night-1"))


@pytest.mark.parametrize(
    "carried",
    [
        {},
        {"deliverycheck.campaign": "night-1"},
        changed(machine="another"),
        changed(pids="pid:[1]"),
        changed(harness="not-of-our-form"),
    ],
    ids=[
        "of-nobody",
        "without-a-harness",
        "of-another-machine",
        "of-another-namespace-of-pids",
        "of-a-form-that-is-not-ours",
    ],
)
def test_what_cannot_be_known_to_be_dead_stays(carried):
    assert not is_orphan(carried)


def test_things_of_another_boot_of_this_machine_are_orphans_whatever_has_their_pid_now():
    before = {**labels(ALIVE, "night-1"), "deliverycheck.boot": "the-one-before"}
    known = bool(before["deliverycheck.machine"])
    assert is_orphan(before) is known
