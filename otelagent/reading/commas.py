"""Names between commas: "Berlin, Paris and Rome", in a sentence or in parentheses."""

from collections.abc import Iterator
from typing import Final

from otelagent.reading.duty import sentences
from otelagent.reading.lexicon import compiled, matches

_SPLIT: Final = compiled(
    r"\s*(?:[,;、，；]\s*(?:(?:and|und|et|y|e|or|oder|ou|o)\s+|および|和)?|\s(?:and|und|et|y|e|sowie)\s|と|和)\s*"
)
TAIL: Final = 40
"""Bytes at the end of a sentence that may say what its list is for."""

_ENDED: Final = compiled(r"[,、，].*?(?:\s(?:and|und|et|y|e|or|oder|ou|sowie)\s|と|和)[^,、，;；]*([;；])")
"""A list that is ended by "and" before a semicolon: what follows is another clause."""
_AMPERSAND: Final = compiled(r"\s&\s")
_ENDED_BY_SIGNS: Final = compiled(r"^([a-z0-9][\w./-]*\d[\w./-]*)\s?[\p{Han}\p{Hiragana}\p{Katakana}]")
"""An id before the words of a Chinese or Japanese sentence: "db01 にパッチ"."""
_PARENTHESES: Final = compiled(r"[(（]([^()（）\n]{5,400})[)）]")


def listed(data: bytes) -> Iterator[tuple[list[str], int, int]]:
    """The names of each sentence that lists some, where it begins, and where its last words do (bytes)."""
    for start, sentence in (*_clauses(data), *_aside(data)):
        after_colon = sentence.rpartition(b": ")[2].rpartition("：".encode())[2]
        names = _parts(after_colon)
        if len(names) < 3:
            continue
        if after_colon == sentence:
            names[0] = b" ".join(names[0].split()[-3:])
        short = _without_clause([n.decode(errors="replace").strip() for n in names])
        if all(len(n) <= 60 and len(n.split()) <= 4 for n in short):
            ends = start + len(sentence)
            yield [short[0].split()[-1], *short[1:]], start, max(start, ends - TAIL)


def _clauses(data: bytes) -> Iterator[tuple[int, bytes]]:
    for start, sentence in sentences(data):
        ended = _ENDED.search(sentence)
        if ended is None:
            yield start, sentence
            continue
        yield start, sentence[: ended.start(1)]
        yield start + ended.end(1), sentence[ended.end(1) :]


def between(text: str) -> list[str]:
    """The names of a line."""
    return _without_clause([each.decode(errors="replace") for each in _parts(text.rpartition(": ")[2].encode())])


def _parts(listed: bytes) -> list[bytes]:
    """What stands between commas and "and"; "&" is of a name, unless no other word joins the last two."""
    names = [part for part in _SPLIT.split(listed) if part and part.strip()]
    joined = names and len(names) == listed.count(b",") + 1
    return [*names[:-1], *_AMPERSAND.split(names[-1], 1)] if joined else names


def _without_clause(names: list[str]) -> list[str]:
    """After "AAPL, MSFT and AMZN" another part of the sentence may follow: "for regressions"."""
    if len(names) < 2:
        return names
    capital = [name[:1].isupper() or name[:1].isdigit() for name in names[1:]]
    numbered = [any(map(str.isdigit, name)) for name in names[1:]]
    if any(len(s) > 2 and all(s[:-1]) and not s[-1] for s in (capital, numbered)):
        return names[:-1]
    *others, last = names
    if (ended := _ENDED_BY_SIGNS.match(last.encode(errors="replace"))) is not None:
        return [*others, ended[1].decode()]
    longest = max((len(name.split()) for name in others[1:]), default=9)
    shown = last.split() if "(" in last else last.partition(")")[0].split()
    cut = next((at for at, word in enumerate(shown) if at >= longest and word.islower() and word.isascii()), len(shown))
    return [*others, " ".join(shown[:cut]) or last]


def _aside(data: bytes) -> Iterator[tuple[int, bytes]]:
    """What stands in parentheses: "for each region (us-east-1, eu-west-1, ap-south-1)"."""
    return ((match.start(1), match.group(1)) for match in matches(_PARENTHESES, data, 20))
