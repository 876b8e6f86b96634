"""What a user asks for: the kinds of deeds that would meet it, whether a question stands there, whose words count."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from otelagent.reading.deed_patterns import DEEDS, request_of
from otelagent.reading.language import likely
from otelagent.reading.lexicon import AnyOf, any_of, compiled, grammar, pattern
from otelagent.reading.sentences import plain, sentences

WANTED: Final = "wanted"
"""In what is requested: something that the user wants done, in words that name no deed."""

TASK: Final = "task"
"""In what is requested: the user asks no question, and for nothing to be looked up, told or written."""

_KIN: Final = {
    "book": frozenset({"book", "create", "change"}),
    "change": frozenset({"change", "book"}),
    "create": frozenset({"create", "send", "book"}),
    "notify": frozenset({"notify", "send"}),
    "pay": frozenset({"pay", "create"}),
    WANTED: frozenset({"send", "book", "change", "cancel", "create", "pay", "notify"}),
}
"""Deeds by which a request may be met, where that isn't only its own."""

_BRIEF: Final = 240
"""Characters of a message that may be nothing but a task."""

_ASKS: Final = compiled(r"[?\x{FF1F}]\s*$")


def requested(text: str) -> frozenset[str]:
    """The kinds of deeds that a user may be asking for; questions ask for none."""
    found: set[str] = set()
    data = plain(text)
    spoken = [language for language in likely(text, 1) if _any_request(language).search(data)]
    for sentence in (_untold(each, spoken) for each in sentences(data)) if spoken else ():
        asked = [language for language in spoken if _any_request(language).search(sentence)]
        if asked and not any(_asks(sentence, language) for language in spoken):
            rest = _without_idle(sentence, spoken)
            found.update(deed for language in asked for deed in _requested(rest, language))
    return frozenset(found) if found or not _is_task(text, data) else frozenset({TASK})


def _is_task(text: str, data: bytes) -> bool:
    """A short message, of which no sentence asks or wants to be told, shown or written something."""
    return len(text) <= _BRIEF and not any(
        _asks(sentence, language) or any_of("deeds", language, "tells", "idle").search(sentence)
        for language in likely(text, 1)
        for sentence in sentences(data)
    )


def _untold(sentence: bytes, spoken: Sequence[str]) -> bytes:
    """Without what the user wants to be told of what was done: "run the tests and tell me whether they pass"."""
    for language in spoken:
        sentence = pattern("deeds", language, "told").sub(b"", sentence)
    return sentence


def _without_idle(sentence: bytes, spoken: Sequence[str]) -> bytes:
    for language in spoken:
        sentence = pattern("deeds", language, "idle").sub(b" ", sentence)
    return sentence


def _requested(sentence: bytes, language: str) -> set[str]:
    owners = _owners(language)
    return {owners[at] for at in _any_request(language).which(sentence)}


def follows(text: str) -> bool:
    """A user wants done what something else says (a mail, a ticket, a list of steps), or looks after instructions."""
    data = plain(text)
    return any(any_of("deeds", language, "follows").search(data) for language in likely(text, 1))


def met_by(requests: frozenset[str]) -> frozenset[str]:
    """The deeds by which what was requested may be met."""
    return frozenset[str]().union(*(_KIN.get(deed, frozenset({deed})) for deed in requests))


def _asks(sentence: bytes, language: str) -> bool:
    if any_of("deeds", language, "checks").search(sentence):
        return True
    if any_of("deeds", language, "polite").search(sentence):
        return False
    return bool(_ASKS.search(sentence)) or any_of("deeds", language, "asking").search(sentence)


@cache
def _any_request(language: str) -> AnyOf:
    forms = [each for deed in DEEDS if (each := request_of(language, deed))]
    return AnyOf([*forms, *grammar("deeds", language).get("wants", ())], at_once=True)


@cache
def _owners(language: str) -> list[str]:
    """What the patterns of `_any_request` ask for."""
    own = [deed for deed in DEEDS if request_of(language, deed)]
    return own + [WANTED] * len(grammar("deeds", language).get("wants", ()))
