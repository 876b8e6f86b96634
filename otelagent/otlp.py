"""OTLP bytes <-> spans: ids of all spans, attributes on demand, added attributes spliced back.

Besides receivers and exporters the only module that knows protobuf. A request is parsed as far as its envelope; each
span's bytes are read once by the reduced schema of proto/otlp_lite.proto and otherwise kept as they came.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from struct import Struct
from typing import Any, Final, TypeAlias

from google.protobuf.message import DecodeError

from otelagent.errors import Rejected
from otelagent.otlp_lite_pb2 import AnyValue, Delta, LogRecord, Request, Resource, Scope
from otelagent.otlp_lite_pb2 import Span as LiteSpan

Value: TypeAlias = "str | bool | int | float | bytes | list[Value] | dict[str, Value] | None"
"""A decoded attribute value. Text that is no UTF-8 is read with replacement characters."""

MAX_DEPTH: Final = 32
"""Nesting of AnyValue that is decoded; deeper values read as None."""

NOT_TEXT: Final = 1
"""Flaw of a value: bytes, or text that is no UTF-8."""
TOO_DEEP: Final = 2
"""Flaw of a value: it nests deeper than MAX_DEPTH."""
WRONG_TYPE: Final = 4
"""Flaw of a value: it is no string where a name or id belongs."""

LARGE: Final = 4 << 20
"""Bytes of a span that are out of the ordinary."""

ERROR: Final = 2
"""Status code ERROR."""
CLIENT: Final = 3
"""SpanKind CLIENT."""
STATUS: Final = b"status_code"
"""Part of the keys under which the status of an HTTP call stands."""

MAX_PAIRS: Final = 4096
"""Attributes of ours that are kept serialised."""

MAX_NAMES: Final = 4096
"""Names of spans that are kept decoded."""

MAX_ORIGINS: Final = 512
"""Resources with a scope that are kept decoded."""

MAX_ORIGIN: Final = 4096
"""Bytes of such a resource and scope."""

_SHORT: Final = 130
"""Bytes of a serialised string whose length takes one byte."""
STRING: Final = 0x0A
"""First byte of a serialised string value."""
_TRACE_ID: Final = b"\x0a"
"""First byte of a serialised span; in log records it never stands for a field."""
_TRACE_ID_FIRST: Final = b"\x0a\x10"
"""With its length."""
_INT: Final = 0x18
"""First byte of a serialised integer value."""


class Attributes:
    """The attributes of a span, event, log record or resource; each value is decoded when asked for, once.

    Of duplicate keys the last one counts.
    """

    __slots__ = ("_decoded", "_keys", "_long", "_raw", "flaws", "raw")

    def __init__(self, raw: Mapping[str, bytes]) -> None:
        self._raw = raw
        self.raw: Callable[[str], bytes | None] = raw.get
        """The serialised AnyValue under a key, for fingerprints."""
        self.flaws = 0
        """What was wrong with the values that were asked for, flaws added up."""
        self._decoded: dict[str, Value] | None = None
        self._long: dict[str, bytes] | None = None
        self._keys: tuple[str, ...] | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def get(self, key: str) -> Value:
        """The decoded value, None where the key is absent or its value can't be read."""
        decoded = self._decoded
        if decoded is not None and key in decoded:
            return decoded[key]
        raw = self.content(key) if self._long else self.raw(key)
        if raw is None:
            return None
        value = decode(raw, self)
        if len(raw) >= _SHORT:
            if decoded is None:
                self._decoded = decoded = {}
            decoded[key] = value
        return value

    def content(self, key: str) -> bytes | None:
        """As `raw`, where a value is looked at several times: a long one is copied out of the message once."""
        long = self._long
        if long is not None and (kept := long.get(key)) is not None:
            return kept
        raw = self.raw(key)
        if raw is not None and len(raw) >= _SHORT:
            if long is None:
                self._long = long = {}
            long[key] = raw
        return raw

    def text(self, key: str) -> str | None:
        """The value if it is a string, else None."""
        value = self.get(key)
        return value if isinstance(value, str) else None

    def keys(self) -> tuple[str, ...]:
        """All keys but those that are no UTF-8."""
        if self._keys is None:
            self._keys = tuple([key for key in self._raw if isinstance(key, str)])
        return self._keys

    @property
    def count(self) -> int:
        """How many keys there are."""
        return len(self._raw)

    def layout(self) -> tuple[object, ...]:
        """All keys as they stand there; those that are no UTF-8 are bytes."""
        return tuple(self._raw)


