"""How much of its assignment an agent's run has done: reported, said in words, or inferred from its calls."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from otelagent.answers import said
from otelagent.model import Call, Family, Items, Receipt, Role, Said, Status, Step
from otelagent.run import SOURCES, AgentRun

TRANSIENT: Final = frozenset({Status.RATE_LIMITED, Status.PARTIAL, Status.TIMEOUT})
BROKEN: Final = TRANSIENT | {Status.ERROR, Status.DENIED}
DONE: Final = frozenset({Status.OK, Status.EMPTY, Status.UNKNOWN, Status.NONCONFORMING})
"""Outcomes of a call after which its item counts as dealt with: what is unknown is no failure."""

OWN_CALLS: Final = 2
"""Items that must each have had a call of their own before a list counts as work."""


class Coverage(msgspec.Struct, frozen=True):
    """What a run was assigned and did. `failed` are calls for missing items that went wrong."""

    receipt: Receipt
    confidence: float
    missing: frozenset[int] = frozenset()
    failed: tuple[Step, ...] = ()
    where: bytes = b""
    """The span that shows it."""
    own: int = 0
    """Items that had a call of their own."""


def reported(
    run: AgentRun, receipts: Sequence[tuple[bytes, Receipt]], call: Call | None, given: Iterable[str] | None
) -> Coverage | None:
    """A receipt that the run's spans, its output or the call's result carry: attributes before JSON before words.

    `given`: the wordings of what it was given to do; None for a run that isn't known to work for another, whose words
    don't count.
    """
    if (found := _merged(receipts)) is not None:
        return Coverage(found, 0.95, where=receipts[-1][0])
    answer = said(run)
    text = answer.turn.said if answer is not None and answer.turn else None
    receipt = None if text is None else text.receipt if given is not None else text.structured
    if receipt is None or receipt.method == "text":
        own = run.ended.turn.said.structured if run.ended and run.ended.turn and run.ended.turn.said else None
        receipt = own or receipt
    result = call.receipt if call is not None else None
    if (receipt is None or receipt.method == "text") and result is not None and result.assigned is not None:
        receipt = result
    if text is not None and given is not None:
        receipt = accounted(text, given, receipt)
    if receipt is None:
        return None
    where = answer.span_id if answer is not None else run.key
    return Coverage(receipt, 0.9 if receipt.method == "reported" else 0.7, frozenset(receipt.left), where=where)


def accounted(text: Said, given: Iterable[str], receipt: Receipt | None) -> Receipt | None:
    """What fields of an answer report; else what it says of what was given to do; else what its words say alone."""
    if receipt is not None and receipt.short and receipt.method != "text":
        return receipt
    wordings = list(given)
    found = next((own for wording in wordings if (own := text.account(wording)) is not None), None)
    if found is None and receipt is not None and receipt.short and any(map(text.covers, wordings)):
        return None
    return receipt if found is None else found


def _merged(receipts: Sequence[tuple[bytes, Receipt]]) -> Receipt | None:
    """The last word on each number; None where one of them is never told."""
    assigned = next((r.assigned for _, r in reversed(receipts) if r.assigned is not None), None)
    processed = next((r.processed for _, r in reversed(receipts) if r.processed is not None), None)
    if assigned is None or processed is None:
        return None
    return Receipt(assigned, processed, "reported", receipts[-1][1].path, any(r.honest for _, r in receipts))


def agreed(told: Coverage, found: Coverage) -> Coverage:
    """A receipt that falls short, beside what the calls show: which items are missing.

    Where each item had its call, "2 of 5 are duplicates" spoke of something else.
    """
    if told.receipt.method == "text" and not found.receipt.short and found.receipt.assigned == told.receipt.assigned:
        return found
    left = (told.receipt.assigned or 0) - (told.receipt.processed or 0)
    same = found.receipt.short and len(found.missing) == left
    return msgspec.structs.replace(told, missing=found.missing, failed=found.failed) if same else told


# --- inferred ---------------------------------------------------------------------------------------------------------


def inferred(assignments: Iterable[Items], sources: Sequence[Step], answer: Step | None) -> Coverage | None:
    """Items that the assignment enumerates against calls that dealt with them; None where that shows nothing."""
    given = list(assignments)
    families = [(f, items.stated) for items in given for f in items.families]
    found = [c for family, stated in families if (c := _of_family(family, stated, sources, answer)) is not None]
    if found:
        return max(found, key=lambda c: (c.own, c.confidence, not c.receipt.short))
    if families and any(s.call is not None and s.call.like is not None for s in sources):
        return None
    counted = max((items for items in given if items.stated), key=lambda items: items.stated or 0, default=None)
    return _of_count(counted, sources) if counted is not None else None


def _of_family(family: Family, stated: int | None, sources: Sequence[Step], answer: Step | None) -> Coverage | None:
    keys = frozenset(family.keys)
    hits = [(s, _hit(s, keys)) for s in sources if s.call is not None and s.call.like is not None]
    own = {key for _, hit in hits if len(hit) == 1 for key in hit}
    if len(own) < OWN_CALLS:
        return None
    done = {key for s, hit in hits if _did(s) for key in hit}
    missing = keys - done
    failed = tuple(s for s, hit in hits if hit & missing and not _did(s))
    broken = {key for s in failed for key in _hit(s, missing)}
    left = max(len(broken), len(missing) - _strays(hits))
    receipt = Receipt(len(keys), len(keys) - left, "inferred", "assignment")
    if not left:
        return Coverage(receipt, 0.6, own=len(own))
    if not failed and not _is_work(family, stated):
        return None
    if not failed and (_bulk(hits, left) or _named(answer, missing)):
        return None
    sure = (family.work or stated == len(keys)) and not family.optional
    return Coverage(receipt, 0.6 if sure else 0.5, missing, failed, own=len(own))


def _hit(step: Step, keys: frozenset[int]) -> frozenset[int]:
    return keys.intersection(step.call.like.mentioned) if step.call and step.call.like is not None else frozenset()


def _strays(hits: Sequence[tuple[Step, frozenset[int]]]) -> int:
    """Calls of the same tools for something that the list doesn't name: an item may be called by another name there."""
    tools = {s.tool for s, hit in hits if len(hit) == 1}
    return len({s.call.arguments for s, hit in hits if not hit and s.tool in tools and _did(s) and s.call})


