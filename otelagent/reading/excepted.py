"""What an answer excepts from all that was dealt with: "all are backed up except payroll"."""

from collections.abc import Iterator
from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, occurs, shown, speaks_of, stands
from otelagent.reading.language import likely
from otelagent.reading.lexicon import compiled, exact, folded, unaccented
from otelagent.reading.sentences import plain, sentences
from otelagent.reading.states import tells_dealt, tells_done
from otelagent.reading.undone_words import Words, words

_NEAR: Final = 24
"""Bytes after the word within which a name begins: "except those of Kim"."""

_END: Final = compiled(
    r"[.;:!?(。；：！？（]|,\s(?:but|which|who|aber|die|das|mais|qui|pero|que|mas)\b|之外|以外|[,，]其|[,，]都"
)
_CLAUSES: Final = compiled(r"[;:；：]\s|\s[–—]\s")
_THAN: Final = compiled(r"^(?:que|than|de lo que|do que)\b")
_WHO: Final = exact(
    r"^(?:(?:those|that|the ones?|celles?|celui|ceux|el|las?|los|os?|as?) (?:of|for|de|da|do|du|des) )?"
    r"(\p{Lu}[\pL’'-]+(?:(?:, (?:and )?| and | et | y | e )\p{Lu}[\pL’'-]+){0,3})(?:[.,;!]|$)"
)
_SPLIT: Final = compiled(r", and |, | and | et | y | e ")


def excepted(text: str, brief: Brief) -> Account | None:
    """Items of the assignment, or names beside its number; None where the assignment itself excepts some."""
    for own in map(words, likely(text)):
        if own.apart.search(brief.text.encode(errors="replace")):
            continue
        if account := _listed(text, own, brief) or _counted(text, own, brief):
            return account
    return None


def _listed(text: str, own: Words, brief: Brief) -> Account | None:
    for place in _excepts(plain(text), own, brief) if brief.lists and not brief.progress else ():
        here = place.decode(errors="replace")
        for names in sorted(brief.lists, key=len, reverse=True):
            known = [(name, said) for name in names if (said := _occurs(name, here)) is not None]
            left = dict(pair for pair in known if pair[0] in _named(place, known))
            if left and len(left) < len(names):
                return Account(len(names), len(names) - len(left), tuple(left.values()))
    return None


def _occurs(name: str, text: str) -> str | None:
    """As `occurs`, in a folded text."""
    plain_name = folded(name).strip(" .,;")
    return plain_name if stands(plain_name, text) else occurs(name, shown(text))


def _excepts(data: bytes, own: Words, brief: Brief) -> Iterator[bytes]:
    """What stands after the word for an exception, or before it in Japanese, where the sentence tells of the work."""
    for clause in (clause for sentence in sentences(data) for clause in _CLAUSES.split(sentence)):
        match = own.apart.search(clause)
        if match is None or not _is_work(clause, own, brief) or _THAN.match(clause[match.end() :]):
            continue
        if not own.spaced or own.whole.search(clause):
            yield clause[: match.start()] if own.apart_follows else _END.split(clause[match.end() :])[0]


def _named(place: bytes, known: list[tuple[str, str]]) -> list[str]:
    text = place.decode(errors="replace")
    found = [name for name, said in known if stands(said, text)]
    near = place[: _NEAR + max((len(said.encode()) for _, said in known), default=0)].decode(errors="ignore")
    return found if any(stands(said, near) for name, said in known if name in found) else []


def _is_work(sentence: bytes, own: Words, brief: Brief) -> bool:
    told = unaccented(sentence.decode(errors="replace"))
    if brief.checks:
        return tells_dealt(told, brief.verbs)
    return tells_done(told, brief.verbs) or (not own.spaced and speaks_of(told, brief))


def _counted(text: str, own: Words, brief: Brief) -> Account | None:
    """ "All mailboxes are archived except those of Kim and Osei": of as many as the assignment says."""
    if len(brief.numbers) != 1 or not own.spaced:
        return None
    for sentence in sentences(text.encode(errors="replace")):
        match = own.apart.search(sentence)
        if match is None or not (own.whole.search(sentence) and _is_work(_folded(sentence), own, brief)):
            continue
        who = _WHO.match(sentence[match.end() :])
        names = _SPLIT.split(who[1]) if who is not None else []
        total = max(brief.numbers)
        if names and len(names) < total:
            return Account(total, total - len(names))
    return None


def _folded(sentence: bytes) -> bytes:
    return folded(sentence.decode(errors="replace")).encode(errors="replace")
