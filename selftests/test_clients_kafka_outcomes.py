"""Only what the library's source proves is a failure; everything else stays unknown."""

import pytest

from deliverycheck.clients.kafka.outcomes import (
    DEFINITE,
    Attempts,
    Call,
    outcome_of,
    outcome_of_report,
)
from deliverycheck.history import Outcome


@pytest.mark.parametrize("entry", DEFINITE, ids=lambda entry: f"{entry.call}-{entry.error}")
def test_definite_error_is_a_failure_and_has_a_source(entry):
    assert outcome_of(entry.call, entry.error, entry.attempts) is Outcome.FAIL
    assert entry.source.partition(":")[0].count("/") >= 1, "name the file that proves it"


@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("attempts", Attempts)
def test_unlisted_error_is_unknown_not_failed(call, attempts):
    assert outcome_of(call, "_INVENTED", attempts) is Outcome.INFO


@pytest.mark.parametrize(
    "error",
    [
        "_MSG_TIMED_OUT",
        "_TIMED_OUT",
        "_TRANSPORT",
        "_PURGE_QUEUE",
        "_PURGE_INFLIGHT",
        "_FATAL",
        "REQUEST_TIMED_OUT",
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        "OUT_OF_ORDER_SEQUENCE_NUMBER",
    ],
)
@pytest.mark.parametrize("attempts", Attempts)
def test_report_of_a_message_that_may_have_been_sent_is_unknown(error, attempts):
    assert outcome_of(Call.DELIVERY_REPORT, error, attempts) is Outcome.INFO


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [(Attempts.ONE, Outcome.FAIL), (Attempts.MANY, Outcome.INFO)],
    ids=["sent-once-and-refused-is-absent", "refused-after-a-retry-may-be-there"],
)
def test_refusal_by_the_broker(attempts, outcome):
    assert outcome_of(Call.DELIVERY_REPORT, "MSG_SIZE_TOO_LARGE", attempts) is outcome


def test_refusal_counts_only_where_it_was_reported():
    assert outcome_of(Call.PRODUCE, "_QUEUE_FULL") is Outcome.FAIL
    assert outcome_of(Call.DELIVERY_REPORT, "_QUEUE_FULL") is Outcome.INFO


@pytest.mark.parametrize(
    ("acks", "outcome"),
    [("0", Outcome.INFO), ("1", Outcome.OK), ("-1", Outcome.OK), ("all", Outcome.OK)],
    ids=["nobody-answered", "leader-answered", "all-answered", "all-answered-by-name"],
)
def test_successful_report(acks, outcome):
    assert outcome_of_report(None, acks=acks, attempts=Attempts.MANY) is outcome
