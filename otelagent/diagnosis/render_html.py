"""A diagnosis as one self-contained page: no network, no captured markup, no captured link."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from typing import Final

from otelagent.diagnosis.boundary import shown
from otelagent.diagnosis.diagnose import FULL, Diagnosis
from otelagent.diagnosis.grounds import Held, Support
from otelagent.diagnosis.recording import Recorded
from otelagent.diagnosis.sections import Line, Section, sections, when
from otelagent.diagnosis.shown import number_of
from otelagent.model import BAD, Finding

CONTENT: Final = 4_000
"""Characters shown of one value."""
MANY: Final = 1_000
"""Steps beyond which less is shown of each value."""
FEW: Final = 300

_STYLE: Final = (files("otelagent.diagnosis") / "page.css").read_text(encoding="utf-8")
_SCRIPT: Final = (files("otelagent.diagnosis") / "page.js").read_text(encoding="utf-8")
_MOODS: Final = {Support.UNSUPPORTED: "bad", Support.UNKNOWN: "unknown"}


def to_html(diagnosis: Diagnosis, title: str) -> str:
    """The page. Its content security policy allows its own style and script and nothing else."""
    allowed = f"style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    named = text(f"Diagnosis of {title}")
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">',
            f"<title>{named}</title><style>{_STYLE}</style></head><body>",
            '<a class="skip" href="#steps">To the steps</a>',
            f"<header><h1>{named}</h1>{_header(diagnosis)}</header><main>",
            *(_section(diagnosis, section) for section in sections(diagnosis)),
            *_tree(diagnosis),
            *_steps(diagnosis),
            f"</main><script>{_SCRIPT}</script></body></html>",
        )
    )


def text(value: str) -> str:
    """Escaped text without control characters; line ends stay, and what would turn the direction of writing is shown
    as unknown."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in value))


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _header(d: Diagnosis) -> str:
    steps = d.recording.steps
    if not steps:
        return ""
    begin = min(at.step.start for at in steps)
    count = number_of(len(d.findings), "finding")
    ids = ", ".join(trace.hex() for trace in d.recording.traces[:4])
    keys = "<kbd>j</kbd> <kbd>k</kbd> next, previous step; <kbd>n</kbd> <kbd>p</kbd> next, previous with a finding"
    return (
        f'<p class="dim">trace {ids}; {when(begin)} UTC; {len(steps)} steps, {count}</p>'
        f'<p class="keys dim">{keys}; <kbd>Enter</kbd> opens</p>'
    )


# --- the six sections -----------------------------------------------------------------------------------------------


def _section(d: Diagnosis, section: Section) -> str:
    own = _claimed(d) if section.title.startswith("1.") else ""
    own += _curve(d) if section.title.startswith("4.") else ""
    shown_above = bool(own) and section.title.startswith("1.")
    told = section.lines[1:] if shown_above else section.lines
    lines = "".join(f"<li>{_line(d, line)}</li>" for line in told)
    return f"<section><h2>{escape(section.title)}</h2>{own}<ul>{lines}</ul></section>"


def _line(d: Diagnosis, line: Line) -> str:
    mood = f' class="{line.mood}"' if line.mood else ""
    said = f"<span{mood}>{text(line.text)}</span>"
    links = "".join(_link(at) for span in line.spans if (at := d.recording.at(span)) is not None)
    quoted = f': <span class="captured">{text(line.quoted)}</span>' if line.quoted is not None else ""
    return f"{said}{quoted}{links}"


def _link(at: Recorded) -> str:
    return f' <a href="#step-{at.index + 1}">step {at.index + 1}</a>'


def _claimed(d: Diagnosis) -> str:
    """The output with its claims marked, each linked to the step that grounds it."""
    said = d.output.text
    if not said:
        return ""
    parts, at = [], 0
    for held in d.output.claims:
        if held.start >= at:
            parts += [text(said[at : held.start]), _claim(d, held, said[held.start : held.end])]
            at = held.end
    return f'<pre class="captured" tabindex="0">{"".join(parts)}{text(said[at:])}</pre>'


def _claim(d: Diagnosis, held: Held, said: str) -> str:
    mood = _MOODS.get(held.support, "good")
    by = d.recording.at(held.by_span_id)
    marked = f'<mark class="claim {mood}" title="{held.support}">{text(said)}</mark>'
    return marked + (f'<sup><a href="#step-{by.index + 1}">{by.index + 1}</a></sup>' if by else "")


