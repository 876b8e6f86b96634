"""What the injection classifier sees of a sentence: words of known classes, their neighbours, the classes' order, and
what stands around it. Classes and structure rules are data: `words/injection.*.toml`.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from unicodedata import normalize

import re2

from otelagent.reading import injection_text, lexicon
from otelagent.reading.injection_places import MARK, NAMED, SPACED, TITLE, passages, places, plain, surroundings

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
_TAGS: Final = (b"systemtag", b"roletag", b"commenttag")
_LEADS: Final = _classes("please step not urgent systemtag roletag commenttag model must system new task instruction")
_YOU: Final = _NUMBER["you"]
_CJK: Final = re2.compile(r"[\x{3040}-\x{30ff}\x{4e00}-\x{9fff}\x{ac00}-\x{d7af}]")
_CROWD: Final = (b"~crowd0", b"~crowd1", b"~crowd2", b"~crowd3", b"~crowd4", b"~crowd4", b"~crowd6")
"""How many places around could instruct too: one among statements is out of place, a manual has many."""
_LENGTHS: Final = (b"~words0", b"~words5", b"~words10", b"~words15", b"~words20")
_SHOWN: Final = ((TITLE, b"~title"), (NAMED, b"~name"))
_MARKS: Final = MARK + TITLE + NAMED
_DECODED: Final = frozenset((b"!decoded",))


class Sentence(NamedTuple):
    """A sentence, where its words of known classes are, and their classes."""

    words: list[bytes]
    at: Sequence[int]
    classes: Sequence[int]


# --- sentences and their features ---------------------------------------------------------------------------------


def candidates(text: str) -> Iterator[tuple[Sentence, set[bytes]]]:
    """The sentences that could instruct, with their features; then those that were encoded."""
    raw = injection_text.ascii_of(text)
    found = places(raw)
    yield from _spaced_of(raw, found.commands, frozenset())
    if not text.isascii() and _CJK.search(text):
        yield from _unspaced_of(text)
    for decoded in injection_text.decoded(found.packed):
        inner = injection_text.ascii_of(decoded)
        yield from _spaced_of(inner, places(inner).commands, _DECODED)


def _spaced_of(
    raw: bytes, commands: list[tuple[int, int]], shared: frozenset[bytes]
) -> Iterator[tuple[Sentence, set[bytes]]]:
    seen = set[bytes]()
    for passage in passages(raw, commands):
        found = [each for each in _marked(passage.raw) if each.line not in seen]
        if found:
            seen.update([each.line for each in found])
            around = [*surroundings(raw, passage.begin, passage.end), _CROWD[min(passage.crowd, 6)], *shared]
            for each in found:
                for sentence in each.sentences:
                    yield sentence, _all_features(sentence, each.opened, [*around, *each.context])


class _Marked(NamedTuple):
    """A line with a place in it."""

    line: bytes
    sentences: list[Sentence]
    context: list[bytes]
    """Features of what stands before: classes of the sentence before, and those of the passage so far."""
    opened: bool
    """A quotation mark is open where it begins."""


def _marked(passage: bytes) -> Iterator[_Marked]:
    known = _spaced()
    lines = injection_text.lines(passage)
    for place, line in enumerate(lines):
        if MARK not in line:
            continue
        words = line.translate(None, _MARKS).split()
        found = [each for part in injection_text.stretches(words) if (each := _sentence(part, known))]
        if found:
            context = [name for mark, name in _SHOWN if mark in line]
            context += _behind(lines, place)
            yield _Marked(line, found, context, _opened(lines, place))


def _behind(lines: Sequence[bytes], place: int) -> Iterator[bytes]:
    """Of the sentence before the classes that tell, of all before the tags."""
    before = next((line for line in reversed(lines[:place]) if not line.isspace() and line), b"")
    for number in _CARRIED.intersection(map(_spaced().get, before.translate(None, _MARKS).split())):
        yield b"p:" + _NAME[number]
    earlier = b" ".join(lines[:place])
    if b"tag" in earlier:
        yield from (b"b:" + tag.upper() for tag in _TAGS if tag in earlier)


def _opened(lines: Sequence[bytes], place: int) -> bool:
    """A quotation mark is open, of the same paragraph."""
    count = 0
    for line in reversed(lines[:place]):
        if not line or line.isspace():
            break
        count += line.count(b'"')
    return count % 2 == 1


def _unspaced_of(text: str) -> Iterator[tuple[Sentence, set[bytes]]]:
    pattern, known = _unspaced()
    context: list[bytes] = []
    for words in _split(pattern.findall(normalize("NFKC", text).encode("utf-8", "replace")), known):
        if sentence := _sentence(words, known):
            yield sentence, _all_features(sentence, False, [b"~unspaced", *context])
        context = [b"p:" + _NAME[each] for each in _CARRIED.intersection(map(known.get, words))]


def _sentence(words: list[bytes], known: dict[bytes, int]) -> Sentence | None:
    if len(words) < 2:
        return None
    at = [place for place, word in enumerate(words) if word in known]
    classes = [known[words[place]] for place in at]
    return Sentence(words, at, classes) if classes and not _CORE.isdisjoint(classes) else None


def _all_features(sentence: Sentence, opened: bool, around: Sequence[bytes]) -> set[bytes]:
    keys = _features(sentence)
    keys.update(around)
    if opened or b'"' in sentence.words:
        keys.add(b"~quoted" if _quoted(sentence, opened) else b"~quote")
    if b"~title" in keys and b"^imperative" in keys:
        keys.add(b"^title")
    if b"~quoted" in keys and b"~topic" in keys:
        keys.add(b"~quoted&topic")
    keys.update(_matching(keys))
    return keys


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


def _features(sentence: Sentence) -> set[bytes]:
    words, at, classes = _with_names(sentence)
    keys = {_WORD + word for word in words if len(word) > 3 and word.isalpha()}
    last = len(words) - 1
    count = len(at)
    for order, (place, number) in enumerate(zip(at, classes, strict=True)):
        word = words[place]
        keys.add(_NAME[number])
        keys.add(word)
        if place:
            keys.add(words[place - 1] + b" " + word)
        if place < last:
            keys.add(word + b" " + words[place + 1])
        pairs = _PAIR[number]
        for ahead in range(order + 1, min(order + 4, count)):
            if at[ahead] - place <= 8:
                keys.add(pairs[classes[ahead]])
        if order + 2 < count and at[order + 2] - place <= 10:
            keys.add(pairs[classes[order + 1]] + b">" + _NAME[classes[order + 2]])
    if at and at[0] <= 1:
        keys.add(b"^" + _NAME[classes[0]])
    told = _telling(sentence)
    if told:
        *leads, verb = told
        keys.add(b"^imperative")
        keys.update([b"^" + _NAME[lead] + b"!" for lead in leads])
        keys.update([_NAME[verb] + b"&" + _NAME[number] for number in classes if number != verb])
    keys.add(_LENGTHS[min(len(words) // 5, 4)])
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


def _quoted(sentence: Sentence, opened: bool) -> bool:
    """The instructing words stand between quotation marks."""
    pairs = zip(sentence.at, sentence.classes, strict=True)
    first = next((place for place, number in pairs if number in _CORE), 0)
    return (sentence.words[:first].count(b'"') + opened) % 2 == 1


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
            found.setdefault(plain(word).replace("'", "").encode(), number)
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


@cache
def _ruled() -> frozenset[bytes]:
    """Every feature that a rule asks for."""
    return frozenset().union(*(group for _, first, others in _rules() for group in (first, *others)))


def _groups(groups: Sequence[str]) -> tuple[frozenset[bytes], tuple[frozenset[bytes], ...]]:
    first, *others = (frozenset(group.encode().split()) for group in groups)
    return first, tuple(others)


RULE_WEIGHT: Final = 4.0
"""Value of a rule as a feature; a class or a word of one has 1."""
WORD_WEIGHT: Final = 0.5
"""Value of any other word."""
_WORD: Final = b"w:"


def _matching(keys: set[bytes]) -> list[bytes]:
    known = keys & _ruled()
    return [
        name
        for name, first, others in _rules()
        if not (first.isdisjoint(known) or any(group.isdisjoint(known) for group in others))
    ]


def rules_in(keys: set[bytes]) -> list[str]:
    """Names of the structure rules that a sentence matches."""
    return [key[1:].decode() for key in keys if key[:1] == b"=" and len(key) > 1]


def value(key: bytes) -> float:
    if key[:2] == _WORD:
        return WORD_WEIGHT
    return RULE_WEIGHT if key[:1] == b"=" and len(key) > 1 else 1.0
