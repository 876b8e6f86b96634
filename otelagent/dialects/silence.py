"""Spans of which no dialect would say anything, told from their bytes: most of what services send beside agents.

A search over the bytes of all spans of a scope costs half a microsecond a span, and reading one five. What is searched
for are the keys and beginnings of names that `Recognition` goes by, with the bytes before them on the wire: tag and
length, both also padded. Content may contain such bytes; then the spans are read as any others.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import re2

from otelagent.dialects import hints, log_fields
from otelagent.dialects.recognition import Recognition
from otelagent.otlp import ScopeSpans

MAX_SCOPES: Final = 1024
"""Scope names that are remembered."""

_TAG: Final = rb"[\x00%s]"
_ANY_LENGTH: Final = rb"[\x80-\xff]*[\x00-\x7f]"
_KEY: Final = rb"\x0a"
"""Tag of KeyValue.key."""
_EVENT: Final = rb"\x12"
"""Tag of Event.name."""
_NAME: Final = rb"\x2a"
"""Tag of Span.name."""
_LINK: Final = rb"[\x00\x6a]" + _ANY_LENGTH + rb"\x0a(?:\x10|[\x80-\xff]+\x00)"
"""Tag of Span.links, and the beginning of an id."""


class Silence:
    """Tells whether spans are silent: no step, receipt, tool call or link, and nothing that looks like an agent's."""

    def __init__(self, recognition: Recognition) -> None:
        keys = {*recognition.markers, *log_fields.COUNTED, *hints.HEADS}
        heads = {*recognition.prefixes, *(f"{head}." for head in hints.HEADS)}
        self._search = _pattern(
            _whole(_KEY, keys),
            _begin(_KEY, heads),
            _begin(_NAME, recognition.names),
            _whole(_EVENT, log_fields.EVENTS),
            _LINK,
        ).search
        self._quiet = lru_cache(MAX_SCOPES)(lambda scope: not (recognition.knows(scope) or hints.speaks(scope)))

    def __call__(self, group: ScopeSpans, unmarked: bool = False) -> bool:
        """`unmarked`: the whole request is, so that its groups needn't be searched."""
        return self._quiet(group.origin.scope) and (unmarked or self._search(b"".join(group.items)) is None)

    def unmarked(self, body: bytes) -> bool:
        """Nothing of what is searched for stands in a request: most of those of services without agents."""
        return self._search(body) is None


def _pattern(*alternatives: bytes) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(b"|".join(alternatives), options)


def _whole(tag: bytes, texts: Iterable[str]) -> bytes:
    """A field that is one of these texts."""
    each = (rb"(?:[\x80-\xff]+\x00|\x%02x)%s" % (len(text.encode()), _escaped(text)) for text in sorted(texts))
    return _TAG % tag + b"(?:" + b"|".join(each) + b")"


def _begin(tag: bytes, heads: Iterable[str]) -> bytes:
    """A field that begins with one of these texts."""
    return _TAG % tag + _ANY_LENGTH + b"(?:" + b"|".join(map(_escaped, sorted(heads))) + b")"


def _escaped(text: str) -> bytes:
    return bytes(re2.escape(text.encode()))
