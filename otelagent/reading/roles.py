"""What a tool is for: source, action, note or poll, from its name, else from its description; configuration wins."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from otelagent.model import Role
from otelagent.reading.lexicon import compiled, exact, words

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja")

_CAMEL: Final = exact(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])")
_BREAK: Final = compiled(r"[^\pL\pN]+")
_CACHED: Final = 4096


def _listed(key: str) -> frozenset[str]:
    return frozenset(word for language in LANGUAGES for word in words("roles", language).get(key, ()))


_ACTIONS: Final = _listed("action")
_SOURCES: Final = _listed("source")
_NOTES: Final = _listed("note")
_POLLS: Final = _listed("poll")
_POLLED: Final = _listed("poll_of")
_POLL_WORDS: Final = _listed("poll_word")
_TRANSFERS: Final = tuple(sorted(_listed("transfer"), key=len, reverse=True))


def role(tool: str | None, description: str | None, overrides: Mapping[str, Role]) -> Role:
    """The role by the first pattern that matches (`*` and `?` in any case), else by verbs; a source if nothing tells."""
    if tool is None:
        return Role.SOURCE
    folded = tool.lower()
    for pattern, configured in overrides.items():
        if fnmatchcase(folded, pattern.lower()):
            return configured
    return _guessed(tool[:200], (description or "")[:200])


def is_transfer(tool: str | None) -> bool:
    """The tool hands the conversation, or work, to another agent; its own result says nothing."""
    return tool is not None and _transfers(tool[:200])


@lru_cache(maxsize=_CACHED)
def _transfers(tool: str) -> bool:
    name = " ".join(_split(tool))
    return any(name == t or name.startswith(f"{t} ") for t in _TRANSFERS)


@lru_cache(maxsize=_CACHED)
def _guessed(tool: str, description: str) -> Role:
    parts = _split(tool)
    return _by_name(parts) or _by_description(_split(description)[:3]) or Role.SOURCE


def _by_name(parts: list[str]) -> Role | None:
    if not parts:
        return None
    if _NOTES.intersection(parts[:2]) and not _SOURCES.intersection(parts[:1]):
        return Role.NOTE
    if parts[0] in _POLLS or (_POLL_WORDS.intersection(parts[-2:]) and _POLLED.intersection(parts)):
        return Role.POLL
    for part in parts:
        if part in _SOURCES:
            return Role.SOURCE
        if part in _ACTIONS:
            return Role.ACTION
    return None


def _by_description(first: list[str]) -> Role | None:
    """The verb that a description begins with, also in the third person."""
    for word in first[:2]:
        for form in (word, word.removesuffix("s"), word.removesuffix("es")):
            if form in _SOURCES:
                return Role.SOURCE
            if form in _ACTIONS:
                return Role.ACTION
    return None


def _split(name: str) -> list[str]:
    """The words of a name in snake, camel or dotted form; of `server__tool` or `server.tool` the tool's."""
    for separator in ("__", "/", ":", "."):
        name = name.rstrip(separator).rpartition(separator)[2]
    spaced = _CAMEL.sub(r"\1\3 \2\4", name)
    return [word.lower() for word in _BREAK.split(spaced) if word]
