"""The answer says that something was done, and nothing did it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import Detector
from otelagent.model import BAD, Evidence, Finding, Kind, Layer, Need, Said, Severity, Status, Step
from otelagent.reading.arguments import tool_words
from otelagent.reading.doers import may_do
from otelagent.reading.support import missing
from otelagent.run import SOURCES, AgentRun, Wake

_DONE: Final = {
    "send": "something sent",
    "book": "something booked",
    "change": "something changed",
    "cancel": "something cancelled",
    "create": "something created",
    "pay": "something paid or refunded",
    "notify": "somebody notified",
    "search": "a search made",
    "release": "a change pushed, merged or deployed",
    "run": "tests or a script run",
    "remind": "a reminder set",
}
"""Deeds as an answer claims them."""


@dataclass(frozen=True)
class UnsupportedActionClaim(Detector):
    """The answer says that an action was done, and no call of a tool that could do it succeeded in the trace.

    ## What it looks for
    An answer that claims a deed in the first person or as done with success (sent, booked, updated, cancelled, created,
    paid, notified, pushed or deployed, tests run, a reminder set, or searched the web, a calendar or a database), also
    one that nobody asked for ("while I was there, I rolled staging back"); or that says of what the user asked for that
    it is done: in a sentence, a heading, a line that is ticked off, a cell of a table, the value of a field ("Refund:
    issued"), or just "Done". No tool whose name fits the deed, and none whose name tells nothing, has been called with
    success anywhere in the trace, nor in the messages of earlier turns. A call that only read did nothing: of tools
    that run commands the command tells, of tools whose names tell nothing what they took and gave. A verb that may be
    several deeds ("posted") counts where no tool may have done any of them. Where every call only read, what is said to
    be done by now counts for any short message that asks no question and for nothing to be looked up, told or written.
    And a second look that no call made ("I also screened them against the EU list: 0 hits"): no tool and no argument of
    the few calls has a word of it, and what it states stands in nothing that the agent was given, or, after one call,
    nothing given speaks of where it looked.

    ## Why it matters
    The user believes that the mail has gone out. There is no error anywhere, since nothing was tried.

    ## Stays quiet when
    - the answer says what will be done, could be done, or could not be done, or that the agent was stopped at a limit
    - a tool that may have done it was called, also by another agent of the trace or in another turn of the
      conversation (by its id, where turns are traces of their own), or a call's result says that a message went out
    - the claim is about the answer itself (a draft, a list, a summary, code), or it is quoted, or the answer is a
      letter in another's name
    - it tells what somebody else did, what was done before, or what the user only asked about
    - no call was made, and the claim isn't in the first person: unless the user asked for this deed, and what was made
      can't be a text of the conversation. Without the history of the conversation that is counted as an abstention
    - the answer ends with a question, or asks to confirm: then tables show what is proposed
    - the history wasn't captured and the conversation is older than the trace

    ## What to do
    Check claims of completion against the calls that were made before the answer goes out, or have the tool's receipt
    (an id, a status) quoted in it.
    """

    mode: ClassVar[str] = "unsupported_action_claim"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.TURN, Wake.END})
    layer: ClassVar[Layer] = Layer.MODEL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("not_called", "failed")
    needs: ClassVar[tuple[Need, ...]] = (Need.COMPLETION, Need.HISTORY)
    fix: ClassVar[str] = (
        "Check claims of completed actions against the calls that succeeded before the answer goes out."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        turn = step.turn
        if turn is None or not turn.answer or turn.said is None:
            return
        if step.kind is not Kind.LLM and not (step is run.ended and run.unanswered):
            return
        used = run.trace.used
        unmet = missing(turn, used)
        if unmet and (elsewhere := run.trace.used_elsewhere()):
            used = {**used, **{tool: use for tool, use in elsewhere.items() if use >= used.get(tool, use)}}
            unmet = missing(turn, used)
        if not unmet:
            if (turn.history or used) and (looks := _unmade(turn.said, run)):
                yield self._unseen(step, run, looks)
            elif turn.said.deeds:
                run.dismiss(self.mode, step, "a tool that may have done it was called with success")
            return
        if not turn.history and (not used or run.conversation):
            run.abstain(self.mode, "history" if used else "tools")
        elif _told(step, run, turn.said):
            run.dismiss(self.mode, step, "the failure of the call is told already")
        else:
            yield from self._judged(step, run, unmet)

    def _unseen(self, step: Step, run: AgentRun, looks: int) -> Finding:
        """A second look of which no call, and nothing that the calls brought, knows."""
        return self.finding(
            run,
            about=step,
            root=step,
            cause="not_called",
            strength=0.6,
            severity=Severity.MEDIUM,
            reason="the answer says that something else was checked too, and no call looked there",
            evidence=[Evidence(step.span_id, "completion", f"claims {looks} more look(s) than calls were made")],
            extra={"otelagent.claim.actions": "search"},
        )

    def _judged(self, step: Step, run: AgentRun, unmet: list[str]) -> Iterator[Finding]:
        tried = [s for s in run.steps if s.kind in SOURCES and s.tool and _failed(s, unmet)]
        searched = unmet == ["search"]
        confidence = 0.6 if searched or run.partial_view else 0.75
        deeds = ", ".join(unmet)
        told = ", ".join(_DONE[deed] for deed in unmet)
        why = "the calls that tried it failed" if tried else "no tool that could do it was called with success"
        yield self.finding(
            run,
            about=step,
            root=step,
            cause="failed" if tried else "not_called",
            strength=confidence,
            severity=Severity.MEDIUM if searched else None,
            reason=f"the answer claims an action as done ({told}), and {why}",
            evidence=[
                Evidence(step.span_id, "completion", f"claims an action as done ({told})"),
                *(Evidence(s.span_id, s.call.outcome.path if s.call else "", "failed") for s in tried[:8]),
            ],
            extra={"otelagent.claim.actions": deeds},
        )


def _unmade(said: Said, run: AgentRun) -> int:
    """The second looks that an answer claims and no call made: neither its tools nor their arguments have a word of it,
    and what it states comes from nowhere, or, after one call, what was given doesn't speak of where it looked."""
    calls = [each.call for each in run.steps if each.kind in SOURCES and each.call is not None]
    if not 0 < len(calls) <= _CALLS or any(call.outcome.status is not Status.OK for call in calls):
        return 0
    known = frozenset[int]().union(*map(tool_words, run.trace.used), *(call.terms for call in calls))
    looks = [look for look in said.second_looks if known.isdisjoint(look.about)]
    given = run.trace.given
    return sum(
        bool(given.ungrounded(look.claims)) or (len(calls) == 1 and bool(look.where) and not given.mentions(look.where))
        for look in looks
    )


_CALLS: Final = 3
"""Calls up to which it shows what none of them looked at."""


def _told(step: Step, run: AgentRun, said: Said) -> bool:
    """The failed call that the claim passes over is told; a claim in nobody's name is then about that."""
    told = {finding.mode for finding in run.findings.values() if finding.about == step.span_id}
    return "tool_error_ignored" in told or ("rate_limit_mid_chain" in told and not said.deeds)


def _failed(step: Step, deeds: list[str]) -> bool:
    bad = step.call is not None and step.call.outcome.status in BAD
    return bad and any(may_do(step.tool or "", deed) for deed in deeds)
