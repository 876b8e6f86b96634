"""The shape of a result: which places it has and what stands at each. No values, and no keys that are data.

A place is a path (`/items/*/price`) with a kind (`number`). Optional places, unions and growing sets are what many
results differ in; a single shape says only what one result has.
"""

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
"""Path, with `*` for items of an array and for members whose names are data; and the kind of what stands there."""


class Shape:
    """Results of equal shape share one object. `places` in order of their paths; `classed`: strings have a class."""

    __slots__ = ("classed", "kinds", "places")

    def __init__(self, places: set[Place], classed: bool) -> None:
        self.places = tuple(sorted(places))
        self.classed = classed
        kinds: dict[str, set[str]] = {}
        for path, kind in self.places:
            kinds.setdefault(path, set()).add(base(kind))
        self.kinds = {path: frozenset(found) for path, found in kinds.items()}
        """JSON types by path: object, array, string, number, boolean, null."""


def shape(value: object, *, classed: bool = False) -> Shape:
    """The shape of a parsed value without envelopes. Bounded by the constants above, whatever its size.

    `classed`: strings are looked at too, which takes twice as long.
    """
    return _shape(_signature(value, DEPTH, classed), classed)


def base(kind: str) -> str:
    """The JSON type of a kind."""
    return "string" if kind in STRINGS else "array" if kind.startswith("array") else kind


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
        return dict, None, frozenset([_signature(v, depth, classed) for v in islice(values, ITEMS)])
    if len(keys) > KEYS:
        keys, values = keys[:KEYS], list(values)[:KEYS]  # type: ignore[assignment]
    if classed:
        return keys, tuple([_signature(v, depth, True) for v in values])
    inner = [_signature(v, depth, False) for v in values if type(v) is dict or type(v) is list]
    return keys, tuple(map(type, values)), tuple(inner)


def _array(items: list[Any], depth: int, classed: bool) -> object:
    size = _SIZES[min(len(items).bit_length(), len(_SIZES) - 1)]
    if not items or depth <= 0:
        return size
    return size, None, frozenset([_signature(item, depth, classed) for item in items[:ITEMS]])


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
def _shape(signature: object, classed: bool) -> Shape:
    found: set[Place] = set()
    _expand(signature, "", found)
    return Shape(found, classed)


def _expand(signature: Any, path: str, found: set[Place]) -> None:
    if len(found) >= PLACES:
        return
    if not isinstance(signature, tuple):
        found.add((path, signature if isinstance(signature, str) else _KINDS.get(signature, "string")))
    elif signature[1] is None:
        found.add((path, "object" if signature[0] is dict else signature[0]))
        for each in sorted(signature[2], key=repr):
            _expand(each, f"{path}/*", found)
    else:
        found.add((path, "object"))
        keys, kinds, inner = signature if len(signature) == 3 else (*signature, ())
        nested = iter(inner)
        for key, kind in zip(keys, kinds, strict=True):
            name = str(key).replace("~", "~0").replace("/", "~1") if _named(key) else "*"
            _expand(next(nested) if inner and kind in (dict, list) else kind, f"{path}/{name}", found)


_KINDS: Final[dict[Any, str]] = {
    dict: "object",
    list: "array",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