class Event:
    """A span event."""

    __slots__ = ("attributes", "name", "time")

    def __init__(self, name: str, time: int, attributes: Attributes) -> None:
        self.name = name
        self.time = time
        self.attributes = attributes


class Link:
    """A span link: the ids that it points to."""

    __slots__ = ("attributes", "span_id", "trace_id")

    def __init__(self, trace_id: bytes, span_id: bytes, attributes: Attributes) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.attributes = attributes


class Origin:
    """Who sent a span: its resource and instrumentation scope. Shared by all spans of the same ones."""

    __slots__ = ("raw_resource", "resource", "schema_url", "scope", "scope_version")

    def __init__(
        self, resource: Attributes, raw_resource: tuple[bytes, ...], scope: str, version: str, url: str
    ) -> None:
        self.resource = resource
        self.raw_resource = raw_resource
        self.scope = scope
        self.scope_version = version
        self.schema_url = url


class Span:
    """One span as dialects see it. Ids are the raw bytes (16 and 8); times are nanoseconds since the epoch."""

    __slots__ = (
        "_events",
        "_links",
        "_lite",
        "_name",
        "attributes",
        "origin",
        "parent_id",
        "parsed",
        "size",
        "span_id",
        "trace_id",
    )

    def __init__(self, parsed: "Parsed") -> None:
        lite, raw, group, _ = parsed
        self._lite = lite
        self.parsed = parsed
        """Its bytes, and where they stand in the request."""
        self.origin = group.origin
        self.size = len(raw)
        """Bytes on the wire."""
        self.trace_id = lite.trace_id
        self.span_id = lite.span_id
        self.parent_id = lite.parent_span_id
        self.attributes = Attributes(lite.attributes)
        self._events: tuple[Event, ...] | None = None
        self._links: tuple[Link, ...] | None = None
        self._name: str | None = None

    @property
    def name(self) -> str:
        if self._name is None:
            self._name = _name(self._lite.name)
        return self._name

    @property
    def kind(self) -> int:
        """OTLP's SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer."""
        return self._lite.kind

    @property
    def start(self) -> int:
        return self._lite.start_time_unix_nano

    @property
    def end(self) -> int:
        return self._lite.end_time_unix_nano

    @property
    def failed(self) -> bool:
        """The span's status is ERROR."""
        return self._lite.status.code == ERROR

    @property
    def status_message(self) -> str:
        return _text(self._lite.status.message)

    @property
    def dropped_attributes(self) -> int:
        return self._lite.dropped_attributes_count

    @property
    def events(self) -> tuple[Event, ...]:
        if self._events is None:
            events = self._lite.events
            self._events = (
                tuple(Event(_text(e.name), e.time_unix_nano, Attributes(e.attributes)) for e in events)
                if events
                else ()
            )
        return self._events

    @property
    def links(self) -> tuple[Link, ...]:
        if self._links is None:
            links = self._lite.links
            self._links = tuple(Link(i.trace_id, i.span_id, Attributes(i.attributes)) for i in links) if links else ()
        return self._links


class Log:
    """One log record as dialects see it."""

    __slots__ = ("_lite", "attributes", "origin", "span_id", "trace_id")

    def __init__(self, lite: LogRecord, origin: Origin) -> None:
        self._lite = lite
        self.origin = origin
        self.trace_id = lite.trace_id
        self.span_id = lite.span_id
        self.attributes = Attributes(lite.attributes)

    @property
    def event_name(self) -> str:
        """The record's event name; before that field existed SDKs wrote the attribute `event.name`."""
        return _text(self._lite.event_name) or self.attributes.text("event.name") or ""

    @property
    def time(self) -> int:
        return self._lite.time_unix_nano or self._lite.observed_time_unix_nano

    @property
    def body(self) -> Value:
        return decode(self._lite.body) if self._lite.HasField("body") else None


Parsed: TypeAlias = "tuple[LiteSpan, bytes, ScopeSpans, int]"
"""A span of which nothing has been read yet: parsed, its bytes, and where they stand in the request."""


