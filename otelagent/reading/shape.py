"""The shape of a result: which places it has and what stands at each. No values, and no keys that are data.

A place is a path (`/items/*/price`) with a kind (`number`). Optional places, unions and growing sets are what many
results differ in; a single shape says only what one result has.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

DEPTH: Final = 5
KEYS: Final = 40
"""Members of an object that are looked at; of a larger one the first."""
ITEMS: Final = 3
"""Items of an array, or members with data as names, that are looked at."""
PLACES: Final = 96
"""Places of one shape."""
LONGEST_KEY: Final = 48

STRINGS: Final = frozenset({"empty text", "digits", "date", "url", "text"})
"""Classes of strings; `string` where it wasn't looked at."""

Place = tuple[str, str]
"""Path, with `*` for items of an array and for members whose names are data; and the JSON type of what stands there, or
the class of a string or of an array's length."""


class Row:
    """What one object holds, or that one array or scalar is there.

    Results that differ in which optional parts they have, or in how many items, share their rows.
    """

    __slots__ = ("inner", "kinds", "mark", "places")

    def __init__(self, at: str, members: tuple[object, ...], kinds: tuple[object, ...]) -> None:
        self.mark = hash((at, members, kinds))
        """Equal for equal rows of this process."""
        self.inner: list[str] = []
        """Paths of members that are objects or arrays, in order; these have rows of their own."""
        found = [(at, "object")] if members else [(at, _kind(kinds[0]))]
        for member, kind in zip(members, kinds, strict=False):
            path = f"{at}/{escaped(member)}"
            found.append((path, _kind(kind)))
            if kind is dict or kind is list:
                self.inner.append(path)
        self.kinds = _joined((path, _BASES[kind]) for path, kind in found)
        """JSON types by path: object, array, string, number, boolean, null."""
        self.places: tuple[Place, ...] = tuple({place: None for path, kind in found for place in _said(path, kind)})


class Shape:
    """Results of equal shape share one object."""

    __slots__ = ("_kinds", "mark", "marks", "rows")

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows
        """One for each object, array and scalar that is no member of an object; equal ones once."""
        self.marks = tuple([row.mark for row in rows])
        """Of the rows, in the same order."""
        self.mark = hash(self.marks)
        """Equal for shapes of equal rows."""
        self._kinds: dict[str, frozenset[str]] | None = None

    @property
    def places(self) -> Collection[Place]:
        """Of all rows, each once; made anew."""
        return dict.fromkeys([place for row in self.rows for place in row.places])

    @property
    def kinds(self) -> Mapping[str, frozenset[str]]:
        """JSON types by path, of all rows."""
        if self._kinds is None:
            self._kinds = _joined(each for row in self.rows for each in row.kinds.items())
        return self._kinds


def shape(value: object, *, classed: bool = False) -> Shape:
    """The shape of a parsed value without envelopes. Bounded by the constants above, whatever its size.

    `classed`: strings are looked at too, which takes twice as long.
    """
    return _shape(_signature(value, DEPTH, classed))


def classes(kind: str) -> bool:
    """The kind of a place is a class, no JSON type."""
    return kind in STRINGS or kind.startswith("array of")


def _signature(value: Any, depth: int, classed: bool) -> object:
    """Hashable, and equal where shapes are equal; it is made for every result, so it is short."""
    kind = type(value)
    if kind is dict:
        return _object(value, depth - 1, classed)
    if kind is list:
        return _array(value, depth - 1, classed)
    return _text(value) if classed and kind is str else kind


