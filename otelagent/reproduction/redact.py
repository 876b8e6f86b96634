"""Values of a case become placeholders of the same shape, unless the failure goes with them.

Letters become x and digits 0 (1 in JSON numbers, so that their size stays); marks, lengths and structure stay. Words
are taken one by one wherever they occur, so that what was equal stays equal. Names of tools, agents and fields stay:
they are what spans and metrics call them.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from otelagent.cases.elements import Document
from otelagent.reading.lexicon import exact
from otelagent.reproduction.ddmin import Search, ddmin

_WORD: Final = exact(r"[\p{L}\p{N}]+")
_NAME: Final = exact(r"^[A-Za-z_$][A-Za-z0-9_.$-]{0,63}$")
_TEXTS: Final = ("text", "error", "output", "description")
_VALUES: Final = ("arguments", "result", "seen", "parameters")


def redacted(plain: Document, search: Search[Document]) -> Document:
    """The case with as many words replaced as the failure allows: replacing one more makes it go."""
    units = sorted(set(_words(plain)))
    replaced = ddmin(units, lambda parts: _with(plain, frozenset(parts)), search)
    return _with(plain, frozenset(replaced))


def placeholder(word: str) -> str:
    """The same shape without the content."""
    return "".join("0" if c.isdigit() else "X" if c.isupper() else "x" for c in word)


def _with(plain: Document, replaced: Collection[str]) -> Document:
    def of_text(text: str) -> str:
        return str(_WORD.sub(lambda m: placeholder(m.group()) if m.group() in replaced else m.group(), text))

    def of_number(number: float) -> float:
        shape = "".join("1" if c.isdigit() else c for c in repr(number))
        return type(number)(shape) if repr(number) in replaced and "e" not in shape else number

    made: Document = _mapped(plain, of_text, of_number)
    return made


def _words(plain: Document) -> Iterator[str]:
    """What could be replaced and isn't a placeholder already."""
    found: list[str] = []

    def of_text(text: str) -> str:
        found.extend(word for match in _WORD.finditer(text) if placeholder(word := match.group()) != word)
        return text

    def of_number(number: float) -> float:
        found.append(repr(number))
        return number

    _mapped(plain, of_text, of_number)
    yield from found


def _mapped(node: Any, of_text: Callable[[str], str], of_number: Callable[[float], float]) -> Any:
    """The case with its content, and nothing else, changed by these."""
    if isinstance(node, list):
        return [_mapped(inner, of_text, of_number) for inner in node]
    if not isinstance(node, dict):
        return node
    made = {}
    for key, value in node.items():
        if key in _TEXTS and isinstance(value, str):
            made[key] = of_text(value)
        elif key in _VALUES:
            made[key] = _value(value, of_text, of_number)
        elif key in ("runs", "steps", "calls", "tools"):
            made[key] = _mapped(value, of_text, of_number)
        else:
            made[key] = value
    return made


def _value(value: Any, of_text: Callable[[str], str], of_number: Callable[[float], float]) -> Any:
    """A JSON value; names of fields stay, other keys are content."""
    match value:
        case str():
            return of_text(value)
        case bool() | None:
            return value
        case int() | float():
            return of_number(value)
        case list():
            return [_value(inner, of_text, of_number) for inner in value]
        case dict():
            return {k if _NAME.search(k) else of_text(k): _value(v, of_text, of_number) for k, v in value.items()}
    return value
