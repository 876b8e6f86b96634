"""Items by name: ids, URLs, paths, addresses and words, each as the hash of a plain form, so that no content stays."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from xxhash import xxh3_64_intdigest

from otelagent.reading.lexicon import compiled, exact, folded, matches

MAX_ITEMS: Final = 500
_GRAMS: Final = 4
"""Words of which a name that stands inside a call's text has at most so many."""

MAX_WORDS: Final = 60
"""Words of a text in which names are looked for at any place; a longer one is a document and no argument."""

_SIGNS: Final = 6
"""Characters of a Chinese or Japanese name inside a text."""

_FILE: Final = (
    "pdf docx? xlsx? pptx? csv tsv txt md rst html? json jsonl ya?ml xml toml ini cfg log py ipynb js ts tsx jsx java"
    " go rs rb php cs cpp cc c h sql sh parquet avro png jpe?g gif svg webp mp[34] wav mov zip gz tar eml msg rtf odt"
    " tex"
).replace(" ", "|")
_URL: Final = r"https?://[^\s\"'<>)\],;|]+[^\s\"'<>)\],;|.:!?]"
_PATH: Final = rf"(?:[\w~@.-]*/)*[\w~@.-]*[\w-]\.(?:{_FILE})\b"
_MAIL: Final = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_ID: Final = (
    r"\b[A-Za-z][A-Za-z]{0,15}(?:[-_#/: ]?\d[A-Za-z0-9]{0,15})(?:[-_/.][A-Za-z0-9]{1,16}){0,4}\b"
    r"|\b[A-Za-z]{1,16}(?:[-_][A-Za-z]{1,16}){1,3}[-_]\d{1,12}\b"
)
_UUID: Final = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_DATE: Final = r"\b\d{4}-\d{2}(?:-\d{2})?\b"
_NUMBER: Final = r"#?\b\d{2,15}\b"
_NAMES: Final = compiled(f"({_URL})|({_MAIL})|({_PATH})|({_UUID})|({_DATE})|({_ID})|({_NUMBER})")
_MARKS: Final = b"0123456789.@"
"""Of which each of them, or else `://`, has one somewhere; a text without isn't searched."""

_WHOLE: Final = compiled(f"({_UUID})|({_DATE})")
"""What a word before it is no part of."""

_UUID_GROUP, _ID_GROUP, _NUMBER_GROUP = 4, 6, 7
_NUMBERED: Final = compiled(r"^#?(?:\pL+[ #:]+#?)?(\d{3,15}(?:[./]\d{1,15})*)$")
_SIGNED: Final = exact(r"[\p{Han}\p{Hiragana}\p{Katakana}ー]{2,40}")
_IDENTIFIER: Final = compiled(r"^#?[A-Za-z0-9][A-Za-z0-9._:#/-]{0,39}$")
_LONG_NUMBER: Final = compiled(r"\d{7}|^[^\d]*$")
_SHORTEST: Final = 4
"""Letters of a word that makes a name with the number after it ("Room 12"): shorter ones are "to", "on", "and"."""

_EDGES: Final = " \t\"'’`*_.,;:!?()[]{}<>#“”„«»「」『』《》。、，；：！？"


def key(name: str) -> int:
    """An item's hash: case, quotes, marks at the ends, white space and a URL's scheme aside."""
    return _hashed(" ".join(folded(name).strip(_EDGES).split()))


def _hashed(plain: str) -> int:
    if plain.startswith("http"):
        plain = plain.partition("://")[2].removeprefix("www.").rstrip("/")
    return xxh3_64_intdigest(plain.encode(errors="replace"))


def found(data: bytes) -> Iterator[tuple[str, str, int, int]]:
    """Ids, URLs, paths, addresses and numbers of a text: as written, their kind, where they begin and end."""
    if len(data.translate(None, _MARKS)) == len(data) and b"://" not in data:
        return
    past = 0
    for match in matches(_NAMES, data, MAX_ITEMS):
        name, first = match.group().decode(errors="replace"), match.start()
        if first < past:
            continue
        word, blank, rest = name.partition(" ")
        if blank and (whole := _WHOLE.match(data[first + len(word) + 1 : first + len(word) + 38])):
            shown, at = whole.group().decode(), first + len(word) + 1
            past = at + len(whole.group())
            yield shown, _kind(shown, whole.lastindex + _UUID_GROUP - 1), at, past
        elif blank and len(word) < _SHORTEST:
            for inner in matches(_NAMES, rest.encode(errors="replace"), 1):
                at = first + len(word.encode()) + 1 + inner.start()
                shown = inner.group().decode(errors="replace")
                yield shown, _kind(shown, inner.lastindex or 0), at, at + len(inner.group())
        else:
            yield name, _kind(name, match.lastindex or 0), first, match.end()


