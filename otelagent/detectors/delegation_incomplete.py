"""A child agent did part of its work, and its parent went on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from otelagent.ancestors import Untold, coworkers, names, passed_over, silence, tellable, untold
from otelagent.answers import admits, claims, said, stop, undone
from otelagent.attributes import (
    DELEGATION_ASSIGNED,
    DELEGATION_MISSING,
    DELEGATION_PROCESSED,
    DELEGATION_RECEIPT,
)
from otelagent.coverage import OWN_CALLS, Coverage, agreed, inferred, reported
from otelagent.delegation import Edge
from otelagent.detectors.detector import PHRASES, Detector, evidence_of, threshold
from otelagent.inner import Inner, called_since, inner, settled
from otelagent.model import Evidence, Finding, Kind, Layer, Need, Receipt, Severity, Step
from otelagent.recovery import given_by, given_on, made_good, sources, unresolved
from otelagent.run import AgentRun, Wake

_JUDGED: Final = "delegation_incomplete.judged"
"""In a run's notes: the end of the answer before which children without spans were judged last."""

_NONE: Final = frozenset[tuple[str, bytes, bytes]]()

STRENGTHS: Final = {"reported": 0.9, "text": 0.7, "stopped": 0.6, "undone": 0.6}
"""Of findings about agents without spans, by what their answers show."""

STOPPED: Final = "was stopped at a limit, or only announced what it was about to do"
UNDONE: Final = "says that part of its work is still to be done"

SAME: Final = frozenset({"rate_limit_mid_chain", "tool_error_ignored"})
"""Modes that tell of a bad source what this one tells of the child that met it."""


def _why_quiet(coverage: Coverage, good: bool) -> str:
    if good:
        return "what it left was done by others"
    return "what is missing is told, and known" if coverage.receipt.short else "all that was assigned was processed"


def _is_open(run: AgentRun, coverage: Coverage) -> bool:
    """It says what it left, and doesn't claim to be complete beside that."""
    return (coverage.receipt.honest or admits(run)) and not claims(run)


