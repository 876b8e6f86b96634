"""Items that an assignment enumerates: ids, URLs, paths, list entries, or only how many ("seven documents").

Items are hashes of their names in a plain form, so that nothing of the content stays.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from xxhash import xxh3_64_intdigest

from otelagent.model import Family, Items
from otelagent.reading import numerals
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.lexicon import LANGUAGES, compiled, either, folded, grammar, matches, words

HEAD: Final = 16_000
"""Characters of an assignment that are read."""

MAX_ITEMS: Final = 500
MAX_FAMILIES: Final = 8
_DEPTH: Final = 8
_LEAVES: Final = 500
_LONGEST: Final = 300
"""Characters of a list entry; a longer one is prose."""

NOTHING: Final = Items()

_FILE: Final = (
    "pdf docx? xlsx? pptx? csv tsv txt md rst html? json jsonl ya?ml xml toml ini log py ipynb js ts tsx jsx java go rs"
    " rb php cs cpp cc c h sql sh parquet avro png jpe?g gif svg webp mp[34] wav mov zip gz tar eml msg rtf odt tex"
).replace(" ", "|")
_URL: Final = r"https?://[^\s\"'<>)\],;|]+[^\s\"'<>)\],;|.:!?]"
_PATH: Final = rf"(?:[\w~@.-]*/)*[\w~@.-]*[\w-]\.(?:{_FILE})\b"
_ID: Final = (
    r"\b[A-Za-z][A-Za-z]{0,15}(?:[-_#/: ]?\d[A-Za-z0-9]{0,15})(?:[-_/.][A-Za-z0-9]{1,16}){0,4}\b"
    r"|\b[A-Za-z]{1,16}(?:[-_][A-Za-z]{1,16}){1,3}[-_]\d{1,12}\b"
)
_UUID: Final = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_NUMBER: Final = r"#?\b\d{2,15}\b"
_NAMES: Final = compiled(f"({_URL})|({_PATH})|({_UUID})|({_ID})|({_NUMBER})")
_BULLET: Final = compiled(r"^[ \t]*(?:[-*•‣–]|\(?\d{1,3}[.):、])[ \t]+(\S.{0,299})$")
_RANGE: Final = compiled(
    r"^[ \t]*(?:-|–|—|\.\.\.?|…|~|to|through|thru|bis|until|à|a|al|hasta|até|ate|から|到|至)[ \t]*$"
)
_SPLIT: Final = compiled(
    r"\s*(?:[,;、，；]\s*(?:and|und|et|y|e|or|oder|ou|o|および|和)?(?:\s+|$)?|\s(?:and|und|et|y|e|sowie|&)\s|と|和)\s*"
)
_JOINTS: Final = (",", "\n", ";", "、", "，", " to ", " and ", "-", "..", "…", "–")
"""A text without any of them names no list and no range."""

_SENTENCE: Final = compiled(r"[.!?](?:\s|$)|[。！？\n]")


def _either(key: str) -> str:
    return "|".join(f"(?:{each})" for language in LANGUAGES for each in grammar("delegation", language).get(key, ()))


_WORK: Final = compiled(_either("work"))
_OPTIONAL: Final = compiled(_either("optional"))
_THINGS: Final = "|".join(p for language in LANGUAGES for p in words("acknowledgement", language).get("items", ()))
_STATED: Final = compiled(
    rf"(?:^|[^\w.,/$#-])(\d{{1,4}}|{either(numerals.SPELLED)}|[二三四五六七八九十两兩]{{1,3}})"
    rf"[\s-]?(?:[\w-]+\s){{0,2}}(?:份|个|個|件|つの|本の|篇)?(?:{_THINGS})"
)


def enumerated(value: object) -> Items:
    """What an assignment enumerates: a text, or a tool's arguments as recorded. Never raises."""
    inner = unwrap_arguments(value).value if not isinstance(value, str) or value[:1] in "{[\"'" else value
    families: list[Family] = []
    stated = None
    for leaf in _walk(inner, _DEPTH):
        if isinstance(leaf, list):
            families.append(Family(_once(leaf), work=True))
        else:
            text = leaf[:HEAD]
            families += _in_text(text)
            stated = stated or _stated(text)
    unique = {frozenset(f.keys): f for f in reversed(families) if len(f.keys) >= 2}
    kept = list(reversed(unique.values()))
    return Items(tuple(kept[:MAX_FAMILIES]), stated) if kept or stated else NOTHING


