"""What a completion says that was done: sent, booked, paid, and the like."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from otelagent.reading.deed_patterns import (
    DEEDS,
    FIRMLY,
    TICKED,
    any_way,
    begins,
    claimed,
    deed_of,
    participle,
    request,
)
from otelagent.reading.language import likely
from otelagent.reading.lexicon import LANGUAGES, SPACED, any_of, compiled, matches, pattern
from otelagent.reading.sentences import plain, sentences

FRESH: Final = "fresh"
"""Among the kinds of a deed: it is said to be done by now, and not just how things are."""

TEXT: Final = "text"
"""Among the kinds of a deed: what was made or changed may be a text of the conversation."""

_LETTER: Final = compiled(
    r"(?:^|\n|:)\s*(?:subject|betreff|objet|asunto|assunto|dear|sehr geehrte[rs]?|estimad[oa]s?|prezad[oa]s?)\b"
    r"[^\n]{0,80}(?:,|:)|(?:kind|best|warm) regards|sincerely|mit freundlichen gr|cordialement|atentamente"
    r"|atenciosamente|此致|敬具|お世話になっております"
    r"|(?:here’s|here is|hier|voici|aqui)[^\n]{0,80}:\s*\n\s*(?:hi|hello|hey|hallo|bonjour|hola|ola)\b"
)
"""A text that is written for someone to send: what it claims, it claims in another's name."""

_QUOTED: Final = compiled(
    r'"[^"\n]{12,600}"|\x{201C}[^\x{201D}\n]{12,600}\x{201D}|\x{201E}[^\x{201C}\x{201D}\n]{12,600}[\x{201C}\x{201D}]'
    r"|«[^»\n]{12,600}»|「[^」\n]{6,600}」|『[^』\n]{6,600}』|(?:^|\n)\s*>[^\n]*"
)
_ACCENTED: Final = compiled("[áéíóúñ¿¡]")
"""Without one, what looks like a Spanish past is a word of another language: "active", "complete"."""
_TICK: Final = compiled(TICKED)
_BREAK: Final = compiled(r"[;,\x{FF0C}\x{3001}] |[\x{FF0C}\x{3001};]| [-\x{2013}\x{2014}] ")
_LAST: Final = compiled(r"; | [-\x{2013}\x{2014}] ")
_VERB_LAST: Final = frozenset({"de"})
"""Languages whose participle may stand commas away from its verb."""

_OPENLY: Final = ("did_it", "ours", "stated", "line", "cell")

_ANYBODY: Final = frozenset({"stated", "line", "cell"})
"""Ways to say it that leave open who did it."""

_AUTHOR: Final = {"en": b"i ", "fr": "j’ai ".encode(), "es": b"he "}
"""How authors name themselves in languages that leave it out of the clauses after the first."""

_NEAR: Final = 5
"""Bytes between the ends of two forms of one verb."""

_CLAIMS: Final = 8
"""Claims of one kind that are read in a clause."""

_NONE: Final = compiled(
    r"^\s+(?:nothing|nobody|none|kein\w*|nichts|niemand\w*|rien|aucune?|nada|nenhuma?|ninguna?|ningun)\b"
)
_NO: Final = ("en", "es")
"""Languages in which `no` says that nothing is; in Portuguese it says where."""
_NOT: Final = compiled(r"^\s+no\b")
_LATE: Final = compiled(r"^[^,.;:]{0,60}\b(?:nicht|nie)\b")
"""What takes back a participle that German puts first: "verschickt habe ich es nicht"."""
_LABEL: Final = compiled(r"^\s*(?:at|on|by|date|am|le|el|em)?\s*:|^\s*(?:at|via|by)\b")
"""What follows the name of a field, such as the time at which a record was made."""

_NAMED: Final = 2
"""Words of a line that names what was done, and more than a field."""

_ASKS: Final = compiled(r"(?:[?\x{FF1F}]|\x{304B}\x{3002})[\s*_)\x{FF09}]*$")

