"""What a dialect is: tables of keys, and the few functions where values must be unpacked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from otelagent.dialects import places
from otelagent.model import Kind, LogPart, ToolOffer
from otelagent.otlp import Log, Span

NO_STEP: Final = "no step"
"""Said of a span that is known and is no step: a turn, a graph node, a placeholder."""
ANY: Final = "*"
"""In a table of kinds: any other value."""
Verdict: TypeAlias = Kind | Literal["no step"]
Source: TypeAlias = str | Callable[[Span], object]
"""A key, or a function for what stands deeper than in a key."""


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
    instructions: tuple[places.Source, ...] = ()
    input: tuple[places.Source, ...] = ()
    completion: tuple[places.Source, ...] = ()
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
    general: bool = False
    """Its marks stand on all spans of an application, so a span that has no other is no agent's."""
    hint: str = ""
    """The setting that has it record content."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """Where the setting of one emitter differs: by the beginning of its scope's name."""


def found(span: Span, source: Source) -> object:
    """What a key or function gives."""
    return span.attributes.get(source) if isinstance(source, str) else source(span)
