"""Content that came as log records, joined to the spans that it belongs to in either order of arrival."""

from collections.abc import Sequence
from typing import Final

from otelagent.model import Captured, Content, Item, Kind, LogPart, Message, Step, ToolOffer, Withheld

MAX_PARTS: Final = 512
"""Parts kept per trace; of more the oldest are let go."""


class LogParts:
    """The parts of one trace by span, in order of their time. Owned by the trace."""

    __slots__ = ("_by_span", "_count")

    def __init__(self) -> None:
        self._by_span: dict[bytes, list[LogPart]] = {}
        self._count = 0

    def add(self, part: LogPart) -> bool:
        """Keep a part; False for one that is known already (a repeated record)."""
        own = self._by_span.setdefault(part.span_id, [])
        if any(_same(part, known) for known in own):
            return False
        own.append(part)
        own.sort(key=lambda p: p.time)
        self._count += 1
        while self._count > MAX_PARTS:
            oldest = next(iter(self._by_span))
            self._count -= len(self._by_span.pop(oldest))
        return True

    def of(self, span_id: bytes) -> Sequence[LogPart]:
        """The parts of a span that came so far."""
        return self._by_span.get(span_id, ())


class LogContent:
    """A span's content with what its log records add; what the span itself shows goes first."""

    __slots__ = ("_parts", "_span")

    def __init__(self, span: Content | None, parts: Sequence[LogPart]) -> None:
        self._span = span
        self._parts = tuple(parts)

    @property
    def cut(self) -> bool:
        return self._span is not None and self._span.cut

    def arguments(self) -> Captured | None:
        return self._span.arguments() if self._span else None

    def result(self) -> Captured | None:
        return self._span.result() if self._span else None

    def error(self) -> str | None:
        shown = self._span.error() if self._span else None
        return shown or next((p.error for p in self._parts if p.error), None)

    def history(self) -> Sequence[Item]:
        shown = self._span.history() if self._span else ()
        return shown or [item for p in self._parts for item in p.input]

    def completion(self) -> Sequence[Message]:
        shown = self._span.completion() if self._span else ()
        return shown or [message for p in self._parts for message in p.output]

    def tools(self) -> Sequence[ToolOffer]:
        return self._span.tools() if self._span else ()


def tell(step: Step, content: Content | None, parts: Sequence[LogPart]) -> None:
    """Give a step what its log records say, beside the content that its span still has. Changes the step."""
    step.content = LogContent(content, parts)
    if step.withheld is Withheld.CAPTURE_OFF and any(part.input or part.output for part in parts):
        step.say(withheld=None, capture_hint=None)
    step.say(error_type=step.error_type or next((part.error_type for part in parts if part.error_type), None))
    if step.kind in (Kind.TOOL, Kind.RETRIEVAL) and step.http_status is None:
        step.say(http_status=next((part.http_status for part in reversed(parts) if part.http_status), None))


def _same(part: LogPart, other: LogPart) -> bool:
    return (
        part.time == other.time
        and [i.fingerprint for i in part.input] == [i.fingerprint for i in other.input]
        and part.output == other.output
        and (part.error, part.receipt) == (other.error, other.receipt)
        and (part.step.call_id if part.step else None) == (other.step.call_id if other.step else None)
    )
