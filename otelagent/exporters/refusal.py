"""Whose fault a refusal is: answers of destinations as errors that carry a decision. Their texts are never repeated:
a destination may quote the data."""

from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from otelagent.errors import Misconfigured, OtelagentError, Rejected, Retryable, TooLarge, Unsupported
from otelagent.traffic import Signal

TRANSIENT: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.DATA_LOSS,
    }
)
LONGEST_DELAY: Final = 300.0
"""Seconds; a destination that asks for more is asked again after this."""


def of_grpc(error: grpc.aio.AioRpcError, signal: Signal) -> OtelagentError:
    """What a failed call means."""
    code = error.code()
    if code in TRANSIENT:
        return Retryable(code.name, asked=_retry_delay(error) or 0.0)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        delay = _retry_delay(error)
        return TooLarge(code.name) if delay is None else Retryable(code.name, asked=delay)
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return Rejected(code.name)
    if code is grpc.StatusCode.UNIMPLEMENTED and signal is not Signal.TRACES:
        return Unsupported(code.name)
    return Misconfigured(code.name)


def of_http(status: int, retry_after: float | None, signal: Signal) -> OtelagentError | None:
    """What an HTTP answer means; None: accepted."""
    name = f"HTTP {status}"
    if 200 <= status < 300:
        return None
    if status in (408, 425, 429, 502, 503, 504):
        return Retryable(name, asked=min(retry_after or 0.0, LONGEST_DELAY))
    if status == 413:
        return TooLarge(name)
    if status in (400, 422):
        return Rejected(name)
    if status in (404, 405, 501) and signal is not Signal.TRACES:
        return Unsupported(name)
    return Misconfigured(name)


def _retry_delay(error: grpc.aio.AioRpcError) -> float | None:
    trailers: Any = error.trailing_metadata() or ()
    for key, value in trailers:
        if key == "grpc-status-details-bin" and isinstance(value, bytes) and (delay := _read_delay(value)) is not None:
            return delay
    return None


def _read_delay(details: bytes) -> float | None:
    info = RetryInfo()
    try:
        packed = Status.FromString(details).details
        if not any(detail.Unpack(info) for detail in packed):
            return None
    except DecodeError:
        return None
    seconds: float = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return min(max(seconds, 0.0), LONGEST_DELAY)
