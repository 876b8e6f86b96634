"""The rules that a message states.

Read from system and user messages, sentence by sentence, with the word lists of the message's language. What no reader
understands but sounds like a rule is kept with kind `free`, for its displacement from the context, and stays unchecked.
"""

from collections.abc import Callable, Iterator
from typing import Final, Literal

from xxhash import xxh3_128_digest

from otelagent.reading.constraints import (
    acts,
    address,
    amounts,
    dated,
    disclosed,
    formats,
    hours,
    ingredients,
    lengths,
    literals,
    money,
    sources,
    spoken,
    stays,
    terms,
    tools,
    units,
    withheld,
    written_dates,
)
from otelagent.reading.constraints.constraint import UNCHECKED, Constraint, Draft, Sentence, lowered, present
from otelagent.reading.language import likely
from otelagent.reading.lexicon import exact
from otelagent.reading.sentences import sentences
from otelagent.reading.values import window

_KANA: Final = exact(r"[\p{Hiragana}\p{Katakana}]")
_HAN: Final = exact(r"\p{Han}")
LIMIT: Final = 32
"""Constraints per message."""


def constraints(text: str, role: Literal["system", "user"]) -> tuple[Constraint, ...]:
    """The rules that a message states, at most `LIMIT`; a sentence may state several. A repeated text is read once."""
    key = xxh3_128_digest(f"{role} {text}".encode(errors="replace"))
    if (known := _KNOWN.get(key)) is None:
        if len(_KNOWN) >= _KNOWN_LIMIT:
            _KNOWN.clear()
        known = _KNOWN[key] = _constraints(text, role)
    return known


_KNOWN: Final[dict[bytes, tuple[Constraint, ...]]] = {}
_KNOWN_LIMIT: Final = 256


def _constraints(text: str, role: str) -> tuple[Constraint, ...]:
    found: dict[tuple[object, ...], Constraint] = {}
    shown = window(text)[0]
    languages = likely(shown, slack=1)
    for data in sentences(shown.encode(errors="replace")):
        written = data.decode(errors="replace")
        small = lowered(written)
        read_in = [
            Sentence(written, small, language, present(language, small))
            for language in dict.fromkeys((*languages, *likely(written, slack=1), *_by_script(data)))
        ]
        if any(sentence.find("reported") for sentence in read_in):
            continue
        for made in (rule for sentence in read_in for rule in _read(sentence, role)):
            found.setdefault((made.kind, made.hash, made.terms), made)
        if len(found) >= LIMIT:
            break
    return tuple(found.values())[:LIMIT]


def _by_script(data: bytes) -> Iterator[str]:
    """The language of a sentence that is mostly names in another script."""
    if _KANA.search(data):
        yield "ja"
    elif _HAN.search(data):
        yield "zh"


def _read(sentence: Sentence, role: str) -> list[Constraint]:
    asked = sentence.written.endswith(("?", "？"))
    readers = _OF_THE_ANSWER if asked else (*_OF_THE_ANSWER, *_OF_THE_WORK)
    drafts = [draft for read in readers for draft in read(sentence)]
    if drafts:
        drafts = list(_binding(sentence, drafts))
    if not drafts and not asked and len(sentence.written) >= 8 and sentence.find("free"):
        drafts = [Draft(UNCHECKED)]
    return [draft.made(sentence.written, role) for draft in _apart(drafts)]


def _binding(sentence: Sentence, drafts: list[Draft]) -> Iterator[Draft]:
    """What holds of every answer; a rule with a condition or for a part of an answer can't be checked, and what is left
    open is none."""
    conditional = sentence.find("unless") and not sentence.find("concession")
    for draft in drafts:
        partial = draft.kind.startswith("term") and sentence.find("in_part")
        if (conditional and draft.kind not in _WHATEVER) or partial:
            yield Draft(UNCHECKED)
        elif not _left_open(sentence, draft):
            yield draft


def _left_open(sentence: Sentence, draft: Draft) -> bool:
    wanted = draft.kind == "language" or (draft.kind == "format" and not draft.terms[0].startswith("no_"))
    return bool(wanted and sentence.find("optional") and not sentence.find("exclusively"))


def _apart(drafts: list[Draft]) -> list[Draft]:
    """A name that is a tool's is no term; a cap on each item or on one kind of deed is no budget; a
    purchase price is one price, not all."""
    kinds = {draft.kind for draft in drafts}
    not_these: set[str] = set()
    if any(kind.startswith("tool") for kind in kinds):
        not_these |= {"term_forbidden", "term_required"}
    if "tool_before" in kinds:
        not_these |= {"tool_required"}
    if kinds & {"price_limit", "cap"}:
        not_these |= {"budget"}
    if "currency" in kinds or "address" in kinds:
        not_these |= {"term_required", "term_forbidden"}
    kept = [draft for draft in drafts if draft.kind not in not_these]
    return [draft for draft in kept if "disclosed" not in kinds or (draft.kind, draft.terms) != _ALL_PRICES]


_ALL_PRICES: Final = ("values_forbidden", ("money",))


_WHATEVER: Final = frozenset(
    (
        "date",
        "tool_before",
        "max_calls",
        "currency",
        "units",
        "budget",
        "price_limit",
        "cap",
        "weekday",
        "stay",
        *acts.KINDS,
    )
)
"""Kinds that hold whatever condition their sentence names: of others an answer doesn't show whether it was met."""
_Reader = Callable[[Sentence], Iterator[Draft]]
_OF_THE_ANSWER: Final[tuple[_Reader, ...]] = (spoken.read, formats.read, lengths.read)
"""May be asked for politely, in a question."""
_OF_THE_WORK: Final[tuple[_Reader, ...]] = (
    dated.read,
    lengths.read_items,
    tools.read,
    acts.read,
    terms.read,
    withheld.read,
    disclosed.read,
    ingredients.read,
    sources.read,
    money.read,
    units.read,
    address.read,
    amounts.read,
    hours.read,
    stays.read,
    literals.read,
    written_dates.read,
)
