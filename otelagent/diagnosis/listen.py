"""Live traffic for a while: receivers that read, keep nothing, and send nothing on."""

import asyncio
import time
from collections.abc import Callable, Sequence

from otelagent.delivery import Delivery
from otelagent.diagnosis.emitters import Coverage
from otelagent.endpoint import Endpoint
from otelagent.intake import Intake
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.receivers.otlp_http import OtlpHttpReceiver
from otelagent.traffic import Inlet, Signal, Traffic

GRACE = 1.0
"""Seconds that calls under way get at the end."""

NAME = "inspect"


async def listen(
    coverage: Coverage, grpc: Endpoint, http: Endpoint, seconds: float, ready: Callable[[Sequence[Endpoint]], None]
) -> None:
    """Take OTLP on both addresses until the time is over, or the task is cancelled; `ready` gets what was bound.

    Raises BadConfig where an address can't be bound.
    """
    traffic = Traffic()
    for transport in ("grpc", "http"):
        for signal in Signal:
            traffic.open(Inlet(NAME, transport, signal))
    intake = Intake(coverage, Delivery({}, traffic), traffic)
    receivers = OtlpGrpcReceiver(NAME, grpc, intake), OtlpHttpReceiver(NAME, http, intake)
    started: list[OtlpGrpcReceiver | OtlpHttpReceiver] = []
    try:
        for receiver in receivers:
            await receiver.start()
            started.append(receiver)
        ready([receiver.bound for receiver in started])
        await asyncio.sleep(seconds)
    finally:
        await asyncio.gather(*(receiver.stop(GRACE) for receiver in started))
        coverage.settle(time.time())
