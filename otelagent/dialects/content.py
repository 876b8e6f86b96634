"""The handle to a span's content: decodes when asked, each part once."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from xxhash import xxh3_64_intdigest

from otelagent.dialects import otel_core, places
from otelagent.dialects.plan import Plan
from otelagent.dialects.table import Source, found
from otelagent.model import Captured, Item, Kind, Message, ToolOffer, Withheld
from otelagent.otlp import Span

_UNREAD: Final[Any] = object()


class SpanContent:
    """Content of one step, as the dialects on its span say where it stands."""

    __slots__ = (
        "_arguments",
        "_completion",
        "_error",
        "_failed",
        "_history",
        "_kind",
        "_plan",
        "_result",
        "_span",
        "_tools",
        "cut",
    )

    def __init__(self, span: Span, plan: Plan, kind: Kind, failed: bool) -> None:
        self._span = span
        self._plan = plan
        self._kind = kind
        self._failed = failed
        self.cut = False
        self._arguments: Captured | None = _UNREAD
        self._result: Captured | None = _UNREAD
        self._error: str | None = _UNREAD
        self._history: Sequence[Item] = _UNREAD
        self._completion: Sequence[Message] = _UNREAD
        self._tools: Sequence[ToolOffer] = _UNREAD

    def arguments(self) -> Captured | None:
        if self._arguments is _UNREAD:
            self._arguments = self._captured(self._plan.arguments)
        return self._arguments

    def result(self) -> Captured | None:
        if self._result is _UNREAD:
            self._result = self._read_result()
        return self._result

    def error(self) -> str | None:
        if self._error is _UNREAD:
            self._error = otel_core.error_text(self._span)
        return self._error

    def history(self) -> Sequence[Item]:
        if self._history is _UNREAD:
            instructions = self._first(self._plan.instructions, "system")
            given = self._first(self._plan.input, "user")
            self._history = (*instructions, *given) if instructions else given
        return self._history

    def completion(self) -> Sequence[Message]:
        if self._completion is _UNREAD:
            items = self._first(self._plan.completion, "assistant")
            self._completion = tuple([item.read() for item in items])
        return self._completion

    def tools(self) -> Sequence[ToolOffer]:
        if self._tools is _UNREAD:
            self._tools = next((offers for read in self._plan.tools if (offers := read(self._span))), ())
        return self._tools

    def _captured(self, sources: Sequence[Source]) -> Captured | None:
        for source in sources:
            if not isinstance(source, str):
                captured = source(self._span)
                if isinstance(captured, Captured):
                    return captured
            elif (raw := self._span.attributes.content(source)) is not None and not self._plan.stands_for_none(raw):
                return Captured(self._span.attributes.get(source), source, xxh3_64_intdigest(raw))
        return None

    def _read_result(self) -> Captured | None:
        if self._kind in (Kind.AGENT, Kind.WORKFLOW, Kind.LLM):
            return self._captured(self._plan.output)
        captured = self._captured(self._plan.result)
        if captured is None and not self._failed and any(m(self._span) for m in self._plan.none_is_missing):
            return Captured(None, self._plan.result_name)
        return captured

    def _first(self, sources: Sequence[places.Source], role: str) -> Sequence[Item]:
        span, none = self._span, self._plan.stands_for_none
        for source in sources:
            if not (source.told_by_keys or source.present(span)):
                continue
            keys = source.keys(span)
            if keys and none(span.attributes.content(keys[0])):
                continue
            listing = source.read(span, role)
            self.cut = self.cut or listing.cut
            if listing.items:
                return listing.items
        return ()


def withheld(span: Span, plan: Plan, kind: Kind) -> Withheld | None:
    """Why content that a step of this kind should have is missing; looks at keys and bytes, decodes nothing."""
    if kind is Kind.LLM:
        return _of_model(span, plan)
    if kind in (Kind.TOOL, Kind.RETRIEVAL):
        return _of_tool(span, plan)
    return None


def _of_model(span: Span, plan: Plan) -> Withheld | None:
    given, brought = _first_present(span, plan.input), _first_present(span, plan.completion)
    for source in (given, brought):
        if source is not None and (reason := _spoiled(span, plan, source.keys(span), messages=True)) is not None:
            return reason
    if span.dropped_attributes and (given is None or brought is None or _lost_head(span, given)):
        return Withheld.EVICTED
    if given is not None or brought is not None:
        return None
    return Withheld.UPLOADED if _uploaded(span, plan) else Withheld.CAPTURE_OFF


def _first_present(span: Span, sources: Sequence[places.Source]) -> places.Source | None:
    for source in sources:
        if source.told_by_keys or source.present(span):
            return source
    return None


def _of_tool(span: Span, plan: Plan) -> Withheld | None:
    """Of the result where there is one: a result that is whole is judged, whatever became of the arguments."""
    attributes = span.attributes
    arguments = [key for key in plan.argument_keys if key in attributes]
    result = [key for key in plan.result_keys if key in attributes]
    if reason := _spoiled(span, plan, result or arguments):
        return reason
    if span.dropped_attributes and not (arguments and result):
        return Withheld.EVICTED
    if arguments or result or _worked_out(span, (*plan.arguments, *plan.result)):
        return None
    return Withheld.UPLOADED if _uploaded(span, plan) else Withheld.CAPTURE_OFF


def _worked_out(span: Span, sources: Sequence[Source]) -> bool:
    return any(isinstance(found(span, source), Captured) for source in sources if not isinstance(source, str))


def _spoiled(span: Span, plan: Plan, keys: Iterable[str], *, messages: bool = False) -> Withheld | None:
    """`messages`: also whether their texts were left out, while their structure stayed."""
    cut = hollow = False
    for key in keys:
        raw = span.attributes.content(key)
        if raw is None:
            continue
        if plan.stands_for_none(raw):
            return Withheld.REDACTED
        cut = cut or _cut(raw)
        hollow = hollow or (messages and _hollow(raw if len(raw) <= 2 * _ENDS else raw[:_ENDS] + raw[-_ENDS:]))
    return Withheld.TRUNCATED if cut else Withheld.CAPTURE_OFF if hollow else None


def _hollow(raw: bytes) -> bool:
    return _EMPTY_PART in raw and any(part in raw for part in _EMPTY_PARTS)


def _cut(raw: bytes) -> bool:
    """Whether a serialised string begins as JSON and doesn't end as it."""
    size = len(raw)
    if size < 3 or raw[0] != 0x0A:
        return False
    start = 2
    while start < size and raw[start - 1] & 0x80:
        start += 1
    if start >= size or raw[start] not in _OPENING:
        return False
    head, tail = raw[start : start + 2], raw[-1:]
    return (head[:1] == b"{" and tail != b"}" and head != b"{{") or (head in _ARRAYS and tail not in b"]\n ")


_ENDS: Final = 16 << 10
"""Bytes at both ends of long histories in which texts that were left out are looked for: where one is, all are."""
_EMPTY_PART: Final = b'"text"}'
_EMPTY_PARTS: Final = (b'{"type":"text"}', b'{"type": "text"}')
_OPENING: Final = b"{["
_ARRAYS: Final = frozenset({b"[{", b'["', b"[["})


def _lost_head(span: Span, source: places.Source) -> bool:
    return isinstance(source, places.Flat) and (source.lowest(span) or 0) > 0


def _uploaded(span: Span, plan: Plan) -> bool:
    return any(key in span.attributes for key in plan.references)
