"""Definitions of tools, as emitters write them."""

import json

import pytest

from otelagent.dialects.offers import offers

SCHEMA = {"type": "object", "required": ["id"]}


@pytest.mark.parametrize("key", ["outputSchema", "output_schema", "returnSchema"])
@pytest.mark.parametrize("written", [SCHEMA, json.dumps(SCHEMA)], ids=["object", "text"])
def test_an_output_schema_is_read_as_an_object_or_as_its_json(key: str, written: object) -> None:
    (offer,) = offers([{"type": "function", "function": {"name": "get_order", key: written}}])
    assert offer.output == SCHEMA


@pytest.mark.parametrize("written", ["no json", "[1]", 3, None, True])
def test_what_is_no_schema_is_none(written: object) -> None:
    (offer,) = offers([{"name": "get_order", "outputSchema": written}])
    assert offer.output is None
