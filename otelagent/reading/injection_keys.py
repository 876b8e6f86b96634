"""Features of the injection classifier as keys, and their names in the model file and in the structure rules.

A feature is a word (bytes), two words that stand together, a class (its number), two or three classes in this order, or
the name of something around (bytes that no word can be). So all of a sentence's come from a few `zip`s. Two letters of
a text without blanks are bytes in the model, as words are, and text where a sentence is read: `read_as` tells both.
"""

from collections.abc import Iterator, Set
from functools import cache
from typing import Final

from otelagent.reading import lexicon
from otelagent.reading.injection_words import NAME, spaced, unspaced_words

Key = bytes | str | int | tuple[bytes, bytes] | tuple[int, ...]
_FIRST_LETTER: Final = "\u3041"
"""Of texts without blanks."""


def name(key: Key) -> str:
    """A feature as the model file and the rules write it: CLASS, CLASS>CLASS, VERB&CLASS, ^CLASS, ^CLASS!, a word, two
    words with a blank between, a command's verb and a class (`send &email`)."""
    match key:
        case bytes():
            return key.decode()
        case str():
            return key
        case int():
            return NAME[key]
        case (bytes() as first, bytes() as second):
            return f"{first.decode()} {second.decode()}"
        case (0, lead):
            return f"^{NAME[lead]}!"
        case (first, 0):
            return f"^{NAME[first]}"
        case (verb, number) if verb < 0:
            return f"{NAME[-verb]}&{NAME[number]}"
    return ">".join(NAME[number] for number in key)


def key(named: str) -> Key:
    """The feature of a name."""
    if named in _UPPER:
        return _UPPER[named]
    if " " in named:
        first, second = named.encode().split(b" ")
        return first, second
    if named[:1] == "^" and (lead := _UPPER.get(named[1:].rstrip("!"))):
        return (0, lead) if named[-1] == "!" else (lead, 0)
    for sign in ">&":
        parts = [_UPPER.get(part) for part in named.split(sign)]
        if len(parts) > 1 and all(parts):
            numbers = tuple(part for part in parts if part)
            return (-numbers[0], *numbers[1:]) if sign == "&" else numbers
    return named.encode()


def read_as(key: Key) -> Iterator[Key]:
    """The keys by which a feature of the model is met in a sentence."""
    yield key
    if isinstance(key, bytes) and _is_pair(letters := key.decode()):
        yield letters


def learned_as(key: Key) -> Key | None:
    """The key by which the model knows what was met in a sentence; None for what it has no feature for."""
    return key if not isinstance(key, str) else key.encode() if _is_pair(key) else None


def _is_pair(letters: str) -> bool:
    return len(letters) == 2 and min(letters) >= _FIRST_LETTER


_UPPER: Final = {written: number for number, written in enumerate(NAME) if number}
RULE_WEIGHT: Final = 4.0
"""Value of a rule as a feature; a class or a word of one has 1."""
WORD_WEIGHT: Final = 0.5
"""Value of any other word."""


def value(key: Key) -> float:
    if isinstance(key, bytes) and key[:1] == b"=" and len(key) > 1:
        return RULE_WEIGHT
    plain = isinstance(key, bytes) and key.islower() and key[:1].isalpha() and b":" not in key
    return WORD_WEIGHT if plain and key not in spaced() and key not in unspaced_words() else 1.0


# --- structure rules ----------------------------------------------------------------------------------------------


@cache
def _rules() -> dict[Key, list[tuple[bytes, tuple[frozenset[Key], ...]]]]:
    """By each feature of the first group: the rule's name as a feature, and the other groups."""
    found: dict[Key, list[tuple[bytes, tuple[frozenset[Key], ...]]]] = {}
    for named, groups in lexicon.words("injection", "rules").items():
        first, *others = (frozenset(map(key, group.split())) for group in groups)
        for each in first:
            found.setdefault(each, []).append((b"=" + named.encode(), tuple(others)))
    return found


def matching(keys: set[Key]) -> list[bytes]:
    rules = _rules()
    return [
        name for each in rules.keys() & keys for name, groups in rules[each] if not any(map(keys.isdisjoint, groups))
    ]


def rules_in(keys: Set[Key]) -> list[str]:
    """Names of the structure rules that a sentence matches."""
    return [each[1:].decode() for each in keys if isinstance(each, bytes) and each[:1] == b"=" and len(each) > 1]