def _object(members: dict[Any, Any], depth: int, classed: bool) -> object:
    if not members or depth <= 0:
        return dict
    keys, values = tuple(members), members.values()
    if not _named(keys[0]):
        return dict, tuple(dict.fromkeys([_signature(v, depth, classed) for v in islice(values, ITEMS)]))
    if len(keys) > KEYS:
        keys, values = keys[:KEYS], list(values)[:KEYS]  # type: ignore[assignment]
    kinds: tuple[object, ...] = tuple(map(type, values))
    inner: tuple[object, ...] = ()
    if not _NESTED.isdisjoint(kinds):
        inner = tuple([_signature(v, depth, classed) for v in values if type(v) is dict or type(v) is list])
    if classed and str in kinds:
        kinds = tuple([_text(v) if type(v) is str else type(v) for v in values])
    return keys, kinds, inner


def _array(items: list[Any], depth: int, classed: bool) -> object:
    size = _SIZES[min(len(items).bit_length(), len(_SIZES) - 1)]
    if not items or depth <= 0:
        return size
    return size, tuple(dict.fromkeys([_signature(item, depth, classed) for item in items[:ITEMS]]))


_NESTED: Final = frozenset((dict, list))

_SIZES: Final = tuple(f"array of {n}" for n in ("0", "1", "2", "4", "8", "16", "32", "64 or more"))
"""Classes of arrays by the length from which on they hold."""


def _text(text: str) -> str:
    first = text[:1]
    if not first or text.isspace():
        return "empty text"
    if first.isdigit():
        if text.isdigit():
            return "digits"
        return "date" if len(text) < 40 and text[4:5] == "-" and text[:4].isdigit() else "text"
    return "url" if first == "h" and text.startswith(("http://", "https://")) else "text"


@lru_cache(4096)
def _named(key: object) -> bool:
    """The key is a name that the tool's author chose, not an id, date or address."""
    if not isinstance(key, str) or not key or len(key) > LONGEST_KEY or "@" in key or "://" in key:
        return False
    return not key[0].isdigit() and sum(map(str.isdigit, key)) < 4


# --- from a signature, once for each that is new ----------------------------------------------------------------------


@lru_cache(2048)
def _shape(signature: object) -> Shape:
    rows: dict[Row, None] = {}
    _expand(signature, "", rows, PLACES)
    return Shape(tuple(rows))


def _expand(signature: Any, at: str, rows: dict[Row, None], left: int) -> int:
    """Add its rows, and give how many more places there may be."""
    if left <= 0:
        return left
    row, inner = _opened(signature, at)
    if row not in rows:
        rows[row] = None
        left -= len(row.kinds)
    for path, each in inner:
        left = _expand(each, path, rows, left)
    return left


def _opened(signature: Any, at: str) -> tuple[Row, Iterable[tuple[str, object]]]:
    """Its own row, and the signatures of what it holds by their paths."""
    if not isinstance(signature, tuple):
        return _row(at, (), (signature,)), ()
    if len(signature) == 2:
        return _row(at, (), signature[:1]), [(f"{at}/*", each) for each in signature[1]]
    row = _row(at, *signature[:2])
    return row, zip(row.inner, signature[2], strict=True)


_row: Final = lru_cache(1024)(Row)


def escaped(member: object) -> str:
    """The name of a member as it stands in paths: `*` where it is data."""
    return str(member).replace("~", "~0").replace("/", "~1") if _named(member) else "*"


def _kind(signature: object) -> str:
    return signature if isinstance(signature, str) else _KINDS.get(signature, "string")


_KINDS: Final[dict[Any, str]] = {
    dict: "object",
    list: "array",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}

_BASES: Final = {
    **{kind: frozenset({kind}) for kind in (*_KINDS.values(), "string")},
    **dict.fromkeys(STRINGS, frozenset({"string"})),
    **dict.fromkeys(_SIZES, frozenset({"array"})),
}


def _joined(kinds: Iterable[tuple[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for path, each in kinds:
        known = found.get(path, each)
        found[path] = known if known is each else known | each
    return found


def _said(path: str, kind: str) -> Iterable[Place]:
    """The JSON type, and the class if it has one."""
    yield from ((path, each) for each in _BASES[kind])
    if classes(kind):
        yield path, kind
