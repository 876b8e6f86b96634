"""The tables of dialects that speak on one span, joined in the order of precedence."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar

from otelagent.dialects import places
from otelagent.dialects.encoded import unpacked
from otelagent.dialects.lookups import MAX_TEXT
from otelagent.dialects.table import ANY, Dialect, Source, Verdict, found
from otelagent.model import Kind
from otelagent.otlp import STRING, WRONG_TYPE, Span, decode

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
        "continues",
        "finish",
        "error_type",
        "reported_status",
        "target",
        "parent_agent",
        "context",
        "environment",
    }
)
_CODES: Final = frozenset({"error_type", "reported_status", "finish"})
"""Texts that are numbers, truth values or lists in some emitters, and rightly so."""
_COMMON: Final = ("agent", "conversation", "error_type", "environment", "context")
_TOKENS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cache_write", "total_tokens")
_CALLED: Final = ("tool", "tool_type", "tool_description", "call_id", "target", "http_status", "reported_status")
OF_KIND: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.AGENT: (*_COMMON, "call_id", "agent_id", "workflow", "parent_agent", "model", "finish", "context_used"),
    Kind.WORKFLOW: (*_COMMON, "workflow", "finish"),
    Kind.LLM: (
        *_COMMON,
        "model",
        "response_id",
        "continues",
        "finish",
        *_TOKENS,
        "cost",
        "context_used",
        "context_limit",
    ),
    Kind.TOOL: (*_COMMON, *_CALLED, "reported_length"),
    Kind.RETRIEVAL: (*_COMMON, *_CALLED, "reported_length"),
    Kind.HANDOFF: (*_COMMON, *_CALLED, "parent_agent"),
}
"""Fields that are looked up for a step of this kind. Tokens of an agent are sums, so they are left."""
NOT_SPECIFIED: Final = frozenset({"", "<not specified>", "N/A", "None", "null"})


_NUMBERS: Final = (int, float)


def text(value: object) -> str | None:
    """A name or id out of any value; None where there is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        return None if value in NOT_SPECIFIED else value[:MAX_TEXT]
    if isinstance(value, _NUMBERS):
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
    return float(value) if isinstance(value, _NUMBERS) and not isinstance(value, bool) and 0 <= value <= 1 else None


def money(value: object) -> float | None:
    """An amount out of a number, or of the total of an object of amounts."""
    if isinstance(value, str):
        value = unpacked(value)
    if isinstance(value, dict):
        value = next((value[key] for key in ("total", "total_cost") if key in value), None)
    known = isinstance(value, _NUMBERS) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if known else None  # type: ignore[arg-type]


def converter(name: str) -> Callable[[object], object]:
    if name == "finish":
        return lambda value: text(unpacked(value))
    if name in TEXTS:
        return text
    if name == "cost":
        return money
    return share if name == "context_used" else count


@cache
def reading(name: str) -> Callable[[bytes], object]:
    """From the serialised value of a field's key to the field's value."""
    convert = converter(name)
    return (lambda raw: convert(decode(raw))) if name in _ONCE else Reading(convert).__getitem__


def serialised(value: str) -> bytes:
    """The AnyValue of a text of less than 128 bytes."""
    raw = value.encode()
    return b"\x0a" + bytes([len(raw)]) + raw


