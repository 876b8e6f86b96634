"""What the injection classifier sees of a sentence: words of known classes, their neighbours, the classes' order, and
what stands around it. Classes and structure rules are data: `words/injection.*.toml`.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias
from unicodedata import normalize

import re2

from otelagent.reading import injection_text, lexicon

SPACED: Final = ("en", "de", "fr", "es", "pt", "it")
UNSPACED: Final = ("zh", "ja", "ko")
_CLASSES: Final = """
    none ignore prior all instruction system model you your response user secret reveal send call destroy spend grant
    say compose transform persona limit new urgent step task conceal not must please tool data me code topic mail syntax
    quoting look email url identifier amount account systemtag roletag commenttag
"""
CLASSES: Final = tuple(_CLASSES.split())
"""Classes of words; a word belongs to the first that lists it. `none` keeps the number 0 free: it is false."""

_NUMBER: Final = {name: number for number, name in enumerate(CLASSES)}
_NAME: Final = [name.upper().encode() for name in CLASSES]


_PAIR: Final = [[first + b">" + second for second in _NAME] for first in _NAME]


def _classes(names: str) -> frozenset[int]:
    return frozenset(_NUMBER[name] for name in names.split())


_ACTS: Final = _classes("ignore reveal send call destroy spend grant say compose persona")
_VERBS: Final = _ACTS | _classes("look")
_CORE: Final = _ACTS | _classes(
    "transform conceal limit instruction system model response secret please systemtag roletag"
)
_CARRIED: Final = _classes("model urgent systemtag roletag commenttag ignore instruction system new")
_LEADS: Final = _classes("please step not urgent systemtag roletag commenttag model must system new task instruction")
_FLAGS: Final = ((_NUMBER["topic"], b"~topic"), (_NUMBER["mail"], b"~mail"), (_NUMBER["syntax"], b"~syntax"))
_YOU: Final = _NUMBER["you"]
_CJK: Final = re2.compile(r"[\x{3040}-\x{30ff}\x{4e00}-\x{9fff}\x{ac00}-\x{d7af}]")
_NEAR: Final = 6
_CROWD: Final = (b"~crowd0", b"~crowd1", b"~crowd2", b"~crowd3", b"~crowd4", b"~crowd4", b"~crowd6")
"""How many sentences around are commands: one among statements is out of place, a manual has many."""


class Sentence(NamedTuple):
    """A sentence, where its words of known classes are, and their classes."""

    words: Sequence[bytes]
    at: Sequence[int]
    classes: Sequence[int]


# --- sentences and their features ---------------------------------------------------------------------------------


def candidates(texts: Sequence[str], notes: Sequence[str]) -> Iterator[tuple[Sentence, set[bytes]]]:
    """The sentences that could instruct, with their features."""
    shared = {b"!" + note.encode() for note in notes}
    for number, text in enumerate(texts):
        if number:
            shared.add(b"!decoded")
        yield from _of_one(_classified(_spaced(), injection_text.sentences(text)), shared)
        if not text.isascii() and _CJK.search(text):
            pattern, known = _unspaced()
            yield from _of_one(
                _classified(known, _split(pattern.findall(text.encode("utf-8", "replace")), known)), shared
            )


Classified: TypeAlias = tuple[list[list[int]], list[tuple[int, Sentence]]]


def _classified(known: dict[bytes, int], sentences: Iterable[list[bytes]]) -> Classified:
    """The classes of every sentence, and those that could instruct with their place."""
    every: list[list[int]] = []
    some: list[tuple[int, Sentence]] = []
    look_up, foreign = known.get, _CORE.isdisjoint
    for words in sentences:
        classes = list(filter(None, map(look_up, words)))
        if classes and not foreign(classes) and (len(classes) > 1 or (len(words) > 2 and words[0] in known)):
            at = [place for place, word in enumerate(words) if word in known]
            some.append((len(every), Sentence(words, at, classes)))
        every.append(classes)
    return every, some


def _of_one(found: Classified, shared: set[bytes]) -> Iterator[tuple[Sentence, set[bytes]]]:
    every, some = found
    if not some:
        return
    flags = [(name, [place for place, classes in enumerate(every) if flag in classes]) for flag, name in _FLAGS]
    telling = [place for place, sentence in some if _telling(sentence)]
    for place, sentence in some:
        keys = _features(sentence, every[place - 1] if place else ())
        keys |= shared
        others = bisect_left(telling, place + _NEAR + 1) - bisect_left(telling, place - _NEAR)
        keys.add(_CROWD[min(others, 6)])
        if b"~quoted" in keys and flags[0][1]:
            keys.add(b"~quoted&topic")
        for name, places in flags:
            nearest = bisect_left(places, place - _NEAR)
            if nearest < len(places) and places[nearest] <= place + _NEAR:
                keys.add(name)
        keys.update(_matching(keys))
        yield sentence, keys


def _split(words: list[bytes], known: dict[bytes, int]) -> Iterator[list[bytes]]:
    """Words found between ends of sentences."""
    sentence: list[bytes] = []
    for word in words:
        if word in known and len(sentence) < injection_text.WORDS:
            sentence.append(word)
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _features(sentence: Sentence, before: Sequence[int]) -> set[bytes]:
    words, at, classes = _with_names(sentence)
    keys = {b"p:" + _NAME[each] for each in before if each in _CARRIED}
    last = len(words) - 1
    count = len(at)
    for order, (place, number) in enumerate(zip(at, classes, strict=True)):
        name, word = _NAME[number], words[place]
        keys.add(name)
        keys.add(word)
        if place:
            keys.add(words[place - 1] + b" " + word)
        if place < last:
            keys.add(word + b" " + words[place + 1])
        for ahead in range(order + 1, min(order + 4, count)):
            if at[ahead] - place <= 8:
                keys.add(_PAIR[number][classes[ahead]])
        if order + 2 < count and at[order + 2] - place <= 10:
            keys.add(_PAIR[number][classes[order + 1]] + b">" + _NAME[classes[order + 2]])
    if at and at[0] <= 1:
        keys.add(b"^" + _NAME[classes[0]])
    told = _telling(sentence)
    if told:
        *leads, verb = told
        keys.add(b"^imperative")
        keys.update([b"^" + _NAME[lead] + b"!" for lead in leads])
        keys.update([_NAME[verb] + b"&" + _NAME[number] for number in classes if number != verb])
    if b'"' in words:
        keys.add(b"~quoted" if _quoted(words, at, classes) else b"~quote")
    return keys


def _with_names(sentence: Sentence) -> Sentence:
    """With addresses, identifiers, amounts and account numbers as classes of their own."""
    found = [
        (place, kind)
        for place, word in enumerate(sentence.words)
        if not word.isalpha() and len(word) > 4 and (kind := _kind(word))
    ]
    if not found:
        return sentence
    both = sorted({**dict(found), **dict(zip(sentence.at, sentence.classes, strict=True))}.items())
    return Sentence(sentence.words, [place for place, _ in both], [number for _, number in both])


_EMAIL, _URL, _IDENTIFIER = _NUMBER["email"], _NUMBER["url"], _NUMBER["identifier"]
_AMOUNT, _ACCOUNT = _NUMBER["amount"], _NUMBER["account"]


def _kind(word: bytes) -> int:
    if b"@" in word[1:]:
        return _EMAIL
    if b"//" in word or word.startswith(b"www."):
        return _URL
    if word[:1] == b"$":
        return _AMOUNT
    if b"_" in word:
        return _IDENTIFIER
    return _ACCOUNT if len(word) >= 10 and word.isalnum() else 0


def _quoted(words: Sequence[bytes], at: Sequence[int], classes: Sequence[int]) -> bool:
    """The instructing words stand between quotation marks."""
    first = next((place for place, number in zip(at, classes, strict=True) if number in _CORE), 0)
    return sum([word == b'"' for word in words[:first]]) % 2 == 1


def imperative(sentence: Sentence) -> bool:
    """It begins with a verb that tells to do something, perhaps after an address or a `please`, or says `you must`."""
    return bool(_telling(sentence))


def _telling(sentence: Sentence) -> list[int]:
    """The classes that lead to the verb of a command, and the verb's; none where there is no command."""
    expected = 0
    found: list[int] = []
    for place, number in zip(sentence.at, sentence.classes, strict=True):
        if place > expected + 1:
            break
        if number in _VERBS:
            return [*found, number]
        if number == _YOU:
            expected = place
        elif number in _LEADS:
            expected = place + 1
        else:
            break
        found.append(number)
    return []


