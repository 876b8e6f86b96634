"""Items that an assignment enumerates: ids, URLs, paths, list entries, or only how many ("seven documents").

Items are hashes of their names in a plain form, so that nothing of the content stays.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from xxhash import xxh3_64_intdigest

from otelagent.model import Family, Items
from otelagent.reading.commas import between, listed
from otelagent.reading.duty import gives_reason, judged, says_optional, says_work, sentences, stated
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.known import Known
from otelagent.reading.lexicon import compiled, matches
from otelagent.reading.listing import blocks, entry_head
from otelagent.reading.naming import MAX_ITEMS, MAX_WORDS, forms, found, grams, keys
from otelagent.reading.ranges import counted, with_ranges
from otelagent.reading.spared import unspared

HEAD: Final = 16_000
"""Characters of an assignment that are read."""

MAX_FAMILIES: Final = 8
MAX_KEPT: Final = 64
"""Items of a text that are remembered for the next place in which it stands."""

_NUMBERS: Final = (int, float)
_LISTS: Final = (list, tuple)
_DEPTH: Final = 8
_LEAVES: Final = 500
_LONGEST: Final = 300
"""Characters of a list entry; a longer one is prose."""

NOTHING: Final = Items()

_BESIDE: Final = 60
"""Bytes of a sentence with a list that say what it is."""

_JOINTS: Final = (",", "\n", ";", "、", "，", " to ", " and ", "-", "..", "…", "–")
"""A text without any of them names no list and no range."""

_QUOTED: Final = compiled(
    r'"([^"\n]{2,80})"|“([^”\n]{2,80})”|„([^“”\n]{2,80})[“”]|«\s?([^»\n]{2,80}?)\s?»|「([^」\n]{1,60})」|《([^》\n]{1,60})》'
)


def enumerated(value: object) -> Items:
    """What an assignment enumerates: a text, or a tool's arguments as recorded. Never raises."""
    inner = unwrap_arguments(value).value if not isinstance(value, str) or value[:1] in "{[\"'" else value
    families: list[Family] = []
    count: int | None = None
    unit: str | None = None
    text = ""
    for leaf in _walk(inner, _DEPTH):
        if isinstance(leaf, list):
            families.append(Family(keys(leaf), work=True))
        else:
            own = leaf[:HEAD]
            families += _in_text(own)
            count, unit = (count, unit) if count else stated(own)
            text += f"{own}\n"
    kept = _only(_merged(families), text)
    return Items(tuple(kept[:MAX_FAMILIES]), count, unit) if kept or count else NOTHING


def _merged(families: list[Family]) -> list[Family]:
    """An enumeration that was read in two ways is one: what either of them shows counts."""
    known: dict[frozenset[int], Family] = {}
    for family in families:
        if len(family.keys) >= 2:
            same = known.get(frozenset(family.keys), family)
            known[frozenset(family.keys)] = Family(
                same.keys, same.work or family.work, same.optional or family.optional
            )
    return list(known.values())


def _only(families: list[Family], text: str) -> list[Family]:
    """The one enumeration of an assignment is its work, though the words for that may stand far from it."""
    if not families or any(f.work for f in families):
        return families
    widest = max(families, key=lambda f: len(f.keys))
    if any(len({*f.keys} & {*widest.keys}) * 2 < len(f.keys) for f in families):
        return families
    shown = text[:HEAD]
    if any(f.optional for f in families) or not says_work(shown) or says_optional(shown):
        return families
    return [Family(f.keys, work=True) for f in families]


def mentioned(value: object) -> "array[int]":
    """Every item that a call's arguments may name: their values, and the ids, URLs, paths and words in them.

    Packed, for they are kept with every call: eight bytes each.
    """
    seen: set[int] = set()
    inner = unwrap_arguments(value).value
    for leaf in _walk(inner, _DEPTH):
        if isinstance(leaf, list):
            seen.update(k for name in leaf for k in (*forms(name), *grams(name)))
            continue
        text = leaf[:4000]
        seen.update(_forms(text))
        if len(text) > 12 and any(mark in text for mark in _JOINTS):
            seen.update(k for family in _in_text(text) for k in family.keys)
        seen.update(named_in(text))
    return array("Q", seen)


