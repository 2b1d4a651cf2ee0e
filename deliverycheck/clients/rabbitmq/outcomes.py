"""Which errors of pika prove that a call did not take effect: the closed list."""

from dataclasses import dataclass
from enum import StrEnum

from deliverycheck.history import Outcome


class Call(StrEnum):
    """Where the error was seen, which decides what it proves."""

    BEFORE_SENDING = "before_sending"  # The channel was closed already, or the frame was not made.
    PUBLISH = "publish"  # Raised by a publish that had begun to send.
    RETURN = "return"  # basic.return, and then the confirm.
    NACK = "nack"  # basic.nack of a confirm.
    NACK_BY_THE_ONLY_QUEUE = "nack_by_the_only_queue"  # The same, of a `refusable` message.
    SETTLEMENT = "settlement"  # The channel of an ack, nack or reject ended.
    ROLLBACK = "rollback"  # tx.rollback-ok.
    TRANSACTION = "transaction"  # Any error of the calls of a transaction.


@dataclass(frozen=True, slots=True, kw_only=True)
class Definite:
    """An error that proves: no effect, now or later.

    Attributes:
        source: file and function, or section, that proves it.
    """

    call: Call
    error: str
    source: str


NO_ROUTE, NACK, ROLLED_BACK = "NO_ROUTE", "NackError", "rolled_back"

# Closed list. Everything else is INFO, including errors that sound final, such as a channel that
# the broker closed with 404: which of the publishes under way it means nobody says. A wrong INFO
# weakens a check, a wrong FAIL accuses the broker.
DEFINITE: tuple[Definite, ...] = (
    Definite(
        call=Call.BEFORE_SENDING,
        error="ChannelWrongStateError",
        source="pika/channel.py basic_publish, basic_ack, basic_nack, basic_reject: "
        "_raise_if_not_open comes before _send_method",
    ),
    Definite(
        call=Call.BEFORE_SENDING,
        error="ConnectionWrongStateError",
        source="pika/connection.py _send_frame, channel: refused before a frame is written",
    ),
    Definite(
        call=Call.BEFORE_SENDING,
        error="ShortStringTooLong",
        source="pika/data.py encode_short_string, called by pika/connection.py _send_message: all "
        "frames are made before the first is written",
    ),
    Definite(
        call=Call.BEFORE_SENDING,
        error="UnsupportedAMQPFieldException",
        source="pika/data.py encode_value, called by pika/connection.py _send_message: all frames "
        "are made before the first is written",
    ),
    Definite(
        call=Call.RETURN,
        error=NO_ROUTE,
        source="rabbitmq-server deps/rabbit/src/rabbit_channel.erl process_routing_mandatory: "
        "returned if the list of queues that it was routed to is empty",
    ),
    Definite(
        call=Call.NACK_BY_THE_ONLY_QUEUE,
        error=NACK,
        source="rabbitmq-website docs/maxlength: with reject-publish the most recently published "
        "messages are discarded, and the publisher is told by a basic.nack",
    ),
    Definite(
        call=Call.ROLLBACK,
        error=ROLLED_BACK,
        source="rabbitmq-server deps/rabbit/src/rabbit_channel.erl handle_method tx.rollback: what "
        "the transaction held is dropped; rabbitmq-website docs/semantics",
    ),
)


def outcome_of(call: Call, error: str | None) -> Outcome:
    """What an error of `call` proves; unknown errors are INFO, no error is OK."""
    if error is None:
        return Outcome.OK
    found = any(entry.call is call and entry.error == error for entry in DEFINITE)
    return Outcome.FAIL if found else Outcome.INFO
