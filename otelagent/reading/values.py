"""The specific values in a text or a decoded structure, as hashes of normal forms: 1,000 and 1000 are one value.

The hash space is that of `claims`: a claim is grounded when one of its keys is among the values that were given.
Texts longer than `HEAD + TAIL` characters are read at their tail and head only, and the result is marked `CUT`.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

from xxhash import xxh3_64_intdigest, xxh3_128_digest

from otelagent.reading import dates, numerals
from otelagent.reading.leaves import Leaves, leaves
from otelagent.reading.lexicon import compiled, exact, listed, matches

HEAD: Final = 24_000
TAIL: Final = 8_000
LIMIT: Final = 512
"""Hashes per call. Exact forms come first, then what can be derived: sums and averages of columns, roundings."""
NUMBERS: Final = 64
"""Raw numbers per call."""
CUT: Final = xxh3_64_intdigest(b"cut")
"""Stands among the hashes when something was left out: a text too long, too many values."""


class Specifics(NamedTuple):
    """Hashes of the specific values and some of the numbers, in order."""

    hashes: frozenset[int]
    numbers: tuple[float, ...]


_KNOWN: Final[dict[tuple[bytes, int], Specifics]] = {}
_KNOWN_LIMIT: Final = 256


def specifics(value: object, limit: int = LIMIT) -> Specifics:
    """The specific values in a text, a JSON text or a decoded structure. Of a long text once: prompts repeat."""
    if not isinstance(value, str) or len(value) < 512:
        return _specifics(value, limit)
    key = (xxh3_128_digest(value.encode(errors="replace")), limit)
    if (known := _KNOWN.get(key)) is None:
        if len(_KNOWN) >= _KNOWN_LIMIT:
            _KNOWN.clear()
        known = _KNOWN[key] = _specifics(value, limit)
    return known


def _specifics(value: object, limit: int) -> Specifics:
    parts = leaves(value)
    text = "\n".join(parts.texts)
    shown, left_out = window(text)
    data = narrow(shown).encode(errors="replace")
    blanked, named = _named(data)
    written = numerals.distinct(blanked, 4 * limit)
    given = tuple(dict.fromkeys(map(abs, (*parts.numbers, *(number.readings[0] for number in written)))))
    counts = [count for count in (*parts.counts, *_lines(parts.texts, shown)) if count > 1]
    hashes = chain(
        map(numerals.key, parts.numbers),
        map(numerals.key, counts),
        named,
        chain.from_iterable(map(number_keys, written)),
        chain.from_iterable(map(dates.epoch, parts.numbers)),
        dates.months(data, LIMIT),
        _names(shown),
        _phrases(shown),
        _column_keys(parts),
        chain.from_iterable(map(numerals.rounded_keys, given)),
    )
    found = set(islice(dict.fromkeys(hashes), limit))
    if left_out or parts.cut or len(found) >= limit:
        found.add(CUT)
    return Specifics(frozenset(found), given[:NUMBERS])


def values(value: object, limit: int = LIMIT) -> frozenset[int]:
    """Hashes of the specific values in a text, a JSON text or a decoded structure; at most `limit`, and `CUT`."""
    return specifics(value, limit).hashes


def numbers(value: object, limit: int = NUMBERS) -> tuple[float, ...]:
    """The numbers of a text or structure without repetition, for sums, differences and shares."""
    return specifics(value).numbers[:limit]


def window(text: str) -> tuple[str, int]:
    """The head and tail of a long text, and how many characters were left out between them."""
    if len(text) <= HEAD + TAIL:
        return text, 0
    return f"{text[:HEAD]}\n{text[-TAIL:]}", len(text) - HEAD - TAIL - 1


_WIDE: Final = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20}


_WIDE_BYTES: Final = (b"\xef\xbc", b"\xef\xbd", b"\xe3\x80\x80")


def narrow(text: str) -> str:
    """Full-width digits and signs become ASCII ones; offsets stay."""
    if text.isascii():
        return text
    data = text.encode(errors="replace")
    return text.translate(_WIDE) if any(byte in data for byte in _WIDE_BYTES) else text


# --- keys ------------------------------------------------------------------------------------------------------------


def link_key(link: str) -> int:
    """Hash of an address without scheme, www, query and trailing marks."""
    return _hashed(_address(link).partition("?")[0].partition("#")[0].rstrip("/"), 6)


def host_key(link: str) -> int:
    """Hash of the host alone."""
    return _hashed(_address(link).partition("/")[0].partition("?")[0], 6)


def code_key(code: str) -> int:
    """Hash of an identifier, case and separators aside."""
    return _hashed(code.lower().replace("-", "").replace("_", "").replace(" ", "").replace(".", ""), 7)


def word_key(word: str) -> int:
    """Hash of a word of a name."""
    return _hashed(word.casefold(), 3)


_MARKS: Final = bytes(byte for byte in range(128) if not chr(byte).isalnum())


def phrase_key(clause: bytes) -> int | None:
    """Hash of a case-folded wording, space and punctuation aside; None for one that is too short to tell anything."""
    squeezed = clause.replace(_APOSTROPHE, b"").translate(None, _MARKS)
    return xxh3_64_intdigest(squeezed, 8) if len(squeezed) >= 12 else None


_APOSTROPHE: Final = "’".encode()


def number_keys(number: numerals.Number) -> Iterator[int]:
    """Hashes that a number in a text stands for: its readings, and of a percentage the fraction."""
    for reading in number.readings:
        yield numerals.key(reading)
        if number.unit == "percent":
            yield numerals.key(reading / 100)
        elif number.bare and 1500 <= reading <= 2199:
            yield dates.date_key(int(reading))


def _address(link: str) -> str:
    text = link.lower().rstrip(".,;:!?*_")
    for start in ("https://", "http://", "www."):
        text = text.removeprefix(start)
    return text


def _hashed(text: str, seed: int) -> int:
    return xxh3_64_intdigest(text.encode(errors="replace"), seed)


# --- spans -----------------------------------------------------------------------------------------------------------

_STOP: Final = r"\s<>\"'`\\)\]}|、。，；」』）】》“”"
_LINK: Final = compiled(
    rf"https?://[^{_STOP}]+|\bwww\.[^{_STOP}]+|\b10\.\d{{4,9}}/[^{_STOP}]+"
    r"|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
)
_CODE: Final = exact(
    r"\b[A-Za-z]{1,16}(?:[-_]?[A-Za-z]{1,16}){0,4}[-_]?\d[A-Za-z0-9]{0,40}(?:[-_][A-Za-z0-9]{1,40}){0,8}\b"
    r"|\b\d{1,12}[A-Za-z]{1,12}\d[A-Za-z0-9]{0,40}(?:-[A-Za-z0-9]{1,40}){0,8}\b"
    r"|\b[0-9]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|(?:\+\d{1,3}[ .-])?\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"
)
_NO_CODE: Final = frozenset(
    b"mid pre post early late since non sub top under over about q fy usd eur gbp dkk nok sek chf jpy cny rmb inr "
    b"brl mxn aud cad ca approx rs us the in of by to at from until".split()
)


_FILE: Final = exact(
    r"(?:[\w.@~-]{0,80}/)+[\w.@-]{1,80}\.[A-Za-z][A-Za-z0-9]{0,5}\b"
    r"|\b[\w-]{1,80}\.(?:pdf|docx?|xlsx?|csv|pptx?|md|txt|log|parquet|ipynb|py|sql|ya?ml|json|zip)\b"
)
_COMMON_FILES: Final = frozenset(
    b"readme.md package.json requirements.txt license.txt changelog.md main.py app.py setup.py config.json config.yaml"
    b" docker-compose.yml tsconfig.json robots.txt".split()
)
"""Names that stand for a kind of file."""


def files(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of the paths and names of files; names that every project has only with their path."""
    if b"." in data:
        for match in matches(_FILE, data, limit):
            if match.group().lower() not in _COMMON_FILES:
                yield match.span()


