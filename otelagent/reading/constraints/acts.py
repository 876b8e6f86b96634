"""Rules on deeds that are named in everyday words: not at all, so many times, not before somebody was asked."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from otelagent.model import Earlier, Role
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, shared
from otelagent.reading.constraints.lengths import amount, counted
from otelagent.reading.constraints.tools import EARLIER
from otelagent.reading.lexicon import data, exact, folded, pattern
from otelagent.reading.roles import told_by_name

_TABLE: Final = data("acts")
MARKS: Final[dict[str, tuple[str, ...]]] = {key: tuple(map(folded, stems)) for key, stems in _TABLE["marks"].items()}
_SAID: Final = {act: _TABLE[act]["said"] for act in _TABLE if act != "marks"}
_TOOLS: Final = {act: tuple(map(folded, _TABLE[act]["tools"])) for act in _SAID}
_WEB: Final = "web"
_PRODUCTION: Final = "production"
KINDS: Final = ("act_forbidden", "max_acts", "approval")
_BREAK: Final = exact(r"[^\pL\pN]+")
_CAMEL: Final = exact(r"(\p{Ll})(\p{Lu})")

# --- as stated -------------------------------------------------------------------------------------------------------


def read(sentence: Sentence) -> Iterator[Draft]:
    """The deeds that a sentence rules out, counts, or wants asked about first."""
    for key, what in (("no_web", _WEB), ("no_production", _PRODUCTION)):
        ruled = sentence.find(key)
        if ruled and what == _PRODUCTION and _TOOL.search(sentence.lowered):
            continue
        if ruled and not pattern("constraints", sentence.language, "unless").search(_clause(sentence, ruled)):
            yield Draft("act_forbidden", (what,))
    if times := counted(sentence, "max_acts"):
        acts = _acts(times.group())
        scope = scope_of(sentence)
        if acts and scope is not None:
            yield Draft("max_acts", (acts[0], *scope), amount(times[1]))
    if (asking := sentence.find("asking_first")) and not _about_something(sentence, asking):
        part = _part(sentence)
        if not shared("some_deeds").search(part) and (acts := _acts(part)):
            yield Draft("approval", acts)


def _acts(part: bytes) -> tuple[str, ...]:
    said = part.decode(errors="replace")
    acts = tuple(act for act, stems in _SAID.items() if any(stem in said for stem in stems))
    return tuple(act for act in acts if act in _UNDOING) or acts


def _about_something(sentence: Sentence, asking: Any) -> bool:
    """What is to be asked is a fact, "ask the customer for the number", and not whether to go on."""
    if not shared("asking_about").search(asking.group()):
        return False
    return not shared("whether_to").search(sentence.lowered[asking.end() :])


_TOOL: Final = exact(r"[a-z0-9]_[a-z0-9]")


def _clause(sentence: Sentence, match: Any) -> bytes:
    """The clause that a match ends in, from where it begins."""
    group: bytes = match.group()
    return group + bytes(_CLAUSE.split(sentence.lowered[match.end() :])[0])


def scope_of(sentence: Sentence) -> tuple[str, ...] | None:
    """What a number or sum holds for: a request, or all that a run does; None: for each of something else."""
    each = shared("each_of").search(sentence.lowered)
    if each is None or shared("of_all").search(each.group()):
        return ()
    return (REQUEST,) if shared("of_a_request").search(each.group()) else None


REQUEST: Final = "request"


def in_scope(rule: Constraint, earlier: Iterable[Earlier]) -> Iterator[Earlier]:
    """The calls that a number or sum holds for."""
    for each in islice(earlier, EARLIER):
        if each.tool is None and REQUEST in rule.terms:
            return
        yield each


def _part(sentence: Sentence) -> bytes:
    """Where a sentence names the deed that is to wait: after "before", or between "never" and "without"."""
    low = sentence.lowered
    if before := sentence.find("first_before"):
        if sentence.language in ("zh", "ja"):
            return bytes(before.group())
        rest = low[before.end() :]
        asked = pattern("constraints", sentence.language, "asking_first").search(rest)
        return bytes(_CLAUSE.split(rest[: asked.start()] if asked else rest)[0])
    ruled = sentence.find("without_asking")
    if ruled is None:
        return b""
    return low[ruled.start() :] if sentence.language in ("zh", "ja", "de") else bytes(ruled.group())


_CLAUSE: Final = exact(r"[,;:(，；、]")


# --- as broken -------------------------------------------------------------------------------------------------------


def call_breaks(rule: Constraint, tool: str, arguments: object, earlier: Iterable[Earlier] | None) -> str | None:
    """How a call breaks a rule on deeds; `earlier`: calls and answers before it, the latest first; None: not known."""
    if rule.kind == "act_forbidden":
        if rule.terms == (_WEB,):
            return "searches the internet, which the instructions forbid" if _on_the_web(tool) else None
        touches = told_by_name(tool) is not Role.SOURCE and _in_production(arguments)
        return "acts on production, which the instructions forbid" if touches else None
    if earlier is None or not any(does(tool, act) for act in rule.terms if act in _TOOLS):
        return None
    before = list(islice(earlier, EARLIER))
    if rule.kind == "max_acts":
        made = sum(_done(each, rule.terms[0]) for each in in_scope(rule, before))
        return "does something more often than allowed" if made >= (rule.amount or 0) else None
    if _answered(arguments):
        return None
    return "does something without the question that has to come before it" if _unasked(rule, before) else None


def does(tool: str, act: str) -> bool:
    """A tool's name says that it does a deed, not that it looks it up, prepares it, asks about it or undoes it."""
    named = _words(tool)
    if any(_has(named, MARKS[key]) for key in ("preparing", "beside")) or _asks(named):
        return False
    if not _has(named, _TOOLS[act]) or (act not in _UNDOING and any(_has(named, _TOOLS[other]) for other in _UNDOING)):
        return False
    return told_by_name(tool) not in (Role.SOURCE, Role.NOTE, Role.POLL)


