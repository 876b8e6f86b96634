"""What a decoded result says about itself: flags, codes, status words and error members of an object."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, TypeAlias

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.codes import (
    any_code,
    bare_code,
    grpc_status,
    http_status,
    opc_status,
    operation_outcome,
    problem_details,
    replied,
)
from otelagent.reading.emptiness import empty
from otelagent.reading.error_members import error_list, error_member, error_type, rejected_arguments
from otelagent.reading.exits import failed_output
from otelagent.reading.failures import anyof, kind, refusal, statement, troubled
from otelagent.reading.fields import FEW, MAX_MEMBERS, Fields
from otelagent.reading.flags import flagged, gaps, status_member, waits
from otelagent.reading.lexicon import compiled, exact
from otelagent.reading.members import folded
from otelagent.reading.sign import Sign, pointer_to

_LAYERS: Final = 4
"""Objects within one another, each the only member."""
_TIMED_OUT: Final = 124


def sign(value: Mapping[Any, Any]) -> Sign | None:
    """The first sign, in order of weight, that this result is not an ordinary one."""
    names = _marks(value)
    if len(value) == 1 and (found := _alone(value)):
        return found
    if not names:
        return any_code(Fields(value)) if len(value) <= FEW else None
    fields = Fields(value)
    return (
        _look(fields, names, _LOOKS)
        or (_inside(fields) if names & _WRAPS else None)
        or (any_code(fields) if len(value) <= FEW else None)
    )


def listed(value: list[Any]) -> Sign | None:
    """A list that is nothing but errors, as Salesforce answers, or a code with the words of a driver's exception."""
    if len(value) == _PAIR and isinstance(value[1], str):
        return _raised(*value)
    if len(value) == _PAIR and value[0] in _WELL and empty(value[1]):
        return Sign(Status.EMPTY, "/1", "nothing beside a status")
    if not 0 < len(value) <= _ERRORS or not all(isinstance(each, Mapping) and each for each in value):
        return None
    fields = [Fields(each) for each in value]
    if any(not each.errors_only() or each.by_name.keys() & _MOMENTS for each in fields):
        return None
    found = [sign(each) for each in value]
    bad = [each for each in found if each is not None and each.status in _FAILED]
    return Sign(bad[0].status, "/0" + bad[0].pointer, bad[0].note) if len(bad) == len(value) else None


_PAIR: Final = 2
_WELL: Final = ("OK", "ok", "success", 0, True, 200)
"""What stands before what was found in a pair: `["OK", [""]]`."""
_ERRORS: Final = 5
_MOMENTS: Final = frozenset({"timestamp", "time", "path", "version", "name", "title", "text"})
"""What the entries of a log or of a catalogue have."""
_FAILED: Final = frozenset({Status.ERROR, Status.DENIED, Status.RATE_LIMITED, Status.TIMEOUT})


def _raised(code: object, said: str) -> Sign | None:
    """`(1146, "Table 'shop.orders' doesn't exist")`, `('42S02', '[42S02] ...')`, `(503, 'Service Unavailable')`."""
    if isinstance(code, str) and not (len(code) == _SQLSTATE and code[:2].isalnum() and code[-1].isalnum()):
        return None
    if isinstance(code, bool) or not isinstance(code, int | str):
        return None
    reading = kind(said)
    http = isinstance(code, int) and 400 <= code <= 599 and (statement(said) is not None or troubled(said))
    if http or _DRIVER.search(said.encode(errors="replace")):
        return Sign(kind(f"{code} ; {said}").status if http else reading.status, "/1", "an exception's code and words")
    return None


_SQLSTATE: Final = 5
_DRIVER: Final = compiled(r"^(?:\[[\w ]{2,}\]|" + anyof("driver") + ")")
"""How the words of database drivers' exceptions begin."""


def _alone(value: Mapping[Any, Any]) -> Sign | None:
    """What the innermost object says that is the only member of another, whatever that is called."""
    pointer, inner = "", value
    for _ in range(_LAYERS):
        key, member = next(iter(inner.items()))
        if not isinstance(member, Mapping) or not member:
            return None
        pointer, inner = pointer + pointer_to(str(key)), member
        if len(inner) > 1:
            break
    found = _look(Fields(inner), _marks(inner), _INNER_LOOKS) if len(inner) <= MAX_MEMBERS else None
    return Sign(found.status, pointer + found.pointer, found.note) if found else None


def _inside(fields: Fields) -> Sign | None:
    """One level down, in members that wrap the answer or speak about it."""
    for _, key, member in fields.found(members.ENVELOPES):
        if not isinstance(member, Mapping) or not member or len(member) > 40:
            continue
        if found := _look(Fields(member), _marks(member), _INNER_LOOKS):
            return Sign(found.status, pointer_to(key) + found.pointer, found.note)
    return None


