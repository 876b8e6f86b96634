"""What a dialect is: tables of keys, and the few functions where values must be unpacked.

Several dialects that meet on one span are joined into one `Plan`, in the order of precedence: what the first doesn't
say the next may. Plans are made once per combination.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import msgspec

from otelagent.dialects import messages
from otelagent.model import Captured, Kind, LogPart, ToolOffer
from otelagent.otlp import Log, Span

NO_STEP: Final = "no step"
"""Said of a span that is known and is no step: a turn, a graph node, a placeholder."""

ANY: Final = "*"
"""In a table of kinds: any other value."""

Verdict: TypeAlias = Kind | Literal["no step"]

Source: TypeAlias = str | Callable[[Span], object]
"""A key, or a function for what stands deeper than in a key."""

MAX_TEXT: Final = 1024
"""Characters of a name or id that are kept."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One instrumentation's way to say what an agent did. Keys stand in the order in which they are tried."""

    name: str
    scopes: tuple[str, ...] = ()
    """Names of instrumentation scopes; a trailing * is a prefix."""
    markers: tuple[str, ...] = ()
    """Keys of which any one shows this dialect, where the scope's name doesn't; a trailing * is a prefix."""
    values: tuple[tuple[str, str], ...] = ()
    """Keys with values that show it."""
    names: Mapping[str, Verdict] = field(default_factory=dict)
    """Beginnings of span names, the longest first; they also show it."""
    base: tuple[str, ...] = ()
    """Dialects that its spans speak as well."""
    kinds: tuple[tuple[Source, Mapping[str, Verdict]], ...] = ()
    """Keys that say what a span is, and their values in lower case."""
    kind: Callable[[Span], Verdict | None] | None = None
    """Corrects what keys say, of any dialect; None where it has nothing to correct."""
    guess: Callable[[Span], Verdict | None] | None = None
    """The last resort."""
    fields: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    """Fields of Step, besides those of `Span`; also `total_tokens`, `cache_write`. Keys are tried before functions."""
    refine: Callable[[Span, Kind, dict[str, Any]], None] | None = None
    """Changes the fields of a step before it is made."""
    arguments: tuple[Source, ...] = ()
    result: tuple[Source, ...] = ()
    """Of a tool or retrieval."""
    output: tuple[Source, ...] = ()
    """Of an agent or workflow."""
    instructions: tuple[messages.Source, ...] = ()
    input: tuple[messages.Source, ...] = ()
    completion: tuple[messages.Source, ...] = ()
    tools: tuple[Callable[[Span], Sequence[ToolOffer]], ...] = ()
    references: tuple[str, ...] = ()
    """Keys that hold the address of uploaded content."""
    logs: Mapping[str, Callable[[Log], LogPart | None]] = field(default_factory=dict)
    """Readers of log records by the name of the event."""
    absent: frozenset[str] = frozenset()
    """Texts that mean not captured, besides the general ones."""
    none_is_missing: Callable[[Span], bool] | None = None
    """Whether this tool span, which lacks a result, would have one had the tool returned anything."""
    cache_aside: bool = False
    """Input tokens leave the cached ones out."""
    hint: str = ""
    """The setting that has it record content."""


TEXTS: Final = frozenset(
    {
        "agent",
        "agent_id",
        "workflow",
        "conversation",
        "tool",
        "tool_type",
        "tool_description",
        "call_id",
        "model",
        "response_id",
        "finish",
        "error_type",
        "reported_status",
        "target",
        "parent_agent",
        "environment",
    }
)
_COMMON: Final = ("agent", "conversation", "error_type", "environment")
_TOKENS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cache_write", "total_tokens")
_CALLED: Final = ("tool", "tool_type", "tool_description", "call_id", "target", "http_status", "reported_status")
OF_KIND: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.AGENT: (*_COMMON, "agent_id", "workflow", "parent_agent", "model", "finish", "context_used"),
    Kind.WORKFLOW: (*_COMMON, "workflow", "finish"),
    Kind.LLM: (*_COMMON, "model", "response_id", "finish", *_TOKENS, "context_used", "context_limit"),
    Kind.TOOL: (*_COMMON, *_CALLED, "reported_length"),
    Kind.RETRIEVAL: (*_COMMON, *_CALLED, "reported_length"),
    Kind.HANDOFF: (*_COMMON, *_CALLED, "parent_agent"),
}
"""Fields that are looked up for a step of this kind. Tokens of an agent are sums, so they are left."""

NOT_SPECIFIED: Final = frozenset({"", "<not specified>", "N/A", "None", "null"})


