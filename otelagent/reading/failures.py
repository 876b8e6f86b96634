"""What kind of failure a text reports, and whether a result's text as a whole is a report of failure or emptiness.

Documents mention errors, limits and refusals; only how a text begins, or all of a short one, says what the result is.
"""

from typing import Any, Final, NamedTuple

from otelagent.model import Status
from otelagent.reading.lexicon import compiled, exact, grammar

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja")

_HEAD: Final = 2000
"""Characters of a failure's text that tell its kind."""
_SHORT: Final = 500
_STATEMENT: Final = 300
_EMPTY: Final = 600


class Reading(NamedTuple):
    """A status and a few words why, without captured content."""

    status: Status
    note: str


_LISTS: Final = [grammar("outcome", language) for language in LANGUAGES]


def _any(section: str, anchored: bool = False, tail: str = "") -> Any:
    patterns = "|".join(pattern for words in _LISTS for pattern in words.get(section, ()))
    return compiled(rf"^{_LEAD}(?:{patterns}){tail}" if anchored else f"(?:{patterns})")


_LEAD: Final = r"(?:[^\w<(\x{80}-\x{10FFFF}]|[\x{2010}-\x{2BFF}\x{3000}-\x{303F}\x{FE00}-\x{FE0F}\x{1F000}-\x{1FAFF}])*"
"""Bullets, brackets, signs and white space before the first word."""
_END: Final = (
    r"(?:$|[.!:,;(\[。！：，；（、…]|\s*[-–—\n]"
    r"|\s(?:for|on|after|while|when|please|try|retry|waiting|because|due|by|to|with|at|by|you|and|in|of|from|without)\b"
    r"|[^\x00-\x7F])"
)
"""What may follow a statement; a title such as "Rate limit exceeded errors in nginx" goes on otherwise."""

_FAILURE: Final = _any("failure", anchored=True)
_FAILURE_SHORT: Final = _any("failure_short", anchored=True)
_EXCEPTION: Final = exact(
    r"^[^\w]*(?:[\w$]+[.:/])*[A-Z]\w*(?:Error|Exception|Timeout|TimedOut|Expired|Failure|Fault|Refused|Denied|Exceeded)"
    r"(?:\([^)]{0,200}\))?(?: \[[^\]]{0,80}\])?\s*(?::|\(|$|\n)"
)
_ERRNO: Final = exact(r"^\W*(?:\[Errno -?\d+\]|E(?:CONN\w+|TIMEDOUT|NOENT|ACCES|PERM|PIPE|HOST\w+|NET\w+|AI_\w+)\b)")
_TAGGED: Final = compiled(r"^\s*<(?:\w+_)?error>")
_RATE: Final = _any("rate")
_TIMEOUT: Final = _any("timeout")
_DENIED: Final = _any("denied")
_STATEMENTS: Final = (
    (Status.RATE_LIMITED, "says that a rate limit was hit", _any("rate_statement", True, _END)),
    (Status.TIMEOUT, "says that it timed out", _any("timeout_statement", True, _END)),
    (Status.DENIED, "says that access was denied", _any("denied_statement", True, _END)),
)
_NOTHING: Final = _any("empty", True, r"(?:$|[.!?,:;(\[。！：，；（、…\n]|\s*[-–—]|\s\S|[^\x00-\x7F])")
_ANSWER: Final = _any("answer", anchored=True)
_PARTIAL: Final = _any("partial", anchored=True)
_CLIPPED: Final = compiled(rf"{_any('clipped').pattern.removeprefix('(?i)')}\W*$")
_CODE: Final = compiled(
    r"(?:https?(?:/[\d.]+)?|status(?:[ _]?code)?|code|error|response|returned|failed|with|got|received)"
    r"[ :='\"\[(#]{1,4}(?:<response \[)?([45]\d\d)\b"
    r"|^\W*([45]\d\d)\b(?:\W|$)"
    r"|\b([45]\d\d) (?:client error|server error|too many|unauthori[sz]ed|forbidden|request timeout|gateway|service un)"
)
_RPC: Final = exact(r"\b(RESOURCE_EXHAUSTED|DEADLINE_EXCEEDED|PERMISSION_DENIED|UNAUTHENTICATED)\b")
_RPC_STATUS: Final = {
    "RESOURCE_EXHAUSTED": Status.RATE_LIMITED,
    "DEADLINE_EXCEEDED": Status.TIMEOUT,
    "PERMISSION_DENIED": Status.DENIED,
    "UNAUTHENTICATED": Status.DENIED,
}
_HTTP: Final = {
    401: Status.DENIED,
    403: Status.DENIED,
    407: Status.DENIED,
    408: Status.TIMEOUT,
    429: Status.RATE_LIMITED,
    504: Status.TIMEOUT,
    509: Status.RATE_LIMITED,
    511: Status.DENIED,
    522: Status.TIMEOUT,
    524: Status.TIMEOUT,
    529: Status.RATE_LIMITED,
    598: Status.TIMEOUT,
    599: Status.TIMEOUT,
}


