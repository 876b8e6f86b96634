"""What a source returned: ok, empty, partial, rate limited, timed out, denied or failed, and what decided it.

Evidence in this order: what the emitter states, the HTTP status, the exception, the structured result, its text.
"""

from typing import Final

from otelagent.model import Captured, Outcome, Role, Status, Withheld
from otelagent.reading.documents import page
from otelagent.reading.emptiness import empty, hollow_text
from otelagent.reading.envelopes import Unwrapped, unwrap
from otelagent.reading.exits import broke_off, exited, failed_output
from otelagent.reading.failures import NOT_MODIFIED, NOT_THERE, http, kind, refusal, statement
from otelagent.reading.flags import status_word
from otelagent.reading.markup import hollow, tree
from otelagent.reading.replies import reply
from otelagent.reading.structure import listed, sign

_UNKNOWN: Final = Outcome(Status.UNKNOWN)
_ERRORS: Final = frozenset({Status.RATE_LIMITED, Status.TIMEOUT, Status.DENIED})
"""Kinds of error."""
_LONG: Final = 300
"""Characters from which on a text under a failed request counts as content."""
_HANDOVERS: Final = (
    "ParentCommand",
    "GraphInterrupt",
    "GraphBubbleUp",
    "NodeInterrupt",
    "GraphDelegate",
    "InterruptException",
    "CallDeferred",
    "ApprovalRequired",
    "AgentHandoff",
    "HandoffException",
    "StopIteration",
    "StopAsyncIteration",
    "GeneratorExit",
)
"""Exceptions that frameworks use to hand over, to wait for a person or to end a loop."""


def outcome(
    result: Captured | None,
    *,
    error: str | None = None,
    failed: bool = False,
    error_type: str | None = None,
    http_status: int | None = None,
    reported_status: str | None = None,
    reported_length: int | None = None,
    withheld: Withheld | None = None,
    role: Role = Role.SOURCE,
) -> Outcome:
    """Reads all that is known of one call. Without any evidence the outcome is unknown, never empty.

    `failed` is the span's status, which decides only where nothing else was recorded. Emptiness of an action or a
    note is its normal result.
    """
    if _hands_over(error, error_type):
        return Outcome(Status.OK, note="hands over")
    stated = _stated(reported_status)
    if stated is not None and stated.status not in (Status.OK, Status.ERROR):
        return _by_role(stated, role)
    found = _content(result, withheld)
    found = _requested(http_status, found, result)
    found = _raised(error, error_type, failed, found, result)
    if stated is not None and stated.status is Status.ERROR:
        return _why(found, result) or stated
    if found is None or found.status in (Status.OK, Status.UNKNOWN):
        found = _measured(reported_length, found) or stated or found
    return _by_role(found or _UNKNOWN, role)


def _why(found: Outcome | None, result: Captured | None) -> Outcome | None:
    """The kind of a stated error, where the exception or the result tells it."""
    if found is not None and found.status in _ERRORS:
        return found
    text = unwrap(result.value).value if result is not None else None
    if result is None or not isinstance(text, str):
        return None
    reading = kind(text)
    return Outcome(reading.status, result.path, reading.note) if reading.status in _ERRORS else None


_REFUSALS: Final = ("/success", "/error")
"""Members by which an action says that what it was for isn't there: a button to click, an order to cancel."""


def _by_role(found: Outcome, role: Role) -> Outcome:
    if found.status is Status.EMPTY and role in (Role.ACTION, Role.NOTE):
        refused = role is Role.ACTION and found.path.endswith(_REFUSALS)
        return Outcome(Status.ERROR if refused else Status.OK, found.path, found.note)
    return found


def _hands_over(error: str | None, error_type: str | None) -> bool:
    name = (error_type or "").rpartition(".")[2]
    head = (error or "")[:200].partition("(")[0].partition(":")[0].strip().rpartition(".")[2]
    return name in _HANDOVERS or head in _HANDOVERS


def _stated(reported: str | None) -> Outcome | None:
    status = status_word(reported) if reported else None
    return None if status is None else Outcome(status, "status", "stated by the emitter")


def _measured(length: int | None, found: Outcome | None) -> Outcome | None:
    if length == 0 and (found is None or not found.path):
        return Outcome(Status.EMPTY, "result_length_chars", "length 0")
    return None


