"""Items of an assignment that an answer says weren't dealt with."""

from collections.abc import Iterator, Sequence
from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, matched, speaks_of, stands
from otelagent.reading.duty import gives_reason
from otelagent.reading.enumeration import enumerated
from otelagent.reading.language import likely
from otelagent.reading.lexicon import compiled, folded, matches
from otelagent.reading.naming import forms
from otelagent.reading.sentences import plain, sentences
from otelagent.reading.states import State, state, tells_dealt, tells_done
from otelagent.reading.undone_words import Words, words

Named = Sequence[tuple[str, str]]
"""Items by their names in the assignment, and in the answer."""

_HEAD: Final = 60
"""Bytes before a colon that are a name."""

_LONG: Final = compiled(r"\p{Latin}{7,}")
_STEM: Final = 6
_YET: Final = compiled(r"\b(?:yet|noch|encore|todavia|aun|ainda)\b|まだ|还没|尚未")
_ARTICLES: Final = compiled(r"^(?:(?:the|der|die|das|den|le|la|les|l’|el|los|las|o|a|os|as|por \pL+ |a \pL+ )\s*)")
_THINGS: Final = compiled(r"\b(?:the|our|der|die|das|den|les?|la|des|el|los|las|une?)\s+\pL+")
_COMMAS: Final = compiled(r", |，")
_JOINT: Final = compiled(r"^(?:,? ?\b(?:and|und|et|y|e|ni|nor)\b |, |、|和|と|及)")
_PARTS: Final = compiled(r"[;；—]|,? (?:but|aber|mais|pero|mas|while|whereas|however|jedoch|nur) |，但|、但|が、")


def undone(text: str, brief: Brief) -> Account | None:
    """Items of the assignment that the answer says weren't dealt with; some of them, not all."""
    own = matched(brief, text) if brief.lists and not brief.progress else []
    known = [(name, folded(said)) for name, said in own if said is not None]
    left = {
        name
        for each in (map(words, likely(text)) if known else ())
        for sentence in sentences(plain(text))
        for name in _left(sentence, each, known, brief)
    }
    if not left or len(left) >= len(own):
        return None
    shown = tuple(said or name for name, said in own if name in left)
    return Account(len(own), len(own) - len(left), shown)


def _left(sentence: bytes, own: Words, known: Named, brief: Brief) -> Iterator[str]:
    parts = [part for part in _PARTS.split(sentence) if part and part.strip()]
    for part in parts:
        if gives_reason(part.decode(errors="replace")):
            continue  # left out on purpose: a copy, out of scope
        if own.undone.search(part) or (own.unmade.search(part) and _tells_work(part, own, brief)):
            named = _named(part, known) or _named(sentence, known)
            named = named if len(named) < len(known) else _in_clauses(part, own, known, brief) or named
            if len(parts) > 1 or len(named) < len(known):
                yield from named
        yield from _lacked(part, own, known)
        yield from _stated(part, known, brief)


def _in_clauses(part: bytes, own: Words, known: Named, brief: Brief) -> list[str]:
    """ "T1 and T2 are done, T3 and T4 are still open": names of the clauses that say so, where others tell of work."""
    if own.undone.search(brief.text.encode(errors="replace")):
        return []  # it asks what is open
    shown = [clause for clause in _COMMAS.split(part) if clause]
    left = [clause for clause in shown if own.undone.search(clause)]
    others = [clause for clause in shown if clause not in left and _named(clause, known)]
    if not left or not any(_tells_done(clause, own, brief) for clause in others):
        return []
    return [name for clause in left for name in _named(clause, known)]


def _tells_done(clause: bytes, own: Words, brief: Brief) -> bool:
    return tells_done(clause.decode(errors="replace"), brief.verbs) or bool(own.ready.search(clause))


def _tells_work(part: bytes, own: Words, brief: Brief) -> bool:
    """What wasn't done is work, and nothing that is said of an item."""
    told = (each.decode(errors="replace") for each in own.unmade_in(part))
    return any(
        tells_dealt(each, brief.verbs) or speaks_of(each, brief) or _names_work(each, brief) or _awaits(each, brief)
        for each in told
    )


def _awaits(told: str, brief: Brief) -> bool:
    """ "Not yet written": a word for any work will do, unless the assignment asks what things are like."""
    return not brief.checks and bool(_YET.search(told.encode(errors="replace"))) and tells_done(told, ())


def _names_work(told: str, brief: Brief) -> bool:
    """The assignment has the word, as a noun or a verb: "nobody inventoried it" of "an inventory"."""
    found = (match.group().decode(errors="replace") for match in matches(_LONG, told.encode(errors="replace"), 8))
    return any(word[:_STEM] in brief.text for word in found)


def _lacked(part: bytes, own: Words, known: Named) -> Iterator[str]:
    """A word for what is left right before the name, or several: "faltan Este y Oeste"."""
    for match in matches(own.lack, part, 8):
        after = part[match.end() :]
        for _ in known:
            shown = _ARTICLES.sub(b"", after, 1).decode(errors="replace")
            found = next(((name, said) for name, said in known if shown.startswith(said)), None)
            if found is None:
                break
            yield found[0]
            after = _JOINT.sub(b"", shown[len(found[1]) :].encode(), 1)


def _stated(part: bytes, known: Named, brief: Brief) -> Iterator[str]:
    """ "Carlton: skipped, the site timed out"; not "Minutes: we groomed the backlog"."""
    head, colon, value = part.partition(b":")
    value = _THINGS.sub(b" ", value)
    told = state(" ".join(value.decode(errors="replace").split(",")[0].split()[:4]), brief.verbs) if colon else None
    if told in (State.LEFT, State.UNDONE):
        yield from (name for name in _named(head, known)[:1] if len(head) < _HEAD)


def _named(part: bytes, known: Named) -> list[str]:
    text = part.decode(errors="replace")
    digits = any(map(str.isdigit, text))
    between = {k for family in enumerated(text).families for k in family.keys} if digits else set()
    return [name for name, said in known if stands(said, text) or not between.isdisjoint(forms(name))]