def http(code: int) -> Status | None:
    """What an HTTP status says of a result, None for one that says nothing bad."""
    if code == 206:
        return Status.PARTIAL
    return _HTTP.get(code, Status.ERROR) if 400 <= code <= 599 else None


def kind(text: str) -> Reading:
    """The kind of failure, of a text that is known to report one."""
    data = text[:_HEAD].encode(errors="replace")
    if rpc := _RPC.search(data):
        return Reading(_RPC_STATUS[rpc.group(1).decode()], "gRPC status")
    if _RATE.search(data):
        return Reading(Status.RATE_LIMITED, "error text names a rate limit")
    if code := _CODE.search(data):
        number = int(next(group for group in code.groups() if group))
        if number in _HTTP:
            return Reading(_HTTP[number], f"error text has status {number}")
    if _TIMEOUT.search(data):
        return Reading(Status.TIMEOUT, "error text names a timeout")
    if _DENIED.search(data):
        return Reading(Status.DENIED, "error text says that access was denied")
    return Reading(Status.ERROR, "error text")


def nothing(text: str) -> bool:
    """A short text that says that nothing was found."""
    if len(text) > _EMPTY:
        return False
    lines = [line for line in text.splitlines() if line.strip()][:6]
    if not lines:
        return True
    if _says_nothing(lines[0]):
        return len(lines) <= 3 or len(text) <= _STATEMENT
    return 1 < len(lines) <= 3 and lines[0].rstrip().endswith((":", "：")) and _says_nothing(lines[-1])


def _says_nothing(line: str) -> bool:
    data = line.encode(errors="replace")
    return bool(_NOTHING.search(data)) and not _ANSWER.search(data)


def reports_failure(text: str) -> bool:
    """The text, taken as a whole, reports an error (no matter of which kind)."""
    data = text[:400].encode(errors="replace")
    if _FAILURE.search(data) or _EXCEPTION.search(data) or _ERRNO.search(data) or _TAGGED.search(data):
        return True
    return len(text) <= _SHORT and bool(_FAILURE_SHORT.search(data))


def statement(text: str) -> Reading | None:
    """What a result's text as a whole says of itself, or None: it is content."""
    if len(text) <= _EMPTY and nothing(text) and not _EXCEPTION.search(text[:200]):
        return Reading(Status.EMPTY, "says that nothing was found")
    if reports_failure(text):
        return kind(text)
    data = text[:400].encode(errors="replace")
    if len(text) <= _STATEMENT:
        for status, note, pattern in _STATEMENTS:
            if pattern.search(data):
                return Reading(status, note)
    return _gap(text, data)


def _gap(text: str, data: bytes) -> Reading | None:
    if _PARTIAL.search(data[:300]):
        return Reading(Status.PARTIAL, "says that it is incomplete")
    if len(text) > _STATEMENT and _CLIPPED.search(text[-200:].encode(errors="replace")):
        return Reading(Status.PARTIAL, "truncated")
    return None


# --- error pages ------------------------------------------------------------------------------------------------------

_PAGE: Final = compiled(r"^\s*(?:<!doctype html|<html|<\?xml|<error\b|<soap|<head>|<title>)")
_TITLE: Final = compiled(r"<(?:title|h1)[^>]*>\s*([^<]{1,160})")
_BLOCKED: Final = compiled(
    r"^\W*(?:error|http|status)?\W*(?:([45]\d\d)\b|access (?:to this page )?(?:has been )?denied|attention required|just a moment"
    r"|forbidden\b|unauthori[sz]ed|too many requests|robot check|are you a (?:robot|human)|security check"
    r"|service (?:temporarily )?unavailable|bad gateway|internal server error|gateway time-?out|(?:page )?not found\W*$"
    r"|site (?:is )?(?:under )?maintenance|(?:an )?error (?:occurred|\d)|request (?:rejected|blocked)|you have been blocked)"
)
_XML_FAULT: Final = compiled(r"<(?:\w+:)?(?:error|fault|errorresponse|serviceexception\w*)\b[^>]*>")


def page(text: str) -> Reading | None:
    """What an HTML or XML answer says, where it is an error page."""
    data = text[:4000].encode(errors="replace")
    if not _PAGE.search(data[:200]):
        return None
    for title in _TITLE.finditer(data):
        if found := _BLOCKED.search(title.group(1)):
            status = http(int(found.group(1))) if found.group(1) else None
            return Reading(status or kind(title.group(1).decode(errors="replace")).status, "error page")
    if _XML_FAULT.search(data[:600]) and len(text) < 4000:
        return Reading(kind(text).status, "error document")
    return None
