"""What codes in a result say: HTTP and gRPC statuses, problem details, and services' own codes."""

from collections.abc import Mapping
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.failures import NOT_THERE, http, kind, lacking, nothing, statement, troubled
from otelagent.reading.fields import FEW, Fields, wording
from otelagent.reading.lexicon import exact
from otelagent.reading.members import folded
from otelagent.reading.sign import Sign, pointer_to


def http_status(fields: Fields) -> Sign | None:
    """An HTTP status under a name that can mean no other number."""
    for _, key, member in fields.found(members.HTTP_KEYS):
        code = _code(member)
        if code is not None and (status := http(code)) is not None:
            return Sign(_explained(status, fields, code), pointer_to(key), f"status {code}")
    return None


def _explained(status: Status, fields: Fields, code: int) -> Status:
    """The words beside a status tell more: of a plain error what kind it is, of a 403 that a limit was hit."""
    if status is Status.ERROR:
        return _missing(fields, code) or kind(fields.text()).status
    limited = status is Status.DENIED and kind(fields.text()).status is Status.RATE_LIMITED
    return Status.RATE_LIMITED if limited else status


def bare_code(fields: Fields) -> Sign | None:
    """`code: 429`: only where words explain it or it can be no other code, and nothing else is there; 415 may be an
    area."""
    for name, key, member in fields.found(members.CODE_KEYS | members.REPLY_CODES | members.STATUS):
        code = _code(member)
        if code is None or code < 400 or not (fields.errors_only() or len(fields.by_name) == 1 or _told(fields, code)):
            continue
        if fields.talks() or name != "code" or code in _UNMISTAKABLE:
            return Sign(_explained(http(code) or Status.ERROR, fields, code), pointer_to(key), f"status {code}")
    return None


def _told(fields: Fields, code: int) -> bool:
    """Its words tell the same, beside members that say nothing of a thing: `"object": "error"`, a number of the
    request."""
    if len(fields.by_name) > _AROUND or fields.record or fields.substance():
        return False
    said = _words(fields)
    return kind(said).status is http(code) is not Status.ERROR or troubled(said)


def _words(fields: Fields) -> str:
    return " ; ".join(wording(member) for _, _, member in fields.found(members.MESSAGES | members.ERROR_TEXTS))


_AROUND: Final = 8
"""Members of an error, its particulars with it."""
_UNMISTAKABLE: Final = frozenset({401, 403, 429, 500, 502, 503, 504})

_BARE: Final = 12
"""Characters up to which words repeat a status: "Not Found"."""


def _missing(fields: Fields, code: int) -> Status | None:
    """A 404 whose words say that what was asked for isn't there: found nothing."""
    said = (member for _, _, member in fields.found(members.MESSAGES | members.ERROR_TEXTS))
    gone = code in NOT_THERE and any(isinstance(each, str) and len(each) > _BARE and nothing(each) for each in said)
    return Status.EMPTY if gone else None


def any_code(fields: Fields) -> Sign | None:
    """An HTTP status under any name, where all else are a few words that agree with it; beside a name of such codes
    may stand more."""
    if not 2 <= len(fields.by_name) <= FEW:
        return None
    codes = [(n, key, code) for n, (key, member) in fields.by_name.items() if (code := _code(member)) and code >= 400]
    texts = [member for _, member in fields.by_name.values() if isinstance(member, str) and not member.isdigit()]
    if len(codes) != 1 or not texts:
        return None
    name, key, code = codes[0]
    if len(texts) != len(fields.by_name) - 1 and name not in members.REPLY_CODES | members.HTTP_KEYS:
        return None
    status = http(code) or Status.ERROR
    if any(kind(text).status is status is not Status.ERROR or statement(text) is not None for text in texts):
        return Sign(status, pointer_to(key), f"status {code}")
    return None


def _code(member: Any) -> int | None:
    if isinstance(member, bool):
        return None
    if isinstance(member, str) and len(member) == 3 and member.isdigit():
        member = int(member)
    return member if isinstance(member, int) and 100 <= member <= 599 else None


def problem_details(fields: Fields) -> Sign | None:
    """Problem details (RFC 9457), whatever members of its own a service adds, with or without a status."""
    if not {"type", "title"} <= fields.by_name.keys():
        return None
    if "status" not in fields.by_name:
        return _problem(fields)
    key, member = fields.by_name["status"]
    uri, code = fields.by_name["type"][1], _code(member)
    if code is None or not isinstance(uri, str) or not uri.startswith(_PROBLEM_TYPES):
        return None
    status = http(code)
    if status is Status.ERROR:
        status = kind(fields.text()).status
    return Sign(status, pointer_to(key), f"status {code}") if status is not None and code >= 400 else None


