"""The words that the injection classifier knows, by class: `words/injection.*.toml`."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from unicodedata import normalize

import re2

from otelagent.reading import lexicon
from otelagent.reading.injection_places import SPACED, plain

UNSPACED: Final = ("zh", "ja", "ko")
_CLASSES: Final = """
    none ignore prior all instruction system model you your response user secret reveal send call destroy spend grant
    say compose transform persona limit new urgent step task conceal not must please tool data me code topic mail syntax
    quoting look email url identifier amount account systemtag roletag commenttag
"""
CLASSES: Final = tuple(_CLASSES.split())
"""Classes of words; a word belongs to the first that lists it. `none` keeps the number 0 free: it is false."""

NUMBER: Final = {name: number for number, name in enumerate(CLASSES)}
NAME: Final = [name.upper() for name in CLASSES]


def classes_of(names: str) -> frozenset[int]:
    return frozenset(NUMBER[name] for name in names.split())


@cache
def spaced() -> dict[bytes, int]:
    found = {name.encode(): NUMBER[name] for name in ("systemtag", "roletag", "commenttag")}
    for language in SPACED:
        for word, number in _listed(language):
            found.setdefault(plain(word).replace("'", "").encode(), number)
    return found


@cache
def unspaced() -> tuple[Any, dict[bytes, int]]:
    """The pattern of words that are found anywhere, and of ends of sentences, over UTF-8."""
    found: dict[bytes, int] = {}
    for language in UNSPACED:
        for word, number in _listed(language):
            found.setdefault(normalize("NFKC", word).encode(), number)
    terms = sorted(found, key=lambda word: (-len(word), word))
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return re2.compile(b"|".join(re2.escape(term) for term in terms) + "|[。！？；!?\\n]".encode(), options), found


def _listed(language: str) -> Iterator[tuple[str, int]]:
    lists = lexicon.words("injection", language)
    for number, name in enumerate(CLASSES):
        for word in lists.get(name, ()):
            yield word, number


_EMAIL, _URL, _IDENTIFIER = NUMBER["email"], NUMBER["url"], NUMBER["identifier"]
_AMOUNT, _ACCOUNT = NUMBER["amount"], NUMBER["account"]


def kind(word: bytes) -> int:
    """Addresses, identifiers, amounts and account numbers are classes of their own."""
    if len(word) < 5:
        return 0
    if b"@" in word[1:]:
        return _EMAIL
    if b"//" in word or word.startswith(b"www."):
        return _URL
    if word[:1] == b"$":
        return _AMOUNT
    if b"_" in word:
        return _IDENTIFIER
    return _ACCOUNT if len(word) >= 10 and word.isalnum() else 0