def mentioned(value: object) -> frozenset[int]:
    """Every item that a call's arguments may name: their values, and the ids, URLs and paths in them."""
    found: set[int] = set()
    inner = unwrap_arguments(value).value
    for leaf in _walk(inner, _DEPTH):
        if isinstance(leaf, list):
            found.update(leaf)
            continue
        text = leaf[:4000]
        found.update(_forms(text))
        if len(text) > 12 and any(mark in text for mark in _JOINTS):
            found.update(k for family in _in_text(text) for k in family.keys)
        for match in matches(_NAMES, text.encode(errors="replace"), MAX_ITEMS):
            found.add(key(match.group().decode(errors="replace")))
    return frozenset(found)


def names(value: object, keys: frozenset[int]) -> list[str]:
    """The items with these hashes by name, as an assignment writes them."""
    inner = unwrap_arguments(value).value if not isinstance(value, str) or value[:1] in "{[\"'" else value
    found: dict[int, str] = {}
    for text in _leaves(inner):
        for name in _candidates(text[:HEAD]):
            if (hashed := key(name)) in keys:
                found.setdefault(hashed, name.strip())
    return list(found.values())


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
    groups: dict[str, list[tuple[str, int, int]]] = {}
    for match in matches(_NAMES, data, MAX_ITEMS):
        name = match.group().decode(errors="replace")
        groups.setdefault(_shape(name, match.lastindex or 0), []).append((name, match.start(), match.end()))
    for group in groups.values():
        yield from _with_ranges(group, data)
    for line in text.split("\n"):
        bullet = _BULLET.match(line.encode(errors="replace"))
        entry = bullet.group(1).decode(errors="replace") if bullet else line
        yield from (entry, _head(entry))
        yield from (p.decode(errors="replace") for p in _SPLIT.split(line.rpartition(": ")[2].encode()) if p)
        yield from line.split()


def texts(value: object, shortest: int = 24) -> list[str]:
    """The longer texts of a call's arguments, at most eight."""
    found = [leaf for leaf in _walk(unwrap_arguments(value).value, _DEPTH) if isinstance(leaf, str)]
    return [text for text in found if len(text.strip()) >= shortest][:8]


def key(name: str) -> int:
    """An item's hash: case, quotes, marks at the ends and white space aside."""
    return xxh3_64_intdigest(" ".join(folded(name).strip(" \t\"'’`*_.,;:!?()[]{}<>#“”„«»").split()).encode())


# --- structure --------------------------------------------------------------------------------------------------------


def _walk(value: object, depth: int) -> Iterator[Any]:
    """Texts of a structure, and of each list the hashes of its entries."""
    left = _LEAVES
    stack: list[tuple[object, int]] = [(value, depth)]
    while stack and left:
        left -= 1
        node, room = stack.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, bool) or node is None:
            continue
        elif isinstance(node, int | float):
            yield str(node)
        elif isinstance(node, dict) and room:
            stack += [(member, room - 1) for member in reversed(node.values())]
        elif isinstance(node, list | tuple) and room:
            entries = [name for entry in node[:MAX_ITEMS] if (name := _entry(entry)) is not None]
            if len(entries) >= 2 and len(entries) == len(node[:MAX_ITEMS]):
                yield [key(name) for name in entries]
            else:
                stack += [(member, room - 1) for member in reversed(node)]


_NAMING: Final = ("id", "name", "url", "uri", "path", "file", "key", "title", "doc_id", "document_id", "item", "ref")


def _entry(entry: object) -> str | None:
    if isinstance(entry, str):
        return entry if 0 < len(entry) <= _LONGEST else None
    if isinstance(entry, int) and not isinstance(entry, bool):
        return str(entry)
    if isinstance(entry, dict) and entry.get("role") is None and entry.get("type") not in ("text", "tool_call"):
        return next((str(entry[k]) for k in _NAMING if isinstance(entry.get(k), str | int)), None)
    return None


# --- text -------------------------------------------------------------------------------------------------------------


def _in_text(text: str) -> list[Family]:
    if len(text) < 5:
        return []
    data = text.encode(errors="replace")
    return [*_named(data), *_bullets(data), *_listed(data)]


def _named(data: bytes) -> Iterator[Family]:
    """Ids of one shape, URLs, paths; "doc-1 to doc-7" is seven."""
    groups: dict[str, list[tuple[str, int, int]]] = {}
    for match in matches(_NAMES, data, MAX_ITEMS):
        name = match.group().decode(errors="replace")
        groups.setdefault(_shape(name, match.lastindex or 0), []).append((name, match.start(), match.end()))
    for found in groups.values():
        names = list(_with_ranges(found, data))
        keys = _once([key(name) for name in names])
        if len(keys) >= 2:
            yield _judged(keys, data, found[0][1], found[-1][2])


