"""What one bad source made an agent invent is repeated by others, or given to tools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple

from otelagent.answers import said
from otelagent.detectors.detector import Detector, threshold
from otelagent.model import Claim, Evidence, Finding, Kind, Layer, Need, Severity, Step
from otelagent.run import SOURCES, AgentRun, Wake

ABOUT_SOURCES: Final = frozenset(
    {"empty_result_fabrication", "rate_limit_mid_chain", "tool_error_ignored", "schema_drift", "auth_misread"}
)
"""Modes whose root is a source."""

MOST: Final = 64
"""Affected agents and steps that are listed."""

LOOKED: Final = 1_000
"""Latest steps of a run among which those are looked for that take over what was invented."""

NUMBERS: Final = frozenset({"number", "percent", "money"})

VAGUE: Final = frozenset({"year", "name", ""})
"""Kinds of claims whose value stands in many a call by chance."""


class Reached(NamedTuple):
    """A step that takes over what was invented. `who`: the agent or the tool, which count once each."""

    who: str
    step: Step
    where: str


class Invented(NamedTuple):
    """What nothing grounds: hashes in every form for other answers, and as written, of telling values, for calls."""

    said: frozenset[int] = frozenset()
    exact: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Cascade(Detector):
    """One bad source reached several agents or steps: what one agent invented after it goes on in the others.

    ## What it looks for
    A finding about a bad source (empty, cut short, failed) whose agent stated specifics that nothing grounds, and two
    or more steps further down that take them over: other agents of the trace that state the same later, and later
    calls of tools, its own or another agent's, whose arguments carry them. An agent counts once, and so does a tool;
    a call in which an agent works is that agent. The source is named once, as the root; the steps that took its
    consequences over are listed.

    ## Why it matters
    Each agent further down looks like a failure of its own; only the first one is. What a call wrote stays.

    ## Stays quiet when
    - fewer agents and tools than `agents` take over what was invented
    - the answers mention that data is missing
    - the value was given, by the user or a result: it isn't invented then
    - a call carries no more than a value that stands in many: a year, a name, a number of two digits or a round one
    - arguments are long and no longer kept: what they carry is unknown then

    ## What to do
    Fix the source that is named as the root; put a check between agents, so that what one hands on says what it rests
    on.
    """

    mode: ClassVar[str] = "cascade"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("spread",)
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT, Need.COMPLETION)
    fix: ClassVar[str] = (
        "Fix the source at the root; check between agents what their results rest on before others build on them."
    )
    concludes: ClassVar[bool] = True

    agents: int = threshold(default=2, help="Other agents and tools that what was invented must reach.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        """Nothing yet; keep what was invented, since the trace is given it as soon as it is handed on."""
        for decision in run.decisions:
            if decision.ungrounded:
                run.notes.setdefault(self.mode, {})[decision.source.span_id] = _invented(decision.ungrounded)
        yield from ()

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        if not run.findings:
            return
        for finding in [f for f in run.findings.values() if f.mode in ABOUT_SOURCES and not f.raised]:
            source = next((s for s in run.steps if s.kind in SOURCES and s.span_id == finding.root), None)
            consumer = next((s for s in run.steps if s.span_id == finding.about), None)
            if source is None or consumer is None:
                continue
            invented = run.notes.get(self.mode, {}).get(source.span_id, Invented())
            reached = [*_told(run, invented, consumer), *_called(run, invented, consumer)]
            if len({each.who for each in reached}) >= self.agents:
                yield self._found(run, source, consumer, reached[:MOST])
            else:
                run.dismiss(self.mode, consumer, f"what was invented reached fewer than {self.agents} agents and tools")

    def _found(self, run: AgentRun, source: Step, consumer: Step, reached: Sequence[Reached]) -> Finding:
        names = list(dict.fromkeys(each.who for each in reached))
        found = self.finding(
            run,
            about=consumer,
            root=source,
            cause="spread",
            strength=0.7,
            reason=f"what {run.agent or 'an agent'} stated after {source.tool or 'a source'} failed it was taken over "
            f"{len(names)} times: by {', '.join(names)}",
            evidence=[
                Evidence(source.span_id, source.call.outcome.path if source.call else "", "the source that failed"),
                Evidence(consumer.span_id, "completion", "specifics that nothing grounds"),
                *(Evidence(each.step.span_id, each.where, f"{each.who} takes them over") for each in reached),
            ],
            consequences=[f"{each.who} {each.step.span_id.hex()}" for each in reached],
        )
        return replace(found, wasted_tokens=0)


def _invented(claims: Sequence[Claim]) -> Invented:
    said = frozenset(key for claim in claims for key in claim.keys)
    return Invented(said, frozenset(claim.keys[0] for claim in claims if claim.keys and _is_telling(claim)))


def _is_telling(claim: Claim) -> bool:
    """The value alone shows where it is from: three digits that aren't round, or two with a decimal point."""
    if claim.kind not in NUMBERS:
        return claim.kind not in VAGUE
    written = f"{abs(claim.value or 0):.15g}"
    return len(written.replace(".", "").strip("0")) >= (2 if "." in written else 3)


def _told(run: AgentRun, invented: Invented, consumer: Step) -> Iterator[Reached]:
    for other in run.trace.others(run):
        step = _repeats(other, invented.said, consumer)
        if step is not None:
            yield Reached(other.agent or f"agent {other.key.hex()}", step, "completion")


def _repeats(run: AgentRun, invented: frozenset[int], consumer: Step) -> Step | None:
    """The first completion that states what was invented, of a run whose answer has no word about what is missing."""
    answer = said(run)
    if run.ended is None or answer is None or answer.turn is None or answer.turn.admission.any:
        return None
    later = (s for s in (*run.steps[-LOOKED:], answer) if s is answer or s.kind is Kind.LLM)
    return next((s for s in later if s.end >= consumer.end and _states(s, invented)), None)


def _states(step: Step, invented: frozenset[int]) -> bool:
    turn = step.turn
    return turn is not None and any(key in invented for claim in turn.claims for key in claim.keys)


def _called(run: AgentRun, invented: Invented, consumer: Step) -> Iterator[Reached]:
    """Calls after it that carry what was invented, the first of each tool; those in which an agent works are no step
    of their own."""
    tools: set[str] = set()
    runs = (run, *run.trace.others(run)) if invented.exact else ()
    steps = (s for each in runs if each.ended is not None for s in each.steps[-LOOKED:])
    for step in sorted(steps, key=lambda s: (s.start, s.span_id)):
        like = step.call.like if step.kind is Kind.TOOL and step.call is not None else None
        if like is None or step.tool is None or step.tool in tools or step.start < consumer.end:
            continue
        if not invented.exact.isdisjoint(like.values) and not run.trace.inside(step):
            tools.add(step.tool)
            yield Reached(step.tool, step, "arguments")
