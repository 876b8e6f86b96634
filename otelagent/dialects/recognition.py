"""Who speaks on a span: told by the scope's name, else by keys, by values, and by the span's name."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from otelagent.dialects.plan import Plan
from otelagent.dialects.table import Dialect
from otelagent.otlp import Attributes, Span

MAX_SCOPES: Final = 1024
"""Scope names and combinations of dialects that are remembered."""


class Recognition:
    """Finds the plan for a span. `always` speak on every span that anything is known of, after all others."""

    def __init__(self, dialects: Sequence[Dialect], always: Sequence[Dialect]) -> None:
        self._dialects = dialects
        self._always = always
        self._by_name = {dialect.name: dialect for dialect in dialects}
        self._exact = {m: d.name for d in reversed(dialects) for m in d.markers if not m.endswith("*")}
        self._prefixes = tuple((m[:-1], d.name) for d in dialects for m in d.markers if m.endswith("*"))
        self._segments = frozenset(prefix.partition(".")[0] for prefix, _ in self._prefixes)
        self._values = tuple((key, value, d.name) for d in dialects for key, value in d.values)
        self._names = tuple((head, d.name) for d in dialects for head in d.names)
        self._heads = tuple(head for head, _ in self._names)
        self._of_scope = lru_cache(MAX_SCOPES)(self._named)
        self._joined = lru_cache(MAX_SCOPES)(self._join)

    def plan(self, span: Span) -> Plan | None:
        """None where no dialect speaks."""
        known = self._of_scope(span.origin.scope)
        if known is not None:
            return known
        shown = self._shown(span.attributes)
        if (name := span.name).startswith(self._heads):
            shown |= {dialect for head, dialect in self._names if name.startswith(head)}
        return self._joined(frozenset(shown)) if shown else None

    def _named(self, scope: str) -> Plan | None:
        names = frozenset(d.name for d in self._dialects if any(_matches(pattern, scope) for pattern in d.scopes))
        return self._joined(names) if names else None

    def _shown(self, attributes: Attributes) -> set[str]:
        shown = set()
        keys = attributes.keys()
        for key in keys:
            if (exact := self._exact.get(key)) is not None:
                shown.add(exact)
            elif key.partition(".")[0] in self._segments:
                shown.update(name for prefix, name in self._prefixes if key.startswith(prefix))
        if shown:
            shown.update(n for key, value, n in self._values if key in attributes and attributes.get(key) == value)
        return shown

    def _join(self, names: frozenset[str]) -> Plan:
        reached = self._with_bases(names)
        speaking = [d for d in self._dialects if d.name in reached]
        bases = {base for name in reached for base in self._by_name[name].base}
        special = next((d.name for d in speaking if d.name in names - bases), speaking[0].name)
        return Plan((*speaking, *(d for d in self._always if d.name not in reached)), special)

    def _with_bases(self, names: Iterable[str]) -> set[str]:
        reached = set(names)
        for _ in self._dialects:
            reached |= {base for name in reached for base in self._by_name[name].base}
        return reached


def _matches(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
