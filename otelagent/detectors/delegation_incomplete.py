"""A child agent did part of its work, and its parent went on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar, Final, Protocol

from otelagent.attributes import (
    DELEGATION_ASSIGNED,
    DELEGATION_MISSING,
    DELEGATION_PROCESSED,
    DELEGATION_RECEIPT,
)
from otelagent.coverage import BROKEN, OWN_CALLS, TRANSIENT, Coverage, inferred, reported, said, work
from otelagent.delegation import Edge, plain
from otelagent.detectors.detector import PHRASES, Detector, evidence_of, threshold
from otelagent.model import Evidence, Finding, Items, Kind, Layer, Need, Receipt, Severity, Status, Step
from otelagent.questions import meets
from otelagent.reading.members import names
from otelagent.reading.roles import is_closing
from otelagent.run import SOURCES, AgentRun, Wake
from otelagent.stitching import may_delegate

MAX_NAMES: Final = 1_000
"""Characters of missing items' names, together."""

MAX_BELOW: Final = 2_000
"""Runs below an agent that are looked at when it ends."""

MAX_LATER: Final = 64
"""Later children among which one is looked for that did the rest."""

CUT: Final = names(
    "length maxtokens maxoutputtokens maxlength modellength modelcontextwindowexceeded contentfilter contentfiltered"
    " guardrailintervened safety recitation blocklist prohibitedcontent spii"
)
"""Finish reasons after which an answer is not what the model meant to give; case and marks aside."""

LIMITS: Final = names(
    "maxsteps maxturns maxiterations steplimit turnlimit iterationlimit recursionlimit errormaxturns toolcalls tooluse"
)
"""Finish reasons of an agent's own span that say that it was stopped before it had answered."""

SAME: Final = frozenset({"rate_limit_mid_chain", "tool_error_ignored"})
"""Modes that tell of a bad source what this one tells of the child that met it."""


class Assigned(Protocol):
    """Something that enumerates items."""

    @property
    def items(self) -> Items: ...
    def named(self, keys: frozenset[int]) -> list[str]: ...


def _why_quiet(coverage: Coverage, good: bool) -> str:
    if good:
        return "what it left was done by others"
    return "what is missing is told, and known" if coverage.receipt.short else "all that was assigned was processed"