def text(value: object) -> str | None:
    """A name or id out of any value; None where there is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        return None if value in NOT_SPECIFIED else value[:MAX_TEXT]
    if isinstance(value, bool | int | float):
        return str(value)
    return None


def count(value: object) -> int | None:
    """A count out of a number or numeric text."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 2**63 else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def share(value: object) -> float | None:
    """A share, 0 to 1, out of a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 else None


def converter(name: str) -> Callable[[object], object]:
    if name == "finish":
        return lambda value: text(messages.unpacked(value))
    if name in TEXTS:
        return text
    return share if name == "context_used" else count


class Plan:
    """The tables of dialects that speak on one span, joined."""

    def __init__(self, dialects: Sequence[Dialect], name: str) -> None:
        self.name = name
        self.corrections = tuple(d.kind for d in dialects if d.kind)
        self.kinds = tuple(kind for d in dialects for kind in d.kinds)
        names = {name: verdict for d in reversed(dialects) for name, verdict in d.names.items()}
        self.names = tuple(sorted(names.items(), key=lambda entry: -len(entry[0])))
        self.heads = tuple(names)
        self.guesses = tuple(d.guess for d in dialects if d.guess)
        self.refine = tuple(d.refine for d in dialects if d.refine)
        self.keyed = {kind: _keyed(dialects, wanted) for kind, wanted in OF_KIND.items()}
        self.wanted = {
            kind: frozenset(key for _, keys, _ in fields for key in keys) for kind, fields in self.keyed.items()
        }
        self.worked = {kind: _worked(dialects, wanted) for kind, wanted in OF_KIND.items()}
        self.agents = tuple(s for d in dialects for s in d.fields.get("agent", ()) if isinstance(s, str))
        self.arguments = tuple(source for d in dialects for source in d.arguments)
        self.result = tuple(source for d in dialects for source in d.result)
        self.argument_keys = frozenset(source for source in self.arguments if isinstance(source, str))
        self.result_keys = frozenset(source for source in self.result if isinstance(source, str))
        self.output = tuple(source for d in dialects for source in d.output)
        self.instructions = tuple(source for d in dialects for source in d.instructions)
        self.input = tuple(source for d in dialects for source in d.input)
        self.completion = tuple(source for d in dialects for source in d.completion)
        self.tools = tuple(source for d in dialects for source in d.tools)
        self.references = tuple(key for d in dialects for key in d.references)
        self.none_is_missing = tuple(d.none_is_missing for d in dialects if d.none_is_missing)
        self.cache_aside = any(d.cache_aside for d in dialects)
        self.sentinels = SENTINELS | {_serialised(value) for d in dialects for value in d.absent}
        self.hint = next((d.hint for d in sorted(dialects, key=lambda d: d.name != name) if d.hint), "")

    def kind(self, span: Span) -> Verdict | None:
        """What the span is; None where no dialect says."""
        for correct in self.corrections:
            if (verdict := correct(span)) is not None:
                return verdict
        for source, meanings in self.kinds:
            value = found(span, source)
            if isinstance(value, str) and (verdict := _meaning(meanings, value)):
                return verdict
        if self.heads and (name := span.name).startswith(self.heads):
            return next(verdict for head, verdict in self.names if name.startswith(head))
        for guess in self.guesses:
            if (verdict := guess(span)) is not None:
                return verdict
        return None

    def agent(self, span: Span) -> str | None:
        """The agent that is named beside a span that is no step."""
        return next(
            (name for s in self.agents if s in span.attributes and (name := text(span.attributes.get(s)))), None
        )

    def values(self, span: Span, kind: Kind) -> dict[str, Any]:
        """The fields of a step of this kind that the span has."""
        values: dict[str, Any] = {}
        read_key = span.attributes.get
        present = self.wanted[kind].intersection(span.attributes.keys())
        for name, keys, convert in self.keyed[kind]:
            for key in keys:
                if key in present and (value := convert(read_key(key))) is not None:
                    values[name] = value
                    break
        for name, read, convert in self.worked[kind]:
            if name not in values and (value := convert(read(span))) is not None:
                values[name] = value
        if kind is Kind.LLM:
            _total(values, self.cache_aside)
        for refine in self.refine:
            refine(span, kind, values)
        return values


def _meaning(meanings: Mapping[str, Verdict], value: str) -> Verdict | None:
    return meanings.get(value) or meanings.get(value.lower()) or meanings.get(ANY)


Convert: TypeAlias = Callable[[object], object]


def _sources(dialects: Sequence[Dialect], name: str) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(source for d in dialects for source in d.fields.get(name, ())))


def _keyed(dialects: Sequence[Dialect], wanted: Sequence[str]) -> tuple[tuple[str, tuple[str, ...], Convert], ...]:
    """Fields and the keys that fill them."""
    found = ((n, tuple(s for s in _sources(dialects, n) if isinstance(s, str)), converter(n)) for n in wanted)
    return tuple(field for field in found if field[1])


def _worked(
    dialects: Sequence[Dialect], wanted: Sequence[str]
) -> tuple[tuple[str, Callable[[Span], object], Convert], ...]:
    """Fields that functions fill, where no key did."""
    found = ((name, source) for name in wanted for source in _sources(dialects, name))
    return tuple((name, source, converter(name)) for name, source in found if not isinstance(source, str))


def _total(values: dict[str, Any], cache_aside: bool) -> None:
    """Input tokens with the cached ones: added where the emitter leaves them out, or where the total says so."""
    total, written = values.pop("total_tokens", None), values.pop("cache_write", 0)
    read, given = values.get("cached_tokens", 0), values.get("input_tokens")
    if given is None or not read + written:
        return
    if cache_aside or total == given + values.get("output_tokens", 0) + read + written:
        values["input_tokens"] = given + read + written


def found(span: Span, source: Source) -> object:
    """What a key or function gives."""
    return span.attributes.get(source) if isinstance(source, str) else source(span)


def span_name(span: Span) -> str:
    """Names the step after its span."""
    return span.name


def after(*heads: str) -> Callable[[Span], str | None]:
    """What follows one of these beginnings of the span's name."""

    def rest(span: Span) -> str | None:
        name = span.name
        return next((name[len(head) :].strip() for head in heads if name.startswith(head)), None)

    return rest


