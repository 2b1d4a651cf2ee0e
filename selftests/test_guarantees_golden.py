"""Golden histories: one folder for each guarantee, one story in each file.

A file is an ordinary history; its header also holds the story in one line and what the
guarantee of its folder must say of it. To add one, write it by hand or with `Story`.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverycheck.guarantees import (
    ANOMALIES,
    GUARANTEES,
    Validity,
    check,
    fault_evidence,
    hazards_of,
    sentence_of,
)
from deliverycheck.history import history_of, read_history
from selftests.interleaving import backwards, lane_of

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*/*.jsonl"))
VARIANTS = ("anomaly", "near-miss", "unknown", "empty")


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def expected(path):
    return json.loads(path.read_bytes().partition(b"\n")[0])["expect"]


def said_of(history, guarantee):
    """What a header expects: of a conviction its anomalies and sentences, else why and how many."""
    (verdict,) = check(history, [guarantee])
    assert verdict.guarantee == guarantee
    found = {"validity": verdict.validity.value}
    if verdict.anomalies:
        found["anomalies"] = [anomaly.name for anomaly in verdict.anomalies]
        found["sentences"] = [sentence_of(anomaly) for anomaly in verdict.anomalies]
    else:
        found["examined"] = verdict.examined
        found |= {"reason": verdict.reason} if verdict.reason else {}
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_golden_history_is_judged_as_its_header_says(path):
    assert said_of(read_history(path), path.parent.name) == expected(path)


@pytest.mark.parametrize("guarantee", GUARANTEES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_guarantee_has_a_golden_history_of_each_variant(guarantee, variant):
    assert list((GOLDEN / guarantee).glob(f"{variant}*.jsonl"))


# Consumers of a queue, and who asks and answers, have no partitions that could change hands.
WITHOUT_PARTITIONS = {
    *("confirms_resolved", "dead_lettering", "disjoint_consumers", "expiry", "fifo_per_publisher"),
    *("length_limit", "prefetch_bound", "priority_order", "requeue_position", "routed_confirms"),
    *("at_least_once_in_queue", "accounted_for", "routed_as_bound", "effects_in_order"),
    *("matching_replies", "requests_answered"),
    "record_lock",  # A share group shares records, and nobody is told of partitions.
}


@pytest.mark.parametrize("guarantee", sorted(set(GUARANTEES) - WITHOUT_PARTITIONS))
def test_every_guarantee_on_partitions_has_a_golden_history_with_a_rebalance(guarantee):
    assert [path for path in (GOLDEN / guarantee).glob("*.jsonl") if "rebalance" in path.stem]


def test_golden_folders_are_named_after_guarantees():
    assert {path.parent.name for path in FILES} == set(GUARANTEES)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_histories_named_anomaly_convict_unless_what_stands_is_a_proof(path):
    convicts = expected(path)["validity"] == "invalid"
    proof = path.stem == "unknown-both-timed-out-and-turned-round"
    assert convicts == (path.stem.startswith("anomaly") or proof)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_witnesses_of_every_anomaly_are_operations_of_the_history(path):
    history = read_history(path)
    anomalies = [one for verdict in check(history) for one in verdict.anomalies]
    assert all(anomaly.witnesses for anomaly in anomalies)
    assert {op for anomaly in anomalies for op in anomaly.witnesses} <= history.by_op.keys()


@pytest.mark.parametrize("name", ANOMALIES)
def test_every_anomaly_of_the_catalogue_stands_in_a_golden_history_of_what_it_breaks(name):
    shown = {path.parent.name for path in FILES if name in expected(path).get("anomalies", ())}
    assert shown == set(ANOMALIES[name].breaks)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_history_cut_anywhere_never_convicts_of_what_the_whole_one_does_not(path):
    lines = path.read_bytes().splitlines(keepends=True)
    whole = {verdict.guarantee: verdict for verdict in check(history_of(b"".join(lines)))}
    for end in range(1, len(lines)):
        for verdict in check(history_of(b"".join(lines[:end]))):
            if verdict.validity is Validity.INVALID:
                assert whole[verdict.guarantee].validity is Validity.INVALID
            assert verdict.validity is not Validity.VALID


def interleaved(data, path):
    """The lines of a file, with the processes in any other order."""
    header, *lines = path.read_bytes().splitlines(keepends=True)
    queues, lanes = {}, {}
    for line in lines:
        queues.setdefault(lane_of(line, lanes), []).append(line)
    told = [header]
    while queues:
        lane = data.draw(st.sampled_from(sorted(queues)))
        told.append(queues[lane].pop(0))
        if not queues[lane]:
            del queues[lane]
    return b"".join(told)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_processes_told_one_after_the_other_from_the_last_get_the_same_verdicts(path):
    told = history_of(backwards(path.read_bytes()))
    assert check(told) == check(read_history(path))


@settings(max_examples=150, deadline=None, database=None)
@given(data=st.data(), path=st.sampled_from(FILES))
def test_no_verdict_depends_on_how_lines_of_different_processes_interleave(data, path):
    told, retold = read_history(path), history_of(interleaved(data, path))
    assert check(retold) == check(told)
    assert hazards_of(retold) == hazards_of(told)
    assert fault_evidence(retold) == fault_evidence(told)