# --- words --------------------------------------------------------------------------------------------------------


@cache
def _spaced() -> dict[bytes, int]:
    found = {name.encode(): _NUMBER[name] for name in ("systemtag", "roletag", "commenttag")}
    for language in SPACED:
        for word, number in _listed(language):
            plain = normalize("NFKD", word.replace("ß", "ss").replace("ø", "o")).encode("ascii", "ignore")
            found.setdefault(plain.lower().replace(b"'", b""), number)
    return found


@cache
def _unspaced() -> tuple[Any, dict[bytes, int]]:
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


# --- structure rules ----------------------------------------------------------------------------------------------


@cache
def _rules() -> tuple[tuple[bytes, frozenset[bytes], tuple[frozenset[bytes], ...]], ...]:
    """Name as a feature, first group, other groups."""
    return tuple(
        (b"=" + name.encode(), *_groups(groups)) for name, groups in lexicon.words("injection", "rules").items()
    )


def _groups(groups: Sequence[str]) -> tuple[frozenset[bytes], tuple[frozenset[bytes], ...]]:
    first, *others = (frozenset(group.encode().split()) for group in groups)
    return first, tuple(others)


RULE_WEIGHT: Final = 4.0
"""Value of a rule as a feature; a class or word has 1."""


def _matching(keys: set[bytes]) -> list[bytes]:
    return [
        name
        for name, first, others in _rules()
        if not (first.isdisjoint(keys) or any(group.isdisjoint(keys) for group in others))
    ]


def rules_in(keys: set[bytes]) -> list[str]:
    """Names of the structure rules that a sentence matches."""
    return [key[1:].decode() for key in keys if key[:1] == b"=" and len(key) > 1]


def value(key: bytes) -> float:
    return RULE_WEIGHT if key[:1] == b"=" and len(key) > 1 else 1.0
