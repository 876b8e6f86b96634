"""What a tool says of its results, by the output schema in its definition."""

import random
from typing import Any

import jsonschema
import pytest

from otelagent.baselines.drift import undeclared
from otelagent.reading.declared import declared
from otelagent.reading.shape import shape

TEXT = {"type": "string"}


def record(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


HITS = record("items", items={"type": "array", "items": record("id", id=TEXT, size={"type": "integer"})}, next=TEXT)

PAGES = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/$defs/Hit"}},
        "next": {"anyOf": [{"$ref": "#/$defs/Cursor"}, {"type": "null"}]},
    },
    "required": ["items"],
    "$defs": {"Hit": record("id", id=TEXT, size={"type": "integer"}), "Cursor": record("cursor", cursor=TEXT)},
}
"""As pydantic writes a page of hits with an optional cursor."""

TREE = {
    "$ref": "#/$defs/Node",
    "$defs": {"Node": record("name", name=TEXT, children={"type": "array", "items": {"$ref": "#/$defs/Node"}})},
}

EVENTS = {
    "oneOf": [
        record("type", "target", type={"const": "click"}, target=TEXT),
        record("type", "lines", type={"const": "purchase"}, lines={"type": "array"}),
    ],
    "discriminator": {"propertyName": "type"},
}


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
        (record("id", id={"anyOf": [TEXT, {"type": "integer"}]}), {"id": True}, "/id"),
        (record("id", id={"anyOf": [TEXT, {"type": "null"}]}), {"id": 3}, "/id"),
        (record("id", id={"anyOf": [TEXT, {"enum": [1]}]}), {"id": 3}, None),
        (record("id", id={"type": ["string", "null"]}), {"id": 3}, "/id"),
        (record("id", id={"type": ["string", "number"]}), {"id": 3}, None),
        (record("id", id={"type": ["string", "money"]}), {"id": 3}, None),
        (record("id", id={"type": "string", "nullable": True}), {"id": None}, None),
        (record("state", state={"type": "string", "enum": ["open", "paid"]}), {"state": "refunded"}, None),
        (record("state", state={"enum": ["open", 1]}), {"state": True}, None),
        (record("id", "note", id=TEXT, note=TEXT) | {"if": {}, "then": False, "not": {}}, {"id": "a"}, ""),
        ({"$ref": "#/$defs/Page", "$defs": {"Page": HITS}}, {"items": [{"name": "a"}]}, "/items/*"),
        (PAGES, {"items": [{"id": "a"}], "next": None}, None),
        (PAGES, {"items": [{"id": "a"}, {"name": "b"}]}, "/items/*"),
        (PAGES, {"items": [{"id": 1}]}, "/items/*/id"),
        (PAGES, {"items": [], "next": {"cursor": 3}}, "/next/cursor"),
        (TREE, {"name": "a", "children": [{"name": 3, "children": []}]}, "/children/*/name"),
        (TREE, {"name": "a", "children": [{"name": "b"}]}, None),
        (EVENTS, {"type": "click", "target": "a"}, None),
        (EVENTS, {"type": "purchase", "lines": [], "note": 1}, None),
        (EVENTS, {"type": "purchase", "lines": {}}, "/lines"),
        (EVENTS, {"message": "service unavailable"}, ""),
        (EVENTS, "no object", None),
        ({"type": "array", "items": EVENTS}, [{"type": "click"}, {"lines": []}], "/*"),
        ({"type": "array", "items": EVENTS}, [{"type": "click"}, {"type": "purchase"}], None),
        ({"allOf": [record("id", id=TEXT), record("size", size={"type": "integer"})]}, {"id": "a"}, ""),
        ({"anyOf": [HITS, True]}, {"a": 1}, None),
        ({"anyOf": [HITS, {"type": "null"}]}, {"a": 1}, ""),
        ({"anyOf": [record(f"m{n}") for n in range(20)]}, {"a": 1}, None),
        ({"anyOf": [record("id", f"m{n}") for n in range(20)]}, {"a": 1}, ""),
        ({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "https://example.org/a"}}}, {"a": 1}, None),
        ({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/none"}}}, {"a": 1}, None),
        ({"items": TEXT, "prefixItems": [{"type": "number"}]}, [1, "a"], None),
        ({"anyOf": [HITS]}, {"a": 1}, ""),
        ({"properties": {"": 3, "a": None}, "required": 5, "items": []}, {"a": 1}, None),
        (record(*(f"m{n}" for n in range(50))), {f"m{n}": n for n in range(50)}, None),
    ],
)
def test_a_result_fits_its_schema_or_parts_from_it_at_a_place(schema: Any, result: Any, at: str | None) -> None:
    said = declared(None, schema)
    found = undeclared(said, shape(result)) if said is not None else None
    assert (None if found is None else found.pointer) == at


def nested(depth: int, key: str, branches: int = 2) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "required": ["a"]}
    for _ in range(depth):
        made = {key: [made] * branches}
    return made


HOSTILE: dict[str, dict[str, Any]] = {
    "a reference to itself": {"$ref": "#"},
    "references in a circle": {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"$ref": "#/$defs/b", "title": "a"}, "b": {"$ref": "#/$defs/a", "title": "b"}},
    },
    "a union of itself": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "members that are the whole": {"type": "object", "properties": {f"m{n}": {"$ref": "#"} for n in range(90)}},
    "unions in unions": nested(12, "anyOf"),
    "nested too deeply": nested(60, "allOf", 1),
    "many branches": {"anyOf": [record(f"m{n}") for n in range(5_000)]},
    "no schemas": {"anyOf": 3, "allOf": {}, "properties": [], "items": [1], "required": {"a": 1}, "type": {}},
    "too long": record("a", a={"description": "x" * 40_000}),
    "keys that are no text": {1: {}},  # type: ignore[dict-item]
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_schema_that_is_too_much_says_nothing(schema: dict[str, Any]) -> None:
    assert declared(None, schema) is None


def test_of_a_wide_schema_the_first_members_are_read() -> None:
    said = declared(None, {"type": "object", "properties": {f"m{n}": TEXT for n in range(300)}})
    assert said is not None
    assert [len(form.types) for form in said.forms] == [64]


@pytest.mark.parametrize("schema", [HITS, PAGES, TREE, EVENTS], ids=["hits", "pages", "tree", "events"])
def test_what_a_validator_accepts_is_never_told(schema: dict[str, Any]) -> None:
    choose = random.Random(5)
    said = declared(None, schema)
    assert said is not None
    accepted = told = 0
    for _ in range(3_000):
        result = made_up(choose, 4)
        found = undeclared(said, shape(result))
        accepted += (valid := jsonschema.Draft202012Validator(schema).is_valid(result))
        told += found is not None
        assert not (valid and found), result
    assert accepted > 20
    assert told > 20


def made_up(choose: random.Random, depth: int) -> Any:
    """Objects whose members have the names that the schemas know, with values of any type."""
    if depth == 0 or choose.random() < 0.15:
        return choose.choice(["a", 3, 1.5, True, None, [], {}])
    if choose.random() < 0.3:
        return [made_up(choose, depth - 1) for _ in range(choose.randrange(3))]
    names = choose.sample(["id", "items", "next", "name", "children", "type", "target", "lines", "cursor"], k=3)
    likely = {"id": "a", "name": "b", "type": choose.choice(["click", "purchase"]), "target": "c", "lines": []}
    return {n: likely[n] if n in likely and choose.random() < 0.7 else made_up(choose, depth - 1) for n in names}
