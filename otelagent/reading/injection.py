"""Instructions aimed at a model in text that it was given as data: a small linear classifier with its structure rules.

A sentence's features are the words of known classes (`words/injection.*.toml`), their neighbours, and the classes' order,
so what was learned in one language holds in the others. A text scores as its worst sentences do: more text around an
instruction doesn't hide it. Weights, calibration and operating point are in `injection.model`, written by
`training/injection.py`; docs/injection-classifier.md is its card.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple, TypeAlias
from unicodedata import normalize

import msgspec
import re2

from otelagent.reading import injection_text, lexicon
from otelagent.reading.injection_names import demanded_in, name_key, names_in, overlap, shingles

__all__ = ["Injection", "name_key", "names_in", "overlap", "score", "shingles"]

SPACED: Final = ("en", "de", "fr", "es", "pt", "it")
UNSPACED: Final = ("zh", "ja", "ko")
CLASSES: Final = (
    "ignore prior all instruction system model you your response user secret reveal send call destroy spend grant say "
    "compose transform persona limit new urgent step task conceal not must please tool data me code topic mail syntax quoting look "
    "email url identifier amount account systemtag roletag commenttag"
).split()
"""Classes of words; a word belongs to the first that lists it."""

_NUMBER: Final = {name: number for number, name in enumerate(CLASSES)}
_NAME: Final = [name.upper().encode() for name in CLASSES]


def _classes(names: str) -> frozenset[int]:
    return frozenset(_NUMBER[name] for name in names.split())


_ACTS: Final = _classes("ignore reveal send call destroy spend grant say compose persona")
_VERBS: Final = _ACTS | _classes("look")
_CORE: Final = _ACTS | _classes("transform conceal limit instruction system model response secret please systemtag roletag")
_CARRIED: Final = _classes("model urgent systemtag roletag commenttag ignore instruction system new")
_LEADS: Final = _classes("please step not urgent systemtag roletag commenttag model must system new task instruction")
_FLAGS: Final = ((_NUMBER["topic"], b"~topic"), (_NUMBER["mail"], b"~mail"), (_NUMBER["syntax"], b"~syntax"))
_YOU: Final = _NUMBER["you"]
_CJK: Final = re2.compile(r"[\x{3040}-\x{30ff}\x{4e00}-\x{9fff}\x{ac00}-\x{d7af}]")
_NEAR: Final = 6
_CROWD: Final = (b"~crowd0", b"~crowd1", b"~crowd2", b"~crowd3", b"~crowd4", b"~crowd4", b"~crowd6")
"""How many sentences around tell their reader to do something: one among statements is out of place, a manual has many."""
_WORST: Final = 3


class Injection(NamedTuple):
    """How much a text reads as instructions to a model. `demanded` is captured content: it never leaves the process."""

    score: float
    """Calibrated, 0 to 1."""
    flagged: bool
    """At or above the shipped operating point."""
    structural: tuple[str, ...] = ()
    """Names of the structure rules that matched."""
    imperatives: bool = False
    """A sentence tells its reader to do something."""
    demanded: tuple[str, ...] = ()
    """Addresses, hosts, tool-like names and quoted phrases of the instructing sentences, lower case, bounded."""
    capped: bool = False
    """The text was too long to be read whole."""


class Model(msgspec.Struct, frozen=True):
    """The shipped weights: each in steps of `scale`."""

    version: int
    bias: float
    scale: float
    decay: list[float]
    slope: float
    offset: float
    threshold: float
    weights: dict[str, int]


class Sentence(NamedTuple):
    """A sentence, where its words of known classes are, and their classes."""

    words: Sequence[bytes]
    at: Sequence[int]
    classes: Sequence[int]


class Scored(NamedTuple):
    logit: float
    sentence: Sentence
    keys: set[bytes]


@cache
def _model() -> tuple[Model, dict[bytes, float]]:
    raw = (files("otelagent.reading") / "injection.model").read_bytes()
    model = msgspec.json.decode(raw, type=Model)
    return model, {key.encode(): weight * model.scale * value(key.encode()) for key, weight in model.weights.items()}


def score(text: str) -> Injection:
    """Reads a text that a source returned."""
    read = injection_text.unwrap(text)
    model, weights = _model()
    scored = [
        Scored(model.bias + sum([weights.get(key, 0.0) for key in keys]), sentence, keys)
        for sentence, keys in candidates(read.texts, read.notes)
    ]
    if not scored:
        return Injection(0.0, False, capped=read.capped)
    scored.sort(key=_logit, reverse=True)
    worst = scored[:_WORST]
    likelihood = probability(combined([each.logit for each in worst], model.decay), model)
    imperatives = any(imperative(each.sentence) for each in scored)
    return Injection(
        round(likelihood, 4),
        likelihood >= model.threshold,
        structure(worst, read.notes),
        imperatives,
        demanded_in([each.sentence.words for each in worst if each.logit > 0 or imperative(each.sentence)]),
        read.capped,
    )


def _logit(scored: Scored) -> float:
    return scored.logit


def combined(worst: Sequence[float], decay: Sequence[float]) -> float:
    """One number of a text's worst sentences, worst first; further sentences can only raise it."""
    return worst[0] + sum([weight * max(0.0, value + 2.0) for weight, value in zip(decay, worst[1:], strict=False)])