@dataclass(frozen=True)
class DelegationIncomplete(Detector):
    """A child agent processed only part of what it was assigned, or met a failure, and reported completion.

    ## What it looks for
    An agent that works for another (inside a tool call, nested, after a hand-over, or in a trace of its own) and
    ended without an error, whose receipt falls short: counts on its spans, events or logs (`items_assigned`,
    `items_processed`), the same in JSON of its output, words such as "3 of 7 documents", or counts inferred from its
    calls: items that its assignment enumerates against those that its calls dealt with. Also a failure inside the
    child that nothing made good and that its answer doesn't mention, and last words that are no answer: cut off,
    stopped at a limit of steps, with calls that were never carried out, or only a plan (`unresolved_failure`). A
    child that says itself that part is left is found where the agent above it passes that over. Every ancestor whose
    own answer doesn't mention it gets `child_incomplete`.

    ## Why it matters
    The parent's trace looks clean: its child span is completed, its answer fluent. What is missing shows nowhere but
    inside the child.

    ## Stays quiet when
    - all items were processed, in whichever way: retried, read by one call, or by another child
    - the child says that part is left, and the parent reports it or gives the rest to another child
    - the assignment names an item twice, or names items for reference ("you may use any of ...")
    - fewer than two items had a call of their own: then a list may be context and no work
    - the child was replaced after it failed
    - content wasn't captured: what was assigned is unknown then

    ## What to do
    Have children return a structured receipt (items assigned, items processed) beside their text, and let the parent
    assert it before it marks the delegation as done.
    """

    mode: ClassVar[str] = "delegation_incomplete"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.END})
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
    name_items: bool = threshold(
        default=False, help="Name missing items in findings. Names come from prompts: they are captured content."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind is Kind.AGENT and step is run.ended and not run.trace.wraps(run):
            answer = said(run)
            if answer is None and not step.failed:
                run.abstain(self.mode, "output")
        yield from ()

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        if run.trace.wraps(run):
            yield from self._above(run)
            return
        coverage = self._coverage(run)
        run.receipt = coverage.receipt if coverage is not None else None
        good = coverage is not None and coverage.receipt.short and _made_good(run, coverage)
        run.excused = self._excused(run, coverage) if good and coverage is not None else frozenset()
        own = self._own(run, coverage) if not good else None
        if own is not None and own.confidence >= self.min_confidence:
            yield own
        elif coverage is not None and run.steps:
            run.dismiss(self.mode, run.ended or run.steps[-1], _why_quiet(coverage, good))
        yield from self._coworkers(run)
        yield from self._above(run)

    # --- the child -----------------------------------------------------------------------------------------------

    def _coverage(self, run: AgentRun) -> Coverage | None:
        """How much the run did; nothing is inferred while steps may be missing."""
        edge = run.trace.edge(run)
        call = run.trace.call(edge.call) if edge is not None else None
        delegated = edge is not None and edge.method is not None
        told = reported(run, run.trace.receipts(run), call.call if call is not None else None, words=delegated)
        if told is not None or not delegated or not run.trace.whole(run):
            return told
        sources = _sources(run)
        return (
            inferred((given.items for given in _given_by(run)), sources, said(run))
            if len(sources) >= OWN_CALLS
            else None
        )

    def _own(self, run: AgentRun, coverage: Coverage | None) -> Finding | None:
        edge, ended = run.trace.edge(run), run.ended
        if ended is None or ended.failed or edge is None:
            return None
        delegated = edge.method is not None
        short = coverage is not None and coverage.receipt.short
        if not delegated and not (short and coverage is not None and coverage.receipt.method == "reported"):
            return None
        bad = _unresolved(run) if delegated and run.trace.whole(run) else []
        if not short and not bad:
            return self._cut_off(run, edge) if delegated else None
        open_about_it = (
            short and coverage is not None and (coverage.receipt.honest or _admits(run)) and not _claims(run)
        )
        if open_about_it and coverage is not None:
            return self._missing(run, edge, coverage, bad) if _passed_over(run) else None
        if _admits(run) and not _claims(run):
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
            "said so, which nobody above it did" if _passed_over(run) and not _claims(run) else "reported completion"
        )
        evidence = [
            Evidence(coverage.where or run.key, receipt.path, f"{processed} of {assigned} items"),
            *(evidence_of(s, f"an item's call {PHRASES[s.call.outcome.status]}") for s in culprits[:8] if s.call),
        ]
        found = self._finding(run, root, "items_missing", confidence, reason, evidence, culprits)
        if self.name_items and coverage.missing:
            named = ", ".join(_names(run, coverage.missing))[:MAX_NAMES]
            found = replace(found, extra={**found.extra, DELEGATION_MISSING: named})
        return found

    def _unresolved(self, run: AgentRun, edge: Edge, bad: Sequence[Step]) -> Finding:
        call = bad[0].call
        assert call is not None  # noqa: S101 - bad sources have one
        reason = (
            f"{bad[0].tool or 'a source'} {PHRASES[call.outcome.status]} inside the child; nothing made that good, "
            "and its answer doesn't mention it"
        )
        evidence = [*(evidence_of(s, "failed and not made good") for s in bad[:8]), *_answer_evidence(run)]
        return self._finding(run, bad[0], "unresolved_failure", min(0.7, edge.confidence), reason, evidence, bad)

    def _cut_off(self, run: AgentRun, edge: Edge) -> Finding | None:
        """The child's own steps show why its last words are no answer."""
        stop = _stop(run) if run.trace.whole(run) or run.trace.over else None
        if stop is None:
            return None
        step, why = stop
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
            confidence=confidence,
            reason=f"{run.agent or 'a child agent'} {reason}" if cause == "items_missing" else reason,
            evidence=evidence,
            extra=_counts(run.receipt),
        )
        roots = {s.span_id for s in culprits}
        absorbed = tuple(i for i, f in run.findings.items() if f.mode in SAME and f.root in roots)
        return replace(found, absorbs=absorbed, wasted_tokens=0)

    def _coworkers(self, run: AgentRun) -> Iterator[Finding]:
        """Calls that stand for an agent without spans: what their results say, and this run's answer doesn't."""
        asked = [s for s in run.steps if s.call is not None and s.call.receipt is not None and s.call.receipt.short]
        if not asked or said(run) is None or _admits(run):
            return
        for step in asked:
            receipt = step.call.receipt if step.call is not None else None
            if receipt is None or not may_delegate(step) or run.trace.inside(step):
                continue
            assert run.ended is not None  # noqa: S101 - concluded runs have ended
            yield replace(
                self.finding(
                    run,
                    about=step,
                    root=step,
                    cause="items_missing",
                    confidence=0.9 if receipt.method == "reported" else 0.7,
                    reason=f"{step.target or step.tool} processed {receipt.processed} of {receipt.assigned} items, and "
                    "the answer of the agent that asked for it doesn't mention it",
                    evidence=[evidence_of(step, f"{receipt.processed} of {receipt.assigned} items")],
                    extra=_counts(receipt),
                ),
                wasted_tokens=0,
                absorbs=tuple(i for i, f in run.findings.items() if f.mode in SAME and f.root == step.span_id),
            )

    # --- its ancestors -------------------------------------------------------------------------------------------

    def _above(self, run: AgentRun) -> Iterator[Finding]:
        """What this agent's answer should have said of the runs below it."""
        if run.ended is None or not _is_agent(run) or said(run) is None:
            return
        told: set[bytes] = set()
        troubled = [child for child in _below(run) if child.findings or _is_loud(child)]
        for child in troubled if troubled and not _admits(run) else ():
            found = [
                f for f in child.findings.values() if f.mode == self.mode and not f.raised and f.about == child.key
            ]
            for finding in found:
                if finding.root not in told:
                    told.add(finding.root)
                    yield self._raised(run, child, finding)
            loud = self._ignored(run, child) if not found else None
            if loud is not None and loud.root not in told:
                yield loud

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

    def _ignored(self, run: AgentRun, child: AgentRun) -> Finding | None:
        """The child said that something is left, or failed; the parent's answer claims to be complete all the same."""
        if not _is_loud(child) or child.trace.enclosing(child) is not run or _made_good(child, None):
            return None
        answer = said(run)
        if answer is None or answer.turn is None or answer.turn.said is None or child.ended is None:
            return None
        claims = answer.turn.said.complete
        receipt = child.receipt
        if receipt is None and not claims:
            return None
        what = (
            f"did {receipt.processed} of {receipt.assigned} items"
            if receipt is not None and receipt.short
            else "failed"
            if child.ended.failed
            else "did part of its work"
        )
        found = self.finding(
            run,
            about=run.ended or child.ended,
            root=child.ended,
            cause="child_incomplete",
            confidence=0.7 if claims else 0.5,
            reason=f"{child.agent or 'a child agent'} {what} and said so, and the answer doesn't mention it",
            evidence=[Evidence(child.key, "", what), *_answer_evidence(run)],
        )
        return replace(found, absorbs=self._same(run, child), wasted_tokens=0)


