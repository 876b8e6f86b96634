"""What a call's result tells; equal results are read once."""

from collections import OrderedDict
from typing import Final

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.model import REFUSED, Captured, Likeness, More, Outcome, Receipt, Role, Status, Step, Suspect
from otelagent.reading.arguments import failure, fingerprint, size
from otelagent.reading.completion import CompletionRead
from otelagent.reading.envelopes import Unwrapped, unwrap
from otelagent.reading.hints import hint, not_done
from otelagent.reading.injection import names_in, score, targets_in, tools_in
from otelagent.reading.known import Known
from otelagent.reading.likeness import as_text
from otelagent.reading.outcome import outcome
from otelagent.reading.pages import more
from otelagent.reading.receipts import in_structure
from otelagent.reading.roles import stands_for_agent
from otelagent.reading.shape import Shape, shape

MAX_SUSPECTS: Final = 1024

_suspects: OrderedDict[int, Suspect | None] = OrderedDict()
"""By the hash of a result, the latest last: many traces get the same results."""

READABLE: Final = frozenset({Status.OK, Status.PARTIAL, Status.UNKNOWN, Status.NONCONFORMING})
"""Outcomes with content that a model may take for instructions."""


class ResultFacts(msgspec.Struct, frozen=True):
    """What was read from a result."""

    outcome: Outcome
    result: int | None = None
    size: int | None = None
    receipt: Receipt | None = None
    suspect: Suspect | None = None
    shape: Shape | None = None
    more: More | None = None
    hint: Outcome | None = None


_JUDGED: Final = Known[tuple[object, ...], ResultFacts]()


def of_coworker(
    tool: str | None, target: str | None, captured: Captured | None, asked: Likeness | None = None
) -> Receipt | None:
    """What the words of an agent that has no spans of its own say of how much it did of what it was asked for."""
    if captured is None or (target is None and not stands_for_agent(tool or "")):
        return None
    said = unwrap(captured.value).value
    text = said if isinstance(said, str) else as_text(captured.value)
    answer = CompletionRead(text)  # most often the agent's own turn has the same text, and is read for the same
    found = answer.in_words if isinstance(said, str) else None
    if asked is not None:
        found = answer.account(asked.wording) or found
    if found is not None:
        return msgspec.structs.replace(found, path=captured.path)
    if isinstance(said, str) and (answer.halted or answer.undone):
        return Receipt(None, None, "stopped" if answer.halted else "undone", captured.path, answer.undone)
    return None


def read_result(step: Step, captured: Captured | None, error: str | None, role: Role) -> ResultFacts:
    mark, path = (captured.mark, captured.path) if captured is not None else (None, "")
    beside = (step.error_type, step.http_status, step.reported_status, step.reported_length, step.withheld)
    key = (mark, path, role, error, step.failed, *beside)
    known = _JUDGED.get(key) if mark is not None else None
    if known is not None:
        return known
    opened = _opened(captured)
    found = outcome(
        opened,
        error=error,
        failed=step.failed,
        error_type=step.error_type,
        http_status=step.http_status,
        reported_status=step.reported_status,
        reported_length=step.reported_length,
        withheld=step.withheld,
        role=role,
    )
    judged = facts_of(opened, found, role, captured)
    return judged if mark is None else _JUDGED.keep(key, judged)


def facts_of(opened: Captured | None, found: Outcome, role: Role, given: Captured | None) -> ResultFacts:
    """`opened`: the result without its envelopes; `given`: the same as it was recorded."""
    if opened is None or given is None:
        return ResultFacts(found)
    result = fingerprint(opened.value)
    return ResultFacts(
        found,
        result,
        size(opened.value),
        in_structure(given.value, opened.path),
        # a note is the model's own words
        _suspect(given) if role is not Role.NOTE and found.status in READABLE else None,
        _shape_of(opened.value, found, result),
        more(opened.value) if found.status is Status.OK and role is not Role.NOTE else None,
        _hint(opened, found, role) if found.status is Status.OK and role is not Role.NOTE else None,
    )


def failure_of(found: Outcome, captured: Captured | None, error: str | None, like: Likeness | None) -> int | None:
    """What tells how a call failed, whatever it asked for."""
    if found.status not in REFUSED or like is None:
        return None
    text = error if captured is None else as_text(unwrap(captured.value).value)
    return None if text is None else failure(text, like.terms)


def _hint(opened: Captured, found: Outcome, role: Role) -> Outcome | None:
    read = unwrap(opened.value)
    ask = not_done if role is Role.ACTION else hint
    said = None if read.cut or read.redacted else ask(read.value)
    return None if said is None else Outcome(said.status, found.path, said.note)


def _shape_of(opened: object, judged: Outcome, result: int | None) -> Shape | None:
    """Of a good result that is whole. In one of four contents, chosen by their hash, strings are looked at too."""
    whole = isinstance(opened, Unwrapped) and not opened.cut and not opened.redacted
    if not whole or result is None or judged.status is not Status.OK:
        return None
    return shape(unwrap(opened).value, classed=result % 4 == 0)


def _suspect(given: Captured) -> Suspect | None:
    """Instructions in a source's result; None where there are none. Equal results are read once, whoever got them."""
    key = xxh3_64_intdigest(as_text(given.value).encode(errors="replace")) if given.mark is None else given.mark
    if key in _suspects:
        _suspects.move_to_end(key)
        return _suspects[key]
    text = as_text(given.value)
    read = score(text)
    found = None
    if read.flagged or read.imperatives:
        found = Suspect(
            read.score,
            read.flagged,
            read.structural,
            names_in(text),
            read.demanded,
            targets_in(text, read.told),
            tools_in(text, read.told),
        )
    _suspects[key] = found
    if len(_suspects) > MAX_SUSPECTS:
        _suspects.popitem(last=False)
    return found


def _opened(captured: Captured | None) -> Captured | None:
    """A result without its envelopes, parsed once for all who read it."""
    return None if captured is None else Captured(unwrap(captured.value), captured.path)