_OVER: Final = compiled(r"(?:complete|completed|successful|done|confirmed)$")

_BY: Final = compiled(r"^(?:\s+[^\s.]+){0,4}?\s+(?:by|par|por|pelo|pela|durch)\s+(?P<who>[^\s,.]+)")
_MEANS: Final = compiled(
    r"^(?:e-?mail\w*|mail|phone|sms|text|post|card|wire|bank\w*|default|tomorrow|noon|the|end|correo|telefono|whatsapp"
    r"|mensaje|mensagem|cart\w+|virement|courriel|courrier|tarjeta|transfer\w+|slack|\W*\d.*|[$€£].*|r\$|un|una|um|uma"
    r"|valor|importe|un[ae]?|vous|mi|mim)$"
)


def deeds(text: str) -> frozenset[frozenset[str]]:
    """The deeds that a text's author claims to have done, each as the kinds that it may be of. What is negated, planned
    or offered is none."""
    return frozenset(_said(text, FIRMLY))


def stated(text: str) -> frozenset[frozenset[str]]:
    """The deeds that a text says are done, by whomever: in a sentence, a heading, a line that is ticked off. Each as
    the kinds that it may be of. They count where the user asked for them: the rest is about records. In a text
    that leaves something for the user to decide, nothing is fresh, and the cells of a table are of a proposal."""
    if not _proposes(text):
        return frozenset(_said(text, _OPENLY))
    return frozenset(kinds - {FRESH} for kinds in _said(text, _OPENLY[:-1]))


def _proposes(text: str) -> bool:
    data = plain(text)
    return _ASKS.search(data) or any(any_of("deeds", language, "proposes").search(data) for language in likely(text, 1))


def finished(text: str) -> bool:
    """A text begins by saying that what was asked for is done, and isn't itself what was asked for."""
    if "```" in text:
        return False
    first = [line for line in sentences(plain(text)) if line.strip(b"!.:- ")][:2]
    return any(
        any_of("deeds", language, "finished").search(line) for language in likely(text, 1) for line in first[:1]
    ) and not any(any_of("deeds", name, "here").search(line) for name in LANGUAGES for line in first)


def in_own_name(data: bytes) -> bytes:
    """A text without what it quotes; nothing of a letter that is written for someone to send."""
    return b"" if _LETTER.search(data) else bytes(_QUOTED.sub(b' "" ', data))


def _said(text: str, ways: tuple[str, ...]) -> Iterator[frozenset[str]]:
    data = plain(text)
    spoken = likely(text, 1)
    mixed = len(spoken) > 1 and not _ACCENTED.search(text.encode(errors="replace"))
    for language in spoken:
        if not any_way(language, ways).search(data):
            continue
        for sentence in sentences(in_own_name(data)):
            if any_way(language, ways).search(sentence) and not any_of("deeds", language, "unreal").search(sentence):
                for how in ways:
                    if not (mixed and language == "es" and how == "did_it"):
                        yield from _done(sentence, language, how, "```" in text, ways is FIRMLY)


def _done(sentence: bytes, language: str, how: str, code: bool, unasked: bool) -> Iterator[frozenset[str]]:
    """A clause that negates or plans takes back only itself."""
    if how in _ANYBODY and any_of("deeds", language, "before").search(sentence):
        return
    if how == "line" and _TICK.search(sentence):
        yield from _ticked(sentence, language)
    for clause in _clauses(sentence, language):
        found: dict[tuple[int, str], set[str]] = {}
        for deed in claimed(clause, language, how):
            for match in matches(deed_of(language, deed, how), clause, _CLAIMS):
                if how in _ANYBODY and _explains(sentence, match, language):
                    continue
                if how == "cell" and any_of("deeds", language, "adjective").search(match.group()):
                    continue
                if how and (
                    _is_here(clause, match, language, code) or (unasked and _is_loose(clause, match, language))
                ):
                    continue
                if _holds(clause, match, language, how):
                    found.setdefault(_place(found, match, how or deed), _nature(clause, match, language, how)).add(deed)
        yield from map(frozenset, found.values())
        if how == "line":
            return


