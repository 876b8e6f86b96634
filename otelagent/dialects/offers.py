"""The tools that a model was offered, in any of the usual forms."""

from collections.abc import Callable, Sequence
from typing import Final

from otelagent.dialects.encoded import unpacked
from otelagent.model import ToolOffer
from otelagent.otlp import Span

MAX_OFFERS: Final = 10_000

_OUTPUTS: Final = ("outputSchema", "output_schema", "return_schema", "returnSchema", "response_schema")
_SCHEMAS: Final = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema")


def offered(key: str) -> Callable[[Span], Sequence[ToolOffer]]:
    """Reads the tools that a model was offered: a list in any of the usual forms."""

    def read(span: Span) -> Sequence[ToolOffer]:
        return offers(span.attributes.get(key))

    return read


def offers(value: object) -> Sequence[ToolOffer]:
    """Tools in a list, or in the members of an object that are lists, each an object or its JSON."""
    value = unpacked(value)
    if isinstance(value, dict):
        lists = [inner for name, inner in value.items() if isinstance(inner, list) and "tools" in name]
        value = [item for inner in lists for item in inner]
    if not isinstance(value, list):
        return ()
    return tuple(offer for item in value[:MAX_OFFERS] for offer in _offer(unpacked(item)))


def _offer(item: object) -> tuple[ToolOffer, ...]:
    if not isinstance(item, dict):
        return (ToolOffer(item),) if isinstance(item, str) and item else ()
    declared = item.get("function_declarations") or item.get("functionDeclarations")
    if isinstance(declared, list):
        return tuple(offer for inner in declared for offer in _offer(inner))
    inner = next((item[key] for key in ("function", "toolSpec", "kwargs") if isinstance(item.get(key), dict)), item)
    name, description = inner.get("name"), inner.get("description")
    if not isinstance(name, str) or not name:
        return ()
    output = next((found for key in _OUTPUTS if isinstance(found := unpacked(inner.get(key)), dict)), None)
    schema = next((found for key in _SCHEMAS if isinstance(found := unpacked(inner.get(key)), dict)), None)
    schema = schema.get("json", schema) if schema else None
    return (ToolOffer(name, description if isinstance(description, str) else "", output, schema),)