def _marks(value: Mapping[Any, Any]) -> int:
    """Which groups of names occur among the first members."""
    marks = 0
    for key in islice(value, MAX_MEMBERS):
        marks |= _BITS.get(folded(key), 0)
    return marks


def _look(fields: Fields, marks: int, looks: "tuple[tuple[int, _Look], ...]") -> Sign | None:
    for mask, look in looks:
        if marks & mask and (found := look(fields)):
            return found
    return None


def _message_only(fields: Fields) -> Sign | None:
    """An object that is a message and nothing more is read as that text."""
    if len(fields.by_name) > 4 or not fields.by_name.keys() <= (members.MESSAGES | members.LINKS | members.STATUS):
        return None
    for _, key, member in fields.found(members.MESSAGES - {"text"}):
        if isinstance(member, str) and (reading := statement(member) or refusal(member)) is not None:
            return Sign(reading.status, pointer_to(key), reading.note)
    return None


def _constant(fields: Fields) -> Sign | None:
    """A constant in a short answer names a limit, a refusal or a timeout: `{"info": "QPS_HAS_EXCEEDED_THE_LIMIT"}`."""
    if len(fields.by_name) > FEW or not fields.errors_only():
        return None
    for _, key, member in fields.found(members.MESSAGES | members.STATUS):
        if isinstance(member, str) and len(member) <= _NAME and _CONSTANT.search(member.encode(errors="replace")):
            reading = kind(member.replace("_", " ").lower())
            if reading.status in _FAILED and reading.status is not Status.ERROR:
                return Sign(reading.status, pointer_to(key), reading.note)
    return None


_NAME: Final = 60
_CONSTANT: Final = exact(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")


def _process(fields: Fields) -> Sign | None:
    """A command that failed and printed nothing but errors."""
    codes = [(key, m) for _, key, m in fields.found(members.EXIT_CODES) if isinstance(m, int) and m]
    if not codes:
        return None
    key, code = codes[0]
    if code == _TIMED_OUT:
        return Sign(Status.TIMEOUT, "", f"exit code {code}")
    printed = [(at, m) for _, at, m in fields.found(members.PRINTED) if isinstance(m, str) and m.strip()]
    errors = [(at, m) for _, at, m in fields.found(members.PRINTED_ERRORS) if isinstance(m, str) and m.strip()]
    if not printed and errors:
        return Sign(kind(errors[0][1]).status, pointer_to(errors[0][0]), "command failed")
    if not printed and fields.by_name.keys() <= members.OF_COMMANDS:
        return Sign(Status.ERROR, pointer_to(key), f"exit code {code}")
    if printed and failed_output(printed[0][1]):
        return Sign(kind(printed[0][1]).status, pointer_to(printed[0][0]), "command failed")
    return None


_Look: TypeAlias = Callable[[Fields], Sign | None]
_BITS: Final[dict[str, int]] = {}


def _bit(*groups: frozenset[str]) -> int:
    """A mark of its own for these names."""
    mark = 1 << _bit_count()
    for name in frozenset().union(*groups):
        _BITS[name] = _BITS.get(name, 0) | mark
    return mark


def _bit_count() -> int:
    return max(_BITS.values(), default=0).bit_length()


_WRAPS: Final = _bit(members.ENVELOPES)
_LOOKS: Final[tuple[tuple[int, _Look], ...]] = (
    (_bit(members.HTTP_KEYS), http_status),
    (_bit(members.CODE_KEYS, members.REPLY_CODES, members.STATUS), bare_code),
    (_bit(members.CODE_KEYS, frozenset({"instance"})), problem_details),
    (_bit(members.CODE_KEYS), grpc_status),
    (_bit(members.REPLY_CODES), replied),
    (_bit(members.SUCCESS, members.FAILED_FLAGS, members.LATE, members.LIMITED), flagged),
    (_bit(members.STATUS, members.OUTCOMES), status_member),
    (_bit(members.ERROR_LISTS), error_list),
    (_bit(members.ERROR_TEXTS), error_member),
    (_bit(members.ERROR_TYPES, frozenset({"code"})), error_type),
    (_bit(frozenset({"issue"})), operation_outcome),
    (_bit(frozenset({"statuscode", "status", "quality"})), opc_status),
    (_bit(members.EXIT_CODES), _process),
    (_bit(members.WAIT), waits),
    (_bit(members.PARTIAL_FLAGS, members.WHOLE_FLAGS, members.NOTES, members.UNPROCESSED, frozenset({"shards"})), gaps),
    (_bit(members.MESSAGES), _message_only),
    (_bit(members.MESSAGES, members.STATUS), _constant),
    (_bit(members.MESSAGES), rejected_arguments),
)
_INNER_LOOKS: Final = tuple(pair for pair in _LOOKS if pair[1] not in (error_type, _process, waits))