def named_in(text: str, most: int = MAX_WORDS) -> frozenset[int]:
    """Every item that a text may name; a text of more than `most` words is searched for ids, URLs and paths only."""
    named = (k for name, _, _, _ in found(text.encode(errors="replace")) for k in forms(name))
    return frozenset((*named, *grams(text, most)))


def excused(text: str) -> frozenset[int]:
    """Items of ranges that an answer gives a reason for: "doc-4 to doc-7 are duplicates"."""
    found: set[int] = set()
    for _, sentence in sentences(text.encode(errors="replace")):
        if gives_reason(sentence.decode(errors="replace")):
            found.update(k for family in _named(sentence) for k in family.keys)
    return frozenset(found)


def names(value: object, wanted: frozenset[int]) -> list[str]:
    """The items with these hashes by name, as an assignment writes them."""
    inner = unwrap_arguments(value).value if not isinstance(value, str) or value[:1] in "{[\"'" else value
    shown: dict[int, str] = {}
    for text in _leaves(inner):
        for name in _candidates(text[:HEAD]):
            for hashed in forms(name):
                if hashed in wanted:
                    shown.setdefault(hashed, name.strip())
            if len(shown) == len(wanted):
                return list(shown.values())
    return list(shown.values())


def _leaves(value: object) -> Iterator[str]:
    stack = [value]
    for _ in range(_LEAVES):
        if not stack:
            return
        node = stack.pop()
        if isinstance(node, dict):
            stack += reversed(node.values())
        elif isinstance(node, list):
            stack += reversed(node)
        elif isinstance(node, str | int | float):
            yield str(node)


def _candidates(text: str) -> Iterator[str]:
    data = text.encode(errors="replace")
    for group in _grouped(data):
        yield from with_ranges(group, data)
    for counted_names, _, _ in counted(data):
        yield from counted_names
    for entries, _ in blocks(data):
        yield from entries
    yield from (name for name, _, _ in _in_quotes(data))
    for line in text.split("\n"):
        yield from (line, entry_head(line))
        yield from between(line)
        yield from line.split()


def texts(value: object, shortest: int = 24) -> list[str]:
    """The longer texts of a call's arguments, at most eight."""
    found = [leaf for leaf in _walk(unwrap_arguments(value).value, _DEPTH) if isinstance(leaf, str)]
    return [text for text in found if len(text.strip()) >= shortest][:8]


def worded(value: object) -> str:
    """What arguments say, as one text: a line for each text in them, the names of a list on one line."""
    inner = unwrap_arguments(value).value if not isinstance(value, str) or value[:1] in "{[\"'" else value
    lines = (", ".join(leaf) if isinstance(leaf, list) else leaf for leaf in _walk(inner, _DEPTH))
    return "\n".join(lines)[:HEAD]


# --- structure --------------------------------------------------------------------------------------------------------


def _walk(value: object, depth: int) -> Iterator[Any]:
    """Texts of a structure, and of each list the names of its entries."""
    left = _LEAVES
    stack: list[tuple[object, int]] = [(value, depth)]
    while stack and left:
        left -= 1
        node, room = stack.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, bool) or node is None:
            continue
        elif isinstance(node, _NUMBERS):
            yield str(node)
        elif isinstance(node, dict) and room:
            stack += [(member, room - 1) for member in reversed(node.values())]
        elif isinstance(node, _LISTS) and room:
            entries = _names(node[:MAX_ITEMS])
            if len(entries) >= 2 and len(entries) == len(node[:MAX_ITEMS]):
                yield entries
            else:
                stack += [(member, room - 1) for member in reversed(node)]


_NAMING: Final = ("id", "name", "url", "uri", "path", "file", "key", "title", "doc_id", "document_id", "item", "ref")