def _is_work(family: Family, stated: int | None) -> bool:
    return not family.optional and (family.work or stated == len(family.keys))


def _did(step: Step) -> bool:
    """What a result may be saying, and an answer made certain, stays aside: in another order of arrival it is still
    good."""
    call = step.call
    return call is not None and (call.outcome.status in DONE or call.hint is not None)


def _bulk(hits: Sequence[tuple[Step, frozenset[int]]], missing: int) -> bool:
    """After the last call for one item came another that may have brought the rest at once, by whatever words."""
    last = max((s.start for s, hit in hits if len(hit) == 1), default=0)
    sizes = sorted(s.call.size or 0 for s, hit in hits if len(hit) == 1 and s.call)
    typical = sizes[len(sizes) // 2]
    rest = (s for s, hit in hits if len(hit) != 1 and s.start >= last and s.call and _did(s))
    return any((s.call.size or 0) * 2 >= missing * typical for s in rest if s.call and s.call.role is Role.SOURCE)


def _named(answer: Step | None, missing: frozenset[int]) -> bool:
    """The answer speaks of all that seem to be missing: they were known, or left out for a reason."""
    text = answer.turn.said if answer is not None and answer.turn is not None else None
    return text is not None and missing <= text.mentioned


def _of_count(given: Items, sources: Sequence[Step]) -> Coverage | None:
    """Only a number is given: the calls of one tool with different arguments.

    They are the items' calls if one of them went wrong, or if the tool is named after the items ("the five contracts"
    and `read_contract`) and nothing else was called after it.
    """
    stated = given.stated or 0
    for tool in dict.fromkeys(s.tool for s in sources if s.call is not None and s.call.arguments is not None):
        calls = [s for s in sources if s.tool == tool and s.call is not None]
        done = {s.call.arguments for s in calls if _did(s) and s.call}
        failed = tuple(s for s in calls if not _did(s) and s.call and s.call.arguments not in done)
        own = bool(failed) or (_named_after(tool, given.unit) and sources[-1].tool == tool)
        if own and OWN_CALLS <= len(done) < stated and len(done | {_arguments(s) for s in failed}) <= stated:
            return Coverage(Receipt(stated, len(done), "inferred", "assignment"), 0.5, failed=failed)
    return None


def _named_after(tool: str | None, unit: str | None) -> bool:
    """The tool deals with one of such things: it is named after them, and neither lists nor looks for them."""
    words = (tool or "").lower()
    return unit is not None and unit in words and not any(each in words for each in _FINDING)


_FINDING: Final = (
    "search",
    "find",
    "list",
    "query",
    "filter",
    "all",
    "batch",
    "bulk",
    "many",
    "such",
    "cherch",
    "busc",
)
"""Parts of names of tools that bring several things at once."""


def _arguments(step: Step) -> int | None:
    return step.call.arguments if step.call else None


def work(run: AgentRun) -> list[Step]:
    """Calls by which a run may deal with its items: not the one that is the run itself, where it has no other span."""
    calls = (s for s in run.steps if s.kind in SOURCES and s.call is not None and s.call.role is not Role.NOTE)
    return [s for s in calls if s.rebuilt or s.span_id != run.key]
