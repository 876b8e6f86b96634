"""Who speaks on a span: told by the scope's name, else by keys, by values, and by the span's name.

Spans of one emitter have few combinations of keys, so what follows from keys alone is worked out once for each: that
spares nine tenths of the time that reading a span would take.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from otelagent.dialects import hints, log_fields
from otelagent.dialects.plan import Plan, serialised
from otelagent.dialects.table import Dialect
from otelagent.otlp import Span

MAX_SCOPES: Final = 1024
"""Scope names and combinations of dialects that are remembered."""

MAX_LAYOUTS: Final = 1024
"""Combinations of keys that are remembered."""

MAX_SHOWING: Final = 4096
"""Keys that are remembered by what they show: flattened messages have hundreds, the same in each span."""

MAX_NAMES: Final = 1024
"""Names of spans that are remembered; few begin in a way that tells anything."""

MAX_KEYS: Final = 64
"""Keys of a span that are remembered as they stand; of more, as in flattened messages, only those that tables name."""

Told: TypeAlias = Mapping[bytes, frozenset[str]]
"""From the serialised value of a key to the dialects that it shows."""

_NOTHING: Final = frozenset[str]()


class Layout:
    """What follows from the keys of a span, and the name of its scope: who speaks on it, what needn't be looked for."""

    __slots__ = ("counts", "fills", "hinted", "keys", "known", "others", "plans", "shown", "values", "written")

    def __init__(
        self,
        keys: frozenset[str],
        known: Plan | None,
        shown: frozenset[str],
        values: tuple[tuple[str, Told], ...],
        hinted: bool,
        others: bool,
    ) -> None:
        self.keys = keys
        """Those that any table names."""
        self.known = known
        """By the scope's name, whatever else stands on the span."""
        self.shown = shown
        """Names of the dialects that keys show."""
        self.values = values
        """Keys, and the values by which each would show further dialects."""
        self.plans: dict[frozenset[str], Plan] = {}
        """By the dialects that the span's name and values show beside those that keys show."""
        self.hinted = hinted
        """Looks like an agent's."""
        self.others = others
        """Looks like a server's or client's."""
        self.written = not log_fields.NAMES.isdisjoint(keys)
        """Fields of a tool call may be written out."""
        self.counts = not log_fields.COUNTED.isdisjoint(keys)
        self.fills = not log_fields.FILLED.isdisjoint(keys)


