"""What a decoded result says about itself: flags, codes, status words and error members of an object."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from otelagent.model import Status
from otelagent.reading.emptiness import empty, folded
from otelagent.reading.failures import http, kind, nothing, statement

MAX_MEMBERS: Final = 100
"""Members of an object that are looked at."""

_HTTP_KEYS: Final = frozenset("httpstatus httpstatuscode statuscode httpcode responsestatus responsecode".split())
_CODE_KEYS: Final = frozenset({"code", "status", "errorcode", "error", "errno", "statuscode"})
_FAILED_FLAGS: Final = frozenset(
    "iserror error failed failure haserror haserrors errored toolcallerror isfailure".split()
)
_SUCCESS: Final = frozenset("success ok succeeded issuccess successful issuccessful".split())
_ERROR_TEXTS: Final = frozenset(
    "error err errormessage errormsg errordescription errordetail errordetails errortext errorstring errorreason"
    " exception exceptionmessage exceptiontype fault faultstring failurereason toolerror".split()
)
_ERROR_TYPES: Final = frozenset("errortype errorcode errorname errorkind exceptiontype type".split())
_MESSAGES: Final = frozenset("message msg detail details description title reason text info hint errormessage".split())
_STATUS: Final = frozenset("status state outcome resultstatus resultstate stat responsestatus statustext".split())
_WAIT: Final = frozenset("retryafter retryafterseconds retryafterms retryin retryinseconds ratelimitreset".split())
_PARTIAL_FLAGS: Final = frozenset(
    "partial ispartial partialresult partialresults partialdata partialresponse partialfailure incomplete isincomplete"
    " incompleteresults truncated istruncated resulttruncated resultstruncated outputtruncated contenttruncated".split()
)
_LATE: Final = frozenset({"timedout", "timeout", "istimeout"})
_LIMITED: Final = frozenset({"ratelimited", "throttled", "isratelimited", "ratelimitexceeded"})
_ERROR_LISTS: Final = frozenset({"errors", "toolerrors"})
_EXIT_CODES: Final = frozenset({"exitcode", "returncode", "exitstatus"})
_CURSORS: Final = frozenset(
    "next nextcursor nextpage nextpagetoken nextpageurl nexttoken nextcontinuationtoken continuationtoken continuation"
    " cursor hasmore hasnextpage hasnext morepages pageinfo pagination scrollid endcursor after offset startindex".split()
)
_NOTES: Final = frozenset("warning warnings note notes notice message msg info disclaimer caveat".split())
_RECORD_OF_ERRORS: Final = frozenset("level severity loglevel logger issueid stacktraceid".split())
_VALIDATION: Final = frozenset("valid isvalid passed lint warnings issues tests violations score compliant".split())
_AROUND: Final = (
    _MESSAGES
    | _ERROR_TEXTS
    | _ERROR_TYPES
    | _HTTP_KEYS
    | _CODE_KEYS
    | _FAILED_FLAGS
    | _SUCCESS
    | _STATUS
    | _WAIT
    | frozenset(
        "errors requestid traceid correlationid timestamp time path instance documentationurl help helpurl docs data"
        " result results extensions id jsonrpc param field suggestion retryable retry source service tool toolname query"
        " input args limit remaining reset version metadata meta method url domain errordomain name stack traceback"
        " stacktrace responsemetadata".split()
    )
)
"""Members of an object that is an error and nothing more."""

_STRONG: Final = {
    "error": Status.ERROR,
    "exception": Status.ERROR,
    "internalerror": Status.ERROR,
    "servererror": Status.ERROR,
    "toolerror": Status.ERROR,
    "internal": Status.ERROR,
    "invalidargument": Status.ERROR,
    "failedprecondition": Status.ERROR,
    "ratelimited": Status.RATE_LIMITED,
    "ratelimit": Status.RATE_LIMITED,
    "ratelimitexceeded": Status.RATE_LIMITED,
    "throttled": Status.RATE_LIMITED,
    "toomanyrequests": Status.RATE_LIMITED,
    "resourceexhausted": Status.RATE_LIMITED,
    "overquerylimit": Status.RATE_LIMITED,
    "overdailylimit": Status.RATE_LIMITED,
    "quotaexceeded": Status.RATE_LIMITED,
    "deadlineexceeded": Status.TIMEOUT,
    "gatewaytimeout": Status.TIMEOUT,
    "unauthorized": Status.DENIED,
    "unauthorised": Status.DENIED,
    "unauthenticated": Status.DENIED,
    "forbidden": Status.DENIED,
    "accessdenied": Status.DENIED,
    "permissiondenied": Status.DENIED,
    "requestdenied": Status.DENIED,
    "partialresponse": Status.PARTIAL,
    "partialcontent": Status.PARTIAL,
    "partialresult": Status.PARTIAL,
    "partialresults": Status.PARTIAL,
    "partialsuccess": Status.PARTIAL,
    "successpartial": Status.PARTIAL,
    "successempty": Status.EMPTY,
    "noresults": Status.EMPTY,
    "zeroresults": Status.EMPTY,
    "nodata": Status.EMPTY,
    "emptyresult": Status.EMPTY,
}
"""Status words that are said of a call, not of a thing."""
_WEAK: Final = {
    "failed": Status.ERROR,
    "failure": Status.ERROR,
    "fail": Status.ERROR,
    "ko": Status.ERROR,
    "nok": Status.ERROR,
    "unavailable": Status.ERROR,
    "aborted": Status.ERROR,
    "crashed": Status.ERROR,
    "timeout": Status.TIMEOUT,
    "timedout": Status.TIMEOUT,
    "denied": Status.DENIED,
    "partial": Status.PARTIAL,
    "incomplete": Status.PARTIAL,
    "empty": Status.EMPTY,
    "notfound": Status.EMPTY,
}
"""Status words that things have too: a job, a flight, an order."""
_WAITING: Final = frozenset("pending processing queued running inprogress accepted scheduled started waiting".split())
_NO_ERROR: Final = frozenset(
    {"", "none", "null", "no error", "noerror", "ok", "success", "false", "0", "n/a", "nil", "no"}
)


class Sign(NamedTuple):
    """A status, the JSON pointer to what shows it (below the object), and why."""

    status: Status
    pointer: str
    note: str


def status_word(word: str) -> Status | None:
    """What an explicit status of a tool call says; OK where it says that all is well, None where it is no such word."""
    name = folded(word.strip())
    if name in _FINE:
        return Status.OK
    return _STRONG.get(name) or _WEAK.get(name)


_FINE: Final = frozenset("completed complete success succeeded successful ok okay done finished pass passed".split())


def sign(value: Mapping[Any, Any]) -> Sign | None:
    """The first sign, in order of weight, that this result is not an ordinary one."""
    names = _marks(value)
    if not names:
        return None
    fields = _Fields(value)
    return _look(fields, names, _LOOKS) or (_inside(fields) if names & _WRAPS else None)


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
        self.record = any(name.endswith("id") and name not in _NO_RECORD for name in self.by_name)

    def found(self, names: frozenset[str]) -> list[tuple[str, str, Any]]:
        """(folded name, key, member) of those present."""
        return [(name, *self.by_name[name]) for name in self.by_name.keys() & names]

    def errors_only(self) -> bool:
        return self.by_name.keys() <= _AROUND

    def talks(self) -> bool:
        """There is a word of explanation or an error member beside it."""
        return bool(self.by_name.keys() & (_MESSAGES | _ERROR_TEXTS | _ERROR_TYPES | _WAIT | _HTTP_KEYS | {"errors"}))

    def text(self) -> str:
        """All that the object says in words, to tell the kind of a failure."""
        words = []
        for _, _, member in self.found(_MESSAGES | _ERROR_TEXTS | _ERROR_TYPES | _CODE_KEYS | _WAIT):
            words.append(_words(member))
        if self.by_name.keys() & _WAIT:
            words.append("retry after")
        return " ; ".join(words)[:2000]

    def substance(self) -> bool:
        """There is content beside the error."""
        rest = {k: v for k, v in self.value.items() if folded(k) not in _AROUND or folded(k) in _DATA}
        rest = {k: v for k, v in rest.items() if not isinstance(v, bool)}
        return bool(rest) and any(isinstance(v, list | dict | str) and v for v in rest.values()) and not empty(rest)


_NO_RECORD: Final = frozenset(
    "requestid traceid correlationid id errorid spanid callid toolcallid valid isvalid invalid paid".split()
)
_DATA: Final = frozenset({"data", "result", "results", "text"})


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
    for _, key, member in fields.found(_HTTP_KEYS):
        code = _code(member)
        if code is not None and (status := http(code)) is not None:
            if status is Status.ERROR:
                status = kind(fields.text()).status
            return Sign(status, _pointer(key), f"status {code}")
    return None


def _bare_code(fields: _Fields) -> Sign | None:
    """`code: 429`: only where words explain it and nothing else is there; 415 may be an area."""
    for name, key, member in fields.found(_CODE_KEYS):
        code = _code(member)
        if code is None or code < 400 or not (fields.errors_only() or len(fields.by_name) == 1):
            continue
        if fields.talks() or name != "code":
            status = http(code) or Status.ERROR
            return Sign(
                kind(fields.text()).status if status is Status.ERROR else status, _pointer(key), f"status {code}"
            )
    return None


def _status(fields: _Fields) -> Sign | None:
    for _, key, member in fields.found(_STATUS):
        if not isinstance(member, str) or len(member) > 40:
            continue
        name = folded(member)
        status = _STRONG.get(name)
        if status is None and (status := _WEAK.get(name)) is not None and not _said_of_call(fields):
            continue
        if status is None:
            continue
        if status is Status.ERROR:
            status = _refined(fields)
        return Sign(status, _pointer(key), "status word")
    return None


def _said_of_call(fields: _Fields) -> bool:
    return not fields.record and (fields.talks() or fields.errors_only() or empty(dict(fields.value)))


def _refined(fields: _Fields) -> Status:
    text = fields.text()
    return Status.EMPTY if text and nothing(text) else kind(text).status


def _flags(fields: _Fields) -> Sign | None:
    for name, key, member in fields.found(_SUCCESS):
        if member is False or (isinstance(member, str) and member.lower() == "false") or (name == "ok" and member == 0):
            return Sign(_refined(fields), _pointer(key), f"{name} is false")
    for name, key, member in fields.found(_FAILED_FLAGS):
        if member is True:
            return Sign(_refined(fields), _pointer(key), f"{name} is true")
    for name, key, member in fields.found(_LATE):
        if member is True:
            return Sign(Status.TIMEOUT, _pointer(key), f"{name} is true")
    for name, key, member in fields.found(_LIMITED):
        if member is True:
            return Sign(Status.RATE_LIMITED, _pointer(key), f"{name} is true")
    return None


def _error_member(fields: _Fields) -> Sign | None:
    if fields.by_name.keys() & _RECORD_OF_ERRORS or (fields.record and fields.by_name.keys() & _STATUS):
        return None
    for name, key, member in fields.found(_ERROR_TEXTS):
        if not _is_error(member) or (name not in _PLAIN_ERROR and len(fields.by_name) > 8):
            continue
        text = f"{_words(member)} ; {fields.text()}"
        if isinstance(member, str) and nothing(member):
            return Sign(Status.EMPTY, _pointer(key), "error says that nothing was found")
        status = kind(text).status
        if status is Status.ERROR and fields.substance():
            status = Status.PARTIAL
        return Sign(status, _pointer(key), f"{name} is set")
    return None


_PLAIN_ERROR: Final = frozenset("error err errormessage errormsg toolerror".split())


def _is_error(member: Any) -> bool:
    if isinstance(member, str):
        text = member.strip().lower()
        return text not in _NO_ERROR and not text.replace(".", "", 1).replace("%", "").lstrip("-+±").isdigit()
    return isinstance(member, Mapping | list) and bool(member) and any(member)


def _error_type(fields: _Fields) -> Sign | None:
    for name, key, member in fields.found(_ERROR_TYPES | {"code"}):
        if not isinstance(member, str) or folded(member) in _NO_ERROR or len(member) > 120:
            continue
        if name in ("type", "code") and not _AWS.intersection({folded(member.rpartition("#")[2])}):
            continue
        if name == "errorcode" and not fields.talks():
            continue
        return Sign(kind(f"{member.rpartition('#')[2]} ; {fields.text()}").status, _pointer(key), f"{name} is set")
    return None


_AWS: Final = frozenset(
    "throttlingexception toomanyrequestsexception provisionedthroughputexceededexception requestlimitexceeded slowdown"
    " throttling accessdeniedexception accessdenied unrecognizedclientexception expiredtokenexception expiredtoken"
    " invalidsignatureexception validationexception resourcenotfoundexception serviceunavailableexception"
    " internalservererror internalfailure modeltimeoutexception error ratelimiterror ratelimitexceeded overloadederror"
    " authenticationerror permissionerror invalidrequesterror apierror timeouterror".split()
)


def _errors(fields: _Fields) -> Sign | None:
    """A list of errors: GraphQL, JSON:API. A validator's findings are its answer."""
    for _, key, member in fields.found(_ERROR_LISTS):
        if not isinstance(member, list | Mapping) or not member or fields.by_name.keys() & _VALIDATION:
            continue
        text = _words(member)
        if isinstance(member, list) and not fields.errors_only() and not fields.by_name.keys() & _CONTAINERS:
            continue
        status = kind(text).status
        if status is Status.ERROR and fields.substance():
            status = Status.PARTIAL
        return Sign(status, _pointer(key), "errors are listed")
    return None


