"""Whether a part of an answer speaks of the looking (the search, its result, how sure it is) or of what was looked for.

"The lift failed 14 times" and "a loss of only 37 kg" have the words of an admission and admit nothing: the trouble is
the answer's subject. "The request failed" and "the figures are an estimate" do.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from otelagent.model import Claim
from otelagent.reading.failures import troubled
from otelagent.reading.language import likely
from otelagent.reading.lexicon import any_of, exact, folded

_BREAK: Final = exact(r"[,;:!?.](?:[\s\"”*)]+|$)|[，；、：。！？\n]+|\s[–—-]\s")
_QUESTION: Final = 2_000
"""Characters of a question in which its subject stands."""


def about_trouble(question: str) -> bool:
    """The question itself is about failures, outages, losses, complaints or the like."""
    return troubled(question[:_QUESTION])


def without_subject(text: str, invented: Sequence[Claim], everywhere: bool) -> str:
    """The text without the clauses that state something invented and don't speak of the looking.

    `everywhere`: without those that state nothing invented, too, since trouble is what was asked about.
    """
    languages = likely(text)
    starts = sorted(claim.start for claim in invented)
    kept: list[str] = []
    for clause, start in _clauses(text):
        while starts and starts[0] < start:
            del starts[0]
        states = bool(starts) and starts[0] < start + len(clause)
        if not (states or everywhere) or _speaks(clause, languages):
            kept.append(clause)
    return "".join(kept)


def _speaks(clause: str, languages: tuple[str, ...]) -> bool:
    data = folded(clause).encode(errors="replace")
    return any(any_of("acknowledgement", language, "looking").search(data) for language in languages)


def _clauses(text: str) -> Iterator[tuple[str, int]]:
    """Each with its mark at the end, and the characters before it."""
    data = text.encode(errors="replace")
    at = place = 0
    for end in (*(match.end() for match in _BREAK.finditer(data)), len(data)):
        clause = data[at:end].decode(errors="replace")
        yield clause, place
        at, place = end, place + len(clause)
