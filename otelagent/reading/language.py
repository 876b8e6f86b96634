"""A cheap guess at the language of a text, by its script and its commonest words."""

from functools import lru_cache
from typing import Final

from otelagent.reading.lexicon import SPACED, data, exact, folded

_WORDS: Final = {name: frozenset(folded(words).split()) for name, words in data("common").items()}
_COMMON: Final = tuple(frozenset(word.encode() for word in _WORDS[name]) for name in SPACED)
_ANY_COMMON: Final = frozenset().union(*_COMMON)
_BLANKS: Final = bytes(byte if chr(byte).isalpha() or byte >= 128 else 32 for byte in range(256))
_KANA: Final = exact(r"[ぁ-ゖァ-ヺー]")
_HAN: Final = exact(r"\p{Han}")
_OTHER: Final = (("ko", exact(r"\p{Hangul}")), ("ru", exact(r"\p{Cyrillic}")), ("ar", exact(r"\p{Arabic}")))
_MARKS: Final = str.maketrans(dict.fromkeys('.,;:!?()[]{}"*_#|/<>=+«»“”„…—–0123456789', " "))
_WINDOW: Final = 1_500
_GLANCE: Final = 400
MAX_KNOWN: Final = 64
"""Beginnings of texts whose languages are remembered: a completion is asked for them by each that reads it."""
_FEW: Final = 2
"""Common words up to which a text doesn't show its language."""


def language(text: str) -> str | None:
    """Two letters for the language that most of a text is written in; None where it doesn't show clearly."""
    shown = folded(text[:_WINDOW]).translate(_MARKS)
    tokens = shown.split()
    letters = sum(map(len, tokens))
    if letters < 12:
        return None
    if not shown.isascii() and (script := _script(shown, letters)):
        return script
    counts = {name: sum(token in common for token in tokens) for name, common in _WORDS.items()}
    best, second = sorted(counts.values(), reverse=True)[:2]
    if best < 3 or best < 0.12 * len(tokens) or best < 1.3 * second:
        return None
    return max(counts, key=lambda name: counts[name])


def likely(text: str, slack: int = 0) -> tuple[str, ...]:
    """The languages of the word lists that a text may be in: one where it shows, several where it doesn't.

    `slack`: how many common words a language may have less than the best, where even that has few. Where the beginning
    leaves it open, more of the text is looked at, and no slack is given any more: each language costs as much again.
    """
    found = _likely(text[:_GLANCE], slack)
    return found if len(found) == 1 or len(text) <= _GLANCE else _likely(text[:_WINDOW], 0)


def _likely(shown: str, slack: int) -> tuple[str, ...]:
    counts = _common_words(shown)
    if isinstance(counts, str):
        return (counts,)
    best = max(counts)
    enough = best - slack if best <= _FEW else best
    return tuple(name for name, count in zip(SPACED, counts, strict=True) if count >= enough)


@lru_cache(MAX_KNOWN)
def _common_words(shown: str) -> list[int] | str:
    """How many of the commonest words of each language with blanks occur, or the language where its script shows it."""
    if not shown.isascii() and (script := _script(shown[:200], len(shown[:200]), 0.2)) in ("zh", "ja"):
        return script
    found = _ANY_COMMON.intersection(folded(shown).encode(errors="replace").translate(_BLANKS).split())
    return [len(found & common) for common in _COMMON]


def _script(text: str, letters: int, share: float = 0.3) -> str | None:
    encoded = text.encode(errors="replace")
    kana = len(_KANA.findall(encoded))
    han = len(_HAN.findall(encoded))
    if kana + han > share * letters:
        return "ja" if kana > 0.1 * (kana + han) else "zh"
    return next((name for name, pattern in _OTHER if len(pattern.findall(encoded)) > 0.4 * letters), None)
