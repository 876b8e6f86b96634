"""Whether a part of an answer speaks of the looking (the search, its result, how sure it is) or of what was looked for.

"The lift failed 14 times" and "a loss of only 37 kg" have the words of an admission and admit nothing: the trouble is
the answer's subject. "The request failed" and "the figures are an estimate" do.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from otelagent.model import Claim
from otelagent.reading.language import likely
from otelagent.reading.lexicon import any_of, exact, folded

_SENTENCE: Final = exact(r"[!?.][\"”’*)]*(?:\s+|$)|[。！？\n]+")
_CLAUSE: Final = exact(r"[,;:]\s+|[，；、：]|\s[–—-]\s")
_MARKS: Final = ' \n.!?,;:。！？，；、："”’*)'
_ASKS: Final = tuple(mark.encode() for mark in ("?", "？", "か。"))


LEFT_OUT: Final = "…"
STATED: Final = "‥"
"""In place of a clause that states something invented."""


def of_the_looking(
    text: str, invented: Sequence[Claim], troubles: Collection[str] = (), *, strictly: bool = False
) -> str:
    """The text with an ellipsis in place of clauses that speak of no search, data or doubt: all such clauses where it
    states something invented, else those with one of these stems, and `strictly` those that say that there is none of
    something. Questions stay."""
    languages, stated = likely(text), [text[claim.start : claim.end] for claim in invented]

    def is_subject(clause: str) -> bool:
        said = folded(clause)
        subject = invented or any(stem in said for stem in troubles) or (strictly and _has("absent", clause, languages))
        return bool(subject) and not _has("looking", clause, languages)

    return "".join(
        clause if asks or not is_subject(clause) else _left_out(clause, stated) for clause, asks in _clauses(text)
    )


def _left_out(clause: str, stated: Sequence[str]) -> str:
    mark = STATED if any(filter(None, (each in clause for each in stated))) else LEFT_OUT
    return f"{mark}{clause[len(clause.rstrip(_MARKS)) :]}"


def _has(words: str, clause: str, languages: tuple[str, ...]) -> bool:
    data = folded(clause).encode(errors="replace")
    return any(any_of("acknowledgement", language, words).search(data) for language in languages)


def _clauses(text: str) -> Iterator[tuple[str, bool]]:
    """Each with its mark at the end, and whether its sentence is a question."""
    for sentence in _parts(text.encode(errors="replace"), _SENTENCE):
        asks = sentence.rstrip(b' \n"*)').endswith(_ASKS)
        for part in _parts(sentence, _CLAUSE):
            yield part.decode(errors="replace"), asks


def _parts(data: bytes, ends: Any) -> Iterator[bytes]:
    at = 0
    for match in ends.finditer(data):
        yield data[at : match.end()]
        at = match.end()
    if at < len(data):
        yield data[at:]
