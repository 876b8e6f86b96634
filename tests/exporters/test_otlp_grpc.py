"""What comes back from a gRPC destination that is broken or hostile."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from otelagent.errors import Misconfigured, OtelagentError, Retryable, TooLarge
from otelagent.exporters.otlp_grpc import METHODS, RESPONSE_LIMIT, OtlpGrpcExporter
from otelagent.traffic import Signal
from otelagent.vitals import resident

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


@contextmanager
def destination(answer: Answer) -> Iterator[str]:
    _, service, name = METHODS[Signal.TRACES].split("/")
    server = grpc.server(ThreadPoolExecutor(2), options=(("grpc.max_metadata_size", 1 << 20),))
    handlers = {name: grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def export(address: str) -> int:
    async def main() -> int:
        exporter = OtlpGrpcExporter("otlp", address)
        try:
            return await exporter.export(Signal.TRACES, b"", 10)
        finally:
            await exporter.close()

    return asyncio.run(main())


def test_an_overlong_answer_is_an_answer_and_costs_no_memory() -> None:
    """Taken for a refusal, the request would be sent in ever smaller parts and end as dead letters."""
    with destination(lambda *_: bytes(RESPONSE_LIMIT * 4)) as address:
        before = resident()
        assert export(address) == 0
        assert resident() - before < 60 << 20


def abort(code: str, words: str, *trailers: tuple[str, Any]) -> Answer:
    def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
        context.set_trailing_metadata(trailers)
        context.abort(grpc.StatusCode[code], words)
        return b""

    return answer


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (abort("RESOURCE_EXHAUSTED", "SERVER: Received message larger than max (5 vs. 4)"), TooLarge),
        (abort("RESOURCE_EXHAUSTED", "grpc: received message larger than max (5 vs. 4)"), TooLarge),
        (abort("UNAVAILABLE", "x" * 5000), Retryable),
        (abort("UNAVAILABLE", "", ("grpc-status-details-bin", b"\xff" * 3000)), Retryable),
        (abort("UNAVAILABLE", "", *((f"key-{n}", "x" * 1000) for n in range(500))), Misconfigured),
    ],
    ids=["too large", "too large, of Go", "many words", "odd details", "many trailers"],
)
def test_what_a_refusal_means(answer: Answer, kind: type[OtelagentError]) -> None:
    with destination(answer) as address, pytest.raises(kind):
        export(address)