def _counts(receipt: Receipt | None) -> dict[str, int | float | str]:
    if receipt is None or receipt.assigned is None or receipt.processed is None:
        return {}
    return {
        DELEGATION_ASSIGNED: receipt.assigned,
        DELEGATION_PROCESSED: receipt.processed,
        DELEGATION_RECEIPT: receipt.method,
    }


def _is_agent(run: AgentRun) -> bool:
    return run.ended is not None and run.ended.kind is Kind.AGENT


def _below(run: AgentRun) -> Iterator[AgentRun]:
    stack, seen = list(run.trace.children(run)), {id(run)}
    while stack and len(seen) <= MAX_BELOW:
        child = stack.pop()
        if id(child) not in seen:
            seen.add(id(child))
            yield child
            stack += child.trace.children(child)


def _given_by(run: AgentRun) -> Iterator[Assigned]:
    """What the run was given to do: the giver's last words, else its call's arguments and its first message."""
    handed = run.trace.task_of(run)
    if handed is not None and handed.turn is not None and handed.turn.said and handed.turn.said.items.families:
        yield handed.turn.said
        return
    edge = run.trace.edge(run)
    call = run.trace.call(edge.call) if edge is not None else None
    like = call.call.like if call is not None and call.call is not None else None
    task = next((s.turn.task for s in run.steps if s.turn is not None and s.turn.task is not None), None)
    if like is not None:
        yield like
    if task is not None and (like is None or task.fingerprint not in like.texts):
        yield task


def _names(run: AgentRun, keys: frozenset[int]) -> list[str]:
    return list(dict.fromkeys(name for given in _given_by(run) for name in given.named(keys)))


def _sources(run: AgentRun) -> list[Step]:
    """Calls of the run and of those below it."""
    return sorted((s for each in (run, *_below(run)) for s in work(each)), key=lambda s: s.end)


def _stop(run: AgentRun) -> tuple[Step, str] | None:
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


def _pending(run: AgentRun, last: Step) -> bool:
    """The last turn asked for tools by id, other calls of this run show theirs, and none of these was carried out."""
    asked = {call.id for call in last.turn.asked if call.id and not is_closing(call.name)} if last.turn else set()
    known = {s.call_id for s in run.steps if s.call_id and (s.kind in SOURCES or s.kind is Kind.HANDOFF)}
    spoken = run.ended is not None and run.ended.turn is not None and run.ended.turn.text
    return (
        bool(asked) and bool(known) and not asked & known and not spoken and last.turn is not None and last.turn.history
    )


