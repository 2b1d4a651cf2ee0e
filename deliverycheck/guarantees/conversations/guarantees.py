"""Guarantees on conversations."""

from deliverycheck.guarantees.conversations.answered import requests_answered
from deliverycheck.guarantees.conversations.replies import matching_replies
from deliverycheck.guarantees.conversations.streams import gapless_stream
from deliverycheck.guarantees.guarantee import DRAINED, Guarantee

GUARANTEES: tuple[Guarantee, ...] = (
    Guarantee(
        name="matching_replies",
        title="replies match requests",
        promise=(
            "Every reply that a request counts answers that request; no request counts two, and "
            "no reply answers what was never asked."
        ),
        needs=frozenset(),
        check=matching_replies,
    ),
    Guarantee(
        name="requests_answered",
        title="who asks is answered",
        promise=(
            "Every request that its application relied on counts a reply in the end, unless who "
            "asked is gone."
        ),
        needs=DRAINED,
        check=requests_answered,
    ),
    Guarantee(
        name="gapless_stream",
        title="streams without gaps",
        promise=(
            "What a reader is handed of a stream is its items in their order, each once and none "
            "left out, as far as the reader came."
        ),
        needs=frozenset(),
        check=gapless_stream,
    ),
)
