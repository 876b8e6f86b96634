"""What a completion says that was done (sent, booked, paid, ...), and whether a tool may have done it."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from otelagent.model import Role
from otelagent.reading.language import likely
from otelagent.reading.lexicon import (
    LANGUAGES,
    NOTHING,
    SPACED,
    AnyOf,
    any_of,
    compiled,
    folded,
    grammar,
    matches,
    pattern,
    words,
)
from otelagent.reading.roles import drafts, runs_anything, told_by_name
from otelagent.reading.sentences import plain, sentences

DEEDS: Final = ("send", "book", "change", "cancel", "create", "pay", "notify", "search")
"""Kinds of deeds: `words/deeds.*.toml` has for each how it is claimed, and parts of the names of tools that do it."""

WANTED: Final = "wanted"
"""In what is requested: something that the user wants done, in words that name no deed."""

_KIN: Final = {
    "book": frozenset({"book", "create", "change"}),
    "change": frozenset({"change", "book"}),
    "create": frozenset({"create", "send", "book"}),
    "notify": frozenset({"notify", "send"}),
    "pay": frozenset({"pay", "create"}),
    WANTED: frozenset({"send", "book", "change", "cancel", "create", "pay", "notify"}),
}
"""Deeds by which a request may be met, where that isn't only its own."""

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
_TICKED: Final = r"[\x{2705}\x{2714}\x{2611}\x{2713}]|\[x\]|:white_check_mark:"
_TICK: Final = compiled(_TICKED)
_LINE: Final = (
    r"(?:[-+>|\[\]\s.)\d\x{2022}\x{2013}\x{2014}\x{2705}\x{2714}\x{2611}\x{2713}\x{FE0F}]|x\]|:white_check_mark:)*"
)
_BREAK: Final = compiled(r"[;,\x{FF0C}\x{3001}] |[\x{FF0C}\x{3001};]| [-\x{2013}\x{2014}] ")
_LAST: Final = compiled(r"; | [-\x{2013}\x{2014}] ")
_VERB_LAST: Final = frozenset({"de"})
"""Languages whose participle may stand commas away from its verb."""

_FIRMLY: Final = ("",)
_OPENLY: Final = ("did_it", "stated", "line")

_ANYBODY: Final = frozenset({"stated", "line"})
"""Ways to say it that leave open who did it."""

_CLAIMS: Final = 8
"""Claims of one kind that are read in a clause."""

_ASKS: Final = compiled(r"[?\x{FF1F}]\s*$")
_NONE: Final = compiled(
    r"^\s+(?:no|nothing|nobody|none|kein\w*|nichts|niemand\w*|rien|aucune?|nada|nenhuma?|ninguna?|ningun)\b"
)
_LABEL: Final = compiled(r"^\s*(?:at|on|by|date|am|le|el|em)?\s*:|^\s*(?:at|via|by)\b")
"""What follows the name of a field, such as the time at which a record was made."""

_OVER: Final = compiled(r"(?:complete|completed|successful|done|confirmed)$")

_BY: Final = compiled(r"^(?:\s+[^\s.]+){0,4}?\s+(?:by|par|por|pelo|pela|durch)\s+(?P<who>[^\s,.]+)")
_MEANS: Final = compiled(
    r"^(?:e-?mail\w*|mail|phone|sms|text|post|card|wire|bank\w*|default|tomorrow|noon|the|end|correo|telefono|whatsapp"
    r"|mensaje|mensagem|cart\w+|virement|courriel|courrier|tarjeta|transfer\w+|slack|\W*\d.*|[$€£].*|r\$|un|una|um|uma"
    r"|valor|importe|un[ae]?|vous|mi|mim)$"
)


def deeds(text: str) -> frozenset[str]:
    """The kinds of deeds that a text's author claims to have done. What is negated, planned or offered is none."""
    return frozenset[str]().union(*_said(text, _FIRMLY))


def stated(text: str) -> frozenset[frozenset[str]]:
    """The deeds that a text says are done, by whomever, or that its author says to have done, whatever it was done to:
    in a sentence, a heading, a line that is ticked off. Each as the kinds that it may be of. They count where the user
    asked for them: the rest is about records."""
    return frozenset(_said(text, _OPENLY))


def finished(text: str) -> bool:
    """A text begins by saying that what was asked for is done, and isn't itself what was asked for."""
    if "```" in text:
        return False
    first = [line for line in sentences(plain(text)) if line.strip(b"!.:- ")][:2]
    return any(
        any_of("deeds", language, "finished").search(line) for language in likely(text, 1) for line in first[:1]
    ) and not any(any_of("deeds", name, "here").search(line) for name in LANGUAGES for line in first)


def requested(text: str) -> frozenset[str]:
    """The kinds of deeds that a user may be asking for; questions ask for none."""
    found: set[str] = set()
    data = plain(text)
    spoken = [language for language in likely(text, 1) if _any_request(language).search(data)]
    for sentence in sentences(data) if spoken else ():
        asking = any(_asks(sentence, language) for language in spoken)
        for language in spoken:
            if not asking and _any_request(language).search(sentence):
                found.update(_requested(_without_idle(sentence, spoken), language))
    return frozenset(found)


def _without_idle(sentence: bytes, spoken: Sequence[str]) -> bytes:
    for language in spoken:
        sentence = pattern("deeds", language, "idle").sub(b" ", sentence)
    return sentence


def _requested(sentence: bytes, language: str) -> Iterator[str]:
    if any_of("deeds", language, "wants").search(sentence):
        yield WANTED
    yield from (deed for deed in DEEDS if _request(language, deed).search(sentence))


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