def file_key(path: str) -> int:
    """Hash of a file's name, its folders and case aside."""
    return _hashed(path.rpartition("/")[2].lower(), 9)


def links(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of addresses: URLs, DOIs, mail addresses."""
    return (match.span() for match in matches(_LINK, data, limit))


_HANDLE: Final = exact(r"(?:^|[\s(\[*_,;:/])@([A-Za-z][\w.-]{1,38}\w)")


def handles(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of what people are called on platforms: @dkowalski, without the sign."""
    return (match.span(1) for match in matches(_HANDLE, data, limit)) if b"@" in data else iter(())


def codes(data: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of identifiers such as CN-2231, HAT001, mia_li_3668 and of telephone numbers."""
    for match in matches(_CODE, data, limit):
        start, end = match.span()
        if data[start:end].split(b"-")[0].rstrip(b"0123456789_").lower() not in _NO_CODE:
            yield start, end


def _named(data: bytes) -> tuple[bytes, list[int]]:
    """Hashes of addresses, dates and identifiers, and the text without them, so that their digits are no numbers."""
    rest = bytearray(data)
    found: list[int] = []
    for start, end in links(data, LIMIT):
        link = data[start:end].decode(errors="replace")
        found += link_key(link), host_key(link)
        rest[start:end] = b" " * (end - start)
    found += [code_key(data[start:end].decode(errors="replace")) for start, end in handles(data, LIMIT)]
    found += [file_key(data[start:end].decode(errors="replace")) for start, end in files(bytes(rest), LIMIT)]
    for start, end, moment in dates.moments(bytes(rest), LIMIT):
        found += moment.keys
        found += moment.parts
        rest[start:end] = b" " * (end - start)
    for start, end in codes(bytes(rest), LIMIT):
        found.append(code_key(data[start:end].decode(errors="replace")))
        rest[start:end] = b" " * (end - start)
    return bytes(rest), found


_STARTERS: Final = frozenset(listed("claims", "starters")) | frozenset(dates.MONTHS)
_EDGES: Final = " .,;:!?\"'()[]{}<>*_/\\|“”„«»‘’#`~=+&%$"
_GLUE: Final = ("-", "’", "'", "/", "(", '"', "“", "[", "*")


def is_name(word: str) -> bool:
    """A capitalised word that could be part of a name."""
    return len(word) > 1 and word[0].isupper() and word.lower() not in _STARTERS


def name_words(text: str) -> Iterator[str]:
    """Words of a text that could be part of a name, each once."""
    for mark in _GLUE:
        text = text.replace(mark, " ")
    capitals = dict.fromkeys(word for word in text.split() if word[0].isupper())
    return (word for part in capitals if is_name(word := part.strip(_EDGES)))


def _names(text: str) -> Iterator[int]:
    return map(word_key, name_words(text))


_ENDS: Final = bytes.maketrans(b'.!?;:,"()[]{}|', b"\n" * 14)
_WIDE_ENDS: Final = tuple(mark.encode() for mark in "。！？、，；：「」『』“”„«»")


def clauses(text: str) -> list[bytes]:
    """A text at its punctuation marks, case aside."""
    data = text.casefold().encode(errors="replace")
    if not text.isascii():
        for mark in _WIDE_ENDS:
            data = data.replace(mark, b"\n")
    return data.translate(_ENDS).split(b"\n")


def _phrases(text: str) -> Iterator[int]:
    """Hashes of the clauses, by which a quotation is recognised."""
    told = (
        clause for clause in clauses(text) if clause.count(b" ") >= 2 or (len(clause) >= 18 and not clause.isascii())
    )
    return (key for clause in told if (key := phrase_key(clause)) is not None)


_ITEM: Final = exact(r"(?m)^\s*(?:[-*•]|\d{1,3}[.)])\s")


def listed_items(data: bytes) -> int:
    """How many items a text lists."""
    return sum(1 for _ in matches(_ITEM, data, LIMIT)) if b"\n" in data else 0


def _lines(texts: list[str], shown: str) -> Iterator[int]:
    """How many lines and items there are, which an agent may count."""
    for text in texts:
        if lines := text.count("\n"):
            yield from (lines, lines + 1)
    yield listed_items(shown.encode(errors="replace"))


def _column_keys(parts: Leaves) -> Iterator[int]:
    """Sums, averages and ranges of columns."""
    for column in parts.columns:
        total = sum(column)
        yield from (numerals.key(total), numerals.rounded_key(total))
        for value in (total / len(column), max(column) - min(column)):
            yield numerals.key(value)
            yield from numerals.rounded_keys(abs(value))