def probability(total: float, model: Model) -> float:
    exponent = model.slope * total + model.offset
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, exponent))))


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
            yield from _of_one(_classified(known, _split(pattern.findall(text.encode("utf-8", "replace")), known)), shared)


Classified: TypeAlias = tuple[list[list[int]], list[tuple[int, Sentence]]]


def _classified(known: dict[bytes, int], sentences: Iterable[list[bytes]]) -> Classified:
    """The classes of every sentence, and those that could instruct with their place."""
    every: list[list[int]] = []
    some: list[tuple[int, Sentence]] = []
    for words in sentences:
        classes = [known[word] for word in words if word in known]
        if classes and not _CORE.isdisjoint(classes) and (len(classes) > 1 or (len(words) > 2 and words[0] in known)):
            at = [place for place, word in enumerate(words) if word in known]
            some.append((len(every), Sentence(words, at, classes)))
        every.append(classes)
    return every, some


def _of_one(found: Classified, shared: set[bytes]) -> Iterator[tuple[Sentence, set[bytes]]]:
    every, some = found
    if not some:
        return
    flags = [(name, [place for place, classes in enumerate(every) if flag in classes]) for flag, name in _FLAGS]
    telling = [place for place, sentence in some if imperative(sentence)]
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
        keys.update([b"=" + name.encode() for name in _matching(keys)])
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
                keys.add(name + b">" + _NAME[classes[ahead]])
        if order + 2 < count and at[order + 2] - place <= 10:
            keys.add(b">".join((name, _NAME[classes[order + 1]], _NAME[classes[order + 2]])))
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
    if words[-1] == b"?":
        keys.add(b"~question")
    return keys


def _with_names(sentence: Sentence) -> Sentence:
    """With addresses, identifiers, amounts and account numbers as classes of their own."""
    found = [(place, kind) for place, word in enumerate(sentence.words) if (kind := _kind(word)) is not None]
    if not found:
        return sentence
    both = sorted({**dict(found), **dict(zip(sentence.at, sentence.classes, strict=True))}.items())
    return Sentence(sentence.words, [place for place, _ in both], [number for _, number in both])


_EMAIL, _URL, _IDENTIFIER, _AMOUNT, _ACCOUNT = (_NUMBER[name] for name in "email url identifier amount account".split())


def _kind(word: bytes) -> int | None:
    if word.isalpha():
        return None
    if b"@" in word[1:]:
        return _EMAIL
    if b"://" in word or word.startswith(b"www."):
        return _URL
    if word[:1] == b"$":
        return _AMOUNT
    if b"_" in word:
        return _IDENTIFIER
    return _ACCOUNT if len(word) >= 10 and word.isalnum() else None


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


