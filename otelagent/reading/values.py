"""The specific values in a text or a decoded structure, as hashes of normal forms: 1,000 and 1000 are one value.

The hash space is that of `claims`: a claim is grounded when one of its keys is among the values that an agent was given.
Texts longer than `HEAD + TAIL` characters are read at their head and tail only.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.reading import dates, numerals
from otelagent.reading.lexicon import compiled, exact, listed, matches

HEAD: Final = 24_000
TAIL: Final = 8_000
LIMIT: Final = 512
"""Hashes per call. Exact forms come first, then what can be derived: roundings, sums and averages of a column."""
NUMBERS: Final = 64
"""Raw numbers per call."""
_NODES: Final = 4_000
_LINK: Final = compiled(
    r"https?://[^\s<>\"'`\\)\]}、。，；」』）】》]+|\bwww\.[^\s<>\"'`\\)\]}、。，；」』）】》]+"
    r"|\b10\.\d{4,9}/[^\s\"<>)\]}]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)
_CODE: Final = exact(
    r"\b[A-Za-z]{1,16}(?:[-_]?[A-Za-z]{1,16}){0,4}[-_]?\d[A-Za-z0-9]{0,40}(?:[-_][A-Za-z0-9]{1,40}){0,8}\b"
    r"|\b\d+[A-Za-z]+\d[A-Za-z0-9]{0,40}(?:-[A-Za-z0-9]{1,40}){0,8}\b"
    r"|\b[0-9]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|(?:\+\d{1,3}[ .-])?\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"
)
_NO_CODE: Final = frozenset(
    "mid pre post early late since non sub top under over about q fy usd eur gbp dkk nok sek chf jpy cny rmb inr brl mxn aud cad "
    "ca approx rs us the in of by to at from until".split()
)
_CLAUSE: Final = exact(r"[^.!?;:,\n\"“”„«»「」『』。！？、，；：()\[\]{}|]{12,400}")
_CLAUSES: Final = 96
_CLAUSE_WINDOW: Final = 16_000
_WORD: Final = exact(r"[\pL\pN]+")
_CAPITAL: Final = exact(r"\p{Lu}[\pL\pN]+")
_STARTERS: Final = frozenset(listed("claims", "starters")) | frozenset(dates.MONTHS)
_WIDE: Final = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20}
_ITEM: Final = exact(r"(?m)^\s*(?:[-*•]|\d{1,3}[.)])\s")


def values(value: object, limit: int = LIMIT) -> frozenset[int]:
    """Hashes of the specific values in a text, a JSON text or a decoded structure; at most `limit`."""
    gathered = _Gathered(value)
    found: set[int] = set()
    for hashes in (gathered.exact(), gathered.derived()):
        found.update(islice(hashes, limit - len(found)))
        if len(found) >= limit:
            break
    return frozenset(found)


def numbers(value: object, limit: int = NUMBERS) -> tuple[float, ...]:
    """The numbers of a text or structure in order, without repetition, for sums, differences and shares."""
    gathered = _Gathered(value)
    written = (n.readings[0] for n in numerals.numbers(gathered.data, 4 * limit))
    return tuple(dict.fromkeys(abs(n) for n in islice((*gathered.numbers, *written), 4 * limit)))[:limit]


def window(text: str) -> tuple[str, int]:
    """The head and tail of a long text, and how many characters were left out between them."""
    if len(text) <= HEAD + TAIL:
        return text, 0
    return f"{text[:HEAD]}\n{text[-TAIL:]}", len(text) - HEAD - TAIL - 1


def narrow(text: str) -> str:
    """Full-width digits and signs become ASCII ones; offsets stay."""
    return text if text.isascii() else text.translate(_WIDE)


def link_key(link: str) -> int:
    """Hash of an address without scheme, www, query and trailing marks."""
    text = link.lower().rstrip(".,;:!?*_")
    for start in ("https://", "http://", "www."):
        text = text.removeprefix(start)
    return xxh3_64_intdigest(text.partition("?")[0].partition("#")[0].rstrip("/").encode(errors="replace"), 6)


def host_key(link: str) -> int:
    """Hash of the host alone."""
    text = link.lower()
    for start in ("https://", "http://", "www."):
        text = text.removeprefix(start)
    return xxh3_64_intdigest(text.partition("/")[0].rstrip(".,;:!?*_").encode(errors="replace"), 6)


def code_key(code: str) -> int:
    """Hash of an identifier, case and separators aside."""
    return xxh3_64_intdigest(code.lower().replace("-", "").replace("_", "").replace(" ", "").encode(errors="replace"), 7)


def word_key(word: str) -> int:
    """Hash of a word of a name."""
    return xxh3_64_intdigest(word.casefold().encode(errors="replace"), 3)


def phrase_key(phrase: str) -> int | None:
    """Hash of a wording, case and punctuation aside; None below three words (eight signs of Chinese or Japanese)."""
    words = _WORD.findall(phrase.casefold().encode(errors="replace"))
    joined = b" ".join(words)
    long_enough = len(words) >= 3 or (len(joined) >= 24 and not joined.isascii())
    return xxh3_64_intdigest(joined, 8) if long_enough else None


def links(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of addresses: URLs, DOIs, mail addresses."""
    return (match.span() for match in matches(_LINK, data, limit))