def _last_turn(run: AgentRun) -> Step | None:
    return next((s for s in reversed(run.steps) if s.kind is Kind.LLM), None)


def _admits(run: AgentRun) -> bool:
    """The run's answer says that something is missing."""
    answer = said(run)
    text = answer.turn.said if answer is not None and answer.turn is not None else None
    if text is None:
        return False
    receipt = text.receipt
    return text.admission.any or (receipt is not None and receipt.short and receipt.honest)


def _claims(run: AgentRun) -> bool:
    """The run's answer says that the work is complete, and nothing that takes it back."""
    answer = said(run)
    text = answer.turn.said if answer is not None and answer.turn is not None else None
    return text is not None and text.complete and not text.admission.any


def _passed_over(run: AgentRun) -> bool:
    """The agent above has answered and doesn't mention what this one admits."""
    above = run.trace.enclosing(run)
    return above is not None and _is_agent(above) and said(above) is not None and not _admits(above)


def _is_loud(run: AgentRun) -> bool:
    """The run failed for all to see, or says itself that part is left."""
    if run.ended is not None and run.ended.failed:
        return True
    if run.receipt is not None and run.receipt.short:
        return run.receipt.honest or _admits(run)
    answer = said(run)
    return answer is not None and answer.turn is not None and answer.turn.admission.partial


def _unresolved(run: AgentRun) -> list[Step]:
    """Calls that failed, that no later call made good, and after which the run answered."""
    answer = said(run)
    if answer is None or answer.turn is None or answer.turn.said is None:
        return []
    sources = work(run)
    bad = [
        s for s in sources if s.call and s.call.outcome.status in BROKEN and s.end <= max(answer.start, _end(answer))
    ]
    complete = bool(bad) and answer.turn.said.complete
    return [s for s in bad if not _recovered(s, sources) and (complete or _status(s) in TRANSIENT)]


def _end(answer: Step) -> int:
    return answer.end if answer.kind is Kind.AGENT else answer.start


def _status(step: Step) -> Status:
    return step.call.outcome.status if step.call else Status.UNKNOWN


def _recovered(bad: Step, sources: Sequence[Step]) -> bool:
    later = [s for s in sources if s.start >= bad.end and _status(s) is Status.OK]
    if any(meets(s, bad) for s in later):
        return True
    return _status(bad) is not Status.RATE_LIMITED and any(s.tool == bad.tool for s in later)


def _made_good(run: AgentRun, coverage: Coverage | None) -> bool:
    """A later run, or the parent itself, did the rest or all of it."""
    ended, trace = run.ended, run.trace
    if ended is None:
        return False
    after = (s for s in trace.siblings(run) if s.ended is not None and s.ended.start >= ended.end)
    later = [s for s in islice(after, MAX_LATER) if s.ended is not None and not s.ended.failed]
    if coverage is not None and coverage.missing:
        above = trace.enclosing(run)
        own = (s for s in work(above) if _asked(s, above) >= ended.end) if above is not None else ()
        steps = [*islice(own, MAX_LATER), *(step for s in later for step in _sources(s))]
        left = (coverage.receipt.assigned or 0) - (coverage.receipt.processed or 0)
        return len({key for step in steps for key in _dealt(step, coverage.missing)}) >= left
    same = [s for s in later if s.agent == run.agent]
    if ended.failed:
        return bool(same) or any(_alike(run, s) for s in later)
    if coverage is None or coverage.receipt.assigned is None or coverage.receipt.processed is None:
        return False
    left = coverage.receipt.assigned - coverage.receipt.processed
    return any(s.receipt is not None and not s.receipt.short and (s.receipt.processed or 0) >= left for s in same)


def _asked(step: Step, run: AgentRun) -> int:
    """When a call began; of one that only messages show, when the model asked for it."""
    turns = (s for s in run.steps if step.rebuilt and step.call_id and s.turn is not None)
    return next((s.end for s in turns if s.turn and any(c.id == step.call_id for c in s.turn.asked)), step.start)


def _alike(run: AgentRun, other: AgentRun) -> bool:
    """Both were given the same to do."""
    return any(a.families and a == b for a in _given(run) for b in _given(other))


def _given(run: AgentRun) -> list[Items]:
    return [given.items for given in _given_by(run)]


def _dealt(step: Step, keys: frozenset[int]) -> frozenset[int]:
    ok = _status(step) in (Status.OK, Status.EMPTY)
    like = step.call.like if ok and step.call is not None else None
    return keys.intersection(like.mentioned) if like is not None else frozenset()


def _answer_evidence(run: AgentRun) -> list[Evidence]:
    answer = said(run)
    return [Evidence(answer.span_id, "completion", "the answer doesn't mention it")] if answer is not None else []
