"""A diagnosis in words: six sections of lines, from which the terminal's and Markdown's forms are made."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from otelagent.diagnosis.boundary import Boundary, shown
from otelagent.diagnosis.context import Rule
from otelagent.diagnosis.diagnose import Diagnosis
from otelagent.diagnosis.grounds import Held, Support
from otelagent.diagnosis.shown import number_of
from otelagent.model import BAD, Finding, Status


@dataclass(frozen=True)
class Line:
    """A sentence of ours, and captured content beside it, which each form escapes in its own way."""

    text: str
    quoted: str | None = None
    mood: str = ""
    """good, bad or unknown; how a form colours it."""
    spans: tuple[bytes, ...] = ()
    """The steps that it speaks of, for forms that can link to them."""


@dataclass(frozen=True)
class Section:
    """One step of the workflow."""

    title: str
    lines: list[Line] = field(default_factory=list)


def sections(diagnosis: Diagnosis) -> list[Section]:
    """The six steps, after a summary."""
    return [
        Section("Findings, by root cause", list(_findings(diagnosis))),
        Section("1. The output and its claims", list(_output(diagnosis))),
        Section("2. Last known-good step", list(_known_good(diagnosis))),
        Section("3. Tool boundary", list(_boundary(diagnosis))),
        Section("4. Context state", list(_context(diagnosis))),
        Section("5. Isolate", list(_isolate(diagnosis))),
        Section("6. Classification", list(_classification(diagnosis))),
    ]


def _findings(d: Diagnosis) -> Iterator[Line]:
    for finding in d.findings:
        yield Line(_finding(d, finding), mood="bad", spans=(finding.first_divergence,))
    suspect = d.most_suspicious
    if suspect is not None:
        prefix = "" if d.findings else "nothing found; "
        place = _place(d, suspect.span_id)
        told = f"{prefix}most suspicious: {place}, confidence {suspect.confidence:.0%}: {suspect.why}"
        yield Line(told, spans=(suspect.span_id,))
    elif not d.findings:
        yield Line("nothing found, and no step of an agent to look at")


def _finding(d: Diagnosis, finding: Finding) -> str:
    sure = f"{finding.severity}, confidence {finding.confidence:.0%}"
    return f"{finding.mode} ({finding.cause}), layer {finding.layer}, {sure}: {finding.reason}"


def _output(d: Diagnosis) -> Iterator[Line]:
    output = d.output
    if output.span_id is None:
        yield Line("no completion was captured: content capture is off, or the run never answered", mood="unknown")
    else:
        yield Line(f"answer of {_place(d, output.span_id)}", shown(output.text))
        if output.admits:
            yield Line(f"it admits: {', '.join(output.admits)}", mood="good")
        if not output.claims:
            yield Line("it makes no specific claims")
    for held in output.claims:
        yield _claim(d, held)
    for action in output.actions:
        went = "good" if action.outcome == "ok" else "unknown" if action.outcome == "unknown" else "bad"
        yield Line(f"action {_place(d, action.span_id)}: {action.outcome}", mood=went)


def _claim(d: Diagnosis, held: Held) -> Line:
    moods = {Support.UNSUPPORTED: "bad", Support.UNKNOWN: "unknown"}
    by = f" by {_place(d, held.by_span_id)} at {held.by_path}" if held.by_span_id else ""
    spans = (held.by_span_id,) if held.by_span_id else ()
    return Line(f"{held.support}{by}", held.text, moods.get(held.support, "good"), spans)


def _known_good(d: Diagnosis) -> Iterator[Line]:
    good = d.known_good
    if good.first_divergence is None:
        yield Line(f"no divergence shows: {good.decided_by}", mood="good")
        return
    yield Line(f"first divergence: {_place(d, good.first_divergence)}", mood="bad", spans=(good.first_divergence,))
    last = _place(d, good.last_good) if good.last_good else "none; it is the first step of its run"
    known = (good.last_good,) if good.last_good else ()
    yield Line(f"last good: {last}", mood="good" if known else "unknown", spans=known)
    yield Line(f"decided by {good.decided_by}")
    for link in good.chain:
        mark = " <- diverged here" if link.span_id == good.first_divergence else ""
        yield Line(f"-> {_place(d, link.span_id)}: {link.verdict}{mark}", spans=(link.span_id,))


def _boundary(d: Diagnosis) -> Iterator[Line]:
    for call in d.boundaries:
        yield from _call(d, call)
    if not d.boundaries:
        yield Line("no call stands at the divergence" if d.known_good.first_divergence else "no divergence")
    for use in d.tools:
        counts = ", ".join(f"{n} {status}" for status, n in use.outcomes.items())
        yield Line(f"tool {use.tool} ({use.role or 'unknown role'}), {number_of(use.calls, 'call')}: {counts}")


def _call(d: Diagnosis, call: Boundary) -> Iterator[Line]:
    note = f" ({call.outcome_note})" if call.outcome_note else ""
    mood = "bad" if call.outcome in BAD else "good" if call.outcome is Status.OK else "unknown"
    yield Line(f"{_place(d, call.span_id)}: {call.outcome}{note}", mood=mood, spans=(call.span_id,))
    yield Line("requested", call.requested) if call.requested is not None else Line("request not captured")
    size = f", {call.returned_chars} characters" if call.returned_chars is not None else ""
    yield Line(f"returned{size}", call.returned) if call.returned is not None else Line("result not captured")
    if call.fields_missing or call.fields_added:
        lacks = f"lacks {', '.join(call.fields_missing)}" if call.fields_missing else ""
        adds = f"adds {', '.join(call.fields_added)}" if call.fields_added else ""
        yield Line(f"against its other calls: {'; '.join(filter(None, (lacks, adds)))}", mood="bad")
    if call.read_by_span_id is not None:
        yield Line(f"read by {_place(d, call.read_by_span_id)} as", call.read_as)


def _context(d: Diagnosis) -> Iterator[Line]:
    curve = d.context.curve
    known = [f.utilization for f in curve if f.utilization is not None]
    if known:
        at = next((f for f in curve if f.span_id == d.isolation.span_id), curve[-1])
        here = f", at the divergence {at.utilization:.0%}" if at.utilization is not None else ""
        yield Line(f"utilisation over {len(curve)} steps: {known[0]:.0%} to {max(known):.0%}{here}  {_spark(known)}")
    elif curve:
        yield Line(
            f"{len(curve)} LLM steps; utilisation unknown: token counts or the window are missing", mood="unknown"
        )
    if any(f.present is None for f in curve):
        yield Line("input messages are missing on some steps: displacement can't be told there", mood="unknown")
    for rule in d.context.rules:
        yield _rule(d, rule)
    m = d.memory
    yield Line(
        f"working memory at that point: {number_of(m.values, 'value')} given, "
        f"{number_of(m.constraints, 'constraint')}, {number_of(m.calls, 'call')}"
    )


def _rule(d: Diagnosis, rule: Rule) -> Line:
    state = []
    if rule.displaced_span_ids:
        state.append(f"displaced from {_place(d, rule.displaced_span_ids[0])} on")
    state += [f"broken at {_place(d, breach.span_id)}: {breach.why}" for breach in rule.broken[:3]]
    if rule.lifted_span_id is not None:
        state.append(f"lifted at {_place(d, rule.lifted_span_id)}")
    mood = "bad" if rule.broken or rule.displaced_span_ids else "good"
    return Line(f"constraint ({rule.kind}, {rule.role}): {'; '.join(state) or 'kept'}", rule.text, mood)


def _spark(values: list[float]) -> str:
    """The curve in one line of at most 40 marks."""
    width = max(1, -(-len(values) // 40))
    peaks = [max(values[at : at + width]) for at in range(0, len(values), width)]
    return "".join("▁▂▃▄▅▆▇█"[min(7, int(max(0.0, value) * 8))] for value in peaks)


def _isolate(d: Diagnosis) -> Iterator[Line]:
    isolation = d.isolation
    if isolation.replayable:
        yield Line(f"{_place(d, isolation.span_id)} can be run again: its input messages are recorded", mood="good")
    else:
        yield Line("the step can't be replayed", mood="unknown")
    for missing in isolation.missing:
        yield Line(f"not captured: {missing}", mood="unknown")
    for command in isolation.commands:
        yield Line(f"run: {command}")


def _classification(d: Diagnosis) -> Iterator[Line]:
    made = d.classification
    if made.layer is None:
        yield Line(made.rule, mood="good")
        return
    yield Line(f"{made.layer} failure, confidence {made.confidence:.0%}, by {made.rule}", mood="bad")
    for other in made.alternatives:
        yield Line(f"not {other.layer}: {other.why}")
    yield Line(f"fix path: {made.fix_path}")
    yield Line(f"guard: {made.guard}")


def _place(d: Diagnosis, span_id: bytes | None) -> str:
    """A step by its number, kind, name, agent and span."""
    at = d.recording.at(span_id)
    if at is None:
        return f"span {span_id.hex()}" if span_id else "unknown"
    agent = f" of {at.agent}" if at.agent and at.agent != at.name else ""
    return f"step {at.index + 1}, {at.step.kind} {at.name}{agent} ({at.span_id.hex()})"


def when(nanoseconds: int) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
