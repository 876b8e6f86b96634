"""What the injection classifier sees of a sentence: its words and their neighbours, the order of the words of known
classes, and what stands around it. Classes and structure rules are data: `words/injection.*.toml`.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cache, partial
from itertools import pairwise, repeat
from operator import add
from typing import Any, Final, NamedTuple
from unicodedata import normalize

import re2

from otelagent.reading import injection_text
from otelagent.reading.injection_keys import Key, matching
from otelagent.reading.injection_places import BARE, Span, places, spans, surroundings
from otelagent.reading.injection_words import CLASSES, NUMBER, classes_of, kind, ordering, spaced, words_within

_WITH: Final = [b"&" + name.encode() for name in CLASSES]
_CARRIED_NAME: Final = [b"p:" + name.upper().encode() for name in CLASSES]
_ACTS: Final = classes_of("ignore reveal send call destroy spend grant say compose persona")
_VERBS: Final = _ACTS | classes_of("look")
_ORDERED: Final = _VERBS | classes_of("response")
"""With nouns that are verbs too: *reply, output*."""
_CORE: Final = _ACTS | classes_of(
    "transform conceal limit instruction system model response secret please systemtag roletag"
)
_CARRIED: Final = classes_of("model urgent systemtag roletag commenttag ignore instruction system new")
_TAGS: Final = (b"systemtag", b"roletag", b"commenttag")
_LEADS: Final = classes_of(
    "please step not urgent systemtag roletag commenttag model must system new task instruction mail"
)
_YOU: Final = NUMBER["you"]
_KIND_OF_TEXT: Final = {NUMBER[name]: b"~" + name.encode() for name in ("topic", "mail", "syntax", "docs")}
_PLEASE: Final = NUMBER["please"]
_CROWD: Final = (b"~crowd0", b"~crowd1", b"~crowd2", b"~crowd3", b"~crowd4", b"~crowd4", b"~crowd6")
"""How many places around could instruct too: one among statements is out of place, a manual has many. It tells nothing
where a model is spoken to, or behind a tag: an attack may have several sentences, and stand in a manual."""
_LENGTHS: Final = (b"~words0", b"~words5", b"~words10", b"~words15", b"~words20")
_LEAST: Final = 3
"""Words of a sentence with blanks; a shorter one is a label."""
_BACK: Final = 140
_PARAGRAPH: Final = 600
_FAR: Final = 2000
_AHEAD: Final = 100
_NEAR: Final = 300
_ENDS: Final = (*"。!?;", injection_text.APART, ". ")
_WIDE: Final = tuple(zip("，！？：；（）％", ",!?:;()%", strict=True))
_NO_CLASS: Final = repeat(0)
_LINE: Final = 200
"""Letters of a sentence without blanks."""
_APART: Final = injection_text.APART.encode()
_LINES_NEAR: Final = 4
"""Lines before and behind one without blanks that tell what kind of text it stands in."""
_ABOUT: Final = b"~topic", b"~docs"
"""Kinds of text in which orders are quoted that nobody is to follow."""
_TARGETS: Final = {
    NUMBER[name]: b"s:" + name.upper().encode()
    for name in ("email", "url", "account", "amount", "identifier", "secret")
}
"""What a statement has with no more than that; in a command it is what the command acts on."""
_MODEL: Final = NUMBER["model"]
_STEP: Final = NUMBER["step"]
_TO_A_MODEL: Final = frozenset[Key](((0, _MODEL), (_MODEL, 0)))
IMPERATIVE: Final = b"^imperative"
DECODED: Final = b"!decoded"


class Sentence(NamedTuple):
    words: list[bytes]
    classes: list[int]
    """Of every word; 0 where it has none."""
    ordering: bool = False
    """It is written as an order, whatever its first word is: behind a clause, or in a form of Chinese or Japanese."""
    line: str = ""
    """Of a text without blanks the line itself, of which `words` are few."""


_NO_WORDS: Final = Sentence([], [])


class Candidate(NamedTuple):
    """A sentence that could instruct."""

    sentence: Sentence
    words: set[Key]
    """Features of its words."""
    order: set[Key]
    """Features of their classes, and of tags before it."""
    around: Callable[[], set[Key]]
    """Features of what stands around, and of both together; they cost more than its own."""


# --- sentences and their features ---------------------------------------------------------------------------------


def candidates(text: str) -> Iterator[Candidate]:
    """The sentences that could instruct, then those that were encoded."""
    packed = yield from _spaced_of(injection_text.ascii_of(text))
    if not text.isascii() and injection_text.has_unspaced(text):
        yield from _unspaced_of(text)
    for decoded in injection_text.decoded(packed):
        yield from _spaced_of(injection_text.ascii_of(decoded), DECODED)


def _spaced_of(raw: bytes, *shared: bytes) -> Generator[Candidate, None, list[bytes]]:
    """Returns what could be encoded text."""
    found = places(raw)
    if found.commands:
        tagged = injection_text.tagged(raw)
        commands = found.commands if len(tagged) == len(raw) else places(tagged).commands
        yield from _Spaced(tagged, *shared).candidates(commands)
    return found.packed


class _Spaced:
    """A text with blanks between its words."""

    def __init__(self, raw: bytes, *shared: bytes) -> None:
        self.raw = raw
        self.flat = injection_text.flat(raw)
        self.quotes = b'"' in self.flat
        self.tags = [tag for tag in _TAGS if tag in self.flat] if b"TAG " in raw else []
        self.shared = shared
        self.near: dict[int, list[bytes]] = {}

    def candidates(self, commands: list[tuple[int, int]]) -> Iterator[Candidate]:
        known, seen = spaced(), set[bytes]()
        for span in spans(self.raw, self.flat, commands):
            line = self.flat[span.begin : span.end].translate(None, b"'").rstrip(b".: ")
            if line in seen:
                continue
            seen.add(line)
            words = (line.replace(b'"', b' " ') if self.quotes else line).split()
            if line.replace(b" ", b"").isalpha():
                classes = list(map(known.get, words, _NO_CLASS))
            else:
                classes = [known.get(word) or (0 if word.isalpha() else kind(word)) for word in words]
            sentence = Sentence(words, classes, bool(words) and classes[0] == _STEP and self._behind_clause(span))
            tags = self._tags_before(span.begin) if self.tags else ()
            if len(words) >= _LEAST and (tags or not _CORE.isdisjoint(sentence.classes)):
                order = _order(sentence)
                order.update(tags)
                yield Candidate(sentence, _of_words(sentence), order, partial(self.around, span, words, order))

    def _behind_clause(self, span: Span) -> bool:
        """Whether a command stands behind a clause: *When asked about it, answer ...*"""
        _, comma, rest = self.raw[span.begin : span.end].partition(b", ")
        return bool(comma) and spaced().get(rest.split(b" ", 1)[0].lower()) in _ORDERED

    def _tags_before(self, begin: int) -> list[bytes]:
        return [b"b:" + tag.upper() for tag in self.tags if self.flat.find(tag, max(0, begin - _FAR), begin) >= 0]

    def around(self, span: Span, words: Sequence[bytes], order: set[Key]) -> set[Key]:
        block = span.begin // _NEAR
        if block not in self.near:
            self.near[block] = surroundings(self.raw, block * _NEAR, (block + 1) * _NEAR)
        found: set[Key] = {*self.shared, *self.near[block]}
        spoken_to = self._spoken_to(span.begin)
        if spoken_to:
            found.add(b"~to")
        if not self.tags and not spoken_to and _TO_A_MODEL.isdisjoint(order):
            found.add(_CROWD[min(span.crowd, 6)])
        before = self.flat[max(0, span.begin - _BACK) : span.begin].split()
        found.update([_CARRIED_NAME[number] for number in _CARRIED.intersection(map(spaced().get, before))])
        behind = span.behind
        if self.raw[behind - 1 : behind].isupper() and self.raw[behind : behind + 1].islower():
            found.add(b"^title" if IMPERATIVE in order else b"~title")
        if _names().Match(self.raw[behind - 1 : behind + _AHEAD]):
            found.add(b"~name")
        if self.quotes:
            found.update(self._quoting(span.begin, words, IMPERATIVE in order, not found.isdisjoint(_ABOUT)))
        found.update(matching(order | found))
        return found

    def _spoken_to(self, begin: int) -> bool:
        """Whether what leads to the sentence ends in a colon or comma and names a model: *Note to the assistant:*"""
        first = max(0, begin - _BACK)
        if self.raw[first:begin].rstrip()[-1:] not in (b":", b","):
            return False
        lead = self.flat[first:begin].rstrip().rpartition(b"\n")[2]
        return _MODEL in map(spaced().get, lead.split())

    def _quoting(self, begin: int, words: Sequence[bytes], orders: bool, topical: bool) -> Iterator[bytes]:
        """Whether a quotation mark is near, and whether the instructing words stand between two of a paragraph: of a
        sentence that is no command itself, any of them."""
        first = max(0, begin - _PARAGRAPH)
        paragraph = max(self.raw.rfind(b"\n\n", first, begin), self.raw.rfind(_APART, first, begin), first)
        opened = self.flat.count(b'"', paragraph, begin) % 2
        if opened or b'"' in words:
            known = spaced()
            acts = [place for place, word in enumerate(words) if known.get(word) in _ACTS] or [0]
            quoted = any((words[:place].count(b'"') + opened) % 2 for place in (acts[:1] if orders else acts))
            yield b"~quoted" if quoted else b"~quote"
            if quoted and topical:
                yield b"~quoted&topic"


def _unspaced_of(text: str) -> Iterator[Candidate]:
    yield from _Unspaced(_lines(_narrow(text))).candidates()


class _Unspaced:
    """The lines of a text some of which have no blanks between their words."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.sentences = [_NO_WORDS if line.isascii() else _unspaced_sentence(line) for line in lines]

    def candidates(self) -> Iterator[Candidate]:
        last: list[int] = []
        for place, sentence in enumerate(self.sentences):
            words, classes, ordering, line = sentence
            if (len(words) > 1 or ordering) and not _CORE.isdisjoint(classes):
                order = _order(sentence)
                features = _of_words(sentence) | _pairs(line, words)
                yield Candidate(sentence, features, order, partial(self.around, place, order, last))
            last = classes or last

    def around(self, place: int, order: set[Key], before: list[int]) -> set[Key]:
        line, sentence = self.lines[place], self.sentences[place]
        found: set[Key] = {b"~unspaced", *[_CARRIED_NAME[each] for each in _CARRIED.intersection(before)]}
        near = slice(max(0, place - _LINES_NEAR), place + _LINES_NEAR + 1)
        found.update(self._told_by(near))
        orders = sum(each.ordering for each in self.sentences[near]) - sentence.ordering
        found.add(_CROWD[min(orders, 6)])
        found.update(_quoting_unspaced(line, sentence, not found.isdisjoint(_ABOUT)))
        found.update(matching(order | found))
        return found

    def _told_by(self, near: slice) -> list[bytes]:
        """What kind of text the lines near are of; those in other languages tell it too."""
        classes = {number for each in self.sentences[near] for number in each.classes}
        spaced = " ".join([line for line in self.lines[near] if line.isascii()]).encode()
        told = {_KIND_OF_TEXT[number] for number in classes & _KIND_OF_TEXT.keys()}
        told.update(surroundings(spaced, 0, len(spaced)) if spaced else ())
        return [*(told - {BARE})] or [BARE]


