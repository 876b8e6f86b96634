"""Whether a completion turns denied access into a statement about the user or the resource."""

from functools import cache

from otelagent.reading.language import likely
from otelagent.reading.lexicon import AnyOf, any_of
from otelagent.reading.sentences import plain, sentences


def blames(text: str) -> bool:
    """A sentence says that the user lacks a right, or that the resource is closed or doesn't exist.

    A sentence that speaks of the agent's or the tool's own access says what is the case, and so does a text that holds
    one: what it adds about the user is then advice.
    """
    data = plain(text)
    for language in likely(text):
        said, own = _words(language)
        if said.search(data) and not own.search(data):
            return any(said.search(sentence) for sentence in sentences(data))
    return False


@cache
def _words(language: str) -> tuple[AnyOf, AnyOf]:
    return any_of("blame", language, "blames"), any_of("blame", language, "own")
