"""What a decoded result says about itself: flags, codes, status words and error members of an object."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.emptiness import empty
from otelagent.reading.exits import failed_output
from otelagent.reading.failures import NOT_THERE, http, kind, nothing, refusal, statement, troubled
from otelagent.reading.members import folded

MAX_MEMBERS: Final = 100
"""Members of an object that are looked at."""
_LAYERS: Final = 4
"""Objects within one another, each the only member."""
_FEW: Final = 4
"""Members up to which an object may be a status and its words."""


class Sign(NamedTuple):
    """A status, the JSON pointer to what shows it (below the object), and why."""

    status: Status
    pointer: str
    note: str


def status_word(word: str) -> Status | None:
    """What an explicit status of a tool call says; OK where it says that all is well, None where it is no such word."""
    name = folded(word.strip())
    if name in members.FINE:
        return Status.OK
    return members.STRONG.get(name) or members.WEAK.get(name)


def sign(value: Mapping[Any, Any]) -> Sign | None:
    """The first sign, in order of weight, that this result is not an ordinary one."""
    names = _marks(value)
    if len(value) == 1 and (found := _alone(value)):
        return found
    if not names:
        return _coded(_Fields(value)) if len(value) <= _FEW else None
    fields = _Fields(value)
    return (
        _look(fields, names, _LOOKS)
        or (_inside(fields) if names & _WRAPS else None)
        or (_coded(fields) if len(value) <= _FEW else None)
    )


def _alone(value: Mapping[Any, Any]) -> Sign | None:
    """What the innermost object says that is the only member of another, whatever that is called."""
    pointer, inner = "", value
    for _ in range(_LAYERS):
        key, member = next(iter(inner.items()))
        if not isinstance(member, Mapping) or not member:
            return None
        pointer, inner = pointer + _pointer(str(key)), member
        if len(inner) > 1:
            break
    found = _look(_Fields(inner), _marks(inner), _INNER_LOOKS) if len(inner) <= MAX_MEMBERS else None
    return Sign(found.status, pointer + found.pointer, found.note) if found else None


def _marks(value: Mapping[Any, Any]) -> int:
    """Which groups of names occur among the first members."""
    marks = 0
    for key in islice(value, MAX_MEMBERS):
        marks |= _BITS.get(folded(key), 0)
    return marks


def _look(fields: "_Fields", marks: int, looks: "tuple[tuple[int, _Look], ...]") -> Sign | None:
    for mask, look in looks:
        if marks & mask and (found := look(fields)):
            return found
    return None


_IDS: Final = ("id", "nummer", "numéro", "numero", "número", "编号", "单号", "番号")
"""How the names of members end that name a thing."""


class _Fields:
    """The members of an object by folded name."""

    __slots__ = ("by_name", "record", "value")

    def __init__(self, value: Mapping[Any, Any]) -> None:
        self.value = value
        self.by_name: dict[str, tuple[str, Any]] = {}
        for key, member in value.items():
            self.by_name.setdefault(folded(key), (str(key), member))
            if len(self.by_name) >= MAX_MEMBERS:
                break
        self.record = any(name.endswith(_IDS) and name not in members.NO_RECORD for name in self.by_name) or (
            "id" in self.by_name and self.detailed()
        )

    def found(self, names: frozenset[str]) -> list[tuple[str, str, Any]]:
        """(folded name, key, member) of those present."""
        return [(name, *self.by_name[name]) for name in self.by_name.keys() & names]

    def errors_only(self) -> bool:
        return self.by_name.keys() <= members.AROUND | members.OUTCOMES

    def talks(self) -> bool:
        """There is a word of explanation or an error member beside it."""
        return bool(
            self.by_name.keys()
            & (
                members.MESSAGES
                | members.ERROR_TEXTS
                | members.ERROR_TYPES
                | members.WAIT
                | members.HTTP_KEYS
                | {"errors"}
            )
        )

    def text(self) -> str:
        """All that the object says in words, to tell the kind of a failure."""
        words = []
        for _, _, member in self.found(
            members.MESSAGES | members.ERROR_TEXTS | members.ERROR_TYPES | members.CODE_KEYS | members.WAIT
        ):
            words.append(_words(member))
        if self.by_name.keys() & members.WAIT:
            words.append("retry after")
        return " ; ".join(words)[:2000]

    def detailed(self) -> bool:
        """A thing is described beside what is said of it: an amount, lines, a number of its own."""
        rest = [member for name, (_, member) in self.by_name.items() if name not in members.AROUND]
        return sum(bool(member) and not isinstance(member, bool) for member in rest) > 1

    def substance(self) -> bool:
        """There is content beside the error."""
        rest = {k: v for k, v in self.value.items() if folded(k) not in members.AROUND or folded(k) in members.DATA}
        rest = {k: v for k, v in rest.items() if not isinstance(v, bool)}
        return bool(rest) and any(isinstance(v, list | dict | str) and v for v in rest.values()) and not empty(rest)


def _words(member: Any, depth: int = 3) -> str:
    if isinstance(member, str):
        return member[:500]
    if isinstance(member, bool) or member is None or depth == 0:
        return ""
    if isinstance(member, int | float):
        return f"code {member:.0f}" if abs(member) < 1e6 else ""
    if isinstance(member, Mapping):
        return " ; ".join(_words(m, depth - 1) for m in list(member.values())[:12])
    if isinstance(member, list):
        return " ; ".join(_words(m, depth - 1) for m in member[:5])
    return ""


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _code(member: Any) -> int | None:
    if isinstance(member, bool):
        return None
    if isinstance(member, str) and len(member) == 3 and member.isdigit():
        member = int(member)
    return member if isinstance(member, int) and 100 <= member <= 599 else None


def _http_status(fields: _Fields) -> Sign | None:
    for _, key, member in fields.found(members.HTTP_KEYS):
        code = _code(member)
        if code is not None and (status := http(code)) is not None:
            if status is Status.ERROR:
                status = _missing(fields, code) or kind(fields.text()).status
            return Sign(status, _pointer(key), f"status {code}")
    return None


_BARE: Final = 12
"""Characters up to which words repeat a status: "Not Found"."""


def _missing(fields: _Fields, code: int) -> Status | None:
    """A 404 whose words say that what was asked for isn't there: found nothing."""
    said = (member for _, _, member in fields.found(members.MESSAGES | members.ERROR_TEXTS))
    gone = code in NOT_THERE and any(isinstance(each, str) and len(each) > _BARE and nothing(each) for each in said)
    return Status.EMPTY if gone else None