def codes(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of identifiers such as CN-2231, HAT001, mia_li_3668 and of telephone numbers."""
    for match in matches(_CODE, data, limit):
        start, end = match.span()
        head = data[start:end].split(b"-")[0].rstrip(b"0123456789_").lower().decode(errors="replace")
        if head not in _NO_CODE:
            yield start, end


class _Gathered:
    """A value taken apart once: all its text, its numbers, the lengths of its lists, its columns."""

    def __init__(self, value: object) -> None:
        self.numbers: list[float] = []
        self.counts: list[int] = []
        self.columns: list[list[float]] = []
        texts: list[str] = []
        self._walk(_decoded(value), texts)
        text = "\n".join(texts)
        self.counts.append(_listed_items(text))
        self.text = narrow(window(text)[0])
        self.data = self.text.encode(errors="replace")

    def exact(self) -> Iterator[int]:
        yield from map(numerals.key, self.numbers)
        yield from map(numerals.key, (count for count in self.counts if count > 1))
        for number in self.numbers:
            if number >= 9e8:
                yield from dates.epoch(number)
        for start, end in links(self.data, LIMIT):
            link = self.data[start:end].decode(errors="replace")
            yield from (link_key(link), host_key(link))
        for moment in dates.moments(self.data, LIMIT):
            yield from (*moment.keys, *moment.parts)
        for start, end in codes(self.data, LIMIT):
            yield code_key(self.data[start:end].decode(errors="replace"))
        for number in self._written():
            yield from number_keys(number)
        yield from self._names()
        yield from self._clauses()

    def derived(self) -> Iterator[int]:
        for column in self.columns:
            total = sum(column)
            yield numerals.key(total)
            yield numerals.rounded_key(total)
            for value in (total / len(column), max(column) - min(column)):
                yield numerals.key(value)
                yield from map(numerals.rounded_key, numerals.roundings(value))
        for number in dict.fromkeys((*self.numbers, *(n.readings[0] for n in self._written()))):
            yield from map(numerals.rounded_key, numerals.roundings(number))

    def _written(self) -> Iterator[numerals.Number]:
        return numerals.numbers(self.data, LIMIT)

    def _names(self) -> Iterator[int]:
        for word in dict.fromkeys(_CAPITAL.findall(self.data)):
            text = word.decode()
            if text.lower() not in _STARTERS:
                yield word_key(text)

    def _clauses(self) -> Iterator[int]:
        for match in matches(_CLAUSE, self.data[:_CLAUSE_WINDOW], _CLAUSES):
            if (hashed := phrase_key(match.group().decode(errors="replace"))) is not None:
                yield hashed

    def _walk(self, value: object, texts: list[str]) -> None:
        stack = [value]
        for _ in range(_NODES):
            if not stack:
                return
            node = stack.pop()
            if isinstance(node, str):
                texts.append(node)
            elif isinstance(node, bool) or node is None:
                continue
            elif isinstance(node, int | float):
                self._number(node)
            elif isinstance(node, dict):
                texts.extend(key for key in node if isinstance(key, str))
                stack.extend(reversed([_decoded(item) for item in node.values()]))
            elif isinstance(node, list | tuple):
                self.counts.append(len(node))
                self.columns.extend(_columns(node))
                stack.extend(reversed([_decoded(item) for item in node[:_NODES]]))

    def _number(self, number: float) -> None:
        if abs(number) < 1e18:
            self.numbers.append(float(number))


def number_keys(number: numerals.Number) -> Iterator[int]:
    """Hashes that a number in a text stands for: its readings, and of a percentage the fraction."""
    for reading in number.readings:
        yield numerals.key(reading)
        if number.unit == "percent":
            yield numerals.key(reading / 100)
        elif number.bare and 1500 <= reading <= 2199:
            yield dates.date_key(int(reading))


def _decoded(value: object) -> object:
    """JSON in a text becomes what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return value
    return value


def _listed_items(text: str) -> int:
    if "\n" not in text:
        return 0
    return sum(1 for _ in matches(_ITEM, text[:HEAD].encode(errors="replace"), LIMIT))


def _columns(rows: list[object] | tuple[object, ...]) -> Iterator[list[float]]:
    """Numbers that stand at the same place in every row of a list, in a field or inside its short text."""
    if not 2 <= len(rows) <= 256:
        return
    if all(isinstance(row, int | float) and not isinstance(row, bool) for row in rows):
        yield [float(row) for row in rows]  # type: ignore[arg-type]  # checked above
    elif isinstance(first := rows[0], dict):
        for name in list(first)[:32]:
            cells = [row.get(name) if isinstance(row, dict) else None for row in rows]
            yield from _cells(cells)


def _cells(cells: list[object]) -> Iterator[list[float]]:
    read: Callable[[object], list[float]] = _in_cell
    per_row = [read(cell) for cell in cells]
    width = len(per_row[0])
    if width and all(len(row) == width for row in per_row):
        yield from ([row[place] for row in per_row] for place in range(min(width, 8)))


def _in_cell(cell: object) -> list[float]:
    if isinstance(cell, bool):
        return []
    if isinstance(cell, int | float):
        return [float(cell)] if abs(cell) < 1e18 else []
    if isinstance(cell, str) and len(cell) <= 300:
        return [n.readings[0] for n in numerals.numbers(cell.encode(errors="replace"), 9)]
    return []
