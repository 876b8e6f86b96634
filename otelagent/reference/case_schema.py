"""The JSON schema of a case, as `reduce` and `repro` write it."""

import json

import msgspec

from otelagent.cases.case import Case


def pages() -> dict[str, str]:
    """Text by path within the checkout."""
    schema = msgspec.json.schema(Case)
    return {
        "docs/case.schema.json": json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2
        )
        + "\n"
    }