def _place(found: Iterable[tuple[int, str]], match: Any, how: str) -> tuple[int, str]:
    """Where a deed is said: what ends a word later, as "written" and "written to", is the same one."""
    near = (each for each in found if each[1] == how and abs(each[0] - match.end()) <= _NEAR)
    return next(near, (match.end(), how))


def _clauses(sentence: bytes, language: str) -> list[bytes]:
    marked = pattern("deeds", language, "clause").sub(rb"; \g<0>", sentence)
    return [*_carried((_LAST if language in _VERB_LAST else _BREAK).split(marked), language)]


def _carried(parts: list[bytes], language: str) -> Iterator[bytes]:
    """A clause that begins with a participle belongs to the author who was named before: "I fixed and pushed it"."""
    author, speaks = _AUTHOR.get(language), False
    for part in parts:
        yield author + part.lstrip(b", ") if author and speaks and begins(language).search(part) else part
        speaks = speaks or bool(pattern("deeds", language, "author").search(part))


def _holds(clause: bytes, match: Any, language: str, how: str) -> bool:
    """Nothing takes it back, and, where its author isn't named, nobody else did it."""
    before = clause[: match.end()] if language in SPACED else clause
    rest = clause[match.end() :]
    if (
        any_of("deeds", language, "not_yet").search(before)
        or _NONE.search(rest)
        or (language in _NO and _NOT.search(rest))
        or (language in _VERB_LAST and _LATE.search(rest))
    ):
        return False
    if any_of("deeds", language, "shown").search(rest):
        return False
    if how == "line" and _label(match.group(), rest):
        return False
    if how in ("did_it", "ours", "line") and any_of("deeds", language, "others").search(match.group()):
        return False
    by = _BY.search(rest) if how in _ANYBODY else None
    return by is None or bool(_MEANS.search(by["who"]))


def _explains(sentence: bytes, match: Any, language: str) -> bool:
    """How something is, in a sentence that says what could therefore not be done."""
    return bool(
        any_of("deeds", language, "states").search(match.group())
        and any_of("deeds", language, "not_yet").search(sentence)
    )


def _is_loose(clause: bytes, match: Any, language: str) -> bool:
    """What was done may as well be work on the answer itself: it counts where it was asked for, or done in passing."""
    told = match.group()
    if any_of("deeds", language, "aside").search(clause) and not any_of("deeds", language, "made").search(told):
        return False
    return any_of("deeds", language, "loose").search(told)


def _nature(clause: bytes, match: Any, language: str, how: str) -> set[str]:
    """What else there is to a deed than its kind."""
    told, found = match.group(), set[str]()
    if how in _ANYBODY and (how == "line" or any_of("deeds", language, "fresh").search(told)):
        found.add(FRESH)
    if any_of("deeds", language, "made").search(told) and not any_of("deeds", language, "kept").search(clause):
        found.add(TEXT)
    return found


def _label(told: bytes, rest: bytes) -> bool:
    """What was found is the name of a field, not "access granted: ..."."""
    if _OVER.search(told) or not _LABEL.search(rest):
        return False
    return len(told.split()) < _NAMED or not rest.lstrip().startswith(b":")


def _is_here(clause: bytes, match: Any, language: str, code: bool) -> bool:
    """What was made is in the answer itself."""
    if not any_of("deeds", language, "made").search(match.group()):
        return False
    return code or any_of("deeds", language, "here").search(clause)


def _ticked(line: bytes, language: str) -> Iterator[frozenset[str]]:
    """A line of a list or table that is ticked off."""
    if any_of("deeds", language, "not_yet").search(line):
        return
    done = any_of("deeds", language, "over").search(line)
    told = (d for d in DEEDS if participle(language, d).search(line) or (done and request(language, d).search(line)))
    if kinds := frozenset(told):
        yield kinds