def _bare_code(fields: _Fields) -> Sign | None:
    """`code: 429`: only where words explain it or it can be no other code, and nothing else is there; 415 may be an
    area."""
    for name, key, member in fields.found(members.CODE_KEYS | members.REPLY_CODES | members.STATUS):
        code = _code(member)
        if code is None or code < 400 or not (fields.errors_only() or len(fields.by_name) == 1):
            continue
        if fields.talks() or name != "code" or code in _UNMISTAKABLE:
            status = http(code) or Status.ERROR
            if status is Status.ERROR:
                status = _missing(fields, code) or kind(fields.text()).status
            return Sign(status, _pointer(key), f"status {code}")
    return None


_UNMISTAKABLE: Final = frozenset({401, 403, 429, 500, 502, 503, 504})


def _problem(fields: _Fields) -> Sign | None:
    """Problem details (RFC 9457), whatever members of its own a service adds."""
    if not {"type", "title", "status"} <= fields.by_name.keys():
        return None
    key, member = fields.by_name["status"]
    uri, code = fields.by_name["type"][1], _code(member)
    if code is None or not isinstance(uri, str) or not uri.startswith(_PROBLEM_TYPES):
        return None
    status = http(code)
    if status is Status.ERROR:
        status = kind(fields.text()).status
    return Sign(status, _pointer(key), f"status {code}") if status is not None and code >= 400 else None


_PROBLEM_TYPES: Final = ("about:", "urn:", "tag:", "http://", "https://", "/")