def _kind(name: str, group: int) -> str:
    """Names of one family: of ids the letters that they begin with, of numbers their length."""
    if group == _NUMBER_GROUP:
        return f"number/{len(name.lstrip('#'))}"
    if group != _ID_GROUP:
        return str(group)
    head = name.rstrip("0123456789")
    return f"id/{''.join(c for c in head if not c.isdigit()).lower()}"


def identifier(name: str) -> str | None:
    """A name as it may be told though content is private: an id such as doc-204 or INV-1023, or the last part of a URL
    or path where that is one. Words, addresses of people and long numbers, which may be anyone's, give None."""
    last = name.rstrip("/").rpartition("/")[2] if "://" in name or name.count("/") > 1 else name
    return last if _IDENTIFIER.match(last) and not _LONG_NUMBER.search(last) else None


def keys(names: Sequence[str]) -> tuple[int, ...]:
    """Hashes of an enumeration's items, each once, in the shortest form that still tells them apart.

    Files are called by their whole path in one place and by their name alone in another.
    """
    once = list(dict.fromkeys(name.strip() for name in names))
    for form in (_stem, _base, _number, _bare):
        short = [form(name) for name in once]
        if all(short) and len(set(short)) == len(once):
            return tuple(dict.fromkeys(key(name) for name in short if name))[:MAX_ITEMS]
    return tuple(dict.fromkeys(map(key, once)))[:MAX_ITEMS]


def forms(name: str) -> Iterator[int]:
    """Hashes of a name in every form in which an enumeration may have it."""
    yield key(name)
    own = name.strip()
    if base := _base(own):
        yield key(base)
        if stem := base.rpartition(".")[0]:
            yield key(stem)
    if number := _number(own):
        yield key(number)
    if bare := _bare(own):
        yield key(bare)


def _base(name: str) -> str | None:
    if "." not in name:
        return None
    match = _is_path.fullmatch(name.replace("\\", "/").encode(errors="replace"))
    return name.replace("\\", "/").rpartition("/")[2] if match else None


def _stem(name: str) -> str | None:
    base = _base(name)
    return base.rpartition(".")[0] if base else None


_is_path: Final = compiled(r"(?:[A-Za-z]:)?" + _PATH)


def _number(name: str) -> str | None:
    if not name[-1:].isdecimal():
        return None
    match = _NUMBERED.match(name.encode(errors="replace"))
    return match.group(1).decode() if match else None


def _bare(name: str) -> str | None:
    """An id without the scheme that it is of: arXiv:2401.01335, doi:10.1000/182."""
    scheme, colon, rest = name.partition(":")
    return rest if colon and scheme.isascii() and scheme.isalpha() and rest[:1].isdigit() else None


def grams(text: str, most: int = MAX_WORDS) -> list[int]:
    """Hashes of all runs of one to four words, so that a name is found inside a query."""
    words = [w for each in folded(text).split() if (w := each.strip(_EDGES).removesuffix("’s"))]
    found: list[int] = []
    for first, name in enumerate(words if len(words) <= most else ()):
        found.append(_hashed(name))
        for word in words[first + 1 : first + _GRAMS]:
            name = f"{name} {word}"
            found.append(_hashed(name))
    if not text.isascii():
        found += _signs(text)
    return found


def _signs(text: str) -> Iterator[int]:
    for match in matches(_SIGNED, text.encode(errors="replace"), 8):
        signs = match.group().decode(errors="replace")
        for first in range(len(signs)):
            for last in range(first + 2, min(first + _SIGNS, len(signs)) + 1):
                yield key(signs[first:last])


def once(names: Iterable[int]) -> tuple[int, ...]:
    """Each hash once."""
    return tuple(dict.fromkeys(names))[:MAX_ITEMS]
