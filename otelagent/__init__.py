"""OpenTelemetry sidecar that sees when AI agents fail silently."""

__version__ = "0.1.0"
