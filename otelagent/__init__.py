"""OpenTelemetry sidecar that sees when AI agents fail silently."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`load_trace_snapshot` brings the offline workflow with it, which a sidecar doesn't need."""
    if name == "load_trace_snapshot":
        from otelagent.diagnosis.snapshot import load_trace_snapshot

        return load_trace_snapshot
    raise AttributeError(name)
