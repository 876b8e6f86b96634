"""What an agent's answer should have said of those that worked for it: runs below it, and co-workers without spans."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from otelagent.answers import admits, is_loud, said, undone
from otelagent.coverage import Coverage
from otelagent.delegation import plain
from otelagent.inner import inner
from otelagent.model import Evidence, Finding, Kind, Receipt, Step
from otelagent.reading.naming import forms, identifier
from otelagent.recovery import below, dealt, enumerates, given_by, made_good
from otelagent.run import AgentRun
from otelagent.stitching import may_delegate

MAX_WRAPPERS: Final = 8
"""Spans of one agent around each other."""

MAX_NAMES: Final = 1_000
"""Characters of missing items' names, together."""


class Untold(msgspec.Struct, frozen=True):
    """A run below, and its own finding; None where the run said itself that it failed or that part is left."""

    child: AgentRun
    finding: Finding | None
    what: str = ""
    """How a run that said so ended."""
    sure: bool = False
    """The answer above it claims to be complete."""


def untold(run: AgentRun, mode: str) -> Iterator[Untold]:
    """Each root cause below that this agent's answer passes over; none where it mentions that part is left."""
    if not is_agent(run) or said(run) is None:
        return
    told: set[bytes] = set()
    troubled = [child for child in below(run) if child.findings or is_loud(child)]
    for child in troubled if troubled and not admits(run) else ():
        found = [f for f in child.findings.values() if f.mode == mode and not f.raised and f.about == child.key]
        for finding in found:
            if finding.root not in told:
                told.add(finding.root)
                yield Untold(child, finding)
        if not found and child.key not in told and (loud := _ignored(run, child)) is not None:
            yield loud


def _ignored(run: AgentRun, child: AgentRun) -> Untold | None:
    """The child said that something is left, or failed; the parent's answer claims to be complete all the same."""
    receipt = child.receipt
    named = Coverage(receipt, 0.0, frozenset(receipt.left)) if receipt is not None else None
    if not is_loud(child) or child.trace.enclosing(child) is not run or made_good(child, named):
        return None
    answer = said(run)
    if answer is None or answer.turn is None or answer.turn.said is None or child.ended is None:
        return None
    complete = answer.turn.said.complete
    short = receipt is not None and receipt.short
    if not short and not complete and not undone(child):
        return None
    if receipt is not None and short:
        return Untold(child, None, f"did {receipt.processed} of {receipt.assigned} items", complete)
    return Untold(child, None, "failed" if child.ended.failed else "did part of its work", complete)


def coworkers(run: AgentRun) -> Iterator[tuple[Step, Receipt]]:
    """Calls that stand for an agent without spans: their results say that part is left, this run's answer doesn't."""
    asked = [s for s in run.steps if s.call is not None and s.call.receipt is not None and s.call.receipt.open]
    if not asked or said(run) is None or admits(run):
        return
    inside = {id(child.call) for child in inner(run)}
    seen = {plain(child.agent or "") for child in run.trace.children(run)} - {""}
    for step in asked:
        receipt = step.call.receipt if step.call is not None else None
        own = any(name in plain(step.target or step.tool or "") for name in seen) or run.trace.inside(step)
        if receipt is None or own or id(step) in inside or _asked_again(step, receipt, run):
            continue
        if may_delegate(step):
            yield step, receipt


def _asked_again(step: Step, receipt: Receipt, run: AgentRun) -> bool:
    """Later calls were given what the first one names as left; which is left isn't known: as many, or anything."""
    later = [s for s in run.steps if s.start >= step.end and s is not step]
    if receipt.left:
        return len({key for s in later for key in dealt(s, frozenset(receipt.left))}) >= len(receipt.left)
    good = [s.call for s in later if s.tool == step.tool and s.call and not (s.call.receipt and s.call.receipt.open)]
    left = (receipt.assigned or 0) - (receipt.processed or 0)
    return any(not receipt.short or (c.like is not None and enumerates(c.like, left)) for c in good)


def passed_over(run: AgentRun) -> bool:
    """The agent above has answered and doesn't mention what this one admits."""
    above = _above(run)
    return above is not None and _has_answered(above) and not admits(above)


def _above(run: AgentRun) -> AgentRun | None:
    """The run that goes on with its result; a span that only wraps the run itself doesn't."""
    above = run.trace.enclosing(run)
    for _ in range(MAX_WRAPPERS):
        if above is None or not (above.trace.wraps(above) or (above.agent == run.agent and said(above) is None)):
            break
        above = above.trace.enclosing(above)
    return above


def _has_answered(above: AgentRun) -> bool:
    ended = is_agent(above) or any(s.kind is Kind.WORKFLOW and s.span_id == above.key for s in above.steps[-1:])
    return ended and said(above) is not None


def is_agent(run: AgentRun) -> bool:
    """Its own span has passed, and is an agent's, or the last of its turns where each is a trace of its own."""
    return run.ended is not None and run.ended.kind in (Kind.AGENT, Kind.LLM)


def names(run: AgentRun, keys: frozenset[int]) -> list[str]:
    """Items by the names that the run's assignment, or else its answer, gives them."""
    answer = said(run)
    texts = [*given_by(run), *((answer.turn.said,) if answer is not None and answer.turn and answer.turn.said else ())]
    found: dict[str, None] = {}
    for text in texts if keys else ():
        own = text.named(keys)
        found.update(dict.fromkeys(own))
        if not (keys := keys.difference(*map(forms, own))):
            break
    return list(found)


def tellable(found: Iterable[str], *, words: bool) -> list[str]:
    """Names that may leave the process, as many as fit: identifiers, and others if `words` may."""
    told, room = [], MAX_NAMES
    for name in filter(None, found if words else map(identifier, found)):
        room -= len(name)
        if room < 0:
            break
        told.append(name)
    return told


def silence(run: AgentRun) -> Sequence[Evidence]:
    """The answer that doesn't mention it."""
    answer = said(run)
    return [Evidence(answer.span_id, "completion", "the answer doesn't mention it")] if answer is not None else []