@dataclass(frozen=True)
class DelegationIncomplete(Detector):
    """A child agent processed only part of what it was assigned, or met a failure, and reported completion.

    ## What it looks for
    An agent that works for another (inside a tool call, nested, after a hand-over, or in a trace of its own) and
    ended without an error, whose receipt falls short: counts on its spans, events or logs (`items_assigned`,
    `items_processed`), the same in JSON of its output, words such as "3 of 7 documents", its answer held against its
    assignment (items by state, counts that add up to what was asked for, items that it excepts or says weren't dealt
    with, a range that ends early), or counts inferred from its calls: items that its assignment enumerates against
    those that its calls dealt with. Also a failure inside the child that nothing made good and that its answer
    doesn't mention, and last words that are no answer: cut off, stopped at a limit of steps, with calls that were
    never carried out, or only a plan (`unresolved_failure`). A child that says itself that part is left, or still to
    be done, is found where the agent above it passes that over. Every ancestor whose own answer doesn't mention it
    gets `child_incomplete`. An agent without a span of its own is judged by the result of the call that stands for
    it, or, where all model calls are in one run or each is a trace of its own, by the conversation that the call
    began.

    ## Why it matters
    The parent's trace looks clean: its child span is completed, its answer fluent. What is missing shows nowhere but
    inside the child.

    ## Stays quiet when
    - all items were processed, in whichever way: retried, read by one call, or by another child
    - the child says that part is left, and the parent reports it or gives the rest to another child, or to it again
    - the answer says that all were dealt with, and counts something else beside that ("read all 12; 5 of 12 ...")
    - the assignment itself asks what is open or failed, or how far things have come
    - the assignment names an item twice, names items for reference ("you may use any of ...") or takes them out ("all
      but node-7", "leave D-4 untouched"); what a check found wrong with an item (`"ok": false` with a reason) is its
      result
    - fewer than two items had a call of their own: then a list may be context and no work
    - the child was replaced after it failed
    - content wasn't captured: what was assigned is unknown then

    ## What to do
    Have children return a structured receipt (items assigned, items processed) beside their text, and let the parent
    assert it before it marks the delegation as done.
    """

    mode: ClassVar[str] = "delegation_incomplete"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.END, Wake.TURN})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("items_missing", "unresolved_failure", "child_incomplete")
    needs: ClassVar[tuple[Need, ...]] = (Need.COMPLETION,)
    fix: ClassVar[str] = (
        "Have the child return a structured receipt (items assigned, items processed), and let the parent assert it "
        "before it goes on."
    )
    concludes: ClassVar[bool] = True

    min_confidence: float = threshold(
        default=0.5, help="Findings of less confidence stay quiet: inferred receipts have 0.5 or 0.6."
    )
    missing: int = threshold(default=1, help="Items that must be missing.")
    name_ids: bool = threshold(
        default=True, help="Name missing items in findings where their names are identifiers, such as doc-204."
    )
    name_items: bool = threshold(
        default=False, help="Name all missing items in findings, by words too: those are captured content."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind is Kind.LLM and run.ended is None and self._several(step, run):
            since = run.notes.get(_JUDGED, 0)
            if not called_since(run, since):
                run.notes[_JUDGED] = step.end
            elif settled(run):
                run.notes[_JUDGED] = step.end
                yield from self._inner(run, since)
        if step.kind is Kind.AGENT and step is run.ended and not run.trace.wraps(run):
            answer = said(run)
            if answer is None and not step.failed:
                run.abstain(self.mode, "output")

    def _several(self, step: Step, run: AgentRun) -> bool:
        """The turn answers, in a run of more than one conversation."""
        turn = step.turn
        if turn is None:
            return False
        known: tuple[int, ...] = run.notes.get(self.mode, ())
        if turn.task is not None and len(known) < OWN_CALLS and (own := turn.task.fingerprint) not in known:
            known = run.notes[self.mode] = (*known, own)
        return len(known) > 1 and turn.said is not None and not turn.asked

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        if run.trace.wraps(run):
            yield from self._above(run)
            return
        coverage = self._coverage(run)
        run.receipt = coverage.receipt if coverage is not None else None
        good = coverage is not None and coverage.receipt.short and made_good(run, coverage)
        run.excused = self._excused(run, coverage) if good and coverage is not None else _NONE
        own = self._own(run, coverage) if not good else None
        if own is not None and own.confidence >= self.min_confidence:
            yield own
        elif coverage is not None and run.steps:
            run.dismiss(self.mode, run.ended or run.steps[-1], _why_quiet(coverage, good))
        yield from self._inner(run)
        yield from self._coworkers(run)
        yield from self._above(run)

    # --- the child -----------------------------------------------------------------------------------------------

    def _coverage(self, run: AgentRun) -> Coverage | None:
        """How much the run did; nothing is inferred while steps may be missing."""
        edge = run.trace.edge(run)
        call = run.trace.called(run)
        delegated = edge is not None and edge.method is not None
        given = list(given_by(run)) if delegated else []
        wordings = (each.wording for each in given) if delegated else None
        told = reported(run, run.trace.receipts(run), call.call if call is not None else None, wordings)
        if not delegated or (told is not None and not told.receipt.short) or not run.trace.whole(run):
            return told
        own = sources(run)
        found = inferred((each.items for each in given), own, said(run)) if len(own) >= OWN_CALLS else None
        if told is not None:
            return told if found is None else agreed(told, found)
        waits = edge is not None and edge.beside and found is not None and found.receipt.short and not found.failed
        return None if waits else found

    def _own(self, run: AgentRun, coverage: Coverage | None) -> Finding | None:
        edge, ended = run.trace.edge(run), run.ended
        if ended is None or ended.failed or edge is None:
            return None
        delegated = edge.method is not None
        short = coverage is not None and coverage.receipt.short
        if not delegated and not (short and coverage is not None and coverage.receipt.method == "reported"):
            return None
        bad = unresolved(run) if delegated and run.trace.whole(run) else []
        if not short and not bad:
            return self._without_counts(run, edge) if delegated else None
        if short and coverage is not None and _is_open(run, coverage):
            return self._missing(run, edge, coverage, bad) if passed_over(run) else None
        if admits(run) and not claims(run):
            return None
        if short and coverage is not None:
            return self._missing(run, edge, coverage, bad)
        if bad:
            return self._unresolved(run, edge, bad)
        return self._cut_off(run, edge) if delegated else None

    def _excused(self, run: AgentRun, coverage: Coverage) -> frozenset[tuple[str, bytes, bytes]]:
        """Findings about failures inside a child whose rest another child did."""
        roots = {s.span_id for s in coverage.failed}
        return frozenset(i for i, f in run.findings.items() if f.mode in SAME and f.root in roots)

    def _missing(self, run: AgentRun, edge: Edge, coverage: Coverage, bad: Sequence[Step]) -> Finding | None:
        receipt = coverage.receipt
        assigned, processed = receipt.assigned or 0, receipt.processed or 0
        if assigned - processed < self.missing:
            return None
        culprits = [*coverage.failed, *(s for s in bad if s not in coverage.failed)]
        root = culprits[0] if culprits else run.ended
        assert root is not None  # noqa: S101 - the caller looked
        how = {"reported": "its own receipt says", "text": "its words say", "inferred": "its calls show"}[
            receipt.method
        ]
        confidence = min(coverage.confidence, edge.confidence)
        reason = f"processed {processed} of {assigned} items ({how} so) and "
        reason += (
            "said so, which nobody above it did" if passed_over(run) and not claims(run) else "reported completion"
        )
        evidence = [
            Evidence(coverage.where or run.key, receipt.path, f"{processed} of {assigned} items"),
            *(evidence_of(s, f"an item's call {PHRASES[s.call.outcome.status]}") for s in culprits[:8] if s.call),
        ]
        found = self._finding(run, root, "items_missing", confidence, reason, evidence, culprits)
        return self._naming(found, names(run, coverage.missing)) if coverage.missing else found

    def _naming(self, found: Finding, missing: Iterable[str]) -> Finding:
        """The finding with the names that may be told."""
        told = tellable(missing, words=self.name_items) if self.name_ids or self.name_items else []
        return replace(found, extra={**found.extra, DELEGATION_MISSING: told}) if told else found

    def _unresolved(self, run: AgentRun, edge: Edge, bad: Sequence[Step]) -> Finding:
        call = bad[0].call
        assert call is not None  # noqa: S101 - bad sources have one
        reason = (
            f"{bad[0].tool or 'a source'} {PHRASES[call.outcome.status]} inside the child; nothing made that good, "
            "and its answer doesn't mention it"
        )
        evidence = [*(evidence_of(s, "failed and not made good") for s in bad[:8]), *silence(run)]
        return self._finding(run, bad[0], "unresolved_failure", min(0.7, edge.confidence), reason, evidence, bad)

    def _without_counts(self, run: AgentRun, edge: Edge) -> Finding | None:
        if not undone(run) or claims(run) or not passed_over(run) or run.ended is None or given_on(run):
            return self._cut_off(run, edge)
        reason = f"{run.agent or 'a child agent'} {UNDONE}, which nobody above it said"
        answer = said(run) or run.ended
        evidence = [Evidence(answer.span_id, "completion", UNDONE)]
        return self._finding(run, answer, "unresolved_failure", min(0.6, edge.confidence), reason, evidence, ())

    def _cut_off(self, run: AgentRun, edge: Edge) -> Finding | None:
        """The child's own steps show why its last words are no answer."""
        stopped = stop(run) if run.trace.whole(run) or run.trace.over else None
        if stopped is None:
            return None
        step, why = stopped
        reason = f"{run.agent or 'a child agent'} {why}, and that was taken for its result"
        evidence = [Evidence(step.span_id, "finish reason", why)]
        return self._finding(run, step, "unresolved_failure", min(0.6, edge.confidence), reason, evidence, ())

    def _finding(
        self,
        run: AgentRun,
        root: Step,
        cause: str,
        confidence: float,
        reason: str,
        evidence: Sequence[Evidence],
        culprits: Sequence[Step],
    ) -> Finding:
        assert run.ended is not None  # noqa: S101 - concluded runs have ended
        found = self.finding(
            run,
            about=run.ended,
            root=root,
            cause=cause,
            strength=confidence,
            reason=f"{run.agent or 'a child agent'} {reason}" if cause == "items_missing" else reason,
            evidence=evidence,
            extra=_counts(run.receipt),
        )
        roots = {s.span_id for s in culprits}
        absorbed = tuple(i for i, f in run.findings.items() if f.mode in SAME and f.root in roots)
        return replace(found, absorbs=absorbed, wasted_tokens=0)

    def _coworkers(self, run: AgentRun) -> Iterator[Finding]:
        """Calls that stand for an agent without spans: what their results say, and this run's answer doesn't."""
        for step, receipt in coworkers(run):
            did, cause = f"processed {receipt.processed} of {receipt.assigned} items", "items_missing"
            if not receipt.short:
                did, cause = STOPPED if receipt.method == "stopped" else UNDONE, "unresolved_failure"
            found = self.finding(
                run,
                about=step,
                root=step,
                cause=cause,
                strength=STRENGTHS[receipt.method],
                reason=f"{step.target or step.tool} {did}, and the agent that asked for it doesn't say so",
                evidence=[evidence_of(step, did)],
                extra=_counts(receipt),
            )
            absorbed = tuple(i for i, f in run.findings.items() if f.mode in SAME and f.root == step.span_id)
            like = step.call.like if step.call is not None and receipt.left else None
            found = self._naming(found, like.named(frozenset(receipt.left))) if like is not None else found
            yield replace(found, wasted_tokens=0, absorbs=absorbed)

    def _inner(self, run: AgentRun, since: int = 0) -> Iterator[Finding]:
        """Agents that were called as tools, and whose turns stand among those of this run."""
        for child in inner(run, since):
            coverage, bad = child.coverage, child.failed
            if coverage is not None and coverage.receipt.short:
                left = (coverage.receipt.assigned or 0) - (coverage.receipt.processed or 0)
                if left >= self.missing and not child.made_good(coverage, left) and not (child.honest and admits(run)):
                    did = f"processed {coverage.receipt.processed} of {coverage.receipt.assigned} items"
                    yield self._of_inner(run, child, coverage, "items_missing", did)
            elif bad and bad[0].call is not None:
                did = f"met a failure ({bad[0].tool or 'a source'} {PHRASES[bad[0].call.outcome.status]})"
                failed = Coverage(Receipt(None, None, "inferred"), 0.6, failed=tuple(bad))
                yield self._of_inner(run, child, failed, "unresolved_failure", did)
            elif (child.halted or (child.undone and not child.asked_again)) and not admits(run):
                stopped = Coverage(Receipt(None, None, "stopped"), STRENGTHS["stopped"])
                yield self._of_inner(run, child, stopped, "unresolved_failure", STOPPED if child.halted else UNDONE)

    def _of_inner(self, run: AgentRun, child: Inner, coverage: Coverage, cause: str, did: str) -> Finding:
        receipt, name = coverage.receipt, child.call.target or child.call.tool or "a child agent"
        if receipt.short and child.call.call is not None:
            child.call.call.receipt = child.call.call.receipt or receipt
        found = self.finding(
            run,
            about=child.answer,
            root=next(iter(coverage.failed), child.answer),
            cause=cause,
            strength=min(coverage.confidence, 0.9),
            reason=f"{name} {did} and {'said so' if child.honest else 'reported completion'}; it has no span",
            evidence=[
                Evidence(child.answer.span_id, receipt.path, did),
                *(
                    evidence_of(s, f"an item's call {PHRASES[s.call.outcome.status]}")
                    for s in coverage.failed
                    if s.call
                ),
            ],
            extra=_counts(receipt),
        )
        bad = [step.span_id for step in (*coverage.failed, child.call)]
        absorbed = tuple((mode, run.trace.trace_id, root) for mode in sorted(SAME) for root in bad)
        found = replace(found, agent=name, wasted_tokens=0, absorbs=absorbed)
        return self._naming(found, child.named(coverage.missing)) if coverage.missing else found

    # --- its ancestors -------------------------------------------------------------------------------------------

    def _above(self, run: AgentRun) -> Iterator[Finding]:
        """What this agent's answer should have said of the runs below it."""
        for each in untold(run, self.mode):
            yield self._raised(run, each.child, each.finding) if each.finding else self._ignored(run, each)

    def _raised(self, run: AgentRun, child: AgentRun, finding: Finding) -> Finding:
        assert run.ended is not None  # noqa: S101 - the caller looked
        abroad = finding.trace_id if finding.trace_id != run.ended.trace_id else b""
        return replace(
            finding,
            cause="child_incomplete",
            trace_id=run.ended.trace_id,
            about=run.key,
            evidence=tuple(replace(e, trace_id=e.trace_id or abroad) for e in finding.evidence),
            agent=run.agent,
            reason=f"{finding.agent or 'a child agent'} left part of its work undone; the answer doesn't mention it",
            wasted_tokens=0,
            raised=True,
            extra={},
            absorbs=self._same(run, child),
        )

    def _same(self, run: AgentRun, child: AgentRun) -> tuple[tuple[str, bytes, bytes], ...]:
        """Findings of this run about the result of the child's call."""
        edge = child.trace.edge(child)
        if edge is None or edge.call is None:
            return ()
        return tuple(i for i, f in run.findings.items() if f.root == edge.call and f.mode in SAME)

    def _ignored(self, run: AgentRun, untold: Untold) -> Finding:
        child = untold.child
        assert run.ended is not None and child.ended is not None  # noqa: PT018, S101 - `untold` looked
        abroad = child.trace.trace_id if child.trace.trace_id != run.trace.trace_id else b""
        found = self.finding(
            run,
            about=run.ended,
            root=child.ended,
            cause="child_incomplete",
            strength=0.7 if untold.sure else 0.5,
            reason=f"{child.agent or 'a child agent'} {untold.what} and said so, and the answer doesn't mention it",
            evidence=[Evidence(child.key, "", untold.what, abroad), *silence(run)],
        )
        return replace(found, absorbs=self._same(run, child), wasted_tokens=0)


def _counts(receipt: Receipt | None) -> dict[str, int | float | str | list[str]]:
    if receipt is None or receipt.assigned is None or receipt.processed is None:
        return {}
    return {
        DELEGATION_ASSIGNED: receipt.assigned,
        DELEGATION_PROCESSED: receipt.processed,
        DELEGATION_RECEIPT: receipt.method,
    }
