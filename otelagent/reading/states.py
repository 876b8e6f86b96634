"""What the name of a member, or a word beside an item, says of work: given, done, left, gone wrong."""

from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final

from otelagent.reading import lexicon
from otelagent.reading.lexicon import NOTHING, compiled, exact, folded, matches

LONGEST: Final = 60
"""Characters of a name or value that is looked at."""

_WORDS: Final = exact(r"\p{Lu}?[\p{Ll}\p{Lm}\p{Mn}]+|\p{Lu}+|[\p{Lo}ー]+")
_SHORT: Final = 4
"""Letters up to which an entry is a whole word; a longer one, or one with a star, is how a word begins."""

_INFINITIVE: Final = compiled(r"^\p{Ll}{2,}(?:ar|er|ir|re|en)$")
_INSIDE: Final = ("in", "en", "em")
_YES: Final = frozenset("✔✓☑✅○◯◎")
_NO: Final = frozenset("×✗✘✕❌☒☐⬜⏳⌛⏭否不")


class State(Enum):
    """What a word says of the items beside it."""

    DONE = "done"
    WORK = "work"
    """Done, of one kind of work."""
    LEFT = "left"
    UNDONE = "undone"
    """Left, as the opposite of a word for work: "not graded"."""
    FAILED = "failed"
    """It went wrong or was left out, which is work left only where it is told of work."""
    GIVEN = "given"
    TOTAL = "total"
    TO_DO = "to do"
    """Given or left, as the numbers show: `a_faire`."""

    @property
    def did(self) -> bool:
        return self in (State.DONE, State.WORK)

    @property
    def lacks(self) -> bool:
        return self in (State.LEFT, State.UNDONE, State.FAILED)


@cache
def _listed(key: str) -> tuple[str, ...]:
    return tuple(folded(word) for word in lexicon.data("ledger").get(key, "").split())


@cache
def _listed_phrases() -> frozenset[str]:
    return frozenset(map(folded, lexicon.data("ledger")["failed_said"]))


@cache
def _begins(key: str) -> Any:
    """Words of a list: short ones whole, others by how they begin."""
    shapes = [f"{word}$" if len(word) <= _SHORT else word.rstrip("*") for word in _listed(key)]
    return compiled(f"^(?:{'|'.join(shapes)})" if shapes else NOTHING)


@cache
def _signs(key: str) -> Any:
    return compiled("|".join(_listed(f"{key}_signs")) or NOTHING)


_LATIN: Final = (State.UNDONE, State.LEFT, State.FAILED, State.DONE, State.WORK, State.GIVEN, State.TOTAL)
_CJK: Final = (State.LEFT, State.FAILED, State.DONE, State.GIVEN, State.WORK, State.TOTAL)


def words(name: str) -> tuple[str, ...]:
    """Words of a name in snake, kebab or camel case, or of a short text; folded."""
    found = matches(_WORDS, name[:LONGEST].encode(errors="replace"), 16)
    return tuple(folded(match.group().decode(errors="replace")) for match in found)


@lru_cache(maxsize=8192)
def state(name: str, verbs: tuple[str, ...] = ()) -> State | None:
    """`verbs`: how the words for the work at hand begin. None for a name that says nothing of work."""
    if name[:1] in _YES or name[:1] in _NO:
        return State.DONE if name[0] in _YES else State.LEFT
    if folded(name).strip(" .") in _listed_phrases():
        return State.FAILED
    parts = words(name)
    known = [_of_word(part, verbs) for part in parts]
    for at, part in enumerate(parts[:-1]):
        if part in _INSIDE and parts[at + 1] in _listed("standing"):
            return State.LEFT
        rest = [s for s in known[at + 1 :] if s is not None]
        if part in _listed("negations") and (
            any(s.did for s in rest)
            or _bare(part, parts[at + 1])
            or (known[at + 1] is None and tells_dealt(parts[at + 1], ()))
        ):
            return State.UNDONE if tells_dealt(" ".join(parts[at + 1 :]), verbs) else State.LEFT
        if part in _listed("before") and (any(s.did for s in rest) or _bare(part, parts[at + 1])):
            return State.TO_DO
    return next((wanted for wanted in _LATIN if wanted in known), None)


def _bare(before: str, word: str) -> bool:
    """`sin_revisar`, `por_digitar`: an infinitive after such a word, whatever the verb."""
    return before in ("sin", "sem", "por", "sans", "zu", "a") and bool(_INFINITIVE.match(word.encode()))


def _of_word(word: str, verbs: tuple[str, ...]) -> State | None:
    data = word.encode(errors="replace")
    if not word.isascii():
        found = next((s for s in _CJK if _signs(s.value).search(data)), None)
        if found is State.LEFT and word[0] in "未没" and tells_dealt(word, verbs):
            return State.UNDONE
        ended = found in (None, State.TOTAL) and any(end in word for end in _listed("done_ends"))
        return State.DONE if ended else found
    found = next((s for s in (State.LEFT, State.FAILED) if _begins(s.value).match(data)), None)
    if found is not None:
        return found
    for prefix in _listed("prefixes"):
        if word.startswith(prefix) and _is_done(word[len(prefix) :]):
            return State.UNDONE if tells_dealt(word[len(prefix) :], verbs) else State.LEFT
    found = next((s for s in _LATIN[3:] if _begins(s.value).match(data)), None)
    if found in (None, State.TOTAL) and any(verb in word for verb in verbs):
        return State.WORK
    return found


def _is_done(word: str) -> bool:
    return any(_begins(s.value).match(word.encode()) for s in (State.DONE, State.WORK))


@cache
def _said() -> tuple[Any, ...]:
    patterns = lexicon.data("ledger")["done_said"]
    return _signs(State.DONE.value), _signs(State.WORK.value), compiled("|".join(patterns))


def tells_done(text: str, verbs: tuple[str, ...]) -> bool:
    """A word of the text says that something was done."""
    data = text.encode(errors="replace")
    if any(each.search(data) for each in _said()):
        return True
    found = (m.group().decode(errors="replace").lower() for m in matches(_WORDS, data, 80))
    return any(word.isascii() and (_is_done(word) or any(verb in word for verb in verbs)) for word in found)


def tells_dealt(text: str, verbs: tuple[str, ...]) -> bool:
    """A word of the text says that an item was got to, or is that for the work at hand."""
    data = text.encode(errors="replace")
    found = (m.group().decode(errors="replace").lower() for m in matches(_WORDS, data, 40))
    return bool(_signs("dealt").search(data)) or any(
        _begins("dealt").match(word.encode(errors="replace")) or any(verb in word for verb in verbs) for word in found
    )


def checks(text: str) -> bool:
    """An assignment looks for what is wrong: a failure is its result, and no work that is left."""
    found = (m.group() for m in matches(_WORDS, text.encode(errors="replace"), 200))
    return bool(_signs("checks").search(text.encode(errors="replace"))) or any(map(_begins("checks").match, found))


def is_verdict(name: str) -> bool:
    """A member of this name says what a check has shown: `ok`, `passed`, `gueltig`."""
    return bool(_signs("verdict").search(folded(name).encode())) or any(
        _begins("verdict").match(word.encode(errors="replace")) for word in words(name)
    )


@cache
def _progress() -> Any:
    return compiled("|".join(lexicon.data("ledger")["progress"]))


def asks_progress(text: str) -> bool:
    """An assignment asks how far things have come: what is open is its answer."""
    return bool(_progress().search(text.encode(errors="replace")))


def is_finding(word: str) -> bool:
    """A verb that asks for an answer, and not for work that may be left."""
    return word in _listed("findings")