_UNDOING: Final = ("cancel", "refund", "delete")


def _words(text: str) -> frozenset[str]:
    spaced: Any = _CAMEL.sub(r"\1 \2", text)
    return frozenset(word for word in _BREAK.split(folded(spaced)) if word)


def _has(named: frozenset[str], stems: tuple[str, ...]) -> bool:
    """A word begins with a stem; scripts without spaces hold it anywhere."""
    return any(word.startswith(stems) or (not word.isascii() and any(stem in word for stem in stems)) for word in named)


def _done(each: Earlier, act: str) -> bool:
    return bool(each.tool) and not each.failed and each.given is not None and does(each.tool or "", act)


def _unasked(rule: Constraint, before: list[Earlier]) -> bool:
    """Nobody was asked since the last such deed."""
    for each in before:
        if each.tool is None and each.asked is not False:
            return False
        if each.tool and _asks(_words(each.tool)):
            return False
        if any(_done(each, act) for act in rule.terms):
            return True
    return True


def _asks(named: frozenset[str]) -> bool:
    return _has(named, MARKS["asking"]) or (_has(named, MARKS["consulting"]) and _has(named, MARKS["persons"]))


def _answered(arguments: object) -> bool:
    """The arguments say that it was confirmed."""
    named = arguments if isinstance(arguments, Mapping) else {}
    return any(_asks(_words(str(name))) for name in list(named)[:64])


def _on_the_web(tool: str) -> bool:
    named = _words(tool)
    return not named.isdisjoint(MARKS["web_names"]) or (
        not named.isdisjoint(MARKS["web"]) and not named.isdisjoint(MARKS["web_search"])
    )


def _in_production(arguments: object) -> bool:
    named = arguments if isinstance(arguments, Mapping) else {}
    for name, value in list(named.items())[:64]:
        if isinstance(value, str) and len(value) <= 60 and any(part in folded(str(name)) for part in MARKS["places"]):
            parts = _words(value)
            if not parts.isdisjoint(MARKS["production"]) and parts.isdisjoint(MARKS["not_production"]):
                return True
    return False