_CONTAINERS: Final = frozenset("data results items hits rows records documents entries response output".split())


def _gaps(fields: _Fields) -> Sign | None:
    for name, key, member in fields.found(_PARTIAL_FLAGS):
        if member is True and not ("truncated" in name and fields.by_name.keys() & _CURSORS):
            return Sign(Status.PARTIAL, _pointer(key), f"{name} is true")
    shards = fields.by_name.get("shards")
    if (
        shards
        and isinstance(shards[1], Mapping)
        and isinstance(shards[1].get("failed"), int)
        and shards[1]["failed"] > 0
    ):
        return Sign(Status.PARTIAL, _pointer(shards[0]), "shards failed")
    for _, key, member in fields.found(_NOTES):
        text = _words(member)[:400]
        reading = statement(text) if text else None
        if reading is not None and reading.status is Status.PARTIAL:
            return Sign(Status.PARTIAL, _pointer(key), "note says that it is incomplete")
    return None


def _wait(fields: _Fields) -> Sign | None:
    for _, key, member in fields.found(_WAIT):
        if member in (None, 0, "", "0", False):
            continue
        words = {folded(m) for _, _, m in fields.found(_STATUS) if isinstance(m, str)}
        if not words & _WAITING:
            return Sign(Status.RATE_LIMITED, _pointer(key), "asks to retry later")
    return None