def _replied(fields: _Fields) -> Sign | None:
    """A service's own code beside words of trouble, and nothing that was asked for:
    `{"code": 50001, "msg": "系统繁忙", "data": null}`."""
    if not fields.errors_only() or fields.substance():
        return _cut_short(fields)
    said = " ; ".join(_words(member) for _, _, member in fields.found(members.MESSAGES | members.ERROR_TEXTS))
    for name, key, member in fields.found(members.REPLY_CODES):
        coded = isinstance(member, int | str) and member not in _SOUND_CODES
        word = member if isinstance(member, str) and not member.isdigit() else ""
        if coded and troubled(f"{word} ; {said}"):
            return Sign(kind(f"{member} ; {said}").status, _pointer(key), f"{name} says that it failed")
    return None


def _cut_short(fields: _Fields) -> Sign | None:
    """A service's own code, negative or of an HTTP status, whose words say that a limit was hit, beside what came
    before it."""
    for name, key, member in fields.found(members.REPLY_CODES):
        if not isinstance(member, int) or isinstance(member, bool) or not (member < 0 or http(member)):
            continue
        for _, _, said in fields.found(members.MESSAGES):
            reading = statement(said) if isinstance(said, str) else None
            if reading is not None and reading.status in _SHORTFALLS:
                return Sign(reading.status, _pointer(key), f"{name} says that it was cut short")
    return None


_SHORTFALLS: Final = (Status.RATE_LIMITED, Status.TIMEOUT, Status.PARTIAL)
_SOUND_CODES: Final = (0, 1, 200, "0", "200", "", True, False)
_GRPC: Final = {
    **dict.fromkeys((1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15), Status.ERROR),
    4: Status.TIMEOUT,
    7: Status.DENIED,
    8: Status.RATE_LIMITED,
    16: Status.DENIED,
}
_GRPC_STATUS: Final = frozenset({"code", "message", "details"})


def _grpc_status(fields: _Fields) -> Sign | None:
    """google.rpc.Status as JSON: its message says the same as its code."""
    if not {"code", "message"} <= fields.by_name.keys() <= _GRPC_STATUS:
        return None
    key, code = fields.by_name["code"]
    status = _GRPC.get(code) if isinstance(code, int) and not isinstance(code, bool) else None
    said = fields.by_name["message"][1]
    agrees = isinstance(said, str) and folded(said) not in members.SOUND and kind(said).status is status
    return Sign(status, _pointer(key), f"gRPC status {code}") if status is not None and agrees else None


def _status(fields: _Fields) -> Sign | None:
    own = frozenset() if fields.record else members.OUTCOMES
    for _, key, member in fields.found(members.STATUS | own):
        if not isinstance(member, str) or len(member) > 40:
            continue
        name = folded(member)
        status = members.STRONG.get(name)
        if status is None and (status := _weak(name)) is not None and not _said_of_call(fields, status):
            continue
        if status is None:
            continue
        if status is Status.ERROR:
            status = _refined(fields)
        return Sign(status, _pointer(key), "status word")
    return None


def _weak(name: str) -> Status | None:
    """A status word that things have too, also at the end of a compound: 通信エラー."""
    return members.WEAK.get(name) or (Status.ERROR if name.endswith(_FAILING) else None)


_FAILING: Final = ("エラー", "失敗", "異常", "失败", "错误", "异常")


def _said_of_call(fields: _Fields, status: Status) -> bool:
    """A thing has an id; of a call that was cut short its body says what is left."""
    if fields.record:
        return False
    if status is Status.PARTIAL and fields.by_name.keys() & members.LEFT:
        return True
    return fields.errors_only() or empty(dict(fields.value)) or (fields.talks() and not fields.detailed())


def _refined(fields: _Fields) -> Status:
    text = fields.text()
    return Status.EMPTY if text and nothing(text) else kind(text).status


def _flags(fields: _Fields) -> Sign | None:
    for name, key, member in fields.found(members.SUCCESS):
        if (
            member is False
            or (isinstance(member, str) and member.lower() == "false")
            or (name in ("ok", "success") and member == 0)
        ):
            return Sign(_refined(fields), _pointer(key), f"{name} is false")
    for name, key, member in fields.found(members.FAILED_FLAGS):
        if member is True:
            return Sign(_refined(fields), _pointer(key), f"{name} is true")
    for name, key, member in fields.found(members.LATE):
        if member is True:
            return Sign(Status.TIMEOUT, _pointer(key), f"{name} is true")
    for name, key, member in fields.found(members.LIMITED):
        if member is True:
            return Sign(Status.RATE_LIMITED, _pointer(key), f"{name} is true")
    return None


