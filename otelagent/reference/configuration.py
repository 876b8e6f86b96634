"""docs/configuration.md from the models of the configuration."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel

from otelagent.reference.markdown import code, page, table
from otelagent.settings import ALIASES, COMPONENTS, Service

Schema = Mapping[str, Any]
HEAD: Final = ("Setting", "Type", "Default", "What it does")
INTRODUCTION: Final = """`otelagent run` needs no configuration. With one it has the Collector's shape:
`--config` (repeatable, later wins) takes `file:`, `env:` and `yaml:`; `${env:NAME:-default}` is filled in, `$$` is a
dollar sign; `--set a.b=c` sets one value. `otelagent validate` lists every mistake with its path, `otelagent
print-config` shows what is in force, secrets hidden. A component is named by its type or `type/name`. Names in angle
brackets are yours to choose; a duration is a number with a unit (`500ms`, `1m30s`)."""


class Setting(NamedTuple):
    """One line of a table."""

    path: str
    type: str
    default: str
    help: str


def pages() -> dict[str, str]:
    parts = [part for section in COMPONENTS for part in _components(section)]
    service = ["## `service`", _table("service", Service)]
    return {"docs/configuration.md": page("Configuration", INTRODUCTION, *parts, *service)}


def _components(section: str) -> Iterator[str]:
    yield f"## `{section}`"
    for name, model in COMPONENTS[section].items():
        other = [code(alias) for alias, kind in ALIASES.items() if kind == name and section == "exporters"]
        yield f"### `{name}`" + (f" (also {', '.join(other)})" if other else "")
        yield (model.__doc__ or "").strip()
        yield _table(f"{section}.{name}", model)


def _table(path: str, model: type[BaseModel]) -> str:
    return table(HEAD, ((code(s.path), s.type, code(s.default), s.help) for s in settings(path, model)))


def settings(path: str, model: type[BaseModel]) -> Iterator[Setting]:
    """All settings below a component. What is read as a number and printed as text is a duration."""
    taken = {setting.path: setting.type for setting in _walk(path, model, "validation")}
    for setting in _walk(path, model, "serialization"):
        duration = setting.type == "string" and taken.get(setting.path) == "number"
        yield setting._replace(type="duration" if duration else taken.get(setting.path, setting.type))


def _walk(path: str, model: type[BaseModel], mode: Literal["validation", "serialization"]) -> Iterator[Setting]:
    schema = model.model_json_schema(mode=mode)
    for below, child in _groups(path, schema, schema):
        yield from _rows(below, child, schema)


def _rows(path: str, node: Schema, schema: Schema) -> Iterator[Setting]:
    """The setting, then those beneath it. A group has no default of its own: its parts have."""
    groups = list(_groups(path, node, schema))
    words = node.get("description") or _resolve(node, schema).get("description", "")
    yield Setting(path, _type(node, schema), "" if groups else _default(node), str(words))
    for below, child in groups:
        yield from _rows(below, child, schema)


def _groups(path: str, node: Schema, schema: Schema) -> Iterator[tuple[str, Schema]]:
    for branch in _branches(node, schema):
        for name, child in branch.get("properties", {}).items():
            yield f"{path}.{name}", child
        for key, suffix in (("additionalProperties", ".<name>"), ("items", "[]")):
            each = branch.get(key)
            if isinstance(each, Mapping):
                yield from _groups(path + suffix, each, schema)


def _branches(node: Schema, schema: Schema) -> list[Schema]:
    resolved = _resolve(node, schema)
    return [_resolve(branch, schema) for branch in resolved.get("anyOf", resolved.get("oneOf", [resolved]))]


def _resolve(node: Schema, schema: Schema) -> Schema:
    reference = node.get("$ref")
    found: Schema = schema["$defs"][reference.rpartition("/")[2]] if reference else node
    return found


def _type(node: Schema, schema: Schema) -> str:
    kinds = [_kind(branch, schema) for branch in _branches(node, schema)]
    return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))


def _kind(node: Schema, schema: Schema) -> str:
    if "enum" in node or "const" in node:
        return ", ".join(code(str(value)) for value in node.get("enum", [node.get("const")]))
    if node.get("type") == "array":
        return f"list of {_type(node['items'], schema)}" if isinstance(node.get("items"), Mapping) else "list"
    kind = str(node.get("format") or node.get("type") or "any")
    return {"object": "mapping"}.get(kind, kind)


def _default(node: Schema) -> str:
    default = node.get("default")
    if default is None or default in ({}, []):
        return ""
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