def _shape(name: str, group: int) -> str:
    """Names of one family: of ids the letters that they begin with, of numbers their length."""
    if group in (1, 2, 3):
        return str(group)
    if group == 5:
        return f"5/{len(name.lstrip('#'))}"
    head = name.rstrip("0123456789")
    letters = "".join(c for c in head if not c.isdigit())
    return f"4/{letters.lower()}"


def _with_ranges(found: list[tuple[str, int, int]], data: bytes) -> Iterator[str]:
    for (name, _, end), following in zip(found, [*found[1:], None], strict=True):
        yield name
        if following is not None and following[1] - end < 12 and _RANGE.match(data[end : following[1]]):
            yield from _between(name, following[0])


def _between(first: str, last: str) -> Iterator[str]:
    digits = len(first) - len(first.rstrip("0123456789"))
    if not 0 < digits < 10 or not last[-1:].isdigit():
        return
    start, stop = int(first[-digits:]), int(last[len(last.rstrip("0123456789")) :][-9:])
    if 1 < stop - start <= MAX_ITEMS:
        yield from (f"{first[:-digits]}{n:0{digits}d}" for n in range(start + 1, stop))


def _bullets(data: bytes) -> Iterator[Family]:
    """Runs of list entries, each on its own line."""
    run: list[bytes] = []
    at = 0
    for line in data.split(b"\n"):
        match = _BULLET.match(line)
        if match is not None:
            run.append(match.group(1))
        elif line.strip() and run:
            yield from _entries(run, data, at)
            run = []
        if not run:
            at += len(line) + 1
    yield from _entries(run, data, at)


def _entries(run: list[bytes], data: bytes, at: int) -> Iterator[Family]:
    if 2 <= len(run) <= MAX_ITEMS:
        forms = [next(iter(_forms(entry.decode(errors="replace")))) for entry in run]
        heads = [key(_head(entry.decode(errors="replace"))) for entry in run]
        yield _judged(_once(heads if len(set(heads)) == len(run) else forms), data, at, at)


def _forms(text: str) -> Iterator[int]:
    yield key(text)
    head = _head(text)
    if head != text:
        yield key(head)


def _head(entry: str) -> str:
    """What an entry is about: up to a colon, dash or parenthesis."""
    for mark in (": ", " - ", " – ", " — ", " (", "："):
        entry = entry.partition(mark)[0]
    return entry


def _listed(data: bytes) -> Iterator[Family]:
    """Names between commas: "Berlin, Paris and Rome"."""
    for start, sentence in _sentences(data):
        after_colon = sentence.rpartition(b": ")[2]
        names = [p for p in _SPLIT.split(after_colon) if p and p.strip()]
        if len(names) < 3:
            continue
        names[0] = b" ".join(names[0].split()[-3:])
        short = [n.decode(errors="replace").strip() for n in names]
        if all(len(n) <= 60 and len(n.split()) <= 4 for n in short):
            keys = _once([*(key(n) for n in short[1:]), *(key(n) for n in _tails(short[0]))][: len(short)])
            yield _judged(keys, data, start, start)


def _tails(first: str) -> Iterator[str]:
    """The first name of a list follows other words: its last word."""
    yield first.split()[-1] if first.split() else first


def _sentences(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for match in matches(_SENTENCE, data, 200):
        yield at, data[at : match.start()]
        at = match.end()
    yield at, data[at:]


def _judged(keys: tuple[int, ...], data: bytes, first: int, last: int) -> Family:
    """What the sentence says in which they stand, and the line before a list."""
    before = data[max(0, first - 200) : first]
    cut = max((m.end() for m in matches(_SENTENCE, before.rstrip(), 200)), default=0)
    around = folded((before[cut:] + b" " + data[last : last + 60]).decode(errors="replace")).encode()
    return Family(keys, work=bool(_WORK.search(around)), optional=bool(_OPTIONAL.search(around)))


def _stated(text: str) -> int | None:
    match = _STATED.search(text.lower().encode(errors="replace"))
    if match is None:
        return None
    written = match.group(1).decode(errors="replace")
    count = int(written) if written.isdigit() else numerals.SPELLED.get(written)
    if count is None:
        count = numerals.chinese(written)
    return int(count) if count is not None and 2 <= count <= MAX_ITEMS else None


def _once(keys: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(keys))[:MAX_ITEMS]