def _message_only(fields: _Fields) -> Sign | None:
    """An object that is a message and nothing more is read as that text."""
    if len(fields.by_name) > 4 or not fields.by_name.keys() <= (_MESSAGES | _LINKS | _STATUS):
        return None
    for _, key, member in fields.found(_MESSAGES - {"text"}):
        if isinstance(member, str) and (reading := statement(member)) is not None:
            return Sign(reading.status, _pointer(key), reading.note)
    return None


_LINKS: Final = frozenset("documentationurl requestid traceid timestamp id path instance docs url helpurl".split())


def _process(fields: _Fields) -> Sign | None:
    """A command that failed and printed nothing but errors."""
    codes = [m for _, _, m in fields.found(_EXIT_CODES)]
    if not codes or not isinstance(codes[0], int) or codes[0] == 0:
        return None
    stdout = next((m for _, _, m in fields.found(frozenset({"stdout", "output"}))), "")
    stderr = fields.by_name.get("stderr")
    if codes[0] == 124:
        return Sign(Status.TIMEOUT, "", "exit code 124")
    if not stdout and stderr and isinstance(stderr[1], str) and stderr[1].strip():
        return Sign(kind(stderr[1]).status, _pointer(stderr[0]), "command failed")
    return None


_ENVELOPES: Final = frozenset(
    "data result response body output payload meta metadata header responsemetadata error status root value".split()
)


def _inside(fields: _Fields) -> Sign | None:
    """One level down, in members that wrap the answer or speak about it."""
    for _, key, member in fields.found(_ENVELOPES):
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


_WRAPS: Final = _bit(_ENVELOPES)
_LOOKS: Final[tuple[tuple[int, _Look], ...]] = (
    (_bit(_HTTP_KEYS), _http_status),
    (_bit(_CODE_KEYS), _bare_code),
    (_bit(_SUCCESS, _FAILED_FLAGS, _LATE, _LIMITED), _flags),
    (_bit(_STATUS), _status),
    (_bit(_ERROR_LISTS), _errors),
    (_bit(_ERROR_TEXTS), _error_member),
    (_bit(_ERROR_TYPES, frozenset({"code"})), _error_type),
    (_bit(_EXIT_CODES), _process),
    (_bit(_WAIT), _wait),
    (_bit(_PARTIAL_FLAGS, _NOTES, frozenset({"shards"})), _gaps),
    (_bit(_MESSAGES), _message_only),
)
_INNER_LOOKS: Final = tuple(pair for pair in _LOOKS if pair[1] not in (_error_type, _process, _wait))
