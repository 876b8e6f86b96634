"""Names of members that count work: what was given, done and left, by the words that they are made of."""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

import msgspec

from otelagent.reading import lexicon
from otelagent.reading.lexicon import exact, matches
from otelagent.reading.members import folded

LONGEST: Final = 60
"""Characters of a name that is looked at."""

_PARTS: Final = exact(r"\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{Mn}]+|\p{Lu}+")
_SHARES: Final = frozenset(("percent", "percentage", "pct", "rate", "ratio", "share"))
_RATIOS: Final = frozenset(("rate", "ratio", "share"))
_PROGRESS: Final = frozenset(("progress", "completion", "coverage"))


class Count(msgspec.Struct, frozen=True):
    """What a name says of the number or list beside it."""

    given: bool = False
    total: bool = False
    done: bool = False
    left: bool = False
    came: bool = False
    """What was got: done, where the same output says in one way what was asked for."""
    unit: bool = False
    """It says what is counted."""
    sure: bool = False
    """It speaks of an assignment, which nothing but work has."""
    holder: bool = False
    """What is below it is about the work."""
    share: bool = False
    ratio: bool = False
    guessed: bool = False
    """Done by the form of its word alone: `migrated`, `enviadas`."""
    undone: bool = False
    """Left, and nothing else: work alone fails or is still to be done."""
    verdict: bool = False
    """What was found of things that were dealt with: passed, flagged."""
    things: tuple[str, ...] = ()
    """Words of it that no list has: `zones` of `zones_failed`."""

    @property
    def bare_unit(self) -> bool:
        """Only what is counted: `num_documents`."""
        return self.unit and not (self.given or self.total or self.done or self.left or self.came or self.share)


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(stem(lexicon.folded(word)) for word in lexicon.data("receipts")[key].split())


@cache
def _parts_of(key: str) -> tuple[str, ...]:
    """Words of a list in scripts without spaces, the longest first: names join them."""
    listed = (lexicon.folded(word) for word in lexicon.data("receipts")[key].split())
    return tuple(sorted((word for word in listed if not word.isascii()), key=len, reverse=True))


KINDS: Final = ("verdict", "undone", "left", "given", "total", "done", "came", "units", "aside")
"""What a word may say, the first that knows it decides."""


@lru_cache(maxsize=8192)
def meaning(name: str) -> Count | None:
    """None for a name that has a word which no receipt has."""
    parts = _split(name) if len(name) <= LONGEST else ()
    if not parts:
        return None
    known = {key: [p for p in parts if _is(p, key)] for key in KINDS}
    known["left"] += known["undone"]
    shares = [p for p in parts if p in _SHARES]
    progress = [p for p in parts if p in _PROGRESS]
    holds = any(_is(p, "holders") or _is(p, "work") for p in parts)
    rest = [p for p in parts if not any(p in found for found in known.values())]
    rest = [p for p in rest if p not in shares and p not in progress and not _is(p, "filler")]
    guessed = [p for p in rest if participle(p)] if not (known["done"] or known["verdict"]) else []
    things = tuple(p for p in rest if p not in guessed)
    if known["verdict"] and not things and not known["aside"]:
        return Count(verdict=True, things=())
    said = known["given"] or known["total"] or known["done"] or known["left"] or guessed
    if not _may_be_things(things) or (things and not said) or (known["aside"] and not known["done"]):
        return Count(holder=True) if holds else None
    left = bool(known["left"])
    done = (bool(known["done"]) or bool(guessed)) and not left
    came = bool(known["came"]) and not done and not left and "size" not in parts
    given = (bool(known["given"]) or (parts[-1] == "in" and bool(known["units"]))) and not (done or left or came)
    return Count(
        given=given,
        total=bool(known["total"]) and not (given or done or left or came),
        done=done and not shares,
        left=left,
        came=came,
        unit=bool(known["units"]) or any(_is(p, "filler") for p in parts),
        sure=given and any(p.startswith(("assign", "zugewiesen", "asignad", "atribu", "分配")) for p in parts),
        holder=holds or (bool(known["units"]) and len(parts) == 1),
        share=bool(shares or progress) and (bool(progress) or bool(known["done"])),
        ratio=any(p in _RATIOS for p in shares) or bool(progress),
        guessed=done and not known["done"],
        undone=bool(known["undone"]),
        things=tuple(map(stem, things)),
    )


def _is(part: str, key: str) -> bool:
    if part.isascii():
        return stem(part) in _words(key)
    return part in _words(key) or (key not in ("filler", "units", "work") and _joined(part) == key)


@lru_cache(maxsize=1024)
def _joined(part: str) -> str:
    """What a name in a script without spaces says by the words that it is joined of: what is undone before what is
    done, for the words for that stand in it."""
    if lexicon.exact(r"^[\p{Latin}]+$").search(part.encode(errors="replace")):
        return ""
    keys = (key for key in (*KINDS, "holders") if any(word in part for word in _parts_of(key)))
    return next(keys, "")


def _may_be_things(things: Sequence[str]) -> bool:
    """One or two words that no list has, and none that measures or dates."""
    return len(things) <= MAX_THINGS and not any(stem(p) in _words("measures") or len(p) < SHORTEST for p in things)


MAX_THINGS: Final = 2
SHORTEST: Final = 3

_ENDINGS: Final = ("es", "as", "os", "en", "er", "s", "a", "o", "e")
_STEM: Final = 4
"""Letters that a word keeps at least."""


def stem(word: str) -> str:
    """A folded word without the ending that number and gender give it."""
    end = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= _STEM), "")
    return word.removesuffix(end) if word.isascii() else word


_PARTICIPLE: Final = exact(
    r"^(?:\w{2,}ed|\w{2,}[ai]d[oa]s?|\w{2,}ees?|\w{3,}iert(?:e[nrs]?)?|(?:un|ab|an|auf|aus|ein|hoch|weiter|zu)?ge\w{2,}t(?:e[nrs]?)?)$"
)


@lru_cache(maxsize=1024)
def participle(word: str) -> bool:
    """A word that says by its form that something was done; not one that is known for something else."""
    return bool(_PARTICIPLE.search(word.encode())) and not any(
        stem(word) in _words(key) for key in ("measures", "verdict")
    )


def _split(name: str) -> tuple[str, ...]:
    """Words of a name in snake, kebab or camel case; a word that denies the next one is joined to it."""
    found = [m.group().decode() for m in matches(_PARTS, name.encode(errors="replace"), 12)]
    whole = lexicon.folded("".join(found))
    if whole in ("outof", "notprocessed", "inscope"):
        return (whole,)
    parts = [lexicon.folded(part) for part in found]
    if len(parts) > 1 and any(p in _DENIALS and (_done(q)) for p, q in pairwise(parts)):
        return (
            "unfinished",
            *(p for p, q in zip(parts, [*parts[1:], ""], strict=True) if p not in _DENIALS and not _done(p)),
        )
    return tuple("unfinished" if p[:2] == "un" and _done(p[2:]) else p for p in parts)


_DENIALS: Final = frozenset(("not", "nicht", "no", "nao", "non", "sin", "sem", "sans", "pas"))


def _done(part: str) -> bool:
    return stem(part) in _words("done") or participle(part)


def state(value: str) -> bool:
    """A word for work that isn't done."""
    return stem(lexicon.folded(folded(value))) in _words("states")


def as_count(value: object) -> int | None:
    """A number of items: a count, a count as text, or a list of the items."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