def _curve(d: Diagnosis) -> str:
    """Utilisation over the LLM steps, at most 400 bars, each the highest of its share."""
    values = [filled.utilization or 0.0 for filled in d.context.curve]
    if not any(values):
        return ""
    width = -(-len(values) // 400)
    peaks = [min(1.0, max(values[at : at + width])) for at in range(0, len(values), width)]
    bars = "".join(
        f'<rect x="{n}" y="{100 - 100 * v:.1f}" width=".9" height="{100 * v:.1f}"/>' for n, v in enumerate(peaks)
    )
    full = 100 - 100 * FULL
    label = f"context utilisation over {len(values)} LLM steps, at most {max(values):.0%}"
    return (
        f'<svg class="curve" role="img" aria-label="{label}" viewBox="0 0 {len(peaks)} 100" preserveAspectRatio="none">'
        f'{bars}<line x1="0" x2="{len(peaks)}" y1="{full}" y2="{full}"/></svg>'
    )


# --- the delegation tree and the timeline ---------------------------------------------------------------------------


def _tree(d: Diagnosis) -> Iterator[str]:
    runs = d.recording.runs
    known = {run.key for run in runs}
    below: dict[bytes | None, list[int]] = {}
    for number, run in enumerate(runs):
        below.setdefault(run.above if run.above in known and run.above != run.key else None, []).append(number)
    yield "<section><h2>Agents</h2><ul>"
    stack: list[int | str] = list(reversed(below.get(None, [])))
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
            continue
        run = runs[item]
        yield f"<li>{text(run.agent or 'unknown agent')} <span class='dim'>{run.steps} steps</span>"
        if children := below.get(run.key):
            yield "<ul>"
            stack += ["</ul></li>", *reversed(children)]
        else:
            yield "</li>"
    yield "</ul></section>"


def _steps(d: Diagnosis) -> Iterator[str]:
    steps = d.recording.steps
    if not steps:
        return
    begin, end = min(at.step.start for at in steps), max(at.step.end for at in steps)
    found: dict[bytes, list[Finding]] = {}
    for finding in d.findings:
        for span in dict.fromkeys((finding.first_divergence, finding.about)):
            found.setdefault(span, []).append(finding)
    filled = {each.span_id: each.utilization for each in d.context.curve}
    limit = CONTENT if len(steps) <= MANY else FEW
    yield '<section id="steps" tabindex="-1"><h2>Steps</h2>'
    for at in steps:
        yield _step(at, found.get(at.span_id, []), _bar(at, begin, end), filled.get(at.span_id), limit)
    yield "</section>"


def _bar(at: Recorded, begin: int, end: int) -> str:
    whole = max(1, end - begin)
    left, wide = 100 * (at.step.start - begin) / whole, max(0.5, 100 * (at.step.end - at.step.start) / whole)
    mood = ' class="bad"' if _bad(at) else ""
    bar = f'<rect{mood} x="{left:.2f}" y="0" width="{wide:.2f}" height="10"/>'
    return f'<svg class="bar" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">{bar}</svg>'


def _bad(at: Recorded) -> bool:
    return at.step.failed or bool(at.step.call and at.step.call.outcome.status in BAD)


def _step(at: Recorded, findings: list[Finding], bar: str, filled: float | None, limit: int) -> str:
    step = at.step
    outcome = f", {step.call.outcome.status}" if step.call else ""
    agent = f' <span class="dim">of {text(at.agent)}</span>' if at.agent and at.agent != at.name else ""
    mood = ' class="bad"' if _bad(at) else ""
    modes = "".join(f' <strong class="bad">{text(finding.mode)}</strong>' for finding in findings)
    head = f"<span>{at.index + 1}. {step.kind} <span{mood}>{text(at.name)}{outcome}</span>{agent}{modes}</span>"
    body = "".join(_body(at, findings, filled, limit))
    opening = f'<details class="step{" found" if findings else ""}" id="step-{at.index + 1}">'
    return f"{opening}<summary>{head}{bar}</summary><div>{body}</div></details>"


def _body(at: Recorded, findings: Iterable[Finding], filled: float | None, limit: int) -> Iterator[str]:
    step = at.step
    for finding in findings:
        yield f'<p class="bad">{text(finding.reason)}</p><p>Fix: {text(finding.fix)}</p>'
    yield f'<p class="dim">span {at.span_id.hex()}, {(step.end - step.start) / 1e6:.0f} ms'
    if step.input_tokens is not None or step.output_tokens is not None:
        yield f", {step.input_tokens or 0} tokens in, {step.output_tokens or 0} out"
    yield f", context {filled:.0%} full</p>" if filled is not None else "</p>"
    if step.call and step.call.outcome.note:
        yield f"<p>outcome {step.call.outcome.status}: {text(step.call.outcome.note)}</p>"
    if at.source:
        yield _content("requested", at.arguments, limit)
        yield _content("returned", at.result, limit)
    else:
        yield _content("said", at.said or None, limit)
        for call in at.asked:
            yield _content(f"asked for {call.name}", call.arguments, limit)


def _content(label: str, value: object, limit: int) -> str:
    content = shown(value, limit)
    if content is None:
        return f'<p class="dim">{text(label)}: not captured</p>' if label in ("requested", "returned") else ""
    return f'<p>{text(label)}</p><pre class="captured" tabindex="0">{text(content)}</pre>'
