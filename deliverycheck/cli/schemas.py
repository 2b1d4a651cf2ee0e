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
    """The schema in draft 7 of JSON Schema, which every validator knows.

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
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"deliverycheck {name}",
        **_in_draft_7(schema),
        "$defs": _in_draft_7(parts),
    }


def _in_draft_7(node: Any) -> Any:  # noqa: ANN401  # any JSON
    """What later drafts call `prefixItems` and `items` are `items` and `additionalItems`."""
    if isinstance(node, list):
        return [_in_draft_7(one) for one in node]
    if not isinstance(node, dict):
        return node
    told = {key: _in_draft_7(value) for key, value in node.items()}
    if "prefixItems" in told:
        told["additionalItems"] = told.pop("items", True)
        told["items"] = told.pop("prefixItems")
    return told


def print_schema(name: str) -> None:
    """The schema is on stdout.

    Raises:
        UsageError: there is no such file.
    """
    encoded = msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=1)
    sys.stdout.write(encoded.decode() + "\n")
