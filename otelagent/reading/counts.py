"""Names of members that count work: what was given, done and left, by the words that they are made of."""

from functools import cache, lru_cache
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

    @property
    def bare_unit(self) -> bool:
        """Only what is counted: `num_documents`."""
        return self.unit and not (self.given or self.total or self.done or self.left or self.came or self.share)


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(lexicon.folded(word) for word in lexicon.data("receipts")[key].split())


@lru_cache(maxsize=8192)
def meaning(name: str) -> Count | None:
    """None for a name that has a word which no receipt has."""
    parts = _split(name) if len(name) <= LONGEST else ()
    if not parts:
        return None
    known = {
        key: [p for p in parts if p in _words(key)]
        for key in ("given", "total", "done", "came", "left", "units", "aside")
    }
    shares = [p for p in parts if p in _SHARES]
    progress = [p for p in parts if p in _PROGRESS]
    holds = any(p in _words("holders") or p in _words("work") for p in parts)
    rest = set(parts) - {p for found in known.values() for p in found} - {*shares, *progress} - _words("filler")
    if rest or (known["aside"] and not known["done"]):
        return Count(holder=True) if holds else None
    left = bool(known["left"])
    done = bool(known["done"]) and not left
    came = bool(known["came"]) and not done and not left and "size" not in parts
    given = (bool(known["given"]) or (parts[-1] == "in" and bool(known["units"]))) and not (done or left or came)
    return Count(
        given=given,
        total=bool(known["total"]) and not (given or done or left or came),
        done=done and not shares,
        left=left,
        came=came,
        unit=bool(known["units"]) or any(p in _words("filler") for p in parts),
        sure=given and any(p.startswith(("assign", "zugewiesen", "asignad", "atribu", "分配")) for p in parts),
        holder=holds or (bool(known["units"]) and len(parts) == 1),
        share=bool(shares or progress) and (bool(progress) or bool(known["done"])),
        ratio=any(p in _RATIOS for p in shares) or bool(progress),
    )


def _split(name: str) -> tuple[str, ...]:
    """Words of a name in snake, kebab or camel case."""
    found = [m.group().decode() for m in matches(_PARTS, name.encode(errors="replace"), 12)]
    whole = lexicon.folded("".join(found))
    if whole in ("outof", "notprocessed", "inscope"):
        return (whole,)
    return tuple(lexicon.folded(part) for part in found)


def state(value: str) -> bool:
    """A word for work that isn't done."""
    return folded(value) in _words("states") or lexicon.folded(folded(value)) in _words("states")


def as_count(value: object) -> int | None:
    """A number of items: a count, a count as text, or a list of the items."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