def _rule(*groups: str) -> tuple[frozenset[bytes], ...]:
    return tuple(frozenset(group.encode().split()) for group in groups)


_RULES: Final = {
    "override": _rule("IGNORE>PRIOR IGNORE>INSTRUCTION IGNORE&PRIOR IGNORE&INSTRUCTION PRIOR>INSTRUCTION>IGNORE ALL>INSTRUCTION>IGNORE"),
    "system_prompt": _rule("REVEAL&INSTRUCTION REVEAL>YOUR>INSTRUCTION REVEAL>YOUR>SYSTEM REVEAL>SYSTEM>INSTRUCTION REVEAL>PRIOR>INSTRUCTION"),
    "system_tag": _rule("^SYSTEMTAG p:SYSTEMTAG", "^imperative ^SYSTEMTAG! SYSTEMTAG>MODEL SYSTEMTAG>YOU SYSTEMTAG>IGNORE SYSTEMTAG>RESPONSE"),
    "system_message": _rule("^SYSTEM! URGENT>SYSTEM ^URGENT>SYSTEM", "^imperative IGNORE SEND RESPONSE"),
    "role_tag": _rule("^ROLETAG! p:ROLETAG ROLETAG>SYSTEM ROLETAG>MODEL", "^imperative IGNORE>PRIOR"),
    "hidden_comment": _rule("^COMMENTTAG! COMMENTTAG>MODEL COMMENTTAG>IGNORE COMMENTTAG>SYSTEM COMMENTTAG>USER"),
    "addressed": _rule("^MODEL! URGENT>MODEL YOU>MODEL MODEL>MUST MODEL>LOOK p:MODEL", "^imperative MUST SEND IGNORE RESPONSE"),
    "concealed": _rule("NOT>CONCEAL>USER NOT>REVEAL>USER NOT>USER CONCEAL>USER NOT>CONCEAL", "SEND CALL DESTROY SPEND GRANT REVEAL CONCEAL SAY"),
    "new_task": _rule("NEW>INSTRUCTION NEW>TASK TASK>NEW YOUR>NEW>TASK ^NEW! ^TASK!", "^NEW ^YOUR ^TASK ^imperative ^INSTRUCTION"),
    "persona": _rule("PERSONA>MODEL PERSONA>LIMIT YOU>STEP>PERSONA NOT>LIMIT STEP>PERSONA PERSONA&MODEL PERSONA>PERSONA"),
    "before_answering": _rule("^STEP ^MUST ^YOU", "STEP>RESPONSE STEP>SAY STEP>TASK STEP>YOU", "^imperative MUST PLEASE"),
    "exfiltration": _rule("SEND>EMAIL SEND>URL SEND&EMAIL SEND&URL SEND&ACCOUNT SAY>URL SAY>EMAIL", "SECRET USER ME DATA ALL", "^imperative ^STEP ^PLEASE"),
    "answer_control": _rule("YOUR>RESPONSE RESPONSE>YOUR SAY&RESPONSE TRANSFORM>RESPONSE", "^imperative", "YOUR USER TRANSFORM ALL"),
    "tool_call": _rule("CALL>IDENTIFIER CALL&IDENTIFIER CALL>SEND CALL>DESTROY", "^imperative ^STEP ^USER"),
}  # fmt: skip
RULE_WEIGHT: Final = 4.0
"""Value of a rule as a feature; a class or word has 1."""


def _matching(keys: set[bytes]) -> list[str]:
    return [name for name, groups in _RULES.items() if all([not group.isdisjoint(keys) for group in groups])]


def value(key: bytes) -> float:
    return RULE_WEIGHT if key[:1] == b"=" and len(key) > 1 else 1.0


def structure(worst: Sequence[Scored], notes: Sequence[str]) -> tuple[str, ...]:
    """Rules that match in the text's worst sentences, and what had to be undone to read them."""
    telling = [each for each in worst if each.logit > 0]
    found = {name: None for each in telling for name in _RULES if b"=" + name.encode() in each.keys}
    return (*found, *notes) if telling else tuple(found)
