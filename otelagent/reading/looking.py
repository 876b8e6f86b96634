"""Whether a part of an answer speaks of the looking (the search, its result, how sure it is) or of what was looked for.

"The lift failed 14 times" and "a loss of only 37 kg" have the words of an admission and admit nothing: the trouble is
the answer's subject. "The request failed" and "the figures are an estimate" do.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from otelagent.model import Claim
from otelagent.reading.failures import troubled
from otelagent.reading.language import likely
from otelagent.reading.lexicon import any_of, exact, folded

_SENTENCE: Final = exact(r"[!?.][\"”’*)]*(?:\s+|$)|[。！？\n]+")
_CLAUSE: Final = exact(r"[,;:]\s+|[，；、：]|\s[–—-]\s")
_ASKS: Final = tuple(mark.encode() for mark in ("?", "？", "か。"))
_QUESTION: Final = 2_000
"""Characters of a question in which its subject stands."""


def about_trouble(question: str) -> bool:
    """The question itself is about failures, outages, losses, complaints or the like."""
    return troubled(question[:_QUESTION])


def of_the_looking(text: str, invented: Sequence[Claim], everywhere: bool) -> str:
    """The text without the clauses that state something invented, or anything where `everywhere`, and speak of no
    search, data or doubt. Questions stay."""
    languages = likely(text)
    starts = sorted(claim.start for claim in invented)
    kept: list[str] = []
    for clause, start, asks in _clauses(text):
        while starts and starts[0] < start:
            del starts[0]
        states = bool(starts) and starts[0] < start + len(clause)
        if asks or not (states or everywhere) or _speaks(clause, languages):
            kept.append(clause)
    return "".join(kept)


def _speaks(clause: str, languages: tuple[str, ...]) -> bool:
    data = folded(clause).encode(errors="replace")
    return any(any_of("acknowledgement", language, "looking").search(data) for language in languages)


def _clauses(text: str) -> Iterator[tuple[str, int, bool]]:
    """Each with its mark at the end, the characters before it, and whether its sentence is a question."""
    place = 0
    for sentence in _parts(text.encode(errors="replace"), _SENTENCE):
        asks = sentence.rstrip(b' \n"*)').endswith(_ASKS)
        for part in _parts(sentence, _CLAUSE):
            clause = part.decode(errors="replace")
            yield clause, place, asks
            place += len(clause)


def _parts(data: bytes, ends: Any) -> Iterator[bytes]:
    at = 0
    for match in ends.finditer(data):
        yield data[at : match.end()]
        at = match.end()
    if at < len(data):
        yield data[at:]
