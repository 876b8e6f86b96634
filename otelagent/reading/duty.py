"""Whether what an assignment names is to be dealt with, item by item, or stands there for reference."""

from collections.abc import Iterator, Sequence
from typing import Final

from otelagent.model import Family
from otelagent.reading import numerals
from otelagent.reading.lexicon import LANGUAGES, compiled, either, folded, grammar, matches, words
from otelagent.reading.naming import MAX_ITEMS, keys

_STEM: Final = 5
"""Letters that "contracts", "contratos" and `read_contract` have in common."""

_PARAGRAPH: Final = compiled(r"\n[ \t]*\n")
_SENTENCE: Final = compiled(r"[.!?](?:\s|$)|[。！？\n]")
_SHORTENED: Final = compiled(
    r"\b(?:co|inc|ltd|corp|bros|st|dr|mr|mrs|ms|prof|no|nos|nr|vs|v|jr|sr|art|abs|ca|u\.a|e\.g|i\.e|z\.b)$"
)
"""Words that end with a stop that ends no sentence."""


def _either(key: str) -> str:
    return "|".join(f"(?:{each})" for language in LANGUAGES for each in grammar("delegation", language).get(key, ()))


_WORK: Final = compiled(_either("work"))
_OPTIONAL: Final = compiled(_either("optional"))
_EACH: Final = compiled(_either("each"))
_REASONS: Final = compiled(_either("reasons"))
_THINGS: Final = "|".join(p for language in LANGUAGES for p in words("acknowledgement", language).get("items", ()))
_NUMBER: Final = rf"(?:^|[^\w.,/$#-])(\d{{1,4}}|{either(numerals.SPELLED)}|[二三四五六七八九十两兩]{{1,3}})"
_STATED: Final = compiled(rf"{_NUMBER}[\s-]?(?:[\w-]+\s){{0,2}}(?:份|个|個|件|つの|本の|篇)?({_THINGS})")
_STATED_FIRST: Final = compiled(rf"{_NUMBER}[\s-]?(?:[\w-]+\s){{0,2}}?({_THINGS})")
_OF: Final = compiled(r"\s(?:of|from|in|du|de|des|del|da|do|dos|das|von|vom|aus|im)\s")
"""After it stands what the things belong to: "sept documents du dossier"."""
_DEFINITE: Final = compiled(rf"(?:{_either('definite')})\s+$")


def judged(names: Sequence[str], data: bytes, first: int, last: int, *, above: bool = False, head: int = 0) -> Family:
    """What the sentence says in which they stand; of a list (`above`) the paragraph before it.

    `head`: bytes from the first on that are read too, `last`: where they end.
    """
    before = data[max(0, first - 200) : first]
    ends = _PARAGRAPH if above else _SENTENCE
    cut = max((m.end() for m in matches(ends, before.rstrip(), 200)), default=0)
    around = folded(
        (before[cut:] + data[first : first + head] + b" " + data[last : last + 60 + head // 2]).decode(errors="replace")
    ).encode()
    return Family(keys(names), work=bool(_WORK.search(around)), optional=_is_optional(around))


def _is_optional(folded_text: bytes) -> bool:
    """ "Each one of" is none of "one of"."""
    return bool(_OPTIONAL.search(_EACH.sub(b" ", folded_text)))


def stated(text: str) -> tuple[int | None, str | None]:
    """How many things an assignment speaks of, and what it calls them where just these are meant: "the five contracts".

    The name is cut to where words for it in tools' names end alike.
    """
    data = text.lower().encode(errors="replace")
    match = _STATED.search(data)
    if match is not None and _OF.search(data[match.end(1) : match.start(2)]):
        match = _STATED_FIRST.search(data)
    if match is None:
        return None, None
    written = match.group(1).decode(errors="replace")
    count = int(written) if written.isdigit() else numerals.SPELLED.get(written)
    if count is None:
        count = numerals.chinese(written)
    if count is None or not 2 <= count <= MAX_ITEMS:
        return None, None
    definite = _DEFINITE.search(
        folded(data[max(0, match.start(1) - 24) : match.start(1)].decode(errors="ignore")).encode()
    )
    noun = folded(match.group(2).decode(errors="replace")) if definite else ""
    return int(count), noun.rstrip("s")[:_STEM] if len(noun) >= _STEM - 1 else None


def sentences(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The sentences of a text, and where each begins (bytes)."""
    at = 0
    for match in matches(_SENTENCE, data, 200):
        if _SHORTENED.search(data[max(0, match.start() - 8) : match.start()]) and data[match.start()] == ord("."):
            continue
        yield at, data[at : match.start()]
        at = match.end()
    yield at, data[at:]


def gives_reason(text: str) -> bool:
    """It says why something was left out: a duplicate, out of scope."""
    return bool(_REASONS.search(folded(text).encode()))


def says_work(text: str) -> bool:
    """It says that something is to be dealt with, or each of several things."""
    return bool(_WORK.search(folded(text).encode()))


def says_optional(text: str) -> bool:
    """It says that some of what it names will do, or that none of it is asked for."""
    return _is_optional(folded(text).encode())
