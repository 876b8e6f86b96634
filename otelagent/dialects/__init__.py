"""What any instrumentation sends becomes the same steps.

`DIALECTS` in order of precedence: where several speak on one span, the first that says something counts.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from otelagent.attributes import ENVIRONMENT, ENVIRONMENT_NAME, SERVICE_NAME
from otelagent.dialects import (
    agent_framework,
    agentops,
    anthropic_sdk,
    autogen,
    azure_ai,
    claude_code,
    gemini_cli,
    google_adk,
    handoffs,
    haystack,
    laminar,
    langfuse,
    langsmith,
    litellm,
    livekit,
    llama_index_otel,
    logfire,
    mastra,
    mlflow,
    openinference,
    openlit,
    otel_a2a,
    otel_core,
    otel_genai,
    otel_genai_legacy_attrs,
    otel_genai_legacy_events,
    otel_mcp,
    pydantic_ai,
    semantic_kernel,
    spring_ai,
    strands,
    traceloop,
    vercel_ai,
    voltagent,
)
from otelagent.dialects.content import SpanContent, withheld
from otelagent.dialects.table import NO_STEP, Dialect, Plan
from otelagent.model import Kind, Plain, Step
from otelagent.otlp import Attributes, Span

DIALECTS: Final[tuple[Dialect, ...]] = (
    otel_genai.DIALECT,
    otel_mcp.DIALECT,
    otel_a2a.DIALECT,
    openinference.DIALECT,
    pydantic_ai.DIALECT,
    strands.DIALECT,
    google_adk.DIALECT,
    agent_framework.DIALECT,
    semantic_kernel.DIALECT,
    autogen.DIALECT,
    vercel_ai.DIALECT,
    mastra.DIALECT,
    litellm.DIALECT,
    azure_ai.DIALECT,
    traceloop.DIALECT,
    openlit.DIALECT,
    agentops.DIALECT,
    langsmith.DIALECT,
    langfuse.DIALECT,
    mlflow.DIALECT,
    logfire.DIALECT,
    haystack.DIALECT,
    claude_code.DIALECT,
    anthropic_sdk.DIALECT,
    gemini_cli.DIALECT,
    laminar.DIALECT,
    livekit.DIALECT,
    spring_ai.DIALECT,
    voltagent.DIALECT,
    llama_index_otel.DIALECT,
    otel_genai_legacy_events.DIALECT,
    otel_genai_legacy_attrs.DIALECT,
)

_BY_NAME: Final = {dialect.name: dialect for dialect in DIALECTS}
_HEADS: Final = tuple((head, d.name) for d in DIALECTS for head in d.names)
_VALUES: Final = tuple((key, value, d.name) for d in DIALECTS for key, value in d.values)
_NONE: Final[frozenset[str]] = frozenset()

Speakers = tuple[Plan, ...]


def read(span: Span) -> Step | Plain:
    """The step that a span is, or its place in the tree where it is none. Never raises."""
    plan = _plan_of(span)
    kind = plan.kind(span) if plan else None
    if plan is None or kind is None or kind == NO_STEP:
        return _plain(span, plan if kind else None)
    return _step(span, plan, kind)


def _step(span: Span, plan: Plan, kind: Kind) -> Step:
    values = plan.values(span, kind)
    if kind is Kind.TOOL:
        kind = handoffs.kind(values.get("tool"))
    name = span.name
    step = Step(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        kind=kind,
        dialect=plan.name,
        name=name,
        start=span.start,
        end=span.end,
        **values,
    )
    step.content = SpanContent(span, plan, step)
    step.service, environment = _service(span)
    step.environment = step.environment or environment
    if span.failed:
        step.failed = not otel_core.steers(span)
        step.error_type = step.error_type if step.failed else None
    elif step.error_type in otel_core.FLOW or (span.events and otel_core.steers(span)):
        step.error_type = None
    step.withheld = withheld(span, plan, kind)
    if step.withheld is not None:
        step.capture_hint = plan.hint or None
    if span.links:
        step.links = tuple((link.trace_id, link.span_id) for link in span.links)
    if step.target is None and step.tool is not None and (kind is Kind.HANDOFF or handoffs.names_coworker(step.tool)):
        arguments = step.content.arguments() if handoffs.names_coworker(step.tool) else None
        step.target = handoffs.target(step.tool, arguments.value if arguments else None)
    return step


def _plain(span: Span, plan: Plan | None) -> Plain:
    return Plain(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        start=span.start,
        end=span.end,
        dialect=plan.name if plan else None,
        http_status=otel_core.http_status(span),
    )


def _service(span: Span) -> tuple[str, str]:
    resource = span.origin.resource
    environment = resource.get(ENVIRONMENT_NAME) or resource.get(ENVIRONMENT)
    service = resource.get(SERVICE_NAME)
    return (service if isinstance(service, str) else ""), (environment if isinstance(environment, str) else "")


# --- who speaks on a span ---------------------------------------------------------------------------------------------


def _plan_of(span: Span) -> Plan | None:
    """By the scope's name if it is known, else by the keys, the values and the name of the span."""
    known = _of_scope(span.origin.scope)
    if known is not None:
        return known
    shown = _shown(span.attributes)
    if _HEADS_TUPLE and (name := span.name).startswith(_HEADS_TUPLE):
        shown |= {dialect for head, dialect in _HEADS if name.startswith(head)}
    return _joined(frozenset(shown)) if shown else None


_HEADS_TUPLE: Final = tuple(head for head, _ in _HEADS)


@lru_cache(maxsize=1024)
def _of_scope(scope: str) -> Plan | None:
    names = frozenset(d.name for d in DIALECTS if any(_matches(pattern, scope) for pattern in d.scopes))
    return _joined(names) if names else None


def _matches(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


_EXACT: Final = {m: d.name for d in reversed(DIALECTS) for m in d.markers if not m.endswith("*")}
_PREFIXES: Final = tuple((m[:-1], d.name) for d in DIALECTS for m in d.markers if m.endswith("*"))
_PREFIX_HEADS: Final = frozenset(prefix.partition(".")[0] for prefix, _ in _PREFIXES)


def _shown(attributes: Attributes) -> set[str]:
    keys: Iterable[str] = attributes.keys() or (key for key in _EXACT if key in attributes)
    shown = set()
    for key in keys:
        if (exact := _EXACT.get(key)) is not None:
            shown.add(exact)
        elif key.partition(".")[0] in _PREFIX_HEADS:
            shown.update(name for prefix, name in _PREFIXES if key.startswith(prefix))
    shown.update(name for key, value, name in _VALUES if key in attributes and attributes.get(key) == value)
    return shown


@lru_cache(maxsize=1024)
def _joined(names: frozenset[str]) -> Plan:
    """The plan of these dialects, those they build on, and the general conventions; named after the most special."""
    reached = set(names)
    for _ in DIALECTS:
        reached |= {base for name in reached for base in _BY_NAME[name].base}
    speaking: Sequence[Dialect] = [d for d in DIALECTS if d.name in reached]
    bases = {base for name in reached for base in _BY_NAME[name].base}
    special = next((d.name for d in speaking if d.name in names - bases), speaking[0].name)
    return Plan((*speaking, otel_core.DIALECT), special)


__all__: Final[Any] = ["DIALECTS", "read"]
