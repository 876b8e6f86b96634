"""What kind of failure a text reports, and whether a result's text as a whole is a report of failure or emptiness.

Documents mention errors, limits and refusals; only how a text begins, or all of a short one, says what the result is.
"""

from functools import cache
from typing import Any, Final, NamedTuple

import re2

from otelagent.model import Status
from otelagent.reading.lexicon import AnyOf, blanks, compiled, exact, folded, grammar, unaccented, words

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja")

_OPENING: Final = 400
"""Characters in which a text's opening stands."""
_HEAD: Final = 2000
"""Characters of a failure's text that tell its kind."""
_SHORT: Final = 500
_STATEMENT: Final = 300
_EMPTY: Final = 600
_TERSE: Final = 60
"""Characters up to which a text is no text that was cut."""


class Reading(NamedTuple):
    """A status and a few words why, without captured content."""

    status: Status
    note: str


_LISTS: Final = [grammar("outcome", language) for language in LANGUAGES]

_LEAD: Final = (
    r"(?:[^\w<(\x{80}-\x{10FFFF}]"
    r"|[\x{2010}-\x{2BFF}\x{3000}-\x{303F}\x{FE00}-\x{FE0F}\x{1F000}-\x{1FAFF}\x{A1}\x{BF}])*"
)
"""Bullets, brackets, signs and white space before the first word."""
_STOP: Final = r"\s*(?:$|[.!?,;。！，；\n])\W*$"
_BREAK: Final = r"(?:$|[.!?,:;(\[。！：，；（、…\n]|\s*[-–—]|\s\S|[\x{3040}-\x{9FFF}\x{AC00}-\x{D7AF}])"


def anyof(section: str) -> str:
    """A pattern for this section of the word lists, in any language."""
    return "(?:" + "|".join(pattern for lists in _LISTS for pattern in lists.get(section, ())) + ")"


_CLOSE: Final = r"$|\s?[(\[]|[.!:,;。！：，；（、…]|\s*[-–—\n]|[\x{3040}-\x{9FFF}\x{AC00}-\x{D7AF}]"
_END: Final = rf"(?:{_CLOSE}|\s(?:{anyof('goes_on')}|{anyof('goes_on_in_time')})\b)"
"""What may follow a statement; a title such as "Rate limit exceeded errors in nginx" goes on otherwise."""
_END_DENIED: Final = rf"(?:{_CLOSE}|\s{anyof('goes_on')}\b)"
"""The same; "access is denied after five wrong PINs" is a rule."""


def _opening(section: str, tail: str = "") -> str:
    return rf"(?i)^{_LEAD}{anyof(section)}{tail}"