def _requested(code: int | None, found: Outcome | None, result: Captured | None) -> Outcome | None:
    """The HTTP status decides, unless a request merely failed (404, 400) on the way to an answer."""
    status = http(code) if code is not None else None
    if status is None or code is None:
        return found
    if found is not None and found.status not in (Status.OK, Status.UNKNOWN, Status.EMPTY):
        return found
    if found is not None and status is Status.ERROR and code < 500 and _substantial(found, result):
        return found
    return Outcome(status, "http.response.status_code", f"status {code}")


def _substantial(found: Outcome, result: Captured | None) -> bool:
    if found.status is not Status.OK or result is None:
        return False
    value = unwrap(result.value).value
    return len(value) > _LONG if isinstance(value, str) else isinstance(value, dict | list)


def _raised(
    error: str | None, error_type: str | None, failed: bool, found: Outcome | None, result: Captured | None
) -> Outcome | None:
    """An exception decides where no result says more; one that was handled, and left a good result, doesn't."""
    if found is not None and found.status not in (Status.OK, Status.UNKNOWN, Status.EMPTY):
        if found.status is not Status.ERROR:
            return found
        reading = kind(_error_text(error, error_type)) if error or error_type else None
        return found if reading is None or reading.status is Status.ERROR else _exception(reading.status, reading.note)
    if not error and not error_type:
        return Outcome(Status.ERROR, "status", "span failed") if failed and _absent(found, result) else found
    if found is not None and found.status is Status.OK and not _absent(found, result) and not failed:
        return found
    if found is not None and found.status is Status.OK and _substantial(found, result):
        return found
    reading = kind(_error_text(error, error_type))
    return _exception(reading.status, reading.note)


def _exception(status: Status, note: str) -> Outcome:
    return Outcome(status, "exception", note)


def _error_text(error: str | None, error_type: str | None) -> str:
    return f"{error_type or ''} {error or ''}"


def _absent(found: Outcome | None, result: Captured | None) -> bool:
    return result is None or found is None or found.status is Status.UNKNOWN


def _content(result: Captured | None, withheld: Withheld | None) -> Outcome | None:
    """What the result itself says; None where none was captured."""
    if result is None:
        return None
    read = unwrap(result.value)
    if read.redacted:
        return _UNKNOWN
    found = _judged(read, result.path)
    if found.status is Status.EMPTY and withheld is not None:
        return _UNKNOWN
    if found.status in (Status.OK, Status.EMPTY) and read.error:
        status = _failure_of(read.value)
        return Outcome(status, _at(result.path, read.pointer), "envelope says error")
    if found.status is Status.EMPTY and read.http_status == NOT_MODIFIED:
        return Outcome(Status.OK, _at(result.path, read.pointer), "not modified")
    code = http(read.http_status) if read.http_status else None
    if found.status is Status.EMPTY and read.http_status in NOT_THERE and read.value:
        return found
    if found.status in (Status.OK, Status.EMPTY) and code is not None:
        return Outcome(code, _at(result.path, read.pointer), f"status {read.http_status}")
    return found


def _failure_of(value: object) -> Status:
    return kind(value if isinstance(value, str) else str(value)[:2000]).status


def _judged(read: Unwrapped, path: str) -> Outcome:
    value, pointer = read.value, read.pointer
    if isinstance(value, dict):
        if found := sign(value):
            return Outcome(found.status, _at(path, pointer + found.pointer), found.note)
    elif isinstance(value, list):
        if found := listed(value):
            return Outcome(found.status, _at(path, pointer + found.pointer), found.note)
    elif isinstance(value, str) and not hollow_text(value):
        if reading := page(value) or reply(value) or statement(value) or refusal(value):
            return Outcome(reading.status, _at(path, pointer), reading.note)
        if (exited(value) and failed_output(value)) or broke_off(value):
            return Outcome(kind(value).status, _at(path, pointer), "command failed")
        return _document(value, _at(path, pointer)) or Outcome(Status.OK, _at(path, pointer))
    if not read.cut and empty(value):
        return Outcome(Status.EMPTY, _at(path, pointer), _emptiness(value))
    return Outcome(Status.OK, _at(path, pointer))


def _document(text: str, path: str) -> Outcome | None:
    """What an XML document says of itself, read as the object that it writes."""
    value = tree(text)
    if value is None:
        return None
    if found := sign(value):
        return Outcome(found.status, path, found.note)
    return Outcome(Status.EMPTY, path, "empty document") if hollow(value) else None


def _emptiness(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "empty text"
    return "empty list" if isinstance(value, list) else "holds nothing"


def _at(path: str, pointer: str) -> str:
    return f"{path}#{pointer}" if pointer else path