class Recognition:
    """Finds the plan for a span. `always` speak on every span that anything is known of, after all others."""

    def __init__(self, dialects: Sequence[Dialect], always: Sequence[Dialect]) -> None:
        self._dialects = dialects
        self._always = always
        self._by_name = {dialect.name: dialect for dialect in dialects}
        self._exact = {m: d.name for d in reversed(dialects) for m in d.markers if not m.endswith("*")}
        self._prefixes = tuple((m[:-1], d.name) for d in dialects for m in d.markers if m.endswith("*"))
        self._segments = frozenset(prefix.partition(".")[0] for prefix, _ in self._prefixes)
        self._values: dict[str, dict[bytes, frozenset[str]]] = {}
        for key, value, name in ((key, value, d.name) for d in dialects for key, value in d.values):
            told = self._values.setdefault(key, {})
            told[serialised(value)] = told.get(serialised(value), _NOTHING) | {name}
        self._names = tuple((head, d.name) for d in dialects for head in d.names)
        self._heads = tuple(head for head, _ in self._names)
        self._by_head = lru_cache(MAX_NAMES)(self._told_by)
        self._shows = lru_cache(MAX_SHOWING)(self._shown_by)
        self._of_scope = lru_cache(MAX_SCOPES)(self._named)
        self._joined = lru_cache(MAX_SCOPES)(self._join)
        self._known = lru_cache(MAX_SCOPES)(self._know)
        self._telling = frozenset(_telling((*dialects, *always)))
        self._layouts: dict[tuple[str, tuple[object, ...]], Layout] = {}
        self._alike: dict[tuple[object, ...], Layout] = {}

    @property
    def markers(self) -> Iterable[str]:
        """Keys that show a dialect."""
        return self._exact.keys()

    @property
    def prefixes(self) -> Iterable[str]:
        """Beginnings of keys that show one."""
        return (prefix for prefix, _ in self._prefixes)

    @property
    def names(self) -> Iterable[str]:
        """Beginnings of span names that show one."""
        return self._heads

    def knows(self, scope: str) -> bool:
        """The scope's name shows who speaks."""
        return bool(self._of_scope(scope))

    def layout(self, span: Span) -> Layout:
        """What the span's keys and scope tell."""
        attributes, scope = span.attributes, span.origin.scope
        if attributes.count > MAX_KEYS:
            return self._learn(scope, attributes.keys())
        key = (scope, attributes.layout())
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._learn(scope, attributes.keys())
            if len(self._layouts) >= MAX_LAYOUTS:
                self._layouts.clear()
            self._layouts[key] = layout
        return layout

    def plan(self, span: Span, layout: Layout) -> Plan | None:
        """None where no dialect speaks."""
        if layout.known is not None:
            beside = _NOTHING
        else:
            name = span.name
            beside = self._by_head(name) if name.startswith(self._heads) else _NOTHING
            for key, told in layout.values:
                if (dialects := told.get(span.attributes.raw(key) or b"")) is not None:
                    beside |= dialects
            if not (layout.shown or beside):
                return None
        plan = layout.plans.get(beside)
        if plan is None:
            plan = layout.known or self._joined(layout.shown | beside)
            plan = layout.plans[beside] = plan.narrowed(layout.keys)
        return plan

    def _told_by(self, name: str) -> frozenset[str]:
        return frozenset(dialect for head, dialect in self._names if name.startswith(head))

    def _learn(self, scope: str, keys: tuple[str, ...]) -> Layout:
        there = frozenset(keys)
        shown, own = self._shown(there), self._of_scope(scope)
        known = self._known(own, shown) if own else None
        shown = _NOTHING if own else shown
        values = tuple((key, told) for key, told in self._values.items() if key in there) if shown else ()
        looks = hints.at_agents(scope, keys), hints.of_others(keys)
        alike = (self._telling & there, known, shown, looks)
        layout = self._alike.get(alike)
        if layout is None:
            if len(self._alike) >= MAX_LAYOUTS:
                self._alike.clear()
            layout = self._alike[alike] = Layout(alike[0], known, shown, values, *looks)
        return layout

    def _named(self, scope: str) -> frozenset[str]:
        return frozenset(d.name for d in self._dialects if any(_matches(pattern, scope) for pattern in d.scopes))

    def _know(self, own: frozenset[str], shown: frozenset[str]) -> Plan:
        """The plan of an emitter that the scope names; processors that convert spans add keys of another dialect."""
        return self._join(own | shown, of=own)

    def _shown(self, keys: Iterable[str]) -> frozenset[str]:
        return _NOTHING.union(*set(map(self._shows, keys)))

    def _shown_by(self, key: str) -> frozenset[str]:
        if (exact := self._exact.get(key)) is not None:
            return frozenset((exact,))
        if key.partition(".")[0] not in self._segments:
            return _NOTHING
        return frozenset([name for prefix, name in self._prefixes if key.startswith(prefix)])

    def _join(self, names: frozenset[str], of: frozenset[str] | None = None) -> Plan:
        reached = self._with_bases(names)
        speaking = [d for d in self._dialects if d.name in reached]
        bases = {base for name in reached for base in self._by_name[name].base}
        special = next((d.name for d in speaking if d.name in (of or names) - bases), speaking[0].name)
        return Plan((*speaking, *(d for d in self._always if d.name not in reached)), special)

    def _with_bases(self, names: Iterable[str]) -> set[str]:
        reached = set(names)
        for _ in self._dialects:
            reached |= {base for name in reached for base in self._by_name[name].base}
        return reached


class _Noting(Container[str]):
    """Has no key, and notes for which it was asked."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            self.asked.add(key)
        return False


def _telling(dialects: Iterable[Dialect]) -> set[str]:
    """All keys that tables name."""
    noting = _Noting()
    for dialect in dialects:
        sources = (*(s for each in dialect.fields.values() for s in each), *(source for source, _ in dialect.kinds))
        for source in (*sources, *dialect.arguments, *dialect.result, *dialect.output):
            if isinstance(source, str):
                noting.asked.add(source)
        for place in (*dialect.instructions, *dialect.input, *dialect.completion):
            place.possible(noting)
        noting.asked.update(dialect.references)
        noting.asked.update(key for key, _ in dialect.values)
    return noting.asked | log_fields.NAMES | log_fields.COUNTED | log_fields.FILLED


def _matches(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
