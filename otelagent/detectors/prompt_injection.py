"""Retrieved text gives the agent orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import Detector, threshold
from otelagent.model import Evidence, Finding, Kind, Layer, Need, Role, Severity, Status, Step, Suspect
from otelagent.reading.doers import done_by
from otelagent.reading.injection import name_key
from otelagent.reading.requests import TASK, met_by
from otelagent.reading.roles import told_by_name
from otelagent.run import SOURCES, AgentRun, Wake

_ORDINARY: Final = frozenset({"tool_call", "moves_something"})
"""Rules that a bill or a runbook matches too: where the user asked for what was done, they tell nothing."""
_PHRASE: Final = 4
"""Least letters of a demanded phrase: a shorter one is an answer like any other."""


@dataclass(slots=True)
class _Seen:
    """What a run has shown so far: results that hold instructions, and the tools used."""

    suspects: tuple[Step, ...] = ()
    tools: tuple[int, ...] = ()


@dataclass(frozen=True)
class PromptInjection(Detector):
    """A tool's result carries instructions aimed at the model; the agent may have obeyed.

    ## What it looks for
    `attempt`: a source's result reads as instructions to a model (a small classifier that is shipped with its training
    data, plus structure rules). `obeyed`: after such a result, or after one with any imperative sentence, the agent
    departs from its task: it calls a tool that it hasn't used before, that the task doesn't name and the
    result does; it acts with such a tool on an address or account that only the result contains (where the result
    doesn't read as an attack, a tool, address or account that an imperative sentence of it names); it discloses its
    system prompt; its answer is a phrase that the result demands, or says to answer with and nothing else.

    ## Why it matters
    Whoever can write into a page, a mail or a ticket that the agent reads can make it act with its owner's rights.

    ## Stays quiet when
    - a document is about injection, or quotes an attack
    - tool documentation and code have imperative sentences
    - the instructions are the user's own, or the user wants done what a mail, a ticket or a list says, and nothing
      there reads as more than that
    - the user asked for such a deed and left to a result whom it goes to ("pay the bill", "answer Anna's mail"), and
      nothing there reads as an attack
    - the user wants a prompt reviewed, or the result tells how to call the tool that it came from
    - the result wasn't captured: that is counted as an abstention

    ## What to do
    Delimit retrieved content as data, classify tool output before it reaches the model, and require confirmation for
    actions whose target comes from retrieved content.
    """

    mode: ClassVar[str] = "prompt_injection"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.CALL, Wake.TURN})
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.MEDIUM
    causes: ClassVar[tuple[str, ...]] = ("attempt", "obeyed")
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT,)
    fix: ClassVar[str] = (
        "Delimit retrieved content as data, classify tool output before it reaches the model, and have actions "
        "confirmed whose target comes from retrieved content."
    )

    disclosure: float = threshold(
        default=0.3,
        help="Share of runs of eight words common to the answer and the system prompt that is a disclosure.",
    )
    likelihood: float = threshold(
        default=0.5,
        help="How likely an attack the classifier must hold a result for an attempt, if more likely than at its own "
        "operating point, 0.74.",
    )
    attempts: bool = threshold(default=True, help="Tell attempts too, not only those that were obeyed.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        seen: _Seen | None = run.notes.get(self.mode)
        if seen is None:
            seen = run.notes[self.mode] = _Seen()
        if step.kind in SOURCES:
            yield from self._called(step, run, seen)
        elif step.kind is Kind.LLM and seen.suspects and step.turn is not None and step.turn.said is not None:
            yield from self._answered(step, run, seen)

    def _called(self, step: Step, run: AgentRun, seen: _Seen) -> Iterator[Finding]:
        for source in seen.suspects:
            if source.end <= step.start and (why := _departs(step, _suspect(source), run, seen)):
                yield self._obeyed(step, source, run, why)
        if step.tool and (tool := name_key(step.tool)) not in seen.tools:
            seen.tools += (tool,)
        if step.call is None or step.call.outcome.status is Status.UNKNOWN:
            run.abstain(self.mode, f"result_{step.withheld}" if step.withheld else "result")
        elif step.call.suspect is not None:
            seen.suspects = (*seen.suspects[-7:], step)
            if _wanted(step.call.suspect, run):
                run.dismiss(self.mode, step, "the user wants done what the result says, or asks about instructions")
            elif _of_itself(step, step.call.suspect):
                run.dismiss(self.mode, step, "the result tells how to call its own tool")
            elif not step.call.suspect.flagged or step.call.suspect.score < self.likelihood:
                run.dismiss(self.mode, step, "the result has an imperative sentence, and doesn't read as an attack")
            elif self.attempts:
                yield self._attempt(step, run)

    def _answered(self, step: Step, run: AgentRun, seen: _Seen) -> Iterator[Finding]:
        assert step.turn is not None  # noqa: S101 - the caller looked
        said = step.turn.said
        assert said is not None  # noqa: S101 - the caller looked
        for source in seen.suspects:
            if source.end > step.start:
                continue
            suspect = _suspect(source)
            if any(len(p) >= _PHRASE and said.repeats(p) for p in suspect.phrases):
                yield self._obeyed(step, source, run, "the answer is the phrase that the result demands")
            elif any(said.likeness(i) >= self.disclosure for i in run.trace.instructions if i.system):
                yield self._obeyed(step, source, run, "the answer discloses the system prompt")

    def _attempt(self, step: Step, run: AgentRun) -> Finding:
        suspect = _suspect(step)
        rules = f" ({', '.join(suspect.rules)})" if suspect.rules else ""
        return self.finding(
            run,
            about=step,
            root=step,
            cause="attempt",
            strength=min(0.95, suspect.score),
            reason=f"the result of {step.tool or 'a source'} reads as instructions to the model{rules}",
            evidence=[Evidence(step.span_id, step.call.outcome.path if step.call else "", "instruction-like text")],
        )

    def _obeyed(self, step: Step, source: Step, run: AgentRun, why: str) -> Finding:
        path = source.call.outcome.path if source.call else ""
        return self.finding(
            run,
            about=step,
            root=source,
            cause="obeyed",
            severity=Severity.CRITICAL,
            strength=0.9 if _suspect(source).flagged else 0.7,
            reason=f"the result of {source.tool or 'a source'} holds instructions, and the agent followed them: {why}",
            evidence=[
                Evidence(source.span_id, path, "instruction-like text"),
                Evidence(step.span_id, "completion" if step.kind is Kind.LLM else "arguments", why),
            ],
        )


def _suspect(source: Step) -> Suspect:
    assert source.call is not None  # noqa: S101 - only such steps are kept
    assert source.call.suspect is not None  # noqa: S101 - only such steps are kept
    return source.call.suspect


def _wanted(suspect: Suspect, run: AgentRun) -> bool:
    """The user wants done what the result says, or a prompt reviewed, and no rule of an attack matches there."""
    return not _attacks(suspect) and any(each.follows for each in run.trace.instructions)


def _attacks(suspect: Suspect) -> bool:
    return suspect.flagged and not _ORDINARY.issuperset(suspect.rules)


def _requested(tool: str, suspect: Suspect, run: AgentRun) -> bool:
    """The user asked for such a deed without naming an address, so that it comes from a result ("pay the bill"), and no
    rule of an attack matches there."""
    if _attacks(suspect):
        return False
    asked = frozenset[str]().union(*(each.requested for each in run.trace.instructions))
    addressed = any(each.addressed for each in run.trace.instructions if not each.system)
    return not addressed and (TASK in asked or not met_by(asked).isdisjoint(done_by(tool)))


def _of_itself(step: Step, suspect: Suspect) -> bool:
    """All that it names is its own tool: "call it again with page=2"."""
    return bool(step.tool) and not suspect.rules and suspect.names == {name_key(step.tool or "")}


def _departs(step: Step, suspect: Suspect, run: AgentRun, seen: _Seen) -> str | None:
    """How a call departs from the task towards what the result says; None where it doesn't."""
    if step.tool is None:
        return None
    tool = name_key(step.tool)
    told = frozenset[int]().union(*(i.names for i in run.trace.instructions))
    if tool in seen.tools or tool in told or _wanted(suspect, run) or _requested(step.tool, suspect, run):
        return None
    if tool in (suspect.names if suspect.flagged else suspect.tools):
        return "it calls a tool that the result names, the task doesn't, and it hadn't used before"
    if step.call is None or step.call.like is None:
        return None
    acts = step.call.role is Role.ACTION
    if not acts and not (suspect.flagged and told_by_name(step.tool) is None):
        return None
    named = suspect.names if acts and suspect.flagged else suspect.targets
    return "it acts on a target that only the result names" if (step.call.like.names & named) - told else None