Head: TypeAlias = "tuple[bytes, bytes, bytes, int, int, int, bytes, ScopeSpans, int]"
"""Of a span: its trace's, its own and its parent's id, start, end, kind, its bytes, and where they stand."""

_IDS: Final = Struct("<H16sH8sH8sBB").unpack_from
"""Three ids, and the length of the name, each behind its tag."""
_TIMES: Final = Struct("<BBBQBQ").unpack_from
"""Kind, start and end, which stand behind the name."""
_TIMES_AT: Final = 40
"""Where they stand if the name is empty."""
_USUAL: Final = 0x100A, 0x0812, 0x0822, 0x2A
_USUAL_TIMES: Final = 0x30, 0x39, 0x41
_LONG_NAME: Final = 0x80
_SHORTEST: Final = 60
"""Bytes of a span with all of these."""


def _parsed_head(raw: bytes) -> tuple[bytes, bytes, bytes, int, int, int]:
    """Ids, times and kind of a span. Raises DecodeError."""
    lite = LiteSpan.FromString(raw)
    times = lite.start_time_unix_nano, lite.end_time_unix_nano
    return lite.trace_id, lite.span_id, lite.parent_span_id, *times, lite.kind


def attributes(raw: bytes) -> Attributes:
    """Of a serialised span; none of one that can't be parsed."""
    try:
        return Attributes(LiteSpan.FromString(raw).attributes)
    except DecodeError:
        return Attributes({})


class ScopeSpans:
    """The spans of one instrumentation scope in a request."""

    __slots__ = ("items", "large", "origin", "scope", "unread")

    def __init__(self, origin: Origin, scope: tuple[bytes, ...], items: Any) -> None:
        self.origin = origin
        self.scope = scope
        """Serialised."""
        self.items = items
        self.unread = 0
        self.large = 0

    def parsed(self) -> Iterator[Parsed]:
        """Those that can be parsed; to be called once, and not after `heads`."""
        parse = LiteSpan.FromString
        for index, raw in enumerate(self.items):
            try:
                lite = parse(raw)
            except DecodeError:
                self.unread += 1
                continue
            if len(raw) > LARGE:
                self.large += 1
            yield lite, raw, self, index

    def heads(self, by_trace: "dict[bytes, list[Head]]") -> int:
        """Add the spans whose ids can be read to those of their traces; gives how many. To be called once.

        SDKs write fields in the order of their numbers, so a span below another one need not be parsed: 0.3 µs where
        parsing takes 0.9, and a call for each span would take 0.2 more.
        """
        unread = index = 0
        for index, raw in enumerate(self.items, 1):
            size = len(raw)
            if size >= _SHORTEST:
                first, trace_id, second, span_id, third, parent_id, fourth, name = _IDS(raw)
                if (first, second, third, fourth) == _USUAL and name < _LONG_NAME and size >= _SHORTEST + name:
                    a, kind, b, start, c, end = _TIMES(raw, _TIMES_AT + name)
                    if (a, b, c) == _USUAL_TIMES:
                        by_trace[trace_id].append(
                            (trace_id, span_id, parent_id, start, end, kind, raw, self, index - 1)
                        )
                        self.large += size > LARGE
                        continue
            self.large += size > LARGE
            try:
                head = _parsed_head(raw)
            except DecodeError:
                unread += 1
                continue
            by_trace[head[0]].append((*head, raw, self, index - 1))
        self.unread += unread
        return index - unread


