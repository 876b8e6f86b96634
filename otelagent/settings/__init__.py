"""The settings as strict models, in the Collector's shape: a default and a help text for every field."""

from collections.abc import Mapping
from typing import Final

from otelagent.settings.exporters import OtlpExporter, OtlpHttpExporter
from otelagent.settings.extensions import BaselineStore, BearerToken, FileStorage, HealthCheck, TraceStore
from otelagent.settings.processors import AgentFailures, BaselineSettings, MemoryLimiter, Override, Redaction
from otelagent.settings.receivers import Cors, GrpcServer, HttpServer, OtlpReceiver
from otelagent.settings.service import (
    LogsTelemetry,
    SelfTraceExporter,
    Service,
    SignalPipeline,
    Telemetry,
    TracesTelemetry,
)
from otelagent.settings.transport import Auth, ClientTls, ServerTls
from otelagent.settings.values import Duration, Settings, section

COMPONENTS: Final[Mapping[str, Mapping[str, type[Settings]]]] = {
    "receivers": {"otlp": OtlpReceiver},
    "processors": {"agent_failures": AgentFailures, "redaction": Redaction, "memory_limiter": MemoryLimiter},
    "exporters": {"otlp": OtlpExporter, "otlp_http": OtlpHttpExporter},
    "extensions": {
        "health_check": HealthCheck,
        "file_storage": FileStorage,
        "trace_store": TraceStore,
        "baseline_store": BaselineStore,
        "bearertokenauth": BearerToken,
    },
}
"""Every component that we have, by section and type."""

ALIASES: Final = {"otlp_grpc": "otlp", "otlphttp": "otlp_http"}
"""Other names of exporter types."""

AnyExporter = OtlpExporter | OtlpHttpExporter

__all__ = [
    "ALIASES",
    "COMPONENTS",
    "AgentFailures",
    "AnyExporter",
    "Auth",
    "BaselineSettings",
    "BaselineStore",
    "BearerToken",
    "ClientTls",
    "Cors",
    "Duration",
    "FileStorage",
    "GrpcServer",
    "HealthCheck",
    "HttpServer",
    "LogsTelemetry",
    "MemoryLimiter",
    "OtlpExporter",
    "OtlpHttpExporter",
    "OtlpReceiver",
    "Override",
    "Redaction",
    "SelfTraceExporter",
    "ServerTls",
    "Service",
    "Settings",
    "SignalPipeline",
    "Telemetry",
    "TraceStore",
    "TracesTelemetry",
    "section",
]
