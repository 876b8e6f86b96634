"""Whether a call of a tool may have been a deed, by the tool's name and by what came of its calls."""

from functools import cache, lru_cache
from typing import Final

from otelagent.model import Role, Use
from otelagent.reading.deed_patterns import DEEDS
from otelagent.reading.lexicon import LANGUAGES, words
from otelagent.reading.roles import drafts, fills_cart, handles, keeps_words, runs_anything, told_by_name

_COMPUTES: Final = (
    "calc",
    "comput",
    "convert",
    "translat",
    "rechn",
    "übersetz",
    "tradu",
    "计算",
    "翻译",
    "計算",
    "翻訳",
)
"""Parts of the names of tools that look nothing up."""


def may_do(tool: str, deed: str, use: Use = Use.DONE) -> bool:
    """What came of the calls of a tool may be this: its name says so, or says nothing that one knows."""
    return deed in done_by(tool, use)


@lru_cache(maxsize=1024)
def done_by(tool: str, use: Use = Use.DONE) -> frozenset[str]:
    """The deeds that came of the calls of a tool, for all that one knows."""
    if use is Use.DONE:
        return frozenset(deed for deed in DEEDS if _may_do(tool, deed))
    return frozenset({"search"} if use is Use.READ else ())


def _may_do(tool: str, deed: str) -> bool:
    name, known = tool.lower(), told_by_name(tool)
    if runs_anything(tool) or name.startswith("ask_") or (handles(tool) and known is not Role.SOURCE):
        return True
    if drafts(tool) and deed not in ("create", "change"):
        return False
    if keeps_words(tool) and deed not in ("create", "change"):
        return False
    if fills_cart(tool) and deed != "change":
        return False
    named = any(part in name for part in _parts()[deed])
    if known is Role.SOURCE:
        return (deed == "search" and not any(part in name for part in _COMPUTES)) or (deed == "run" and named)
    if named:
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