def _names(entries: Sequence[object]) -> list[str]:
    """What the entries of a list are called; of records by the first member that tells them apart."""
    records = [e for e in entries if isinstance(e, dict)]
    if len(records) != len(entries):
        return [name for entry in entries if (name := _entry(entry)) is not None]
    if any(r.get("role") is not None or r.get("type") in ("text", "tool_call") for r in records):
        return []
    members = dict.fromkeys((*_NAMING, *(k for r in records[:1] for k in r if isinstance(k, str))))
    for member in members:
        values = [name for r in records if (name := _entry(r.get(member))) is not None]
        if len(values) == len(records) == len(set(values)):
            return values
    return []


def _entry(entry: object) -> str | None:
    if isinstance(entry, str):
        return entry if 0 < len(entry) <= _LONGEST else None
    return str(entry) if isinstance(entry, int) and not isinstance(entry, bool) else None


# --- text -------------------------------------------------------------------------------------------------------------


_READ: Final = Known[int, tuple[Family, ...]]()
"""A task stands in a call's arguments, in the child's messages and in those of every later turn."""


def _in_text(text: str) -> Sequence[Family]:
    if len(text) < 5:
        return ()
    data = text.encode(errors="replace")
    mark = xxh3_64_intdigest(data)
    known = _READ.get(mark)
    if known is not None:
        return known
    data = unspared(data)
    found = (*_named(data), *_counted(data), *_blocks(data), *_quoted(data), *_listed(data))
    return _READ.keep(mark, found) if sum(len(f.keys) for f in found) <= MAX_KEPT else found


def _grouped(data: bytes) -> Iterable[list[tuple[str, int, int]]]:
    groups: dict[str, list[tuple[str, int, int]]] = {}
    for name, kind, first, last in found(data):
        groups.setdefault(kind, []).append((name, first, last))
    for kind, group in list(groups.items()):
        word, _, number = group[0][0].rpartition(" ")
        same = groups.get(f"number/{len(number)}")
        if len(group) == 1 and word and kind.startswith("id/") and number.isdecimal() and same:
            # "accounts 100234, 100235": the word stands for them all
            same.insert(0, (number, *group[0][1:]))
    return groups.values()


def _named(data: bytes) -> Iterator[Family]:
    """Ids of one kind, URLs, paths; "doc-1 to doc-7" is seven."""
    for group in map(partial(_wanted, data), _grouped(data)):
        names = list(with_ranges(group, data))
        if len(names) >= 2:
            yield judged(names, data, group[0][1], group[-1][2])


def _wanted(data: bytes, group: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Without those of a sentence that says that they are done, or not wanted, if others stand elsewhere."""
    bounds = [(at, at + len(sentence)) for at, sentence in sentences(data[: group[-1][2]])]
    own = [(a, b) for a, b in bounds if any(a <= first < b for _, first, _ in group)]
    if len(own) < 2:
        return group
    aside = [(a, b) for a, b in own if says_optional(data[a:b].decode(errors="replace"))]
    kept = [each for each in group if not any(a <= each[1] < b for a, b in aside)]
    return kept if len(kept) >= 2 else group


def _counted(data: bytes) -> Iterator[Family]:
    for names, first, last in counted(data):
        yield judged(names, data, first, last)


def _blocks(data: bytes) -> Iterator[Family]:
    for entries, at in blocks(data):
        yield judged(entries, data, at, at, above=True)


def _quoted(data: bytes) -> Iterator[Family]:
    names = list(_in_quotes(data))
    if len(names) >= 2:
        yield judged([name for name, _, _ in names], data, names[0][1], names[-1][2])


def _in_quotes(data: bytes) -> Iterator[tuple[str, int, int]]:
    for match in matches(_QUOTED, data, 200):
        yield match.group(match.lastindex).decode(errors="replace"), match.start(), match.end()


def _listed(data: bytes) -> Iterator[Family]:
    for names, first, last in listed(data):
        yield judged(names, data, first, last, head=_BESIDE)


def _forms(text: str) -> Iterator[int]:
    yield from forms(text)
    head = entry_head(text)
    if head != text:
        yield from forms(head)
    kind, colon, rest = text.rpartition(":")
    if colon and rest and kind.isascii() and len(text) <= _LONGEST and not any(map(str.isspace, text)):
        yield from forms(rest)  # "component:ledger-core"