_EXCEPTION: Final = (
    r"^[^\w]*(?:[\w$]+[.:/])*_?[A-Z]\w*(?:Error|Exception|Timeout|TimedOut|Expired|Failure|Fault|Refused|Denied|Exceeded)"
    r"(?:\([^)]{0,200}\))?(?: \[[^\]]{0,80}\])?\s*(?::|\(|$|\n|of RPC|Traceback )"
)
_CLASS: Final = r"^(?:[a-z_]\w*\.)+[A-Z]\w+:\s"
"""An exception by its full name, whatever it is called."""
_DB_API: Final = r"^\((?:[a-z_]\w*\.)+[A-Z]\w+\)\s"
"""An exception of a database's driver as its `str`: `(psycopg2.errors.UndefinedTable) ...`."""
_PRINTED: Final = (
    r"^<(?:\w+ )?Response \[[45]\d\d\b|^Err\(|^\(error\) |^\d{6} \([0-9A-Z]{5}\): |^Code: \d{1,4}\. DB::"
    r"|^Error in [^\n]{1,200}? ?: |^ERROR: LoadError: "
    r"|^[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\s|^status = StatusCode\.[A-Z_]{4,}\s|^\w+: \(['\"]Unable to "
    r"|^-?(?:ERR|WRONGTYPE|NOAUTH|NOPERM|LOADING|READONLY|OOM|NOSCRIPT|CLUSTERDOWN|MISCONF|BUSYGROUP) \w"
    r"|^[\w.]{1,40}: net::ERR_|^[A-Z][A-Za-z]{3,60} \(0x8[0-9A-Fa-f]{7}\)|^[A-Za-z]{1,4}\d{1,4} (?:NO|BAD) \S"
)
"""Failures as programs print their values: requests, Rust, Redis, Snowflake, ClickHouse, R, Julia, SMTP, gRPC,
browsers, OPC UA, IMAP."""
_ERRNO: Final = (
    r"^\W*(?:(?:[a-z]+ ){0,3})(?:\[Errno -?\d+\]|E(?:CONN\w+|TIMEDOUT|NOENT|ACCES|PERM|PIPE|HOST\w+|NET\w+|AI_\w+)\b)"
)
_TAGGED: Final = r"(?i)^\s*<(?:\w+_)?error>"
_OPENINGS: Final[tuple[tuple[str, str], ...]] = (
    ("failure", _opening("failure")),
    ("failure", _EXCEPTION),
    ("failure", _CLASS),
    ("failure", _ERRNO),
    ("failure", _DB_API),
    ("failure", _PRINTED),
    ("failure", _TAGGED),
    ("failure_short", _opening("failure_short")),
    ("coded", r"^\W*(?:40[0-9]|41[0-9]|42[1-9]|43[01]|45[0-2]|50[0-8]|511|53[0-5]|55[0-4])\b[ :,.-]{1,3}[A-Z/<]\S"),
    ("rate", _opening("rate_statement", _END)),
    ("timeout", _opening("timeout_statement", _END)),
    ("denied", _opening("denied_statement", _END_DENIED)),
    (
        "gone",
        rf"(?i)^{_LEAD}(?:(?:http|error|status)[ :/\d.]{{0,6}})?(?:404|410)\s*[-:–]?\s*{anyof('page_gone')}\W*(?:\n|$)",
    ),
    ("nothing", _opening("empty", _BREAK)),
    ("nothing", _opening("empty_word", _STOP)),
    ("answer", _opening("answer")),
    ("partial", _opening("partial")),
    ("partial_short", _opening("partial_short")),
)
"""How a text begins, and what that makes of it. A set of patterns takes one pass over the text."""


def _set(openings: tuple[tuple[str, str], ...]) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 128 << 20
    patterns = re2.Set.SearchSet(options)
    for _, pattern in openings:
        patterns.Add(pattern)
    patterns.Compile()
    return patterns


@cache
def _groups() -> tuple[tuple[int, tuple[str, ...], Any], ...]:
    """For texts up to a length. All in one set would multiply its states, and each new text would make more of them."""
    return tuple(
        (limit, tuple(name for name, _ in group), _set(group))
        for limit, group in (
            (1 << 62, tuple(pair for pair in _OPENINGS if pair[0] in ("failure", "answer", "partial"))),
            (_EMPTY, tuple(pair for pair in _OPENINGS if pair[0] in ("nothing", "gone", "partial_short"))),
            (_SHORT, tuple(pair for pair in _OPENINGS if pair[0] in ("failure_short", "coded"))),
            (_STATEMENT, tuple(pair for pair in _OPENINGS if pair[0] in ("rate", "timeout", "denied"))),
        )
    )


