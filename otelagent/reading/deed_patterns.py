"""How deeds are said and asked for: the patterns of `words/deeds.*.toml`, with each kind's forms put in."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from otelagent.reading.lexicon import LANGUAGES, NOTHING, SPACED, AnyOf, blanks, compiled, folded, grammar, words

DEEDS: Final = ("send", "book", "change", "cancel", "create", "pay", "notify", "search", "release", "run", "remind")
"""Kinds of deeds: `words/deeds.*.toml` has for each how it is claimed, and parts of the names of tools that do it."""

TICKED: Final = r"[\x{2705}\x{2714}\x{2611}\x{2713}]|\[x\]|:white_check_mark:"
_LINE: Final = (
    r"(?:[-+>|\[\]\s.)\d\x{2022}\x{2013}\x{2014}\x{2705}\x{2714}\x{2611}\x{2713}\x{FE0F}]|x\]|:white_check_mark:)*"
)

FIRMLY: Final = ("", "did_it")
"""Ways in which an author claims to have done something himself."""

_SLOTS: Final = ("participle", "past", "infinitive", "right", "outcome")
"""Forms of a deed that patterns name; the sections of a word list have them in the plural."""

_CELL: Final = (
    r"(?:\||:)[\s*_\x{2705}\x{2714}\x{FE0F}]*(?:\w+ )?<participle>[\s*_.!\x{2705}\x{2714}\x{FE0F}]*(?:\||$|\n)"
)
"""A cell of a table or the value of a field that says nothing but what was done, in any language."""


@cache
def any_way(language: str, ways: tuple[str, ...]) -> AnyOf:
    """Any deed, said in any of these ways. The forms of all kinds stand in one pattern for each way to say it: a third
    of what a pattern for each kind takes, 83 microseconds a new kilobyte where that was 148."""
    found = [each for how in ways for each in _patterns(language, DEEDS, how)]
    return AnyOf([*found, TICKED] if "line" in ways else found)


@cache
def _each_way(language: str, how: str) -> AnyOf:
    return AnyOf([each for deed in DEEDS for each in _patterns(language, (deed,), how)])


def claimed(clause: bytes, language: str, how: str) -> list[str]:
    """The kinds that occur in a clause, of all kinds at once: to search for each of them takes six times as long."""
    owners = _owners(language, how)
    return list(dict.fromkeys(owners[at] for at in sorted(_each_way(language, how).which(clause))))


@cache
def _owners(language: str, how: str) -> list[str]:
    """The deeds that the patterns of `_each_way` stand for."""
    return [deed for deed in DEEDS for _ in _patterns(language, (deed,), how)]


@cache
def deed_of(language: str, deed: str, how: str) -> Any:
    """A deed of one kind, said in one way."""
    found = _patterns(language, (deed,), how)
    return compiled("|".join(f"(?:{each})" for each in found) if found else NOTHING)


def reports(text: str, kinds: tuple[str, ...] = ()) -> bool:
    """A short text says that something was done, in any language; with `kinds`, that such a deed was."""
    return _receipt(kinds).search(folded(text).encode(errors="replace"))


@cache
def _receipt(kinds: tuple[str, ...]) -> AnyOf:
    done = [
        _over(_forms(forms), name)
        for name in LANGUAGES
        for deed, forms in words("deeds", name)["participles"].items()
        if not kinds or deed in kinds
    ]
    return AnyOf(done if kinds else [*done, *(each for name in LANGUAGES for each in grammar("deeds", name)["over"])])


def _over(forms: str, language: str) -> str:
    """Where no space ends a word, only what a mark of the past stands beside."""
    if language in SPACED:
        return _edged(forms, language)
    done = "了|好|成功|完成|完毕|済|完了|(?:いた|され)?しました|されました"
    begun = "(?:已|成功|完成)" + r"[^。\x{FF0C}\x{3001},]{0,6}?"
    return f"{begun}{forms}|{forms}(?:{done})"


@cache
def participle(language: str, deed: str) -> Any:
    """The participles of a kind of deed, as words of their own."""
    forms = words("deeds", language)["participles"].get(deed)
    return compiled(_edged(_forms(forms), language) if forms else NOTHING)


@cache
def begins(language: str) -> Any:
    """A clause that goes on with what its author did."""
    forms = "|".join(_forms(each) for each in words("deeds", language)["participles"].values())
    return compiled(rf"^\W*(?:(?:and|then|also|et|puis|y|e|luego|tambien)\s+){{0,2}}(?:{forms})\b")


def _patterns(language: str, deeds: Sequence[str], how: str) -> list[str]:
    """The ways to say any of these deeds."""
    if not how:
        return [each for deed in deeds for each in grammar("deeds", language).get(deed, ())]
    source = words("deeds", language)
    found = []
    for each in [*grammar("deeds", language).get(how, ()), *((_CELL,) if how == "cell" else ())]:
        for slot in _SLOTS:
            forms = [_forms(own) for deed in deeds if (own := source.get(f"{slot}s", {}).get(deed))]
            if f"<{slot}>" in each and forms:
                found.append(each.replace(f"<{slot}>", f"(?:{'|'.join(forms)})").replace("<line>", _LINE))
    return found


def _edged(forms: str, language: str) -> str:
    edge = r"\b" if language in SPACED else ""
    return f"{edge}{forms}{edge}"


def _forms(forms: str) -> str:
    return blanks(folded(forms))


@cache
def request(language: str, deed: str) -> Any:
    """How one asks for a deed."""
    return compiled(request_of(language, deed) or NOTHING)


def request_of(language: str, deed: str) -> str:
    """The same as a pattern; empty where a language has no words for it."""
    forms = words("deeds", language)["requests"].get(deed, "")
    return _edged(_forms(forms), language) if forms else ""
