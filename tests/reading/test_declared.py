"""What a tool says of its results, by the output schema in its definition."""

from typing import Any

import pytest

from otelagent.baselines.drift import undeclared
from otelagent.reading.declared import declared
from otelagent.reading.shape import shape

TEXT = {"type": "string"}


def record(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


HITS = record("items", items={"type": "array", "items": record("id", id=TEXT, size={"type": "integer"})}, next=TEXT)


@pytest.mark.parametrize(
    ("schema", "result", "at"),
    [
        (HITS, {"items": [{"id": "a", "size": 1.0}], "next": None, "more": True}, None),
        (HITS, {"items": []}, None),
        (HITS, {"items": [{"name": "a"}]}, "/items/*"),
        (HITS, {"items": [{"id": "a", "size": "1"}]}, "/items/*/size"),
        (HITS, {"hits": []}, ""),
        (HITS, "no object", None),
        (HITS["properties"]["items"], [{"id": "a"}], None),
        (HITS["properties"]["items"], [{"key": "a"}], "/*"),
        (record("result", result=HITS), {"items": [{"name": "a"}]}, None),
        (record("result", result={"type": "array"}, cursor=TEXT), [{"a": 1}], None),
        (record("id", id={"anyOf": [TEXT, {"type": "integer"}]}), {"id": 3}, None),
        (record("id", id={"type": ["string", "null"]}), {"id": 3}, None),
        ({"anyOf": [HITS]}, {"a": 1}, None),
        ({"properties": {"": 3, "a": None}, "required": 5, "items": []}, {"a": 1}, None),
        (record(*(f"m{n}" for n in range(50))), {f"m{n}": n for n in range(50)}, None),
    ],
)
def test_a_result_fits_its_schema_or_parts_from_it_at_a_place(schema: Any, result: Any, at: str | None) -> None:
    said = declared(None, schema)
    found = undeclared(said, shape(result)) if said is not None else None
    assert (None if found is None else found.pointer) == at


def test_a_schema_that_goes_on_for_ever_is_cut() -> None:
    endless: dict[str, Any] = {"type": "object"}
    endless["properties"] = {f"m{n}": endless for n in range(100)}
    said = declared(None, endless)
    assert said is not None
    assert len(said.types) == 64