def _unspaced_sentence(line: str) -> Sentence:
    found = words_within(line)
    words, classes = [word for word, _ in found], [number for _, number in found]
    return Sentence(words, classes, bool(found) and ordering(line), line)


def _quoting_unspaced(line: str, sentence: Sentence, topical: bool) -> Iterator[bytes]:
    if '"' in line:
        words, classes, *_ = sentence
        core = next((word for word, number in zip(words, classes, strict=True) if number in _ACTS), words[0])
        quoted = line[: line.find(core.decode())].count('"') % 2
        yield b"~quoted" if quoted else b"~quote"
        if quoted and topical:
            yield b"~quoted&topic"


def _narrow(text: str) -> str:
    """In NFKC. Full width signs are put right before, so that most text is in it already; to tell that takes a tenth of
    the time that composing does."""
    for wide, sign in _WIDE:
        text = text.replace(wide, sign)
    return normalize("NFKC", text)


def _lines(text: str) -> list[str]:
    """The sentences of text without blanks; a long one in stretches."""
    for end in _ENDS:
        text = text.replace(end, "\n")
    return [line[at : at + _LINE] for line in text.split("\n") for at in range(0, len(line), _LINE)]


def _pairs(line: str, words: Sequence[bytes]) -> set[Key]:
    """Its letters that stand together: what separates its words, of which only those of the classes are known. Those
    words themselves are features already."""
    pairs: set[Key] = set(map(add, line, line[1:]))
    pairs.difference_update(map(bytes.decode, words))
    return pairs