SENTINELS: Final = frozenset(
    serialised(value)
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
T = TypeVar("T")
Convert: TypeAlias = Callable[[object], object]

MAX_READINGS: Final = 4096
"""Serialised values whose readings are remembered, per way of reading."""

SHORT: Final = 96
"""Bytes of a serialised value that may be remembered: names of agents, tools and models come again and again."""

_ONCE: Final = frozenset({"cost", "call_id", "response_id", "continues"})
"""Fields whose values don't come again."""


class Reading(dict[bytes, T]):
    """From a serialised value to that of a field; what was read before costs a look-up, and is the same object."""

    def __init__(self, convert: Callable[[object], T]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, raw: bytes) -> T:
        value = self._convert(decode(raw))
        if len(raw) <= SHORT:
            if len(self) >= MAX_READINGS:
                self.clear()
            self[raw] = value
        return value


class _Telling:
    """A place whose value tells what a span is; None where it doesn't."""

    __slots__ = ("_key", "_known", "_meanings", "_source")

    def __init__(self, source: Source, meanings: Mapping[str, Verdict]) -> None:
        self._source = source
        self._key = source if isinstance(source, str) else None
        self._meanings = meanings
        self._known: dict[bytes, Verdict] = {}
        """By serialised value."""

    def __call__(self, span: Span) -> Verdict | None:
        if self._key is None:
            return self._read(span)
        raw = span.attributes.raw(self._key)
        return None if raw is None else self._known.get(raw) or self._learn(span, raw)

    def _learn(self, span: Span, raw: bytes) -> Verdict | None:
        verdict = self._read(span)
        if verdict is not None and raw.isascii() and len(raw) <= SHORT and len(self._known) < MAX_READINGS:
            self._known[raw] = verdict
        return verdict

    def _read(self, span: Span) -> Verdict | None:
        value = found(span, self._source)
        return _meaning(self._meanings, value) or None if isinstance(value, str) else None


class Plan:
    """The tables of dialects that speak on one span, joined."""

    def __init__(self, dialects: Sequence[Dialect], name: str, keys: Container[str] | None = None) -> None:
        """`keys`: those that stand on the span. What asks for others is left out, so that one plan per set of keys
        spares every span the search; None: they aren't known."""
        self.name = name
        self._dialects = dialects
        self.corrections = tuple(d.kind for d in dialects if d.kind)
        self.kinds = tuple(_Telling(*kind) for d in dialects for kind in d.kinds if _there(kind[0], keys))
        names = {name: verdict for d in reversed(dialects) for name, verdict in d.names.items()}
        self.names = tuple(sorted(names.items(), key=lambda entry: -len(entry[0])))
        self.heads = tuple(names)
        self.guesses = tuple(d.guess for d in dialects if d.guess)
        self.refine = tuple(d.refine for d in dialects if d.refine)
        self.keyed = {kind: _keyed(dialects, wanted, keys) for kind, wanted in OF_KIND.items()}
        self.worked = {kind: _worked(dialects, wanted) for kind, wanted in OF_KIND.items()}
        self.agents = _named((s for d in dialects for s in d.fields.get("agent", ())), keys)
        self.arguments = tuple(source for d in dialects for source in d.arguments if _there(source, keys))
        self.result = tuple(source for d in dialects for source in d.result if _there(source, keys))
        self.argument_keys = _named(self.arguments, keys)
        self.result_keys = _named(self.result, keys)
        self.result_name = next((s for d in dialects for s in d.result if isinstance(s, str)), "")
        self.output = tuple(source for d in dialects for source in d.output if _there(source, keys))
        self.instructions = _possible((source for d in dialects for source in d.instructions), keys)
        self.input = _possible((source for d in dialects for source in d.input), keys)
        self.completion = _possible((source for d in dialects for source in d.completion), keys)
        self.tools = tuple(source for d in dialects for source in d.tools)
        self.references = _named((key for d in dialects for key in d.references), keys)
        self.none_is_missing = tuple(d.none_is_missing for d in dialects if d.none_is_missing)
        self.cache_aside = any(d.cache_aside for d in dialects)
        self.sentinels = SENTINELS | {serialised(value) for d in dialects for value in d.absent}
        self.longest_sentinel = max(map(len, self.sentinels))
        self.general = any(d.general for d in dialects if d.name == name)
        self._hint = next((d.hint for d in sorted(dialects, key=lambda d: d.name != name) if d.hint), "")
        self._hints = {scope: hint for d in dialects for scope, hint in d.hints.items()}

    def narrowed(self, keys: Container[str]) -> "Plan":
        """The plan for spans with these keys."""
        return Plan(self._dialects, self.name, keys)

    def hint(self, scope: str) -> str:
        """The setting that has the emitter with this scope record content; empty where none is known."""
        return next((hint for head, hint in self._hints.items() if scope.startswith(head)), self._hint)

    def stands_for_none(self, raw: bytes | None) -> bool:
        """The serialised value stands for content that was taken out."""
        return raw is not None and len(raw) <= self.longest_sentinel and raw in self.sentinels

    def kind(self, span: Span) -> Verdict | None:
        """What the span is; None where no dialect says."""
        for correct in self.corrections:
            if (verdict := correct(span)) is not None:
                return verdict
        for telling in self.kinds:
            if (verdict := telling(span)) is not None:
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
        raw_of = span.attributes.raw
        for name, keys, reading, is_text in self.keyed[kind]:
            for key in keys:
                if (raw := raw_of(key)) is None:
                    continue
                if is_text and raw and raw[0] != STRING:
                    span.attributes.flaws |= WRONG_TYPE
                if (value := reading(raw)) is not None:
                    values[name] = value
                    break
        for name, read, convert in self.worked[kind]:
            if name not in values and (value := read(span)) is not None and (value := convert(value)) is not None:
                values[name] = value
        if kind is Kind.LLM:
            _total(values, self.cache_aside)
        for refine in self.refine:
            refine(span, kind, values)
        return values


def _meaning(meanings: Mapping[str, Verdict], value: str) -> Verdict | None:
    return meanings.get(value) or meanings.get(value.lower()) or meanings.get(ANY)


def _sources(dialects: Sequence[Dialect], name: str) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(source for d in dialects for source in d.fields.get(name, ())))


def _there(source: Source, keys: Container[str] | None) -> bool:
    """What a function looks at isn't known."""
    return keys is None or not isinstance(source, str) or source in keys


def _named(sources: Iterable[Source], keys: Container[str] | None) -> tuple[str, ...]:
    return tuple(source for source in sources if isinstance(source, str) and _there(source, keys))


def _possible(sources: Iterable[places.Source], keys: Container[str] | None) -> tuple[places.Source, ...]:
    return tuple(source for source in sources if keys is None or source.possible(keys))


def _keyed(
    dialects: Sequence[Dialect], wanted: Sequence[str], keys: Container[str] | None
) -> tuple[tuple[str, tuple[str, ...], Callable[[bytes], object], bool], ...]:
    """Fields, the keys that fill them, and whether a string belongs there."""
    found = ((n, _named(_sources(dialects, n), keys), reading(n), n in TEXTS and n not in _CODES) for n in wanted)
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