def _error_member(fields: _Fields) -> Sign | None:
    if fields.by_name.keys() & members.RECORD_OF_ERRORS or (fields.record and fields.by_name.keys() & members.STATUS):
        return None
    for name, key, member in fields.found(members.ERROR_TEXTS):
        if not _is_error(member) or (name not in members.PLAIN_ERROR and len(fields.by_name) > 8):
            continue
        text = f"{_words(member)} ; {fields.text()}"
        if _says_nothing(member):
            return Sign(Status.EMPTY, _pointer(key), "error says that nothing was found")
        status = kind(text).status
        if status is Status.ERROR and fields.substance():
            status = Status.PARTIAL
        return Sign(status, _pointer(key), f"{name} is set")
    return None


def _says_nothing(member: Any) -> bool:
    if isinstance(member, Mapping) and len(member) <= _FEW:
        return any(folded(key) in members.MESSAGES and _says_nothing(said) for key, said in member.items())
    return isinstance(member, str) and nothing(member)


def _is_error(member: Any) -> bool:
    if isinstance(member, str):
        text = member.strip().lower()
        return text not in members.NO_ERROR and not text.replace(".", "", 1).replace("%", "").lstrip("-+±").isdigit()
    return isinstance(member, Mapping | list) and bool(member) and any(member)


def _error_type(fields: _Fields) -> Sign | None:
    for name, key, member in fields.found(members.ERROR_TYPES | {"code"}):
        if not isinstance(member, str) or folded(member) in members.NO_ERROR or len(member) > 120:
            continue
        if name in ("type", "code") and not _names_error(fields, folded(member.rpartition("#")[2])):
            continue
        if name == "errorcode" and not fields.talks():
            continue
        return Sign(kind(f"{member.rpartition('#')[2]} ; {fields.text()}").status, _pointer(key), f"{name} is set")
    return None


def _names_error(fields: _Fields, word: str) -> bool:
    named = word in members.STRONG or word.endswith(_EXCEPTIONS)
    return word in members.AWS or (named and fields.talks() and fields.errors_only())


_EXCEPTIONS: Final = ("exception", "error", "fault")


def _errors(fields: _Fields) -> Sign | None:
    """A list of errors: GraphQL, JSON:API. A validator's findings are its answer."""
    for _, key, member in fields.found(members.ERROR_LISTS):
        if not isinstance(member, list | Mapping) or not member or fields.by_name.keys() & members.VALIDATION:
            continue
        text = _words(member)
        if isinstance(member, list) and not fields.errors_only() and not fields.by_name.keys() & members.CONTAINERS:
            continue
        status = kind(text).status
        if status is Status.ERROR and fields.substance():
            status = Status.PARTIAL
        return Sign(status, _pointer(key), "errors are listed")
    return None


def _gaps(fields: _Fields) -> Sign | None:
    for name, key, member in fields.found(members.PARTIAL_FLAGS):
        if member is True and not ("truncated" in name and fields.by_name.keys() & members.CURSORS):
            return Sign(Status.PARTIAL, _pointer(key), f"{name} is true")
    for name, key, member in fields.found(members.WHOLE_FLAGS):
        if member is False:
            return Sign(Status.PARTIAL, _pointer(key), f"{name} is false")
    shards = fields.by_name.get("shards")
    if (
        shards
        and isinstance(shards[1], Mapping)
        and isinstance(shards[1].get("failed"), int)
        and shards[1]["failed"] > 0
    ):
        return Sign(Status.PARTIAL, _pointer(shards[0]), "shards failed")
    for name, key, member in fields.found(members.NOTES):
        text = _words(member)[:400]
        reading = statement(text) if text else None
        if reading is None:
            continue
        transient = reading.status in (Status.RATE_LIMITED, Status.TIMEOUT) and name in members.WARNINGS
        if transient or reading.status is Status.PARTIAL:
            return Sign(reading.status, _pointer(key), "note says that it is incomplete")
    return None


