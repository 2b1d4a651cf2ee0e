"""`deliverycheck schema`: the JSON schema of what programs read of ours."""

import sys
from typing import Any

import msgspec

from deliverycheck.cli.events import Happening
from deliverycheck.cli.systems import UsageError
from deliverycheck.plans.campaign import Campaign
from reports import Comparison, Trend

SCHEMAS: dict[str, Any] = {
    "campaign": Campaign,
    "events": Happening,
    "compare": Comparison,
    "trend": Trend,
}
"""What each file, or line of a stream, holds."""


def schema_of(name: str) -> dict[str, Any]:
    """The schema in JSON Schema 2020-12.

    Raises:
        UsageError: there is no such file.
    """
    if name not in SCHEMAS:
        msg = f"no schema {name!r}; there are: {', '.join(SCHEMAS)}"
        raise UsageError(msg)
    (schema,), parts = msgspec.json.schema_components(
        [SCHEMAS[name]], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"deliverycheck {name}",
        **schema,
        "$defs": parts,
    }


def print_schema(name: str) -> None:
    """The schema is on stdout.

    Raises:
        UsageError: there is no such file.
    """
    encoded = msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=1)
    sys.stdout.write(encoded.decode() + "\n")