def _of_words(sentence: Sentence) -> set[Key]:
    words, classes, *_ = sentence
    keys: set[Key] = {*words, *pairwise(words), _LENGTHS[min(len(words) // 5, 4)]}
    if told := _telling(sentence):
        word = words[classes.index(told[-1])]
        keys.update([(word, _WITH[number]) for number in classes if number])
    return keys


def _order(sentence: Sentence) -> set[Key]:
    classes = sentence.classes
    found = list(filter(None, classes))
    second, third = found[1:], found[2:]
    keys: set[Key] = {
        *found, *pairwise(found), *zip(found, third, strict=False), *zip(found, second, third, strict=False),
    }  # fmt: skip
    if any(classes[:2]):
        keys.add((classes[0] or classes[1], 0))
    if told := _telling(sentence):
        *leads, verb = told
        keys.add(IMPERATIVE)
        keys.update([(0, lead) for lead in leads])
        keys.update([(-verb, number) for number in found])
    else:
        keys.update([_TARGETS[number] for number in found if number in _TARGETS])
    return keys


def asks(sentence: Sentence) -> bool:
    """Whether it says `please` and names something to do, in whatever order: Chinese, Japanese and German verbs may
    stand at the end."""
    return _PLEASE in sentence.classes and not _ACTS.isdisjoint(sentence.classes)


def _telling(sentence: Sentence) -> list[int]:
    """The classes that lead to the verb of a command, and the verb's; none where there is no command: a sentence that
    begins with a verb that tells to do something, perhaps after an address or a `please`, or says `you must`."""
    leading = _leading(sentence.classes)
    if leading or not sentence.ordering:
        return leading
    return [number for number in sentence.classes if number in _ORDERED][:1]


def _leading(classes: Sequence[int]) -> list[int]:
    expected = 0
    found: list[int] = []
    for place, number in enumerate(classes):
        if place > expected + 1:
            break
        if not number:
            continue
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


@cache
def _names() -> Any:
    found = re2.Set.SearchSet()
    found.Add(rb"[a-z,'\"@] ?[A-Z][a-z]+")
    found.Compile()
    return found