def _rejected(fields: _Fields) -> Sign | None:
    """A list of what is wrong with the arguments: `{"detail": [{"loc": [...], "msg": "Field required"}]}`."""
    for name, key, member in fields.found(members.MESSAGES):
        first = member[0] if isinstance(member, list) and member else None
        if (
            isinstance(first, Mapping)
            and {"msg", "loc"} <= {folded(each) for each in first}
            and len(fields.by_name) < 4
        ):
            return Sign(Status.ERROR, _pointer(key), f"{name} lists invalid arguments")
    return None


def _coded(fields: _Fields) -> Sign | None:
    """An HTTP status under any name, where all else are a few words that agree with it."""
    if not 2 <= len(fields.by_name) <= _FEW:
        return None
    codes = [(key, code) for key, member in fields.by_name.values() if (code := _code(member)) and code >= 400]
    texts = [member for _, member in fields.by_name.values() if isinstance(member, str) and not member.isdigit()]
    if len(codes) != 1 or len(texts) != len(fields.by_name) - 1:
        return None
    key, code = codes[0]
    status = http(code) or Status.ERROR
    if any(kind(text).status is status is not Status.ERROR or statement(text) is not None for text in texts):
        return Sign(status, _pointer(key), f"status {code}")
    return None


def _wait(fields: _Fields) -> Sign | None:
    for _, key, member in fields.found(members.WAIT):
        if member in (None, 0, "", "0", False):
            continue
        words = {folded(m) for _, _, m in fields.found(members.STATUS) if isinstance(m, str)}
        if not words & members.WAITING:
            return Sign(Status.RATE_LIMITED, _pointer(key), "asks to retry later")
    return None


def _message_only(fields: _Fields) -> Sign | None:
    """An object that is a message and nothing more is read as that text."""
    if len(fields.by_name) > 4 or not fields.by_name.keys() <= (members.MESSAGES | members.LINKS | members.STATUS):
        return None
    for _, key, member in fields.found(members.MESSAGES - {"text"}):
        if isinstance(member, str) and (reading := statement(member) or refusal(member)) is not None:
            return Sign(reading.status, _pointer(key), reading.note)
    return None


def _process(fields: _Fields) -> Sign | None:
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
        return Sign(kind(errors[0][1]).status, _pointer(errors[0][0]), "command failed")
    if not printed and fields.by_name.keys() <= members.OF_COMMANDS:
        return Sign(Status.ERROR, _pointer(key), f"exit code {code}")
    if printed and failed_output(printed[0][1]):
        return Sign(kind(printed[0][1]).status, _pointer(printed[0][0]), "command failed")
    return None


_TIMED_OUT: Final = 124


def _inside(fields: _Fields) -> Sign | None:
    """One level down, in members that wrap the answer or speak about it."""
    for _, key, member in fields.found(members.ENVELOPES):
        if not isinstance(member, Mapping) or not member or len(member) > 40:
            continue
        if found := _look(_Fields(member), _marks(member), _INNER_LOOKS):
            return Sign(found.status, _pointer(key) + found.pointer, found.note)
    return None


_Look: TypeAlias = Callable[[_Fields], Sign | None]
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
    (_bit(members.HTTP_KEYS), _http_status),
    (_bit(members.CODE_KEYS, members.REPLY_CODES, members.STATUS), _bare_code),
    (_bit(members.CODE_KEYS), _problem),
    (_bit(members.CODE_KEYS), _grpc_status),
    (_bit(members.REPLY_CODES), _replied),
    (_bit(members.SUCCESS, members.FAILED_FLAGS, members.LATE, members.LIMITED), _flags),
    (_bit(members.STATUS, members.OUTCOMES), _status),
    (_bit(members.ERROR_LISTS), _errors),
    (_bit(members.ERROR_TEXTS), _error_member),
    (_bit(members.ERROR_TYPES, frozenset({"code"})), _error_type),
    (_bit(members.EXIT_CODES), _process),
    (_bit(members.WAIT), _wait),
    (_bit(members.PARTIAL_FLAGS, members.WHOLE_FLAGS, members.NOTES, frozenset({"shards"})), _gaps),
    (_bit(members.MESSAGES), _message_only),
    (_bit(members.MESSAGES), _rejected),
)
_INNER_LOOKS: Final = tuple(pair for pair in _LOOKS if pair[1] not in (_error_type, _process, _wait))
