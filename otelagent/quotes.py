"""What findings quote where the configuration allows it: how each step's result or answer begins."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import orjson

from otelagent.model import Content, Kind, Step, Text

LENGTH: Final = 200
"""Characters of one quote."""

MOST: Final = 20_000
"""Steps whose quotes are kept; the oldest leave first."""


class Quotes:
    """Owned by the pipeline's task."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, bytes], str] = OrderedDict()

    def take(self, step: Step) -> None:
        """Keep how the step's content begins; to be called before reading lets the content go."""
        if step.content is None or not (quote := _shown(step.kind, step.content)[:LENGTH]):
            return
        self._kept[step.trace_id, step.span_id] = quote
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def of(self, trace_id: bytes, span_ids: Iterable[bytes]) -> list[str]:
        """A quote for each span, empty where there is none."""
        return [self._kept.get((trace_id, span_id), "") for span_id in span_ids]


def _shown(kind: Kind, content: Content) -> str:
    """A source's result or error; what a model or agent said."""
    parts = (part for message in content.completion() for part in message.parts)
    said = " ".join(part.text for part in parts if isinstance(part, Text) and not part.reasoning)
    if said and kind in (Kind.LLM, Kind.AGENT):
        return said
    result = content.result()
    return content.error() or "" if result is None else _text(result.value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=repr).decode(errors="replace")
