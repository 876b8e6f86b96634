"""What a run's last words say: that it is done, that part is left, or that it was stopped before it had answered."""

from typing import Final

from otelagent.delegation import plain
from otelagent.model import Kind, Step
from otelagent.reading.members import names
from otelagent.reading.roles import is_closing
from otelagent.run import SOURCES, AgentRun

CUT: Final = names(
    "length maxtokens maxoutputtokens maxlength modellength modelcontextwindowexceeded contentfilter contentfiltered"
    " guardrailintervened safety recitation blocklist prohibitedcontent spii"
)
"""Finish reasons after which an answer is not what the model meant to give; case and marks aside."""

LIMITS: Final = names(
    "maxsteps maxturns maxiterations steplimit turnlimit iterationlimit recursionlimit errormaxturns toolcalls tooluse"
)
"""Finish reasons of an agent's own span that say that it was stopped before it had answered."""


def said(run: AgentRun) -> Step | None:
    """The step whose text is the run's answer: the last model turn with text, else the agent's own output."""
    for step in reversed(run.steps):
        if step.kind is Kind.LLM and step.turn is not None and step.turn.said is not None:
            return step
    ended = run.ended
    return ended if ended is not None and ended.turn is not None and ended.turn.said is not None else None


def admits(run: AgentRun) -> bool:
    """The run's answer says that something is missing."""
    answer = said(run)
    text = answer.turn.said if answer is not None and answer.turn is not None else None
    if text is None:
        return False
    receipt, admission = text.receipt, text.admission
    asks_only = admission.asks and not (admission.missing or admission.failed or admission.partial or admission.absence)
    if asks_only and text.whole:
        return False  # "all are booked; please look at the invitations"
    return admission.any or (receipt is not None and receipt.short and receipt.honest)


def claims(run: AgentRun) -> bool:
    """The run's answer says that the work is complete, and nothing that takes it back."""
    answer = said(run)
    text = answer.turn.said if answer is not None and answer.turn is not None else None
    return text is not None and text.complete and not text.admission.any


def undone(run: AgentRun) -> bool:
    """The run's answer says that part of the work is still to be done."""
    answer = said(run)
    return answer is not None and answer.turn is not None and answer.turn.said is not None and answer.turn.said.undone


def is_loud(run: AgentRun) -> bool:
    """The run failed for all to see, or says itself that part is left."""
    if run.ended is not None and run.ended.failed:
        return True
    if run.receipt is not None and run.receipt.short:
        return run.receipt.honest or admits(run)
    answer = said(run)
    return answer is not None and answer.turn is not None and answer.turn.admission.partial


def stop(run: AgentRun) -> tuple[Step, str] | None:
    """The step at which a run ended without an answer, and how; None for one that answered."""
    last, answer, ended = _last_turn(run), said(run), run.ended
    if last is None or ended is None:
        return None
    if answer is last and plain(last.finish or "") in CUT:
        return last, "was cut off by a length limit or a filter"
    if plain(ended.finish or "") in LIMITS and answer is not last:
        return last, "was stopped at its limit of steps"
    if answer is not None and answer in (last, ended) and answer.turn and answer.turn.said and answer.turn.said.halted:
        return answer, "was stopped at a limit, or only announced what it was about to do"
    if run.trace.over and answer is not last and _pending(run, last):
        return last, "ended with tool calls that were never carried out"
    return None


def _last_turn(run: AgentRun) -> Step | None:
    return next((s for s in reversed(run.steps) if s.kind is Kind.LLM), None)


def _pending(run: AgentRun, last: Step) -> bool:
    """The last turn asked for tools by id, other calls of this run show theirs, and none of these was carried out."""
    asked = {call.id for call in last.turn.asked if call.id and not is_closing(call.name)} if last.turn else set()
    known = {s.call_id for s in run.steps if s.call_id and (s.kind in SOURCES or s.kind is Kind.HANDOFF)}
    spoken = run.ended is not None and run.ended.turn is not None and run.ended.turn.text
    return (
        bool(asked) and bool(known) and not asked & known and not spoken and last.turn is not None and last.turn.history
    )
