"""What the error members of a result say: an error, its type, lists of errors and of invalid arguments."""

from collections.abc import Mapping
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.failures import NOT_THERE, kind, nothing
from otelagent.reading.fields import FEW, Fields, wording
from otelagent.reading.lexicon import exact
from otelagent.reading.members import folded
from otelagent.reading.sign import Sign, pointer_to

_EXCEPTIONS: Final = ("exception", "error", "fault")
"""How names of exceptions end."""


def error_member(fields: Fields) -> Sign | None:
    """`error: "..."`, where the object is no record of errors; beside content, the result is partial."""
    if fields.by_name.keys() & members.RECORD_OF_ERRORS or (fields.record and fields.by_name.keys() & members.STATUS):
        return None
    for name, key, member in fields.found(members.ERROR_TEXTS):
        if not _is_error(member) or (name not in members.PLAIN_ERROR and len(fields.by_name) > 8):
            continue
        text = f"{wording(member)} ; {fields.text()}"
        if _says_nothing(member):
            return Sign(Status.EMPTY, pointer_to(key), "error says that nothing was found")
        status = kind(text).status
        if status is Status.ERROR and fields.substance():
            status = Status.PARTIAL
        return Sign(status, pointer_to(key), f"{name} is set")
    return None


def _says_nothing(member: Any) -> bool:
    if isinstance(member, Mapping) and len(member) <= FEW:
        if any(folded(key) == "code" and isinstance(code, int) and code not in _ABSENT for key, code in member.items()):
            return False  # "could not find a routable point" is a failure
        return any(folded(key) in members.MESSAGES and _says_nothing(said) for key, said in member.items())
    return isinstance(member, str) and nothing(member)


_ABSENT: Final = (0, *NOT_THERE)
"""Codes that an error may have which says that nothing was found."""


def _is_error(member: Any) -> bool:
    if isinstance(member, str):
        text = member.strip().lower()
        return text not in members.NO_ERROR and not text.replace(".", "", 1).replace("%", "").lstrip("-+±").isdigit()
    if isinstance(member, int) and not isinstance(member, bool):
        return _BAD_REQUEST <= member < _NO_STATUS
    return isinstance(member, Mapping | list) and bool(member) and any(member)


_BAD_REQUEST: Final = 400
_NO_STATUS: Final = 600


def error_type(fields: Fields) -> Sign | None:
    """A name of an exception or a service's error code in words."""
    for name, key, member in fields.found(members.ERROR_TYPES | {"code"}):
        if not isinstance(member, str) or folded(member) in members.NO_ERROR or len(member) > 120:
            continue
        if name in ("type", "code") and not _names_error(fields, folded(member.rpartition("#")[2])):
            continue
        if name == "errorcode" and (not fields.talks() or _NO_CODE.search(member.encode(errors="replace"))):
            continue
        word = member.rpartition("#")[2]
        status = members.STRONG.get(folded(word), Status.ERROR)
        if status is Status.ERROR:
            status = kind(f"{word} ; {fields.text()}").status
        return Sign(status, pointer_to(key), f"{name} is set")
    return None


_NO_CODE: Final = exact(r"^[A-Za-z]{0,2}0+$")
"""A code that says that all is well: S0000."""


def _names_error(fields: Fields, word: str) -> bool:
    named = word in members.STRONG or word.endswith(_EXCEPTIONS)
    return word in members.AWS or (named and fields.talks() and fields.errors_only())


def error_list(fields: Fields) -> Sign | None:
    """A list of errors: GraphQL, JSON:API. A validator's findings are its answer."""
    for _, key, member in fields.found(members.ERROR_LISTS):
        if not isinstance(member, list | Mapping) or not member or fields.by_name.keys() & members.VALIDATION:
            continue
        text = wording(member)
        if isinstance(member, list) and not fields.errors_only() and not fields.by_name.keys() & members.CONTAINERS:
            continue
        status = kind(text).status
        if status is Status.ERROR and (fields.substance() or _some_done(fields)):
            status = Status.PARTIAL
        return Sign(status, pointer_to(key), "errors are listed")
    return None


def _some_done(fields: Fields) -> bool:
    return any(type(count) is int and count > 0 for _, _, count in fields.found(members.SUCCEEDED))


def rejected_arguments(fields: Fields) -> Sign | None:
    """A list of what is wrong with the arguments: `{"detail": [{"loc": [...], "msg": "Field required"}]}`."""
    for name, key, member in fields.found(members.MESSAGES):
        first = member[0] if isinstance(member, list) and member else None
        if (
            isinstance(first, Mapping)
            and {"msg", "loc"} <= {folded(each) for each in first}
            and len(fields.by_name) < 4
        ):
            return Sign(Status.ERROR, pointer_to(key), f"{name} lists invalid arguments")
    return None
