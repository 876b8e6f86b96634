"""What a completion says that its author did (sent, booked, paid, ...), and whether a tool may have done it."""

from collections.abc import Iterator
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
    pattern,
    words,
)
from otelagent.reading.roles import runs_anything, told_by_name
from otelagent.reading.sentences import plain, sentences

DEEDS: Final = ("send", "book", "change", "cancel", "create", "pay", "notify", "search")
"""Kinds of deeds: `words/deeds.*.toml` has for each how it is claimed, and parts of the names of tools that do it."""

_LISTED: Final = compiled(r"^\s*(?:[-*•]|\d{1,3}[.)])\s")
_PREPARES: Final = words("deeds", "en")["prepares"]
"""Parts of the names of tools that only prepare a deed."""
_PREPARED: Final = ("create", "change", "search")

_LETTER: Final = compiled(
    r"(?:^|\n)\s*(?:subject|betreff|objet|asunto|assunto|dear|sehr geehrte[rs]?|estimad[oa]s?|prezad[oa]s?)\b"
    r"[^\n]{0,80}(?:,|:)|(?:kind|best|warm) regards|sincerely|mit freundlichen gr|cordialement|atentamente"
    r"|atenciosamente|此致|敬具"
)
"""A text that is written for someone to send: what it claims, it claims in another's name."""


def deeds(text: str) -> frozenset[str]:
    """The kinds of deeds that a text's author claims to have done. What is negated, planned or offered is none."""
    return _said(text, "")


def stated(text: str) -> frozenset[str]:
    """The kinds of deeds that a text says are done, by whomever, or that its author says to have done, whatever it was
    done to. Both count where the user asked for them: the rest is about records."""
    return _said(text, "stated") | _said(text, "stated_on") | _said(text, "did_it")


def requested(text: str) -> frozenset[str]:
    """The kinds of deeds that a user may be asking for."""
    data = plain(text)
    return frozenset(deed for name in LANGUAGES for deed in DEEDS if _request(name, deed).search(data))


def _said(text: str, how: str) -> frozenset[str]:
    data = plain(text)
    found: set[str] = set()
    for language in likely(text):
        if _any(language, how).search(data) and not _LETTER.search(data):
            for sentence in _where(sentences(data), language, how):
                if _any(language, how).search(sentence) and not any_of("deeds", language, "unreal").search(sentence):
                    found.update(_done(sentence, language, how))
    return frozenset(found)


def _where(said: list[bytes], language: str, how: str) -> list[bytes]:
    """The sentences that may say so: what is listed, or had happened before, is about records."""
    if how == "stated":
        return said[:1]
    if how == "stated_on":
        before = any_of("deeds", language, "before")
        return [each for each in said[1:] if not _LISTED.search(each) and not before.search(each)]
    return said


def _done(sentence: bytes, language: str, how: str) -> Iterator[str]:
    """A clause that negates or plans takes back only itself; where none does, the sentence is read as one."""
    if not any_of("deeds", language, "not_yet").search(sentence):
        yield from (deed for deed in DEEDS if _deed(language, deed, how).search(sentence))
    for clause in _BREAK.split(pattern("deeds", language, "clause").sub(rb"; \g<0>", sentence)):
        if not any_of("deeds", language, "not_yet").search(clause):
            yield from (deed for deed in DEEDS if _deed(language, deed, how).search(clause))


_BREAK: Final = compiled(r"[;,\x{FF0C}\x{3001}] |[\x{FF0C}\x{3001};]| [-\x{2013}\x{2014}] ")


@cache
def _any(language: str, how: str) -> AnyOf:
    return AnyOf([each for deed in DEEDS for each in _patterns(language, deed, how)])


@cache
def _deed(language: str, deed: str, how: str) -> AnyOf:
    return AnyOf(_patterns(language, deed, how))


def _patterns(language: str, deed: str, how: str) -> list[str]:
    if not how:
        return grammar("deeds", language).get(deed, [])
    forms = words("deeds", language)["participles"].get(deed)
    templates = grammar("deeds", language).get(how, ()) if forms else ()
    return [each.replace("<participle>", folded(forms)) for each in templates]


@cache
def _request(language: str, deed: str) -> Any:
    forms = words("deeds", language)["requests"].get(deed)
    edge = r"\b" if language in SPACED else ""
    return compiled(f"{edge}{folded(forms)}{edge}".replace(" ", r"\s+") if forms else NOTHING)


@lru_cache(maxsize=4096)
def may_do(tool: str, deed: str) -> bool:
    """A tool of this name may do this: its name says so, or says nothing that one knows."""
    name, known = tool.lower(), told_by_name(tool)
    if runs_anything(tool):
        return True
    if deed not in _PREPARED and any(part in name for part in _PREPARES):
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
