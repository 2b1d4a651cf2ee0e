"""What is found in conversations."""

from deliverycheck.guarantees.kinds import AnomalyKind, Severity

_MISMATCHED_REPLY = AnomalyKind(
    name="mismatched_reply",
    meaning="A request counted a reply that answers another one.",
    breaks=("matching_replies",),
    severity=Severity.CORRUPTION,
    sentences={
        "label": (
            "Request {request} of {process} counted reply {message}, which says that it answers "
            "{correlation}."
        ),
        "sent": (
            "Request {request} of {process} counted reply {message}, which was sent in answer to "
            "{correlation}."
        ),
        "shared": "Requests {requests} counted the same reply {message}; it answers one at most.",
    },
    source="Enterprise Integration Patterns, Correlation Identifier",
    example="c1 requests a and b; the reply to b is counted for a.",
)
_REPEATED_REPLY = AnomalyKind(
    name="repeated_reply",
    meaning="A request counted more than one reply.",
    breaks=("matching_replies",),
    severity=Severity.REPETITION,
    sentences={
        "counted": (
            "Request {message} of {process} counted {counted:count reply}: {replies} at "
            "{counted_ns:s}."
        ),
    },
    details={"attempts": "The application sent the request {attempts:count time}."},
    source="Enterprise Integration Patterns, Request-Reply: one request, one reply",
    example="c1 requests a once; its reply comes twice, and both are counted.",
)
_PHANTOM_REPLY = AnomalyKind(
    name="phantom_reply",
    meaning="There is a reply to a request that this execution never sent.",
    breaks=("matching_replies",),
    severity=Severity.CORRUPTION,
    sentences={
        "handed": (
            "{process} was handed reply {message} to request {correlation}, which nobody sent."
        ),
        "sent": "{process} sent reply {message} to request {correlation}, which nobody sent.",
        "other_execution": (
            "{process} was handed reply {message} to request {correlation}; the reply belongs to "
            "execution {execution}, not to this one."
        ),
    },
    source="total-queue checkers: dequeued, never attempted; read for replies",
    example="c1 requests a; it is handed a reply to z.",
)
_UNANSWERED_REQUEST = AnomalyKind(
    name="unanswered_request",
    meaning="A request that was relied on counted no reply, and who asked is still there.",
    breaks=("requests_answered",),
    severity=Severity.LOSS,
    sentences={
        "replied": (
            "{process} relied on its request {message} to {target} from {relied_ns:s} on and "
            "counted no reply; {sender} had sent {reply}."
        ),
        "silent": (
            "{process} relied on its request {message} to {target} from {relied_ns:s} on and "
            "counted no reply; nobody surely sent one."
        ),
    },
    source="Enterprise Integration Patterns, Request-Reply: who asks waits for its reply",
    example="c1 asks and is confirmed; w1 replies; c1 is never handed the reply.",
)
_STREAM_GAP = AnomalyKind(
    name="stream_gap",
    meaning="A reader of a stream was handed a later item and never one before it.",
    breaks=("gapless_stream",),
    severity=Severity.LOSS,
    sentences={
        "positions": (
            "{process} was handed positions {before} and {behind} of stream {stream}, and never "
            "what stands between them ({missing:count item})."
        ),
        "head": (
            "{process} was handed position {behind} of stream {stream}, and never what stands "
            "before it from position {first} on ({missing:count item})."
        ),
        "calls": (
            "{sender} sent {message} to stream {stream} between {before} and {behind}; {process} "
            "was handed those two and never {message}."
        ),
        "calls_head": (
            "{sender} sent {message} to stream {stream} before {behind}; {process} was handed "
            "{behind} and never {message}."
        ),
    },
    details={"more": "So it is with {more:count message} more."},
    source="streaming calls: items arrive in the order in which they were sent, none left out",
    example="The items a, b, c of one answer are sent; c1 is handed a and c.",
)
_STREAM_DISORDER = AnomalyKind(
    name="stream_disorder",
    meaning="A reader of a stream was handed an item behind a later one, or once more.",
    breaks=("gapless_stream",),
    severity=Severity.DISORDER,
    sentences={
        "back": "{process} was handed position {behind} of stream {stream} after {ahead}.",
        "again": "{process} was handed position {behind} of stream {stream} again after {ahead}.",
        "calls_back": (
            "{sender} sent {message} to stream {stream} before {ahead}; {process} was handed "
            "{message} after {ahead}."
        ),
        "calls_again": (
            "{process} was handed {message} of stream {stream}, sent by {sender}, again after "
            "{ahead}."
        ),
    },
    source="streaming calls: items arrive in the order in which they were sent, each once",
    example="The items a, b of one answer are sent; c1 is handed b and a, or a, b, a.",
)

ANOMALIES: tuple[AnomalyKind, ...] = (
    _MISMATCHED_REPLY,
    _REPEATED_REPLY,
    _PHANTOM_REPLY,
    _UNANSWERED_REQUEST,
    _STREAM_GAP,
    _STREAM_DISORDER,
)
