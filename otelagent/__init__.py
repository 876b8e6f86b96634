"""OpenTelemetry sidecar that sees when AI agents fail silently."""

import importlib
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`load_trace_snapshot` brings the offline workflow with it, which a sidecar doesn't need."""
    if name == "load_trace_snapshot":
        return importlib.import_module("otelagent.diagnosis.snapshot").load_trace_snapshot
    raise AttributeError(name)
