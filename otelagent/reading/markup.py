"""A short XML document as the objects and lists that it writes, to be read as such."""

from typing import Any, Final
from xml.etree import ElementTree

from otelagent.reading.emptiness import is_count
from otelagent.reading.lexicon import compiled
from otelagent.reading.members import folded

_LONGEST: Final = 8000
"""Characters up to which a document is taken apart."""
_XML: Final = compiled(r"^\s*<(?:\?xml\b|[a-z_][\w:.-]*[\s/>])")
_HTML: Final = compiled(r"^\s*<(?:!doctype html|html|head|body|div|p|span|table|section|main|article|h[1-6])\b")
_ABOUT: Final = frozenset({"updated", "id", "title", "link", "author", "generator", "published", "time", "timestamp"})
_ABOUT_FEEDS: Final = frozenset(
    {
        "description",
        "language",
        "copyright",
        "ttl",
        "pubdate",
        "lastbuilddate",
        "docs",
        "image",
        "itemsperpage",
        "startindex",
    }
)
"""What a list says of itself."""
_DEPTH: Final = 16


def tree(text: str) -> dict[str, Any] | None:
    """The root's name with its content: text, an object of its children, lists of those of one name. None for HTML,
    for what is no XML, and for a document with a type of its own, whose entities could grow without bound."""
    data = text[:200].encode(errors="replace")
    if len(text) > _LONGEST or "<!" in text or not _XML.search(data) or _HTML.search(data):
        return None
    try:
        root = ElementTree.fromstring(text.strip())  # noqa: S314 - without a document type there are no entities
    except ElementTree.ParseError:
        return None
    return {_name(root): _content(root, _DEPTH)}


def hollow(value: object, name: str = "") -> bool:
    """It holds counts of none, and what a list says of itself."""
    if isinstance(value, dict):
        return all(hollow(member, folded(key)) for key, member in value.items())
    if isinstance(value, list):
        return False
    return value is None or name in _ABOUT | _ABOUT_FEEDS or (value == "0" and is_count(name))


def _content(element: ElementTree.Element, depth: int) -> Any:
    if not len(element):
        return (element.text or "").strip() or (dict(element.attrib) or None)
    found: dict[str, Any] = {}
    for child in element if depth else ():
        name, content = _name(child), _content(child, depth - 1)
        if name in found:
            held = found[name]
            found[name] = [*held, content] if isinstance(held, list) else [held, content]
        else:
            found[name] = content
    return found


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
