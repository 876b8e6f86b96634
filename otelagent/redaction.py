"""Redaction: attributes removed and values masked, after the detectors have looked and before anything is sent or kept.

The keys are those of the Collector's redaction processor. It goes further in what it looks at (nested values, span
links, names, status messages, exemplars), and never removes what otelagent itself has added.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import re2
from google.protobuf.message import DecodeError

from otelagent.attributes import PREFIX
from otelagent.errors import Rejected
from otelagent.otlp_redact_pb2 import AnyValue, LogRecord, Metric, Request, Span
from otelagent.settings import Redaction
from otelagent.traffic import Signal

MASK: Final = "****"
OPTIONS: Final = re2.Options()
OPTIONS.log_errors = False
OPTIONS.max_mem = 64 << 20

_HASHES: Final = {"hmac-sha256": hashlib.sha256, "hmac-sha512": hashlib.sha512}
_POINTS: Final = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


class Redactor:
    """One processor. `counts` gets `removed` attributes and `masked` values."""

    def __init__(self, settings: Redaction, counts: Counter[str]) -> None:
        self._counts = counts
        self._kept = None if settings.allow_all_keys else frozenset(settings.allowed_keys)
        self._ignored = frozenset(settings.ignored_keys)
        self._ignored_keys = _compiled(settings.ignored_key_patterns)
        self._blocked_keys = _compiled(settings.blocked_key_patterns)
        self._blocked = _compiled(settings.blocked_values)
        self._allowed = _compiled(settings.allowed_values)
        self._all_types = settings.redact_all_types
        self._summary = settings.summary
        self._mask = _mask(settings)

    def redact(self, signal: Signal, body: bytes) -> bytes:
        """The request without what must not go on. Raises Rejected where it can't be read through and through: what
        can't be looked at doesn't pass."""
        try:
            request = Request.FromString(body)
            for resource in request.resource_items:
                self._attributes(resource.resource.attributes)
                for scope in resource.scope_items:
                    self._attributes(scope.scope.attributes)
                    scope.items[:] = [self._item(signal, raw) for raw in scope.items]
        except DecodeError as error:
            raise Rejected("a part of the request can't be read, so it can't be redacted") from error
        return request.SerializeToString()

    def text(self, text: str) -> str:
        """A text with the blocked values masked."""
        if self._allows(text):
            return text
        for pattern in self._blocked:
            text = pattern.sub(lambda match: self._mask(match[0]), text)
        return text

    # --- where content can stand ------------------------------------------------------------------------------------

    def _item(self, signal: Signal, raw: bytes) -> bytes:
        match signal:
            case Signal.TRACES:
                return self._span(Span.FromString(raw))
            case Signal.LOGS:
                return self._record(LogRecord.FromString(raw))
            case Signal.METRICS:
                return self._metric(Metric.FromString(raw))

    def _span(self, span: Span) -> bytes:
        self._field(span, "name")
        if span.HasField("status"):
            self._field(span.status, "message")
        self._attributes(span.attributes, summary=True)
        for event in span.events:
            self._field(event, "name")
            self._attributes(event.attributes)
        for link in span.links:
            self._attributes(link.attributes)
        return span.SerializeToString()

    def _record(self, record: LogRecord) -> bytes:
        self._attributes(record.attributes, summary=True)
        if record.HasField("body"):
            masked = self._value(record.body, body=True)
            self._counts["masked"] += masked
        return record.SerializeToString()

    def _metric(self, metric: Metric) -> bytes:
        self._attributes(metric.metadata)
        for kind in _POINTS:
            for point in getattr(metric, kind).data_points if metric.HasField(kind) else ():
                self._attributes(point.attributes)
                for exemplar in getattr(point, "exemplars", ()):
                    self._attributes(exemplar.filtered_attributes)
        return metric.SerializeToString()

    # --- keys and values ----------------------------------------------------------------------------------------------

    def _attributes(self, pairs: Any, *, summary: bool = False, body: bool = False) -> None:
        names: dict[str, list[str]] = {"removed": [], "masked": []}
        for index in reversed(range(len(pairs))):
            key = _text(pairs[index].key)
            if (what := self._attribute(key, pairs[index].value, body)) is None:
                continue
            names[what].append(self.text(key))
            if what == "removed":
                del pairs[index]
        for what, own in names.items():
            self._counts[what] += len(own)
            if summary and own and self._summary != "silent":
                _summarise(pairs, what, own, keys=self._summary == "debug")

    def _attribute(self, key: str, value: AnyValue, body: bool) -> str | None:
        """Mask the value and say so, or say that the attribute is to be removed."""
        if key in self._ignored or any(p.search(key) for p in self._ignored_keys):
            return None
        if self._kept is not None and key not in self._kept and not key.startswith(PREFIX):
            return "removed"
        return "masked" if self._blocks(key, value) or self._value(value, body) else None

    def _blocks(self, key: str, value: AnyValue) -> bool:
        """Mask a value whose key is blocked."""
        if not any(p.search(key) for p in self._blocked_keys) or self._allows(plain := _plain(value)):
            return False
        value.string_value = self._mask(plain).encode()
        return True

    def _value(self, value: AnyValue, body: bool = False) -> bool:
        """Mask what is blocked in it; whether something was. The keys of a log's body are taken for attributes."""
        match value.WhichOneof("value"):
            case "array_value":
                return sum(self._value(each, body) for each in value.array_value.values) > 0  # each of them
            case "kvlist_value" if body:
                self._attributes(value.kvlist_value.values, body=True)
            case "kvlist_value":
                return sum(self._blocks(_text(p.key), p.value) or self._value(p.value) for p in _pairs(value)) > 0
            case "string_value" | "bytes_value":
                return self._scalar(value)
            case str() if self._all_types:
                return self._scalar(value)
        return False

    def _scalar(self, value: AnyValue) -> bool:
        plain = _plain(value)
        redacted = self.text(plain)
        if redacted == plain:
            return False
        value.string_value = redacted.encode()
        return True

    def _field(self, message: Any, name: str) -> None:
        plain = _text(getattr(message, name))
        if plain and (redacted := self.text(plain)) != plain:
            setattr(message, name, redacted.encode())
            self._counts["masked"] += 1

    def _allows(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._allowed)