class TraceRequest:
    """One parsed ExportTraceServiceRequest. A span that can't be parsed is forwarded unread."""

    def __init__(self, body: bytes) -> None:
        """Raises Rejected where the envelope can't be parsed."""
        self._body = body
        self._request = parse_envelope(body)
        self._changed = False
        self._spans: list[Span] | None = None
        self.groups = [ScopeSpans(*group) for group in _walk(self._request)]

    @property
    def size(self) -> int:
        """Spans, also those that can't be parsed."""
        return sum(len(group.items) for group in self.groups)

    @property
    def spans(self) -> list[Span]:
        """All that can be parsed, in wire order."""
        if self._spans is None:
            self._spans = [span for group in self.groups for span in self.read(group)]
        return self._spans

    @property
    def unread(self) -> int:
        """Spans whose bytes can't be parsed, of those that were read."""
        return sum(group.unread for group in self.groups)

    @property
    def large(self) -> int:
        """Spans of more than LARGE bytes, of those that were read."""
        return sum(group.large for group in self.groups)

    def read(self, group: ScopeSpans) -> list[Span]:
        """The spans of a group that can be parsed."""
        return [*map(Span, group.parsed())]

    def whole(self, heads: Iterable[Head]) -> list[Span]:
        """The spans of which heads were read, those that can be parsed."""
        found = []
        for *_, raw, group, index in heads:
            try:
                found.append(Span((LiteSpan.FromString(raw), raw, group, index)))
            except DecodeError:
                group.unread += 1
        return found

    def append(self, span: Span, delta: bytes) -> None:
        """Add the attributes in `delta` (made by `delta()`) to the span, once."""
        _, raw, group, index = span.parsed
        group.items[index] = raw + delta
        self._changed = True

    def serialise(self) -> bytes:
        """The request to send on: the very bytes that came, unless something was added."""
        return self._request.SerializeToString() if self._changed else self._body


def parse_envelope(body: bytes) -> Request:
    """Parse the outer messages of a traces or logs request; raises Rejected."""
    try:
        return Request.FromString(body)
    except DecodeError as error:
        raise Rejected("not an OTLP request: the bytes can't be parsed") from error


def only(body: bytes, trace_id: bytes) -> bytes:
    """A request with the spans of one trace; empty where it has none. Raises Rejected, as `parse_envelope` does."""
    request, found = parse_envelope(body), False
    for resource_items in request.resource_items:
        for scope_items in resource_items.scope_items:
            own = [raw for raw in scope_items.items if _is_of(raw, trace_id)]
            found = found or bool(own)
            scope_items.items[:] = own
    return request.SerializeToString() if found else b""


def _is_of(raw: bytes, trace_id: bytes) -> bool:
    """SDKs write the trace id first; then nothing has to be parsed."""
    if raw.startswith(_TRACE_ID_FIRST):
        return raw.startswith(trace_id, len(_TRACE_ID_FIRST))
    try:
        return bytes(LiteSpan.FromString(raw).trace_id) == trace_id
    except DecodeError:
        return False


def logs(body: bytes) -> Iterator[Log]:
    """The records of an ExportLogsServiceRequest, unreadable ones left out; raises Rejected."""
    for origin, _, items in _walk(parse_envelope(body)):
        for raw in items:
            try:
                yield Log(LogRecord.FromString(raw), origin)
            except DecodeError:
                continue


def holds_logs(body: bytes) -> bool:
    """Whether a request holds log records: both signals have the same envelope, but a span begins with its trace id.

    False where it is empty; raises Rejected.
    """
    return next((raw[:1] != _TRACE_ID for *_, items in _walk(parse_envelope(body)) for raw in items if raw), False)


def delta(attributes: Mapping[str, Value]) -> bytes:
    """Serialised attributes that can be appended to a span's bytes."""
    pairs = [_pair(k, v) if isinstance(v, _ONCE) else _scalar(k, v) for k, v in attributes.items()]
    return _added(b"".join(pairs))


@lru_cache(MAX_PAIRS)
def _added(raw: bytes) -> bytes:
    """What is added is kept with each span: what is the same is one object."""
    return raw


def _pair(key: str, value: Value) -> bytes:
    message = Delta()
    added = message.attributes.add()
    added.key = key.encode()
    encode(value, added.value)
    return message.SerializeToString()


_ONCE: Final = (list, tuple, dict, bytes)
_scalar: Final = lru_cache(MAX_PAIRS, typed=True)(_pair)
"""What we add comes again and again: outcomes, modes, and shares of four digits."""


def encode(value: Value, into: AnyValue) -> None:
    """Write a value into an AnyValue message."""
    match value:
        case bool():
            into.bool_value = value
        case str():
            into.string_value = value.encode(errors="replace")
        case int():
            into.int_value = value
        case float():
            into.double_value = value
        case bytes():
            into.bytes_value = value
        case list() | tuple():
            into.array_value.SetInParent()
            for item in value:
                encode(item, into.array_value.values.add())
        case dict():
            into.kvlist_value.SetInParent()
            for key, item in value.items():
                pair = into.kvlist_value.values.add()
                pair.key = key.encode(errors="replace")
                encode(item, pair.value)
        case None:
            pass


