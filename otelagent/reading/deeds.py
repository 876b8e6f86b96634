"""What a completion says that its author did (sent, booked, paid, ...), and whether a tool may have done it."""

from functools import cache, lru_cache
from typing import Any, Final

from otelagent.model import Role
from otelagent.reading.language import likely
from otelagent.reading.lexicon import LANGUAGES, compiled, joined, pattern, words
from otelagent.reading.roles import told_by_name
from otelagent.reading.sentences import plain, sentences

DEEDS: Final = ("send", "book", "change", "cancel", "create", "pay", "notify", "search")
"""Kinds of deeds: `words/deeds.*.toml` has for each how it is claimed, and parts of the names of tools that do it."""

_LETTER: Final = compiled(
    r"(?:^|\n)\s*(?:subject|betreff|objet|asunto|assunto|dear|sehr geehrte[rs]?|estimad[oa]s?|prezad[oa]s?)\b"
    r"[^\n]{0,80}(?:,|:)|(?:kind|best|warm) regards|sincerely|mit freundlichen gr|cordialement|atentamente"
    r"|atenciosamente|此致|敬具"
)
"""A text that is written for someone to send: what it claims, it claims in another's name."""


def deeds(text: str) -> frozenset[str]:
    """The kinds of deeds that a text's author claims to have done. What is negated, planned or offered is none."""
    data = plain(text)
    found: set[str] = set()
    for language in likely(text):
        if _any(language).search(data) and not _LETTER.search(data):
            for sentence in sentences(data):
                if _any(language).search(sentence) and not pattern("deeds", language, "not_yet").search(sentence):
                    found.update(deed for deed in DEEDS if pattern("deeds", language, deed).search(sentence))
    return frozenset(found)


@cache
def _any(language: str) -> Any:
    return joined("deeds", language, DEEDS)


@lru_cache(maxsize=4096)
def may_do(tool: str, deed: str) -> bool:
    """A tool of this name may do this: its name says so, or says nothing that one knows."""
    name, known = tool.lower(), told_by_name(tool)
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