def inside(key: str, *path: str | int) -> Callable[[Span], object]:
    """What stands in the JSON object under a key; decoded only if the last name of the path occurs in it."""
    needle = f'"{path[-1]}"'.encode() if path else b""

    def read(span: Span) -> object:
        raw = span.attributes.raw(key)
        if raw is None or needle not in raw:
            return None
        value: object = messages.unpacked(span.attributes.get(key))
        for step in path:
            value = _below(value, step)
        return value

    return read


def _below(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def unquoted(key: str) -> Callable[[Span], object]:
    """The value of a key that an emitter writes as JSON, so with quotes."""

    def read(span: Span) -> object:
        return messages.unpacked(span.attributes.get(key))

    return read


def on_event(name: str, *keys: str) -> Callable[[Span], Captured | None]:
    """Content under one of these keys of the last span event with this name."""

    def read(span: Span) -> Captured | None:
        for event in reversed(span.events):
            key = next((key for key in keys if key in event.attributes), None) if event.name == name else None
            if key is not None:
                return Captured(event.attributes.get(key), f"event:{name}.{key}")
        return None

    return read


def quoted(key: str, name: str) -> Callable[[Span], str | None]:
    """A string member of the JSON under a key, found without decoding it; the last one counts."""
    heads = tuple(f'"{name}":{space}"'.encode() for space in (" ", ""))

    def read(span: Span) -> str | None:
        raw = span.attributes.raw(key)
        if raw is None:
            return None
        at, head = max((raw.rfind(head), head) for head in heads)
        if at < 0:
            return None
        start = at + len(head)
        end = raw.find(b'"', start, start + MAX_TEXT)
        return raw[start:end].decode(errors="replace") if end > start else None

    return read


def offered(key: str) -> Callable[[Span], Sequence[ToolOffer]]:
    """Reads the tools that a model was offered: a list in any of the usual forms."""

    def read(span: Span) -> Sequence[ToolOffer]:
        return offers(span.attributes.get(key))

    return read


def offers(value: object) -> Sequence[ToolOffer]:
    """Tools in a list, or in the members of an object that are lists, each an object or its JSON."""
    value = messages.unpacked(value)
    if isinstance(value, dict):
        lists = [inner for name, inner in value.items() if isinstance(inner, list) and "tools" in name]
        value = [item for inner in lists for item in inner]
    if not isinstance(value, list):
        return ()
    return tuple(offer for item in value[: messages.MAX_MESSAGES] for offer in _offer(messages.unpacked(item)))


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
    return (ToolOffer(name, description if isinstance(description, str) else ""),)


def _serialised(value: str) -> bytes:
    raw = value.encode()
    return b"\x0a" + bytes([len(raw)]) + raw


SENTINELS: Final = frozenset(
    _serialised(value)
    for value in (
        "__REDACTED__",
        "[REDACTED]",
        "<REDACTED>",
        "<redacted>",
        "<replaced>",
        "<elided>",
        "<not serializable>",
        "**REDACTED**",
        "[redacted]",
    )
)
"""Serialised values that stand for content that was taken out."""


def decoded(value: object) -> Any:
    """The value of JSON text, None where it is none."""
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