def decode(raw: bytes, owner: Attributes | None = None) -> Value:
    """The value of a serialised AnyValue; None where it can't be parsed or nests deeper than MAX_DEPTH.

    Its flaws are noted at the owner.
    """
    try:
        size = len(raw)
        if 2 <= size < _SHORT:  # short strings and small numbers, and nothing else: most values are
            if raw[0] == STRING and raw[1] == size - 2:
                return raw[2:].decode()
            if raw[0] == _INT and size <= 4 and (number := _small(raw)) is not None:
                return number
        elif size >= _SHORT and raw[0] == STRING and (text := _long_text(raw)) is not None:
            return text
        return _plain(AnyValue.FromString(raw), MAX_DEPTH, owner)
    except UnicodeDecodeError:
        _note(owner, NOT_TEXT)
        return _plain(AnyValue.FromString(raw), MAX_DEPTH, owner)
    except DecodeError:
        return None


def _long_text(raw: bytes) -> str | None:
    """A long string; None where the bytes are anything else, or more than a string.

    Of less than 16 KB a slice is decoded, which takes a third of a view's time; of more it would be a copy too many.
    """
    if raw[1] >= 0x80 > raw[2]:
        return raw[3:].decode() if (raw[1] & 0x7F | raw[2] << 7) == len(raw) - 3 else None
    length = shift = 0
    for at in range(1, 6):
        length |= (raw[at] & 0x7F) << shift
        shift += 7
        if raw[at] < 0x80:
            return str(memoryview(raw)[at + 1 :], "utf-8") if length == len(raw) - at - 1 else None
    return None


def _small(raw: bytes) -> int | None:
    """A number of at most three bytes; None where the bytes are anything else."""
    number = 0
    for place in range(1, len(raw)):
        byte = raw[place]
        number |= (byte & 0x7F) << 7 * (place - 1)
        if byte < 0x80:
            return number if place == len(raw) - 1 else None
    return None


def _note(owner: Attributes | None, flaw: int) -> None:
    if owner is not None:
        owner.flaws |= flaw


def _plain(value: AnyValue, depth: int, owner: Attributes | None) -> Value:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value.decode(errors="replace")
    if kind in ("array_value", "kvlist_value") and not depth:
        _note(owner, TOO_DEEP)
        return None
    if kind == "array_value":
        return [_plain(item, depth - 1, owner) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {_text(p.key): _plain(p.value, depth - 1, owner) for p in value.kvlist_value.values}
    if kind is None:
        return None
    if kind == "bytes_value":
        _note(owner, NOT_TEXT)
    scalar: Value = getattr(value, kind)
    return scalar


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


_name: Final = lru_cache(MAX_NAMES)(_text)
"""Names of spans come again and again: those that are kept are one object."""


def _walk(request: Request) -> Iterator[tuple[Origin, tuple[bytes, ...], Any]]:
    for resource_items in request.resource_items:
        raw_resource = tuple(resource_items.resource)
        for scope_items in resource_items.scope_items:
            raw_scope = tuple(scope_items.scope)
            url = (*resource_items.schema_url, *scope_items.schema_url, b"")[0]
            small = sum(map(len, (*raw_resource, *raw_scope, url))) <= MAX_ORIGIN
            origin = (_known_origin if small else _origin)(raw_resource, raw_scope, url)
            yield origin, raw_scope, scope_items.items


def _origin(raw_resource: tuple[bytes, ...], raw_scope: tuple[bytes, ...], url: bytes) -> Origin:
    resource, scope = Attributes(_merged(Resource, raw_resource).attributes), _merged(Scope, raw_scope)
    return Origin(resource, raw_resource, _text(scope.name), _text(scope.version), _text(url))


_known_origin: Final = lru_cache(MAX_ORIGINS)(_origin)
"""Few emitters send to one sidecar, each always with the same resource and scopes."""


def _merged(kind: Any, parts: tuple[bytes, ...]) -> Any:
    """A singular message may stand several times on the wire: concatenating merges. Unreadable reads as empty."""
    try:
        return kind.FromString(b"".join(parts))
    except DecodeError:
        return kind()
