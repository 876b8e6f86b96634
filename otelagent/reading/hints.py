"""What a short result may be saying where no rule is sure: that something went wrong, or that there is nothing.

The rules of `failures` and `structure` know whole phrases and fields. Here any word of trouble or of a lack does, by
its stem, in a result that has little else. That is no verdict: "the order isn't paid" is an answer. Only an answer that
states specifics which nothing grounds makes a bad source of such a result.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.failures import Reading, is_answer, kind, lacking, troubled
from otelagent.reading.members import folded

_SHORT: Final = 240
"""Characters up to which a result may be nothing but such a report."""
_LINES: Final = 4
_LEAVES: Final = 12
_DEPTH: Final = 4
_TALKS: Final = (members.AROUND | members.NOTES) - members.names("text title description name query input content body")
_TALKING: Final = ("err", "fail", "fault", "msg", "mess", "reason", "cause", "info", "note", "fehl", "grund", "mens")
"""Parts of the names of members that say what happened."""
_CODES: Final = members.CODE_KEYS | members.HTTP_KEYS | members.EXIT_CODES | members.COUNTS | members.WAIT


def hint(result: object) -> Reading | None:
    """What a good result may be saying of itself; None for one with content."""
    words = list(_words(result, _DEPTH))
    text = "; ".join(word for word in words if word)
    if None in words or len(words) > _LEAVES or len(text) > _SHORT or text.count("\n") > _LINES:
        return None
    if troubled(text):
        return None if is_answer(text) else Reading(kind(text).status, "may report a failure")
    if not text.strip() or lacking(text):
        return None if is_answer(text) else Reading(Status.EMPTY, "may say that there is nothing")
    return None


def _words(value: object, depth: int, name: str = "") -> Iterator[str | None]:
    """The texts in a result, "" for what says nothing, None for content: a number, a list of numbers."""
    if isinstance(value, str):
        record = name and " " in value.strip() and not (name in _TALKS or any(part in name for part in _TALKING))
        yield None if record else value[: _SHORT + 1]
    elif value is None or value is False:
        yield ""
    elif isinstance(value, Mapping) and depth:
        yield from _members(value, depth)
    elif isinstance(value, list) and depth and len(value) <= _LEAVES:
        for item in value:
            yield from _words(item, depth - 1, name)
    elif isinstance(value, int | float) and (value is True or value == 0 or name in _CODES):
        yield f"code {value:.0f}" if value not in (0, 1) else ""
    else:
        yield None


def _members(value: Mapping[Any, Any], depth: int) -> Iterator[str | None]:
    if len(value) > _LEAVES:
        yield None
        return
    for key, member in value.items():
        yield from _words(member, depth - 1, folded(key) if len(value) > 1 else "")