def _problem(fields: Fields) -> Sign | None:
    uri = fields.by_name["type"][1]
    told = {"detail", "instance"} <= fields.by_name.keys()
    if not told or not isinstance(uri, str) or not uri.startswith(_PROBLEM_TYPES):
        return None
    return Sign(
        kind(f"{uri.rpartition('/')[2]} ; {fields.text()}").status,
        pointer_to(fields.by_name["type"][0]),
        "problem details",
    )


_PROBLEM_TYPES: Final = ("about:", "urn:", "tag:", "http://", "https://", "/")


def replied(fields: Fields) -> Sign | None:
    """A service's own code beside words of trouble, and nothing that was asked for:
    `{"code": 50001, "msg": "系统繁忙", "data": null}`."""
    if not fields.errors_only() or fields.substance():
        return _cut_short(fields)
    said = _words(fields)
    for name, key, member in fields.found(members.REPLY_CODES):
        coded = isinstance(member, int | str) and member not in _SOUND_CODES
        word = member if isinstance(member, str) and not member.isdigit() else ""
        if coded and isinstance(member, str) and _ERROR_CODE.search(member.encode(errors="replace")) and said.strip():
            return Sign(kind(said).status, pointer_to(key), f"{name} is an error's")
        if coded and (troubled(f"{word} ; {said}") or (_OWN_ERROR.search(str(member).encode()) and lacking(said))):
            return Sign(kind(f"{member} ; {said}").status, pointer_to(key), f"{name} says that it failed")
    return None


_OWN_ERROR: Final = exact(r"^(?:4(?:[0-35-9]\d|0[0-35-9])|5\d\d)\d{1,4}$")
"""A service's own code below an HTTP status of failure, "not found" aside: 40013."""
_ERROR_CODE: Final = exact(r"^(?:ERR|[EX])[-_]?\d{2,6}$")
"""A service's own code that calls itself an error's: E0102."""
_SOUND_CODES: Final = (0, 1, 200, "0", "200", "", True, False)


def _cut_short(fields: Fields) -> Sign | None:
    """A service's own code, negative or of an HTTP status, whose words say that a limit was hit, beside what came
    before it."""
    for name, key, member in fields.found(members.REPLY_CODES):
        if not isinstance(member, int) or isinstance(member, bool) or not (member < 0 or http(member)):
            continue
        for _, _, said in fields.found(members.MESSAGES):
            reading = statement(said) if isinstance(said, str) else None
            if reading is not None and reading.status in _SHORTFALLS:
                return Sign(reading.status, pointer_to(key), f"{name} says that it was cut short")
    return None


_SHORTFALLS: Final = (Status.RATE_LIMITED, Status.TIMEOUT, Status.PARTIAL)
_GRPC: Final = {
    **dict.fromkeys((1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15), Status.ERROR),
    4: Status.TIMEOUT,
    7: Status.DENIED,
    8: Status.RATE_LIMITED,
    16: Status.DENIED,
}
_GRPC_STATUS: Final = frozenset({"code", "message", "details"})


def grpc_status(fields: Fields) -> Sign | None:
    """google.rpc.Status as JSON: its message says the same as its code."""
    if not {"code", "message"} <= fields.by_name.keys() <= _GRPC_STATUS:
        return None
    key, code = fields.by_name["code"]
    status = _GRPC.get(code) if isinstance(code, int) and not isinstance(code, bool) else None
    said = fields.by_name["message"][1]
    agrees = isinstance(said, str) and folded(said) not in members.SOUND and kind(said).status is status
    return Sign(status, pointer_to(key), f"gRPC status {code}") if status is not None and agrees else None


def opc_status(fields: Fields) -> Sign | None:
    """A status code of OPC UA by its name: `BadNodeIdUnknown`."""
    for name, key, member in fields.found(_OPC_STATUS):
        if (
            isinstance(member, str)
            and member.startswith("Bad")
            and len(member) <= _OPC_NAME
            and _OPC_BAD.search(member.encode(errors="replace"))
        ):
            return Sign(kind(member).status, pointer_to(key), f"{name} is bad")
    return None


_OPC_STATUS: Final = frozenset({"statuscode", "status", "quality"})
_OPC_NAME: Final = 60
_OPC_BAD: Final = exact(r"^Bad(?:[A-Z][a-z]+){1,8}$")


def operation_outcome(fields: Fields) -> Sign | None:
    """FHIR's OperationOutcome (hl7.org/fhir/operationoutcome.html): issues of a severity, with a code and words."""
    key, issues = fields.by_name["issue"]
    if not isinstance(issues, list) or fields.by_name.get("resourcetype", ("", None))[1] != "OperationOutcome":
        return None
    bad = [each for each in issues[:_ISSUES] if isinstance(each, Mapping) and each.get("severity") in _SEVERE]
    if not bad:
        return None
    said = wording(bad)
    status = Status.EMPTY if any(each.get("code") == "not-found" for each in bad) else kind(said).status
    return Sign(status, pointer_to(key), "issues are listed")


_ISSUES: Final = 20
_SEVERE: Final = ("fatal", "error")
