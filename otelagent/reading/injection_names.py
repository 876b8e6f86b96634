"""Names and phrases of a text as hashes: what an instruction in it could make an agent use, say or disclose."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import re2
from xxhash import xxh3_64_intdigest

LIMIT: Final = 1 << 16
"""Characters that are read; of a longer text its head and tail."""
NAMES: Final = 1024
SHINGLES: Final = 1024
_DEMANDED: Final = 16
_LENGTH: Final = 80

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False


def _pattern(pattern: str) -> Any:
    return re2.compile(pattern, _OPTIONS)


_NAMES: Final = _pattern(
    r"https?://[^\s\"'<>()\[\]{}\\,]{3,300}"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
    r"|[$€£¥₹]\s?[0-9][0-9.,]*|[0-9][0-9.,]*\s?(?:USD|EUR|GBP|CHF|JPY|BTC|ETH|dollars|euros|€|£)"
    r"|\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
    r"|\b(?:0x[0-9a-fA-F]{6,64}|bc1[a-z0-9]{6,80})\b"
    r"|\+?[0-9][0-9 ()-]{7,18}[0-9]"
    r"|[A-Za-z][A-Za-z0-9]*(?:[_./:-][A-Za-z0-9]+)+"
    r"|\b[a-z]+[A-Z][A-Za-z0-9]*"
)
_IDENTIFIER: Final = _pattern(r"[A-Za-z][A-Za-z0-9]*(?:[_./:-][A-Za-z0-9]+)+|[a-z]+[A-Z][A-Za-z0-9]*")
_PIECES: Final = _pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]|[\p{L}\p{N}]+")


def _hash(text: str) -> int:
    return xxh3_64_intdigest(text.encode("utf-8", "replace"))


def name_key(name: str) -> int:
    """Hash of a name however it is written: `send_email`, `sendEmail`, `send-email` and `Send email` are one."""
    return _hash(fold(name) or name)


def names_in(text: str) -> frozenset[int]:
    """`name_key` of addresses, links and their hosts, identifiers, account and phone numbers and amounts in a text."""
    found: set[int] = set()
    for name in _written(text):
        found.update(map(name_key, _forms(name)))
        if len(found) >= NAMES:
            break
    return frozenset(found)


def targets_in(text: str, folded: str) -> frozenset[int]:
    """Those names of a text that stand in `folded` too, except identifiers: what its sentences say to act on."""
    return _named_in(text, folded, identifiers=False)


def tools_in(text: str, folded: str) -> frozenset[int]:
    """Those identifiers of a text that stand in `folded` too: what its sentences say to call."""
    return _named_in(text, folded, identifiers=True)


def _named_in(text: str, folded: str, *, identifiers: bool) -> frozenset[int]:
    found = (name.rstrip(".,:;/-") for name in _written(text) if folded)
    of_kind = (name for name in found if bool(_IDENTIFIER.fullmatch(name)) is identifiers)
    return frozenset([name_key(name) for name in of_kind if fold(name) in folded][:NAMES])


def addressed(text: str) -> bool:
    """Whether a text names a mail address or a link."""
    return any("@" in name or "://" in name for name in _written(text))


def fold(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _written(text: str) -> Iterator[str]:
    return (match.group(0) for match in _NAMES.finditer(_ends(text)))


def _forms(name: str) -> Iterator[str]:
    name = name.rstrip(".,:;/-")
    yield name
    if "://" in name:
        yield name.split("://", 1)[1].split("/", 1)[0].split(":", 1)[0].removeprefix("www.")
    elif "@" in name:
        yield name.split("@", 1)[1]
    elif "/" not in name and "." in name:
        yield name.rsplit(".", 1)[1]


def _ends(text: str, limit: int = LIMIT) -> str:
    ends = text if len(text) <= limit else text[: limit * 3 // 4] + "\n" + text[-limit // 4 :]
    return ends if ends.isascii() else ends.encode("utf-8", "replace").decode("utf-8")


def shingles(text: str, n: int = 8) -> frozenset[int]:
    """Hashes of all runs of n words, of a long text those of its head and tail. A shorter text is one run.

    They are those of this process: another one has others.
    """
    words = _words(_ends(text.lower(), 1 << 14))
    if len(words) > SHINGLES + n:
        words = words[: SHINGLES * 3 // 4] + words[-SHINGLES // 4 :]
    if len(words) < n:
        return frozenset({hash(tuple(words))}) if words else frozenset()
    return frozenset(map(hash, zip(*(words[at:] for at in range(n)), strict=False)))


_BLANKS: Final = {code: " " for code in range(128) if not chr(code).isalnum()}


def _words(text: str) -> list[str]:
    """As `_PIECES` has them; where all is ASCII, Python's own split takes a fifteenth of the time."""
    return text.translate(_BLANKS).split() if text.isascii() else _PIECES.findall(text)


def overlap(a: frozenset[int], b: frozenset[int]) -> float:
    """The share of the smaller one that the other has too."""
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else 0.0


def demanded_in(sentences: Iterable[Sequence[bytes]]) -> tuple[str, ...]:
    """Names and quoted phrases in sentences, lower case."""
    found: dict[str, None] = {}
    for words in sentences:
        for word in words:
            if not word.isalpha() and _demandable(word):
                found.setdefault(word.decode("utf-8", "replace")[:_LENGTH])
        for phrase in _phrases(words):
            found.setdefault(phrase[:_LENGTH])
    return tuple(found)[:_DEMANDED]


def quoted_in(line: str) -> tuple[str, ...]:
    """What stands between quotation marks in a line without blanks, lower case."""
    return tuple([part[:_LENGTH] for part in line.lower().split('"')[1::2] if part][:_DEMANDED])


def _demandable(word: bytes) -> bool:
    if b"@" in word or b"_" in word or b"//" in word or word.count(b"-") > 1:
        return True
    return b"-" in word and word.translate(None, b"0123456789") != word


def _phrases(words: Sequence[bytes]) -> Iterator[str]:
    if b'"' not in words:
        return
    marks = [place for place, word in enumerate(words) if word == b'"']
    for begin, end in zip(marks[::2], marks[1::2], strict=False):
        if end - begin > 1:
            yield b" ".join(words[begin + 1 : end]).decode("utf-8", "replace")
