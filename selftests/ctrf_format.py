"""What CTRF 0.0.0 allows where, as far as a report of ours may go: its schema in our own words.

The published schema closes every object but `labels`, `extra` and `parameters`; times are whole
milliseconds. See ctrf.io/docs/specification.
"""

TEXT, WHOLE, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
ANYTHING = {"type": "object"}
TEXTS = {"type": "array", "items": TEXT}
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
NAMED = {"type": "string", "minLength": 1}


def closed(required, **allowed):
    """An object with these names and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": allowed,
        "additionalProperties": False,
    }


ATTACHMENT = closed("name contentType path", name=TEXT, contentType=TEXT, path=TEXT, extra=ANYTHING)
TEST = closed(
    "name status duration",
    id=UUID,
    name=NAMED,
    status={"enum": ["passed", "failed", "skipped", "pending", "other"]},
    duration=WHOLE,
    start=WHOLE,
    stop=WHOLE,
    suite={"type": "array", "minItems": 1, "items": TEXT},
    message=TEXT,
    trace=TEXT,
    rawStatus=TEXT,
    tags=TEXTS,
    labels={
        "type": "object",
        "additionalProperties": {"anyOf": [TEXT, {"type": "number"}, FLAG]},
    },
    type=TEXT,
    attachments={"type": "array", "items": ATTACHMENT},
    parameters=ANYTHING,
    extra=ANYTHING,
)
SUMMARY = closed(
    "tests passed failed skipped pending other start stop",
    tests=WHOLE,
    passed=WHOLE,
    failed=WHOLE,
    skipped=WHOLE,
    pending=WHOLE,
    other=WHOLE,
    flaky=WHOLE,
    suites=WHOLE,
    start=WHOLE,
    stop=WHOLE,
    duration=WHOLE,
    extra=ANYTHING,
)
ENVIRONMENT = closed(
    "",
    reportName=TEXT,
    appName=TEXT,
    appVersion=TEXT,
    testEnvironment=TEXT,
    healthy=FLAG,
    extra=ANYTHING,
)
SCHEMA = closed(
    "results reportFormat specVersion",
    reportFormat={"const": "CTRF"},
    specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
    reportId=UUID,
    timestamp=TEXT,
    generatedBy=TEXT,
    extra=ANYTHING,
    results=closed(
        "tool summary tests",
        tool=closed("name", name=NAMED, version=TEXT, extra=ANYTHING),
        summary=SUMMARY,
        tests={"type": "array", "items": TEST},
        environment=ENVIRONMENT,
        extra=ANYTHING,
    ),
)