def _said(text: str, ways: tuple[str, ...]) -> Iterator[frozenset[str]]:
    data = plain(text)
    for language in likely(text, 1):
        if not _any(language, ways).search(data) or _LETTER.search(data):
            continue
        for sentence in sentences(_QUOTED.sub(b' "" ', data)):
            if _any(language, ways).search(sentence) and not any_of("deeds", language, "unreal").search(sentence):
                for how in ways:
                    yield from _done(sentence, language, how, "```" in text)


def _done(sentence: bytes, language: str, how: str, code: bool) -> Iterator[frozenset[str]]:
    """A clause that negates or plans takes back only itself."""
    if not _any(language, (how,)).search(sentence):
        return
    if how in _ANYBODY and any_of("deeds", language, "before").search(sentence):
        return
    if how == "line" and _TICK.search(sentence):
        yield from _ticked(sentence, language)
    for clause in _clauses(sentence, language):
        found: dict[int, set[str]] = {}
        for deed in _claimed(clause, language, how):
            for match in matches(_deed(language, deed, how), clause, _CLAIMS):
                if _holds(clause, match, language, how) and not (how and _is_here(clause, match, language, code)):
                    found.setdefault(match.end(), set()).add(deed)
        yield from map(frozenset, found.values())
        if how == "line":
            return


def _clauses(sentence: bytes, language: str) -> list[bytes]:
    marked = pattern("deeds", language, "clause").sub(rb"; \g<0>", sentence)
    found: list[bytes] = (_LAST if language in _VERB_LAST else _BREAK).split(marked)
    return found


def _holds(clause: bytes, match: Any, language: str, how: str) -> bool:
    """Nothing takes it back, and, where its author isn't named, nobody else did it."""
    before = clause[: match.end()] if language in SPACED else clause
    rest = clause[match.end() :]
    if any_of("deeds", language, "not_yet").search(before) or _NONE.search(rest):
        return False
    if any_of("deeds", language, "shown").search(rest):
        return False
    if how == "line" and _LABEL.search(rest) and not _OVER.search(match.group()):
        return False
    if how in ("did_it", "line") and any_of("deeds", language, "others").search(match.group()):
        return False
    by = _BY.search(rest) if how in _ANYBODY else None
    return by is None or bool(_MEANS.search(by["who"]))


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
    told = (d for d in DEEDS if _participle(language, d).search(line) or (done and _request(language, d).search(line)))
    if kinds := frozenset(told):
        yield kinds


@cache
def _any(language: str, ways: tuple[str, ...]) -> AnyOf:
    found = [each for how in ways for deed in DEEDS for each in _patterns(language, deed, how)]
    return AnyOf([*found, _TICKED] if "line" in ways else found)


def _claimed(clause: bytes, language: str, how: str) -> list[str]:
    """Of all kinds at once: to search for each of them takes six times as long."""
    owners = _owners(language, how)
    return list(dict.fromkeys(owners[at] for at in sorted(_any(language, (how,)).which(clause)) if at < len(owners)))


@cache
def _owners(language: str, how: str) -> list[str]:
    """The deeds that the patterns of `_any` stand for, the marks after them aside."""
    return [deed for deed in DEEDS for _ in _patterns(language, deed, how)]


@cache
def _any_request(language: str) -> AnyOf:
    forms = [each for deed in DEEDS if (each := _request_of(language, deed))]
    return AnyOf([*forms, *grammar("deeds", language).get("wants", ())])


@cache
def _deed(language: str, deed: str, how: str) -> Any:
    found = _patterns(language, deed, how)
    return compiled("|".join(f"(?:{each})" for each in found) if found else NOTHING)


@cache
def _participle(language: str, deed: str) -> Any:
    forms = words("deeds", language)["participles"].get(deed)
    edge = r"\b" if language in SPACED else ""
    return compiled(f"{edge}{folded(forms)}{edge}".replace(" ", r"\s+") if forms else NOTHING)


def _patterns(language: str, deed: str, how: str) -> list[str]:
    if not how:
        return grammar("deeds", language).get(deed, [])
    source = words("deeds", language)
    found = []
    for each in grammar("deeds", language).get(how, ()):
        for slot in ("participle", "past"):
            forms = source.get(f"{slot}s", {}).get(deed)
            if f"<{slot}>" in each and forms:
                found.append(each.replace(f"<{slot}>", _forms(forms)).replace("<line>", _LINE))
    return found


def _forms(forms: str) -> str:
    return folded(forms).replace(" ", r"\s+")


@cache
def _request(language: str, deed: str) -> Any:
    return compiled(_request_of(language, deed) or NOTHING)


def _request_of(language: str, deed: str) -> str:
    forms = words("deeds", language)["requests"].get(deed, "")
    edge = r"\b" if language in SPACED else ""
    return f"{edge}{folded(forms)}{edge}".replace(" ", r"\s+") if forms else ""


def may_do(tool: str, deed: str) -> bool:
    """A tool of this name may do this: its name says so, or says nothing that one knows."""
    return deed in done_by(tool)


@lru_cache(maxsize=1024)
def done_by(tool: str) -> frozenset[str]:
    """The deeds that a tool of this name may do."""
    return frozenset(deed for deed in DEEDS if _may_do(tool, deed))


def _may_do(tool: str, deed: str) -> bool:
    name, known = tool.lower(), told_by_name(tool)
    if runs_anything(tool):
        return True
    if drafts(tool) and deed not in ("create", "change"):
        return False
    if known is Role.SOURCE and deed != "search":
        return False
    if any(part in name for part in _parts()[deed]):
        return True
    if known is None:
        return True
    return known is Role.ACTION and not any(part in name for parts in _parts().values() for part in parts)


@cache
def _parts() -> dict[str, tuple[str, ...]]:
    return {
        deed: tuple(part for name in LANGUAGES for part in words("deeds", name).get("tools", {}).get(deed, ()))
        for deed in DEEDS
    }