def chain(redactors: Sequence[Redactor], signal: Signal, body: bytes) -> bytes:
    """The request through all of them. Raises Rejected."""
    for redactor in redactors:
        body = redactor.redact(signal, body)
    return body


def _compiled(patterns: Sequence[str]) -> list[Any]:
    return [re2.compile(pattern, OPTIONS) for pattern in patterns]


def _mask(settings: Redaction) -> Callable[[str], str]:
    if settings.hash_function is None or settings.hmac_key is None:
        return lambda text: MASK if text else text
    key, kind = settings.hmac_key.get_secret_value().encode(), _HASHES[settings.hash_function]
    return lambda text: hmac.new(key, text.encode(), kind).hexdigest() if text else text


def _plain(value: AnyValue) -> str:
    """A value as text, for patterns."""
    kind = value.WhichOneof("value")
    if kind in ("string_value", "bytes_value"):
        return _text(getattr(value, kind))
    if kind == "bool_value":
        return str(value.bool_value).lower()
    return "" if kind is None else str(getattr(value, kind))


def _summarise(pairs: Any, what: str, names: Sequence[str], *, keys: bool) -> None:
    """In the Collector's words: what was removed is `redacted` there."""
    prefix = f"redaction.{'redacted' if what == 'removed' else what}"
    pairs.add(key=f"{prefix}.count".encode()).value.int_value = len(names)
    if keys:
        pairs.add(key=f"{prefix}.keys".encode()).value.string_value = ",".join(sorted(names)).encode()


def _pairs(value: AnyValue) -> Any:
    return value.kvlist_value.values


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
