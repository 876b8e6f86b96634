"""Whether a completion turns denied access into a statement about the user or the resource."""

from functools import cache

from otelagent.reading.language import likely
from otelagent.reading.lexicon import AnyOf, any_of, exact, pattern
from otelagent.reading.sentences import plain, sentences

_ASKS = (b"?", "？".encode(), "か。".encode())
_NAME = exact(r"`[\w.@#]*[-/][\w./@#-]*`")
"""A name as code, `billing-service`: none of its words speaks of a service."""


def blames(text: str) -> bool:
    """A sentence says that the user lacks a right, or that the resource is closed or doesn't exist.

    A sentence that speaks of the agent's or the tool's own access says what is the case, and so does a text that
    holds one: what it adds about the user is then advice. Where nobody speaks of himself, of tools or of access,
    any denial is one about the world: "she is no longer an employee"; who only gives advice doesn't speak of
    himself. A state of the resource is one without any denial: "it has been archived".
    """
    data = plain(_NAME.sub(b" ", text.encode(errors="replace")).decode() if "`" in text else text)
    for language in likely(text):
        said, own, aside, unclear = _words(language)
        if own.search(data):
            continue
        told = [each for each in sentences(data) if not each.endswith(_ASKS)]
        if said.search(data):
            return any(said.search(sentence) for sentence in sentences(data))
        states = pattern("blame", language, "states")
        if any(states.search(each) and not aside.search(each) for each in told):
            return True
        denies = pattern("blame", language, "denies")
        rest = pattern("blame", language, "advice").sub(b" ", data)
        if not aside.search(rest) and not unclear.search(data) and any(map(denies.search, told)):
            return True
    return False


@cache
def _words(language: str) -> tuple[AnyOf, AnyOf, AnyOf, AnyOf]:
    return (
        any_of("blame", language, "blames"),
        any_of("blame", language, "own", "unconcerned"),
        any_of("blame", language, "unable", "aside"),
        any_of("blame", language, "unclear"),
    )
