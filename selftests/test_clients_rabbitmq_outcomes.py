"""Only what pika's or the broker's source proves is a failure; everything else stays unknown."""

import pytest

from deliverycheck.clients.rabbitmq.outcomes import DEFINITE, Call, outcome_of
from deliverycheck.history import Outcome


@pytest.mark.parametrize("entry", DEFINITE, ids=lambda entry: f"{entry.call}-{entry.error}")
def test_definite_error_is_a_failure_and_has_a_source(entry):
    assert outcome_of(entry.call, entry.error) is Outcome.FAIL
    assert "/" in entry.source.partition(":")[0], "name the file or the page that proves it"


@pytest.mark.parametrize("call", Call)
def test_unlisted_error_is_unknown_not_failed(call):
    assert outcome_of(call, "InventedError") is Outcome.INFO


@pytest.mark.parametrize(
    "error",
    [
        "StreamLostError",
        "AMQPHeartbeatTimeout",
        "ConnectionClosedByBroker 320",
        "ChannelClosedByBroker 404",
        "ConnectionBlockedTimeout",
        "CallTimedOut",
        "ChannelWrongStateError",
        "NackError",
    ],
)
def test_error_of_a_publish_that_had_begun_to_send_is_unknown(error):
    assert outcome_of(Call.PUBLISH, error) is Outcome.INFO


def test_error_counts_only_where_it_was_seen():
    assert outcome_of(Call.BEFORE_SENDING, "ChannelWrongStateError") is Outcome.FAIL
    assert outcome_of(Call.SETTLEMENT, "ChannelWrongStateError") is Outcome.INFO
    assert outcome_of(Call.NACK, "NackError") is Outcome.INFO
    assert outcome_of(Call.NACK_BY_THE_ONLY_QUEUE, "NackError") is Outcome.FAIL


@pytest.mark.parametrize("call", Call)
def test_call_without_an_error_took_effect(call):
    assert outcome_of(call, None) is Outcome.OK