_STATEMENTS: Final = (
    ("rate", Status.RATE_LIMITED, "says that a rate limit was hit"),
    ("timeout", Status.TIMEOUT, "says that it timed out"),
    ("denied", Status.DENIED, "says that access was denied"),
)
_REFUSALS: Final = frozenset({"timeout", "denied"})
"""What tells more than "no": "no answer within 10 s", "no valid credentials"."""
_RATE: Final = compiled(anyof("rate"))
_LIMIT: Final = compiled(anyof("limit"))
_TIMEOUT: Final = compiled(anyof("timeout"))
_DENIED: Final = compiled(anyof("denied"))
_CLIPPED: Final = AnyOf(
    [blanks(rf"(?:{each})\W*$") for language in LANGUAGES for each in words("outcome", language)["clipped"]]
)
_CODE: Final = compiled(
    r"(?:https?(?:/[\d.]+)?|status(?:[ _]?code)?|code|error|response|returned|failed|with|got|received)"
    r"[ :='\"\[(#]{1,4}(?:<response \[)?([45]\d\d)\b"
    r"|^\W*([45]\d\d)\b(?:\W|$)"
    r"|\b([45]\d\d) (?:client error|server error|too many|unauthori[sz]ed|forbidden|request timeout|gateway|service un)"
)
_CAMEL: Final = exact(r"([a-z])([A-Z])")
_RPC: Final = exact(r"\b(RESOURCE EXHAUSTED|DEADLINE EXCEEDED|PERMISSION DENIED|UNAUTHENTICATED)\b")
_RPC_STATUS: Final = {
    "RESOURCE EXHAUSTED": Status.RATE_LIMITED,
    "DEADLINE EXCEEDED": Status.TIMEOUT,
    "PERMISSION DENIED": Status.DENIED,
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


_LINES: Final = 4
_SYSTEM: Final = compiled(r"(?m)^[a-z/.~<>$#][^\n]{0,200}: " + anyof("system") + r"(?: \([\w ,.-]{1,60}\))?\.?\s*$")
"""A program's line that ends in an error message of the operating system: `ssh: ...: Connection refused`."""


NOT_THERE: Final = (404, 410)
"""Statuses of an answer that may say no more than that what was asked for isn't there."""


NOT_MODIFIED: Final = 304
"""What its caller has still holds, so that nothing was sent."""


def http(code: int) -> Status | None:
    """What an HTTP status says of a result, None for one that says nothing bad."""
    if code == 206:
        return Status.PARTIAL
    return _HTTP.get(code, Status.ERROR) if 400 <= code <= 599 else None


def kind(text: str) -> Reading:
    """The kind of failure, of a text that is known to report one."""
    data: bytes = _CAMEL.sub(rb"\1 \2", unaccented(text[:_HEAD]).replace("_", " ").encode(errors="replace"))
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
    if _LIMIT.search(data):
        return Reading(Status.RATE_LIMITED, "error text names a limit")
    if _DENIED.search(data):
        return Reading(Status.DENIED, "error text says that access was denied")
    return Reading(Status.ERROR, "error text")


def nothing(text: str) -> bool:
    """A short text that says that nothing was found."""
    return len(text) <= _EMPTY and (not text.strip() or _nothing(text, _openings(text)))


@cache
def _stems(section: str) -> AnyOf:
    return AnyOf([each for lists in _LISTS for each in lists[section]])


def troubled(text: str) -> bool:
    """Any word of it speaks of trouble, in any language."""
    return _stems("trouble").search(folded(text).encode(errors="replace"))


def lacking(text: str) -> bool:
    """Any word of it speaks of a lack, in any language."""
    return _stems("lack").search(folded(text).encode(errors="replace"))


def cuts(note: str) -> bool:
    """A note that says of what stands beside it that it isn't all."""
    return _stems("cut").search(folded(note).encode(errors="replace"))


def is_answer(text: str) -> bool:
    """It begins as texts do that look like a report of failure or emptiness and are answers: "no errors found"."""
    return "answer" in _openings(text)


def statement(text: str) -> Reading | None:
    """What a result's text as a whole says of itself, or None: it is content."""
    found = _openings(text)
    if found:
        if "gone" in found and len(text) <= _SHORT:
            return Reading(Status.EMPTY, "says that it isn't there")
        if "failure" in found and "answer" not in found:
            return kind(text)
        if len(text) <= _EMPTY and found.isdisjoint(_REFUSALS) and _nothing(text, found):
            return Reading(Status.EMPTY, "says that nothing was found")
        if "failure_short" in found and len(text) <= _SHORT:
            return kind(text)
        if "coded" in found and "answer" not in found and len(text) <= _STATEMENT and troubled(text):
            return kind(text)
        for name, status, note in _STATEMENTS if len(text) <= _STATEMENT else ():
            if name in found:
                return Reading(status, note)
        if "partial" in found or "partial_short" in found:
            return Reading(Status.PARTIAL, "says that it is incomplete")
    elif len(text) <= _STATEMENT and _nothing(text, found):
        return Reading(Status.EMPTY, "says that nothing was found")
    if len(text) <= _SHORT and text.count("\n") < _LINES and _SYSTEM.search(text.encode(errors="replace")):
        return kind(text)
    clipped = len(text) > _TERSE and _CLIPPED.search(unaccented(text[-200:]).encode(errors="replace"))
    if clipped or ("\n" in text and _ends_cut(text)):
        return Reading(Status.PARTIAL, "truncated")
    return None


def _ends_cut(text: str) -> bool:
    """The last line is a note, in brackets or by its first word, that says that this isn't all."""
    last = text[-_NOTE:].rstrip().rpartition("\n")[2].strip()
    return len(last) < _NOTE and bool(_ASIDE.search(folded(last).encode(errors="replace"))) and cuts(last)


_NOTE: Final = 200
_ASIDE: Final = compiled(r"^(?:[\[(<{*…【（〔※—–]|\.{3}|-{2,}|" + anyof("aside") + r"\W)")


def refusal(text: str) -> Reading | None:
    """What a single short sentence says that speaks to its reader, or a program by its name, and which is all that
    there is: that access was denied, that a limit was hit or that nobody answered in time."""
    data = unaccented(text[: 2 * _SENTENCE].strip()).encode(errors="replace")
    if len(text) > _SENTENCE or _SEVERAL.search(data) or not (_ADDRESSED.search(data) and troubled(text)):
        return None
    reading = kind(text)
    return reading if reading.status in _REFUSED and not is_answer(text) else None


_SENTENCE: Final = 140
_SEVERAL: Final = exact(r"[.!?。！？;；\n][\s\S]{2,}")
_ADDRESSED: Final = compiled(anyof("addressed") + r"|^[a-z][\w.-]{1,30}: \S")
_REFUSED: Final = frozenset({Status.DENIED, Status.RATE_LIMITED, Status.TIMEOUT})


def _openings(text: str) -> set[str]:
    data = unaccented(text[:_OPENING]).encode(errors="replace")
    found: set[str] = set()
    for limit, openings, patterns in _groups():
        if len(text) > limit:
            break
        if matched := patterns.Match(data):
            found.update(openings[index] for index in matched)
    return found


_HEADER_ONLY: Final = compiled(r"^\s*\|[^\n]+\|\s*\n\s*\|[-:| ]+\|\s*$")
"""A Markdown table without rows."""
_NO_ROWS: Final = compiled(
    r"\n\s*\((?:0|no) ?(?:rows?|zeilen?|lignes?|filas?|linhas?|registros?|行)\)\s*$|\n-+(?:\+-+)*\s*$"
)
"""A table as database shells print it, without rows."""
_YAML_NOTHING: Final = compiled(r"^[\w -]{1,40}:\s*(?:\[\]|\{\}|null|~)\s*$")
_CAPTIONS: Final = exact(r"^[A-Z][A-Z0-9 _/()%.-]*?(?:(?:\s{2,}|\t)[A-Z][A-Z0-9 _/()%.-]*?){2,}\s*$")
"""The head of a table as commands print it, without a row: `CONTAINER ID   IMAGE   COMMAND`."""
_COLUMNS: Final = exact(r"^\s*\"?[A-Za-z][A-Za-z0-9_ ]*\"?(?:[,;\t]\"?[A-Za-z][A-Za-z0-9_]*\"?){1,}\s*$")
"""One line of names between separators; with an underscore in one of them it is the header of a table."""


_COLUMN: Final = compiled(r"(?:^|[,;\t])\"?" + anyof("columns") + r"\"?(?:[,;\t]|\s*$)")


def _nothing(text: str, found: set[str]) -> bool:
    if "nothing" in found:
        return "answer" not in found and (len(text) <= _STATEMENT or text.strip().count("\n") < 3)
    head, newline, rest = text.strip().partition("\n")
    if head[:1] == "|":
        return bool(_HEADER_ONLY.search(text))
    if not newline and (_YAML_NOTHING.search(head) or _CAPTIONS.search(head)):
        return True
    if newline and _NO_ROWS.search(text):
        return True
    if not newline and _COLUMNS.search(head) and ("_" in head or _COLUMN.search(head)):
        return True
    if newline and head.rstrip().endswith((":", "：")):
        below = _openings(rest.strip()) if rest.count("\n") < 3 else set()
        return "nothing" in below and "answer" not in below
    return False
