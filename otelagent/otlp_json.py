"""OTLP/JSON -> serialised OTLP, by the mapping of the OTLP specification and not by protobuf's own.

Ids are hex in any case, enums are integers only, 64-bit integers are strings or numbers, names are lowerCamelCase only
and unknown ones are ignored. `google.protobuf.json_format` does otherwise in each of these.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.errors import Rejected

REQUESTS: Final[Mapping[str, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}

MAX_DEPTH: Final = 100
"""Nesting of messages; protobuf itself stops at 100."""

IDS: Final = frozenset({"trace_id", "span_id", "parent_span_id"})

_INTEGERS: Final = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
        FieldDescriptor.CPPTYPE_ENUM,
    }
)
_FLOATS: Final = frozenset({FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT})


def to_protobuf(body: bytes | str, signal: str) -> bytes:
    """A JSON request of a signal (traces, logs, metrics) as protobuf bytes; raises Rejected, without its content."""
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Rejected("not JSON") from error
    message = REQUESTS[signal]()
    _fill(message, plain, "", MAX_DEPTH)
    return message.SerializeToString()


def _fill(message: Message, plain: Any, path: str, depth: int) -> None:
    if not isinstance(plain, dict):
        raise Rejected(f"{path or 'request'}: must be an object")
    if depth == 0:
        raise Rejected(f"{path[:80]}: nested too deeply")
    for field in message.DESCRIPTOR.fields:
        value = plain.get(field.json_name)
        if value is None:
            continue
        _set(message, field, value, f"{path}/{field.json_name}", depth)


def _set(message: Message, field: Any, value: Any, path: str, depth: int) -> None:
    nested = field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE
    if field.is_repeated:
        if not isinstance(value, list):
            raise Rejected(f"{path}: must be an array")
        items = getattr(message, field.name)
        for item in value:
            if nested:
                _fill(items.add(), item, path, depth - 1)
            else:
                items.append(_scalar(field, item, path))
    elif nested:
        child = getattr(message, field.name)
        child.SetInParent()
        _fill(child, value, path, depth - 1)
    else:
        try:
            setattr(message, field.name, _scalar(field, value, path))
        except (ValueError, TypeError) as error:
            raise Rejected(f"{path}: out of range") from error


def _scalar(field: FieldDescriptor, value: Any, path: str) -> Any:
    kind = field.cpp_type
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes(field, value, path)
    if kind == FieldDescriptor.CPPTYPE_STRING and isinstance(value, str):
        return value
    if kind == FieldDescriptor.CPPTYPE_BOOL and isinstance(value, bool):
        return value
    if kind in _INTEGERS:
        return _integer(field, value, path)
    if kind in _FLOATS and isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError) as error:
            raise Rejected(f"{path}: must be a number") from error
    raise Rejected(f"{path}: wrong type")


def _integer(field: FieldDescriptor, value: Any, path: str) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit() and len(value) <= 20
    if digits and field.cpp_type != FieldDescriptor.CPPTYPE_ENUM:
        return int(value)
    raise Rejected(f"{path}: must be an integer")


def _bytes(field: FieldDescriptor, value: Any, path: str) -> bytes:
    if not isinstance(value, str):
        raise Rejected(f"{path}: must be a string")
    try:
        if field.name in IDS:
            return bytes.fromhex(value)
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Rejected(f"{path}: must be {'hex' if field.name in IDS else 'base64'}") from error
